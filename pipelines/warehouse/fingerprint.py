"""A hash over each table's rows, whatever their order: equal hashes, identical tables. Not here: what differs."""

import hashlib
from collections.abc import Iterable

import duckdb

from models.tables.catalogue import TABLES
from models.tables.landed import Table
from pipelines.warehouse.sql import columns, identifier


def _names(table: Table) -> set[str]:
    return {column.name for column in table.columns}


EVERYTHING = tuple(name for name in TABLES if not name.startswith("meta__"))
"""All but the tables that name the build itself."""
CONTENT = tuple(name for name in EVERYTHING if not {"offset", "log_id"} & _names(TABLES[name]))
"""Tables whose rows are not positions in one home's log: comparable between homes that were fed the same records."""
_PLACES = ("_generation", "_partition", "_offset", "energy_candidates")
"""Columns that say where evidence stands in one home's log."""
_PRIME = 18446744073709551557


def fingerprint(opened: duckdb.DuckDBPyConnection, tables: Iterable[str] = EVERYTHING) -> dict[str, str]:
    """Row count and row hash by table; of `CONTENT` without the columns that are places in one home's log."""
    found = {}
    for name in tables:
        shown = TABLES[name] if tables is not CONTENT else _without_places(TABLES[name])
        # Each row's text, hashed; the sum of the hashes forgets their order but not repeats.
        row = f"md5_number(CAST(({columns(shown)}) AS VARCHAR)) % {_PRIME}"
        count, total = opened.execute(
            f"SELECT count(*), coalesce(sum(CAST({row} AS HUGEINT)), 0) FROM {identifier(name)}"
        ).fetchall()[0]
        found[name] = f"{count}:{hashlib.sha256(str(total).encode()).hexdigest()[:16]}"
    return found


def _without_places(table: Table) -> Table:
    kept = tuple(column for column in table.columns if not column.name.endswith(_PLACES))
    return Table(table.name, table.comment, table.origin, kept)
