"""Codes that nobody knows, on the page of faults: ranked by the time they were open."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import duckdb
import pytest

from pipelines.report.pages import faults
from pipelines.report.queries import Queries
from pipelines.warehouse import sql_models

DAY = dt.date(2026, 11, 20)
AT = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)


TABLES = (
    "CREATE TABLE core__fault_episodes (unmapped_code VARCHAR, vendor VARCHAR, vendor_id VARCHAR, model VARCHAR, "
    "station_id VARCHAR, canonical_code VARCHAR, opened_at TIMESTAMPTZ, closed_at TIMESTAMPTZ, is_open BOOLEAN, "
    "code VARCHAR, protocol VARCHAR, firmware VARCHAR, info VARCHAR, opened_received_at TIMESTAMPTZ, "
    "closed_received_at TIMESTAMPTZ, connector_id INTEGER, raw_code VARCHAR)",
    "CREATE TABLE raw_ocpp__frames (station_id VARCHAR, received_at TIMESTAMPTZ)",
    "CREATE TABLE core__status_timeline (station_id VARCHAR, until_at TIMESTAMPTZ)",
)


@contextmanager
def log(rows: list[tuple], *, days: int = 0) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for statement in TABLES:
            connection.execute(statement)
        connection.execute("INSERT INTO raw_ocpp__frames VALUES ('CP', ?)", [AT + dt.timedelta(hours=4)])
        connection.execute("INSERT INTO raw_ocpp__frames VALUES ('FAR', ?)", [AT + dt.timedelta(hours=4, days=days)])
        for row in rows:
            connection.execute(
                "INSERT INTO core__fault_episodes (unmapped_code, vendor, vendor_id, model, station_id, "
                "canonical_code, opened_at, closed_at, is_open) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        yield connection


def queries(connection: duckdb.DuckDBPyConnection) -> Queries:
    return Queries(connection, {"timezone": "UTC", "from_day": DAY, "to_day": DAY})


def block(rows: list[tuple]) -> tuple[str, str]:
    with log(rows) as connection:
        made = faults._unmapped(queries(connection))
    return made.measure, unescape(str(made.body))


def episode(code: str | None, minutes: int | None, vendor: str | None = "V", days: int = 0) -> tuple:
    opened = AT + dt.timedelta(days=days)
    closed = None if minutes is None else opened + dt.timedelta(minutes=minutes)
    return code, vendor, "own", "M", "CP", "high_temperature", opened, closed, minutes is None


def test_codes_are_ranked_by_the_time_they_were_open() -> None:
    measure, body = block(
        [episode("E1", 30), episode("E1", 10), episode("E2", 90), episode("E3", None, None), episode(None, 500)]
    )
    assert measure.startswith("4 episodes of the period")
    places = [body.index(f">{code}<") for code in ("E3", "E2", "E1")]
    assert places == sorted(places)
    assert "own M" in body
    for minutes in (240, 90, 40):
        assert (f"{minutes}\u202fmin" if minutes < 120 else "4\u202fh\u202f00") in body


def test_only_the_first_are_shown_and_the_rest_are_counted() -> None:
    measure, body = block([episode(f"E{number:02}", 100 - number) for number in range(12)])
    assert measure.endswith("the first 10 of 12 rows")
    assert "high_temperature" in body
    assert "E09" in body
    assert "E10" not in body


@pytest.mark.parametrize("rows", [[], [episode(None, 5)], [episode("E1", 5, days=-3)]])
def test_where_every_code_is_known_the_block_says_so(rows: list[tuple]) -> None:
    assert block(rows)[1].startswith("<p>Every code of the period is in the crosswalk")


@pytest.mark.parametrize("covered", [None, 90])
def test_an_open_fault_ends_where_its_own_station_s_log_does(covered: int | None) -> None:
    """Another station is heard of for 151 days more; the report says what the table says."""
    rows = [
        episode("E1", None),
        episode("E2", 30),
        (*episode("E3", None)[:-1], False),  # closed, and nobody knows when
        (*episode("E4", None)[:4], "SILENT", *episode("E4", None)[5:]),
    ]
    with log(rows, days=151) as connection:
        if covered is not None:
            connection.execute(
                "INSERT INTO core__status_timeline VALUES ('CP', ?)", [AT + dt.timedelta(minutes=covered)]
            )
        shown = queries(connection).run("faults_unmapped").select("unmapped_code", "open_s").rows()
        still_open = queries(connection).run("faults_open").select("station_id", "open_s").rows()
        (model,) = (model for model in sql_models.load() if model.name == "core__unmapped_codes")
        table = connection.sql(f"SELECT unmapped_code, minutes * 60 FROM ({model.sql})").fetchall()
    minutes = 240 if covered is None else covered
    expected = [("E1", 60.0 * minutes), ("E2", 1800.0), ("E3", None), ("E4", None)]
    assert shown == expected
    assert shown == table
    assert sorted(still_open) == [("CP", 60.0 * minutes), ("SILENT", None)]
