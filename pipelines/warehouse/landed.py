"""Landed Parquet as the warehouse shows it: raw as views, dead letters and facts as tables. Not here: SQL models."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from models.facts import KINDS, Fact, Session
from models.tables.catalogue import CORE_DEAD_LETTERS, RAW_VIEWS, published_fact
from models.tables.landed import DEAD_LETTERS, LANDED, VIOLATIONS, Table
from models.tables.metered import SESSION_CANDIDATES
from models.tokens.pseudonyms import PREFIX, pseudonym
from pipelines.warehouse import functions
from pipelines.warehouse.sql import columns, identifier, literal, rows

TOKEN_COLUMNS = frozenset({"token_id", "form_id"})
"""Columns of facts that hold tokens, in clear where the setting said so."""
_HIDDEN = {
    "transaction_id": "CASE WHEN protocol = 'ocpp1.6' THEN hidden_number(transaction_id) "
    "ELSE hidden_id(transaction_id) END AS transaction_id",
    **{name: f"hidden_name({name}) AS {name}" for name in ("vendor", "model", "firmware", "serial_number")},
}
"""Columns of facts as they are shown: some were said in clear, where the setting said so, or by an older step."""
Landed = Mapping[str, Sequence[Path]]
"""The Parquet files of each landed table."""


def create(connection: duckdb.DuckDBPyConnection, landed: Landed, token_key: bytes | None) -> None:
    """Make every table and view that is read straight from Parquet; without a key, tokens stand as they were said."""
    functions.create(connection, token_key)
    for name, table in RAW_VIEWS.items():
        source = DEAD_LETTERS if name == "raw_ocpp__dead_letters" else LANDED[name]
        _raw_view(connection, table, rows(source, landed.get(source.name, ())))
    _view(connection, VIOLATIONS, rows(VIOLATIONS, landed.get(VIOLATIONS.name, ())))
    _dead_letters(connection, rows(DEAD_LETTERS, landed.get(DEAD_LETTERS.name, ())))
    for kind in KINDS:
        facts = rows(LANDED[kind.table], landed.get(kind.table, ()))
        if token_key is not None:
            for column in TOKEN_COLUMNS & set(LANDED[kind.table].schema.names):
                facts = _with_pseudonyms(connection, facts, column, token_key)
        _fact_table(connection, kind, facts)
    _candidates(connection, rows(LANDED[Session.table], landed.get(Session.table, ())))


def _raw_view(connection: duckdb.DuckDBPyConnection, table: Table, source: str) -> None:
    # decode() fails on bytes that are not UTF-8; TRY makes that null.
    shown = ", ".join(
        "TRY(decode(payload)) AS payload_text" if column.name == "payload_text" else identifier(column.name)
        for column in table.columns
    )
    connection.execute(f"CREATE VIEW {identifier(table.name)} AS SELECT {shown} FROM {source}")


def _view(connection: duckdb.DuckDBPyConnection, table: Table, source: str) -> None:
    connection.execute(f"CREATE VIEW {identifier(table.name)} AS SELECT {columns(table)} FROM {source}")


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
    shown = ", ".join(_HIDDEN.get(column.name) or identifier(column.name) for column in table.columns)
    connection.execute(
        f"CREATE TABLE {identifier(table.name)} AS SELECT {shown} FROM {_newest(kind, source)} "
        f"WHERE NOT deleted ORDER BY station_id, {key}"
    )


def _candidates(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """The sessions' evidence stays in the lake: a view, as it is long and stands in a table of its own."""
    connection.execute(
        f"CREATE VIEW {identifier(SESSION_CANDIDATES.name)} AS SELECT {columns(SESSION_CANDIDATES)} "
        f"FROM {_newest(Session, source)} WHERE NOT deleted AND energy_candidates IS NOT NULL"
    )


def _newest(kind: type[Fact], source: str) -> str:
    return (
        f"(SELECT * FROM {source} QUALIFY row_number() OVER (PARTITION BY {identifier(kind.id_column)} ORDER BY "
        "version_generation DESC, version_offset DESC, coalesce(version_revision, 0) DESC) = 1)"
    )


def _with_pseudonyms(connection: duckdb.DuckDBPyConnection, source: str, column: str, token_key: bytes) -> str:
    """The same rows, but pseudonyms also for facts that were said while the setting showed tokens in clear."""
    query = f"SELECT DISTINCT {column} FROM {source} WHERE NOT starts_with({column}, '{PREFIX}')"
    clear = [token for (token,) in connection.execute(query).fetchall()]
    if not clear:
        return source
    hidden = [pseudonym(token, token_key) for token in clear]
    connection.register(f"clear_{column}", pa.table({"clear": clear, "hidden": hidden}))
    return (
        f"(SELECT facts.* EXCLUDE (clear, hidden) REPLACE (coalesce(hidden, facts.{column}) AS {column}) "
        f"FROM (SELECT * FROM {source} AS said LEFT JOIN clear_{column} ON clear = said.{column}) AS facts)"
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
