"""Landed Parquet as the warehouse shows it: raw as views, dead letters and facts as tables. Not here: SQL models."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from models.catalogue import CORE_DEAD_LETTERS, RAW_VIEWS, published_fact
from models.facts import KINDS, Fact
from models.tables import DEAD_LETTERS, LANDED, Table
from pipelines.warehouse.sql import columns, identifier, literal, rows

Landed = Mapping[str, Sequence[Path]]
"""The Parquet files of each landed table."""


def create(connection: duckdb.DuckDBPyConnection, landed: Landed) -> None:
    """Make every table and view that is read straight from Parquet."""
    for name, table in RAW_VIEWS.items():
        source = DEAD_LETTERS if name == "raw_ocpp__dead_letters" else LANDED[name]
        _raw_view(connection, table, rows(source, landed.get(source.name, ())))
    _dead_letters(connection, rows(DEAD_LETTERS, landed.get(DEAD_LETTERS.name, ())))
    for kind in KINDS:
        _fact_table(connection, kind, rows(LANDED[kind.table], landed.get(kind.table, ())))


def _raw_view(connection: duckdb.DuckDBPyConnection, table: Table, source: str) -> None:
    # decode() fails on bytes that are not UTF-8; TRY makes that null.
    shown = ", ".join(
        "TRY(decode(payload)) AS payload_text" if column.name == "payload_text" else identifier(column.name)
        for column in table.columns
    )
    connection.execute(f"CREATE VIEW {identifier(table.name)} AS SELECT {shown} FROM {source}")


def _dead_letters(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Each once: a worker that was killed says some again, with the same id."""
    connection.execute(
        f"CREATE TABLE {identifier(CORE_DEAD_LETTERS.name)} AS SELECT {columns(CORE_DEAD_LETTERS)} FROM {source} "
        'QUALIFY row_number() OVER (PARTITION BY dead_letter_id ORDER BY log_id, partition, "offset") = 1 '
        "ORDER BY received_at, source, ordinal, reason"
    )


def _fact_table(connection: duckdb.DuckDBPyConnection, kind: type[Fact], source: str) -> None:
    """The newest version of each id, unless that one takes the fact back."""
    table = published_fact(LANDED[kind.table])
    key = identifier(kind.id_column)
    connection.execute(
        f"CREATE TABLE {identifier(table.name)} AS SELECT {columns(table)} FROM ("
        f"SELECT * FROM {source} "
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY version_generation DESC, version_offset DESC) = 1"
        f") WHERE NOT deleted ORDER BY station_id, {key}"
    )


def comment(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]) -> None:
    """Put the catalogue's COMMENTs on every table, view and column."""
    views = {
        name for (name,) in connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    }
    # One transaction: hundreds of commits, each on disk, would cost over a second.
    connection.execute("BEGIN")
    for table in tables.values():
        name = identifier(table.name)
        what = "VIEW" if table.name in views else "TABLE"
        connection.execute(f"COMMENT ON {what} {name} IS {literal(table.comment)}")
        for column in table.columns:
            connection.execute(f"COMMENT ON COLUMN {name}.{identifier(column.name)} IS {literal(column.comment)}")
    connection.execute("COMMIT")
