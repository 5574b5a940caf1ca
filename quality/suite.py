"""A table's suite: its expectations, the columns they need and the figures SQL computes for them.

The expectations that follow from the table's declaration in `models.tables` are generated here; a suite's
own file holds only what a person had to think of. Not here: reading the table, running the expectations.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pyarrow as pa

from models.tables.landed import Column, Table
from quality.rules import Rule, Severity, Subject, not_null, together_unique, unique

NEWEST_ROWS = 200_000
"""Rows of a big table that are looked at in a run: bounded, so that a run's cost does not follow the history."""


Derive = Callable[[Any], Any]
"""A pandas frame -> the frame with more columns."""


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """All expectations of one table."""

    table: str
    id_columns: tuple[str, ...]
    """What names a row in a finding."""
    rules: tuple[Rule, ...]
    columns: tuple[str, ...]
    """The columns to read."""
    metrics: Mapping[str, str] = {}
    """Figure -> SQL expression over the table."""
    newest_by: str | None = None
    """A big table is read newest first by this column, at most `NEWEST_ROWS`; null reads all."""
    derive: Derive | None = None
    """Adds columns computed from the ones read to the frame."""
    token_columns: frozenset[str] = frozenset()
    """Id columns that hold a token: shown in a finding only as a pseudonym."""
    types: Mapping[str, str] = {}
    """Declared columns and their DuckDB types; a column whose type its SQL model decides is left out."""

    def rule(self, name: str) -> Rule:
        """The rule of that name; KeyError names what there is."""
        by_name = {rule.name: rule for rule in self.rules}
        return by_name[name]


def suite(
    table: Table,
    rules: tuple[Rule, ...] = (),
    *,
    ids: tuple[str, ...],
    reads: tuple[str, ...] = (),
    metrics: Mapping[str, str] | None = None,
    newest_by: str | None = None,
    derive: Derive | None = None,
    required: tuple[str, ...] = (),
    tokens: tuple[str, ...] = (),
    key: str | None = None,
) -> Suite:
    """A suite of the generated expectations and `rules`.

    `reads` names columns beyond the ones that rules name (for `where` and `derive`); `required` columns that
    must not be null beyond those declared so; `tokens` the id columns that hold a token. `key` is a derived
    column that names a row where the id columns may be null.
    """
    declared = table.columns
    names = {column.name for column in declared}
    every = (*_structure(declared, ids, required), _identity(ids, key), *rules)
    if len({rule.name for rule in every}) < len(every):
        raise ValueError(f"{table.name}: two expectations have one name")
    wanted = {*ids, *reads, *(c for rule in every if rule.on is Subject.ROWS for c in rule.columns)}
    return Suite(
        table=table.name,
        id_columns=ids,
        rules=every,
        columns=tuple(column.name for column in declared if column.name in wanted & names),
        metrics=metrics or {},
        newest_by=newest_by,
        derive=derive,
        token_columns=frozenset(tokens),
        types={column.name: duckdb_type(column.arrow) for column in declared if column.arrow is not None},
    )


def _structure(declared: tuple[Column, ...], ids: tuple[str, ...], required: tuple[str, ...]) -> tuple[Rule, ...]:
    names = [column.name for column in declared]
    columns = Rule(
        name="columns",
        expectation="ExpectTableColumnsToMatchOrderedList",
        arguments={"column_list": names},
        severity=Severity.CRITICAL,
        finding="the columns are not the declared ones in their order",
        on=Subject.COLUMNS,
        blocking=True,
    )
    types = Rule(
        name="types",
        expectation="ExpectColumnValuesToBeInSet",
        arguments={
            "column": "column_type",
            "value_set": [f"{c.name} {duckdb_type(c.arrow)}" for c in declared if c.arrow is not None],
        },
        severity=Severity.CRITICAL,
        finding="a column has not its declared type",
        on=Subject.TYPES,
        blocking=True,
    )
    known = tuple(
        not_null(column.name, Severity.CRITICAL, f"{column.name} is missing", blocking=column.name in ids)
        for column in declared
        if not column.nullable or column.name in required
    )
    return (columns, types, *known)


def _identity(ids: tuple[str, ...], key: str | None) -> Rule:
    if len(ids) == 1:
        return unique(ids[0], Severity.CRITICAL, f"{ids[0]} stands on more than one row", blocking=True)
    named, last = (ids[:-1], ids[-1]) if len(ids) <= 5 else (ids[:4], f"{len(ids) - 4} columns more")
    finding = f"{', '.join(named)} and {last} stand together on more than one row"
    if key:
        return unique(key, Severity.CRITICAL, finding, name="rows_unique", blocking=True)
    return together_unique("rows_unique", ids, Severity.CRITICAL, finding, blocking=True)


_DUCKDB = {
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.int32(): "INTEGER",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.binary(): "BLOB",
    pa.date32(): "DATE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
}


def duckdb_type(arrow: pa.DataType) -> str:
    """How DuckDB names a declared Arrow type."""
    if pa.types.is_decimal(arrow):
        return f"DECIMAL({arrow.precision},{arrow.scale})"
    if pa.types.is_list(arrow):
        return f"{duckdb_type(arrow.value_type)}[]"
    return _DUCKDB[arrow]
