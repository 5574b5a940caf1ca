"""The SQL models under `models/sql`: read from their files, dependencies by sqlglot, in an order that works.

Not here: running them (`build`). Staging models are views, since a table would copy raw frames out of the
restricted folder; core and report models are tables.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from importlib.resources import files

import sqlglot
from sqlglot import exp

FIRST = "core__session_energy_candidates"
"""Built before all others, with what it needs: it decides what `core__sessions` takes over (`partners`)."""


@dataclass(frozen=True, slots=True)
class SqlModel:
    """One `.sql` file: the table or view of its name."""

    name: str
    layer: str
    sql: str
    needs: frozenset[str]
    """The tables and views it reads, models or not."""

    @property
    def is_view(self) -> bool:
        """Staging: computed on reading."""
        return self.layer == "staging"


@cache
def load() -> tuple[SqlModel, ...]:
    """All models, each after those it reads; the same order on every machine."""
    found = {model.name: model for model in sorted(_read(), key=lambda model: model.name)}
    order = TopologicalSorter({name: sorted(model.needs & found.keys()) for name, model in found.items()})
    first = _with_needs(FIRST, found)
    return tuple(found[name] for name in sorted(order.static_order(), key=lambda name: name not in first))


def _with_needs(name: str, found: dict[str, SqlModel]) -> set[str]:
    needed = (_with_needs(other, found) for other in found[name].needs & found.keys())
    return {name}.union(*needed)


@cache
def fingerprint() -> str:
    """16 hex digits over names and texts of all models."""
    text = "\x00".join(f"{model.name}\x00{model.sql}" for model in load())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def needs(sql: str) -> frozenset[str]:
    """Tables that a SELECT reads, its own CTEs left out."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    # A table function such as range(7) is a Table node without a name of its own.
    return frozenset(table.name for table in tree.find_all(exp.Table) if table.name and table.name not in own)


def _read() -> list[SqlModel]:
    models = []
    for layer in files("models").joinpath("sql").iterdir():
        if not layer.is_dir():
            continue
        for file in layer.iterdir():
            if file.name.endswith(".sql"):
                sql = file.read_text(encoding="utf-8")
                models.append(SqlModel(file.name.removesuffix(".sql"), layer.name, sql, needs(sql)))
    return models
