"""Asking the published warehouse, read-only. Not here: how an answer is shown (`answers`)."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from pipelines.home import Home
from pipelines.warehouse import connection, publish
from pipelines.warehouse.answers import Answer
from pipelines.warehouse.sql import identifier

_FETCH = 1_000
_READING = {"SELECT", "EXPLAIN", "PRAGMA", "CALL", "MULTI", "SET"}
"""Kinds of statements that leave everything as it is, but see `_MIXED`. COPY would write files, the warehouse's too."""
_MIXED = {"EXPLAIN", "MULTI"}
"""Whatever has a PIVOT in it is MULTI, and what EXPLAIN ANALYZE explains is done: COPY could be within either."""
_ASKS = re.compile(
    r"(?:\s|--[^\n]*\n|/\*(?:(?!\*/).)*\*/)*"
    r"(?:\(|(?:EXPLAIN\s+(?:ANALYZE\s+)?(?:\([\w\s,]*\)\s*)?)?"
    r"(?:SELECT|FROM|WITH|VALUES|TABLE|PIVOT|UNPIVOT|DESCRIBE|SHOW|SUMMARIZE)\b)",
    re.IGNORECASE | re.DOTALL,
)
"""How a statement begins that only asks."""
_READ_ONLY = "the published warehouse is read-only; a query can only SELECT"
_MISSING_TABLE = re.compile(r"Table with name (\S+) does not exist")
_MISSING_COLUMN = re.compile(r'(?:Referenced column|does not have a column named) "([^"]+)"|column "([^"]+)"')


class NoWarehouseError(RuntimeError):
    """Nothing has been published in this home; the message says where was looked and what to run."""


class QueryError(ValueError):
    """The query cannot be answered; the message says why in one sentence."""


@dataclass(frozen=True, slots=True)
class TableInfo:
    """One table or view of the published warehouse."""

    name: str
    rows: int | None
    """Null where counting would read every frame, or where the lake's files cannot be read."""
    comment: str


def connect_readonly(home: Home) -> duckdb.DuckDBPyConnection:
    """The published warehouse as it is now; a build published later leaves this connection alone. Close it."""
    path = publish.published(home)
    if path is None:
        raise NoWarehouseError(
            f"no warehouse at {home.current.absolute()}; run `laddstrom process FILE` with a log file, "
            "or `laddstrom build` if something has been landed"
        )
    try:
        return connection.readonly(path, spill=home.restricted / "spill")
    except duckdb.Error as error:
        raise NoWarehouseError(
            f"{path} cannot be opened as a DuckDB file ({_first_line(error)}); run `laddstrom build`"
        ) from None


def tables(home: Home) -> list[TableInfo]:
    """What the warehouse holds, in order: reports, core, raw and the rest."""
    with connect_readonly(home) as opened:
        found = opened.execute(
            "SELECT table_name, comment, false FROM duckdb_tables() WHERE NOT internal AND NOT temporary "
            "UNION ALL SELECT view_name, comment, true FROM duckdb_views() WHERE NOT internal AND NOT temporary"
        ).fetchall()
        order = ["report", "core", "raw"]
        found.sort(key=lambda it: (order.index(it[0].split("__")[0]) if it[0].split("__")[0] in order else 9, it[0]))
        return [TableInfo(name, _rows(opened, name), comment or "") for name, comment, _ in found]


def query(opened: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    """Run a query; rows are read as they are asked for.

    Raises:
        QueryError: DuckDB refuses it; an unknown table or column comes with the nearest name.
    """
    try:
        _check(opened.extract_statements(sql))
        result = opened.execute(sql)
    except duckdb.Error as error:
        raise QueryError(_sentence(opened, error)) from None
    # A statement without a result has no columns; the array is then empty.
    columns = [column[0] for column in result.description or ()]
    return Answer(columns, _fetch(opened, result) if columns else iter(()))


def _check(statements: list[duckdb.Statement]) -> None:
    """Refuse what has no answer, several, or does more than answer."""
    # DuckDB 1.5 takes a PIVOT apart: a type without a text, and a SELECT.
    whole = [statement for statement in statements if statement.query or statement.type.name != "CREATE"]
    kinds = [statement.type.name for statement in whole]
    if not kinds:
        raise QueryError("the query is empty; `laddstrom sql` alone lists the tables")
    is_asking = all(one.type.name not in _MIXED or _ASKS.match(one.query) for one in whole)
    if not is_asking or not _READING.issuperset(kinds):
        raise QueryError(_READ_ONLY)
    if set(kinds[:-1]) - {"SET"}:
        raise QueryError("these are several queries; ask one at a time")


def _fetch(opened: duckdb.DuckDBPyConnection, result: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    try:
        while rows := result.fetchmany(_FETCH):
            yield from rows
    except duckdb.Error as error:
        raise QueryError(_sentence(opened, error)) from None


def _rows(opened: duckdb.DuckDBPyConnection, name: str) -> int | None:
    if name.startswith("stg_"):
        return None
    try:
        return int(opened.execute(f"SELECT count(*) FROM {identifier(name)}").fetchall()[0][0])
    except duckdb.Error:
        # A view over files that are gone or that this user may not read: the list must still come.
        return None


def _sentence(opened: duckdb.DuckDBPyConnection, error: duckdb.Error) -> str:
    text = _first_line(error)
    if match := _MISSING_TABLE.search(text):
        name = match[1].strip("\"'")
        return f"there is no table {name}{_nearest(name, _names(opened, 'table_name'))}"
    if isinstance(error, duckdb.BinderException) and (match := _MISSING_COLUMN.search(text)):
        name = match[1] or match[2]
        return f"there is no column {name}{_nearest(name, _names(opened, 'column_name'))}"
    if "read-only" in text:
        return _READ_ONLY
    return text


def _names(opened: duckdb.DuckDBPyConnection, what: str) -> list[str]:
    rows = opened.execute(f"SELECT DISTINCT {what} FROM duckdb_columns() WHERE NOT internal ORDER BY ALL").fetchall()
    return [name for (name,) in rows]


def _nearest(name: str, names: list[str]) -> str:
    short = {known.split("__")[-1]: known for known in reversed(names)}
    close = difflib.get_close_matches(name.casefold(), [*names, *short], n=1, cutoff=0.5)
    if not close:
        return "; `laddstrom sql` lists what there is"
    return f"; did you mean {short.get(close[0], close[0])}?"


def _first_line(error: duckdb.Error) -> str:
    line = str(error).strip().split("\n")[0]
    return line.split("Error: ", 1)[-1]
