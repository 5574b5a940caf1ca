"""Landed Parquet as the warehouse shows it: raw as views, dead letters and facts as tables. Not here: SQL models."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from models.catalogue import CORE_DEAD_LETTERS, RAW_VIEWS, published_fact
from models.facts import KINDS, Fact
from models.tables import DEAD_LETTERS, LANDED, Table
from models.tokens import PREFIX, pseudonym
from pipelines.warehouse.sql import columns, identifier, literal, rows

Landed = Mapping[str, Sequence[Path]]
"""The Parquet files of each landed table."""


def create(connection: duckdb.DuckDBPyConnection, landed: Landed, token_key: bytes | None) -> None:
    """Make every table and view that is read straight from Parquet; without a key, tokens stand as they were said."""
    for name, table in RAW_VIEWS.items():
        source = DEAD_LETTERS if name == "raw_ocpp__dead_letters" else LANDED[name]
        _raw_view(connection, table, rows(source, landed.get(source.name, ())))
    _dead_letters(connection, rows(DEAD_LETTERS, landed.get(DEAD_LETTERS.name, ())))
    for kind in KINDS:
        facts = rows(LANDED[kind.table], landed.get(kind.table, ()))
        if token_key is not None and "token_id" in LANDED[kind.table].schema.names:
            facts = _with_pseudonyms(connection, facts, token_key)
        _fact_table(connection, kind, facts)


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


def _with_pseudonyms(connection: duckdb.DuckDBPyConnection, source: str, token_key: bytes) -> str:
    """The same rows, but pseudonyms also for facts that were said while the setting showed tokens in clear."""
    query = f"SELECT DISTINCT token_id FROM {source} WHERE NOT starts_with(token_id, '{PREFIX}')"
    clear = [token for (token,) in connection.execute(query).fetchall()]
    if not clear:
        return source
    hidden = [pseudonym(token, token_key) for token in clear]
    connection.register("clear_tokens", pa.table({"token_id": clear, "hidden": hidden}))
    return (
        "(SELECT facts.* REPLACE (coalesce(hidden, facts.token_id) AS token_id) "
        f"FROM {source} AS facts LEFT JOIN clear_tokens ON clear_tokens.token_id = facts.token_id)"
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
