"""A hash over each table's rows, whatever their order: equal hashes, identical tables. Not here: what differs."""

import hashlib
from collections.abc import Iterable

import duckdb

from models.catalogue import TABLES
from models.tables import Table
from pipelines.warehouse.sql import columns, identifier


def _names(table: Table) -> set[str]:
    return {column.name for column in table.columns}


EVERYTHING = tuple(name for name in TABLES if not name.startswith("meta__"))
"""All but the tables that name the build itself."""
CONTENT = tuple(name for name in EVERYTHING if not {"offset", "log_id"} & _names(TABLES[name]))
"""Tables without positions in one home's log: comparable between homes that were fed the same records."""
_PRIME = 18446744073709551557


def fingerprint(opened: duckdb.DuckDBPyConnection, tables: Iterable[str] = EVERYTHING) -> dict[str, str]:
    """Row count and row hash by table."""
    found = {}
    for name in tables:
        # Each row's text, hashed; the sum of the hashes forgets their order but not repeats.
        row = f"md5_number(CAST(({columns(TABLES[name])}) AS VARCHAR)) % {_PRIME}"
        count, total = opened.execute(
            f"SELECT count(*), coalesce(sum(CAST({row} AS HUGEINT)), 0) FROM {identifier(name)}"
        ).fetchall()[0]
        found[name] = f"{count}:{hashlib.sha256(str(total).encode()).hexdigest()[:16]}"
    return found
