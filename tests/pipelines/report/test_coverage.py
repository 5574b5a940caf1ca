"""What the log does not cover is not compared with, not averaged over and not drawn as 0."""

import datetime as dt
from collections.abc import Iterator

import duckdb
import pytest

from pipelines.report import numbers
from pipelines.report.block import Page
from pipelines.report.coverage import Coverage
from pipelines.report.pages import overview
from pipelines.report.queries import Queries

DAYS = 14
TO = dt.date(2026, 11, 21)
PERIOD = [TO - dt.timedelta(days=back) for back in reversed(range(DAYS))]
BEFORE = PERIOD[0] - dt.timedelta(days=DAYS)
TABLES = (
    "CREATE TABLE raw_ocpp__frames (received_at TIMESTAMPTZ)",
    "CREATE TABLE core__sessions (station_id VARCHAR, started_at TIMESTAMPTZ, energy_wh BIGINT, is_open BOOLEAN, "
    "energy_basis VARCHAR)",
    "CREATE TABLE core__fault_episodes (opened_at TIMESTAMPTZ)",
    "CREATE TABLE core__authorizations (asked_at TIMESTAMPTZ, status VARCHAR, token_id VARCHAR)",
    "CREATE TABLE core__rates (hour TIMESTAMPTZ, energy_wh BIGINT)",
)


@pytest.fixture
def log() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for statement in TABLES:
            connection.execute(statement)
        yield connection


def at(day: dt.date, hour: int = 0, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), tzinfo=dt.UTC)


def heard(log: duckdb.DuckDBPyConnection, *days: dt.date, hours: tuple[int, ...] = (0, 23)) -> None:
    """A frame, a session of 1 kWh and its hour on each of the days; the first frame at the first of the hours."""
    for day in days:
        for hour in hours:
            log.execute("INSERT INTO raw_ocpp__frames VALUES (?)", [at(day, hour)])
        log.execute("INSERT INTO core__sessions VALUES ('CP', ?, 1000, false, 'meter_stop')", [at(day, hours[0])])
        log.execute("INSERT INTO core__fault_episodes VALUES (?)", [at(day, hours[0])])
        log.execute("INSERT INTO core__rates VALUES (?, 1000)", [at(day, hours[0])])


def queries(log: duckdb.DuckDBPyConnection) -> Queries:
    return Queries(log, {"timezone": "UTC", "from_day": PERIOD[0], "to_day": TO, "before_day": BEFORE, "days": DAYS})


def page(log: duckdb.DuckDBPyConnection) -> Page:
    asked = queries(log)
    coverage = Coverage.of(PERIOD, asked.run("coverage").row(0, named=True))
    return overview.page(asked, asked.run("totals").row(0, named=True), coverage)


def changes(made: Page) -> list[str]:
    return [figure.change for figure in made.figures if figure.change]


def days_from(first: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=count) for count in range((TO - first).days + 1)]


def test_a_period_before_of_which_the_log_covers_one_day_is_not_compared_with(log: duckdb.DuckDBPyConnection) -> None:
    heard(log, *days_from(PERIOD[0] - dt.timedelta(days=1)))
    made = page(log)
    assert changes(made) == ["not compared: the log covers 1 of the 14 days before"] * 3
    assert "one period before" not in made.blocks[0].measure


def test_a_covered_period_before_is_compared_with(log: duckdb.DuckDBPyConnection) -> None:
    heard(log, *days_from(BEFORE))
    heard(log, TO)
    made = page(log)
    assert changes(made) == ["+7.1\u202f% on the period before"] * 2 + ["0.0\u202f% on the period before"]
    assert made.blocks[0].measure.endswith("line: the same weekday one period before")


def test_a_log_that_starts_within_the_period_before_is_not_compared_with(log: duckdb.DuckDBPyConnection) -> None:
    heard(log, BEFORE, hours=(10, 11))
    heard(log, *days_from(BEFORE)[1:])
    said = "not compared: the log starts 25\u00a0Oct\u00a010:00, within the period before"
    assert changes(page(log)) == [said] * 3


def test_a_hole_in_the_period_before_is_not_compared_with(log: duckdb.DuckDBPyConnection) -> None:
    heard(log, *days_from(BEFORE)[:5], *PERIOD)
    assert changes(page(log)) == ["not compared: the log covers 5 of the 14 days before"] * 3


def test_a_log_of_one_day_has_nothing_to_compare_with(log: duckdb.DuckDBPyConnection) -> None:
    heard(log, TO)
    assert changes(page(log)) == ["not compared: the log has nothing of the period before"] * 3


def test_without_times_of_receipt_nothing_is_compared(log: duckdb.DuckDBPyConnection) -> None:
    log.execute("INSERT INTO raw_ocpp__frames VALUES (null)")
    log.execute("INSERT INTO core__sessions VALUES ('CP', ?, 1000, false, 'meter_stop')", [at(TO)])
    made = page(log)
    assert changes(made) == ["not compared: no frame says when it was received"] * 3
    assert "no frame says when it was received" in made.blocks[1].measure


def test_mean_power_goes_over_the_hours_that_the_log_covers(log: duckdb.DuckDBPyConnection) -> None:
    heard(log, TO, hours=(3, 4))
    rows = queries(log).run("load_by_hour").rows_by_key(["weekday", "hour_of_day"], named=True, unique=True)
    saturday = TO.isoweekday()
    assert rows[saturday, 3] == {"mean_kw": 1.0, "days": 1}
    assert rows[saturday, 4] == {"mean_kw": 0.0, "days": 1}
    assert rows[saturday, 5] == {"mean_kw": None, "days": 0}
    assert rows[saturday % 7 + 1, 3] == {"mean_kw": None, "days": 0}
    assert len(rows) == 7 * 24
    assert page(log).blocks[1].measure.endswith("each cell the mean of 1 day · blank: not in the log")


def test_a_day_without_frames_is_unknown_and_one_without_sessions_is_0(log: duckdb.DuckDBPyConnection) -> None:
    heard(log, TO)
    log.execute("INSERT INTO raw_ocpp__frames VALUES (?)", [at(PERIOD[-2])])
    coverage = Coverage.of(PERIOD, queries(log).run("coverage").row(0, named=True))
    assert coverage.known(PERIOD[-2], 0) == 0
    assert coverage.known(PERIOD[0], 0) is None
    assert coverage.known(PERIOD[0], 7) == 7, "a session told of later"
    table = page(log).blocks[0].table
    assert ">\u2013<" in table


@pytest.mark.parametrize("basis", ["cdr", "ocpi_session"])
def test_energy_by_a_partner_s_word_is_said_to_be_in_no_hour(log: duckdb.DuckDBPyConnection, basis: str) -> None:
    heard(log, TO, BEFORE)
    log.execute("INSERT INTO core__sessions VALUES ('CP', ?, 9000, false, ?)", [at(BEFORE), basis])
    assert page(log).blocks[1].note == "from register travel per station and hour"
    log.execute("INSERT INTO core__sessions VALUES ('CP', ?, 12345, false, ?)", [at(TO), basis])
    made = page(log)
    said = "from register travel per station and hour · without the {} kWh that only a partner's word tells of"
    assert made.blocks[1].note == said.format(numbers.kwh(12_345))
    assert made.figures[0].value == 13_345
