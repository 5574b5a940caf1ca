"""Codes that nobody knows, on the page of faults: ranked by the time they were open."""

import datetime as dt
from html import unescape

import duckdb
import pytest

from pipelines.report.pages import faults
from pipelines.report.queries import Queries

DAY = dt.date(2026, 11, 20)
AT = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)


def block(rows: list[tuple]) -> tuple[str, str]:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE core__fault_episodes (unmapped_code VARCHAR, vendor VARCHAR, vendor_id VARCHAR, "
            "model VARCHAR, station_id VARCHAR, canonical_code VARCHAR, opened_at TIMESTAMPTZ, closed_at TIMESTAMPTZ, "
            "is_open BOOLEAN)"
        )
        connection.execute("CREATE TABLE raw_ocpp__frames (received_at TIMESTAMPTZ)")
        connection.execute("INSERT INTO raw_ocpp__frames VALUES (?)", [AT + dt.timedelta(hours=4)])
        for row in rows:
            connection.execute("INSERT INTO core__fault_episodes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        queries = Queries(connection, {"timezone": "UTC", "from_day": DAY, "to_day": DAY})
        made = faults._unmapped(queries)
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
