"""The suites by table name. Not here: what they demand."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from quality.suite import Suite
from quality.suites import (
    core__authorizations,
    core__dead_letters,
    core__fault_episodes,
    core__rates,
    core__sessions,
    core__stations,
    core__statuses,
)

_MODULES = (
    core__sessions,
    core__fault_episodes,
    core__statuses,
    core__authorizations,
    core__rates,
    core__stations,
    core__dead_letters,
)


@cache
def suites() -> Mapping[str, Suite]:
    """Every suite; one table, one suite, one name."""
    return MappingProxyType({module.SUITE.table: module.SUITE for module in _MODULES})
