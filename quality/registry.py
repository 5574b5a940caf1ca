"""The suites by table name: every module of `quality.suites` is one. Not here: what they demand."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from quality import suites as folder
from quality.suite import Suite


@cache
def suites() -> Mapping[str, Suite]:
    """Every suite; one table, one suite, one name."""
    found = (import_module(f"{folder.__name__}.{module.name}").SUITE for module in iter_modules(folder.__path__))
    return MappingProxyType({suite.table: suite for suite in found})
