"""The figures' SQL and the frames, on a real DuckDB file."""

import json
import shutil

import duckdb
import pytest

from pipelines.home import Home
from pipelines.orchestration.checking import RESULTS, batch, check
from pipelines.warehouse.build import build
from pipelines.warehouse.read import NoWarehouseError
from quality.registry import suites
from quality.run import validate

SESSION = "INSERT INTO core__sessions (session_id, station_id, started_at, is_open, energy_wh, token_id) VALUES"
FRAMES = "CREATE OR REPLACE VIEW raw_ocpp__frames AS SELECT * FROM range(10)"
CALL = "INSERT INTO core__calls (station_id, outcome) VALUES"
PLANTED = {
    ("core__sessions", "sessions_per_port_day"): (
        "INSERT INTO core__sessions (session_id, station_id, started_at, is_open)"
        " SELECT i::VARCHAR, 'CP1', TIMESTAMPTZ '2026-03-02 00:00Z', false FROM range(61) AS r(i)",
        61,
    ),
    ("core__sessions", "overlapping_sessions"): (
        "INSERT INTO core__sessions (session_id, station_id, connector_id, started_at, ended_at, is_open) VALUES"
        " ('long', 'CP1', 1, '2026-03-02 08:00Z', '2026-03-02 12:00Z', false),"
        " ('within', 'CP1', 1, '2026-03-02 09:00Z', '2026-03-02 10:00Z', false),"
        " ('also within', 'CP1', 1, '2026-03-02 11:00Z', '2026-03-02 11:30Z', false),"
        " ('follows', 'CP1', 1, '2026-03-02 12:00Z', '2026-03-02 13:00Z', false),"
        " ('beside', 'CP1', 2, '2026-03-02 09:00Z', '2026-03-02 10:00Z', false)",
        2,
    ),
    ("core__sessions", "days_since_newest"): (
        f"{SESSION} ('s1', 'CP1', now() - INTERVAL 20 DAY, true, NULL, NULL), ('s2', 'CP1', NULL, true, NULL, NULL)",
        20,
    ),
    ("core__statuses", "statuses_per_port_day"): (
        "INSERT INTO core__statuses (status_id, station_id, status, reported_at)"
        " SELECT i::VARCHAR, 'CP1', 'Available', TIMESTAMPTZ '2026-03-02 00:00Z' FROM range(1441) AS r(i)",
        1441,
    ),
    ("core__statuses", "statuses_per_session"): (
        f"{SESSION} ('s1', 'CP1', NULL, true, NULL, NULL), ('s2', 'CP1', NULL, true, NULL, NULL);"
        "INSERT INTO core__statuses (status_id, station_id, status) VALUES ('st1', 'CP1', 'Available')",
        0.5,
    ),
    ("core__stations", "share_without_sessions"): (
        f"{SESSION} ('s1', 'CP1', NULL, true, NULL, NULL);"
        "INSERT INTO core__stations (station_id) VALUES ('CP1'), ('CP2'), ('CP3'), ('CP4')",
        0.75,
    ),
    ("core__dead_letters", "share_of_frames"): (
        f"{FRAMES}; INSERT INTO core__dead_letters (dead_letter_id) VALUES ('d1')",
        0.1,
    ),
    ("core__late_frames", "share_of_frames"): (
        f"{FRAMES}; INSERT INTO core__late_frames (station_id) VALUES ('CP1'), ('CP2')",
        0.2,
    ),
    ("core__calls", "share_unanswered"): (f"{CALL} ('a', 'none'), ('a', 'result')", 0.5),
    ("core__calls", "share_of_errors"): (f"{CALL} ('a', 'error'), ('a', 'result'), ('a', 'none'), ('a', 'none')", 0.25),
    ("core__measurements", "share_unreadable"): (
        "INSERT INTO core__measurements (station_id, value) VALUES ('CP1', NULL), ('CP1', 1)",
        0.5,
    ),
    ("core__evses", "without_location"): (
        "INSERT INTO core__locations (party, location_id) VALUES ('NL-TNM', 'L1');"
        "INSERT INTO core__evses (party, location_id, evse_uid) VALUES ('NL-TNM', 'L1', '1'), ('NL-ABC', 'L1', '2')",
        1,
    ),
    ("core__cdrs", "share_without_session"): (
        "INSERT INTO core__ocpi_sessions (party, ocpi_session_id) VALUES ('NL-TNM', 'S1');"
        "INSERT INTO core__cdrs (party, cdr_id, ocpi_session_id)"
        " VALUES ('NL-TNM', '1', 'S1'), ('NL-ABC', '2', 'S1'), ('NL-TNM', '3', NULL), ('NL-TNM', '4', 'S1')",
        0.5,
    ),
    ("core__ocpi_rejects", "share_of_objects"): (
        "CREATE OR REPLACE VIEW raw_ocpi__objects AS SELECT * FROM range(4);"
        "INSERT INTO core__ocpi_rejects (reason) VALUES ('not_json')",
        0.25,
    ),
    ("report__energy_daily", "sessions_gap"): (
        f"{SESSION} ('s1', 'CP1', NULL, true, NULL, NULL);"
        "INSERT INTO report__energy_daily (station_id, sessions, sessions_open) VALUES ('CP1', 3, 1)",
        2,
    ),
    ("report__energy_daily", "energy_gap_wh"): (
        f"{SESSION} ('s1', 'CP1', NULL, false, 900, NULL);"
        "INSERT INTO report__energy_daily (station_id, sessions, energy_wh, energy_open_wh)"
        " VALUES ('CP1', 1, 700, 100)",
        -200,
    ),
    ("report__error_trend_daily", "episodes_gap"): (
        "INSERT INTO core__fault_episodes (fault_id, code) VALUES ('f1', 'X');"
        "INSERT INTO report__error_trend_daily (code, episodes) VALUES ('X', 2)",
        1,
    ),
    ("report__rfid_usage_daily", "requests_gap"): (
        "INSERT INTO core__authorizations (authorization_id) VALUES ('a1'), ('a2');"
        "INSERT INTO report__rfid_usage_daily (attempts) VALUES (1)",
        -1,
    ),
    ("report__rfid_usage_daily", "sessions_gap"): (
        f"{SESSION} ('s1', 'CP1', NULL, true, NULL, 'tok_a'), ('s2', 'CP1', NULL, true, NULL, NULL);"
        "INSERT INTO report__rfid_usage_daily (sessions) VALUES (2)",
        1,
    ),
    ("report__rfid_usage_daily", "energy_gap_wh"): (
        f"{SESSION} ('s1', 'CP1', NULL, false, 900, 'tok_a'), ('s2', 'CP1', NULL, false, 50, NULL);"
        "INSERT INTO report__rfid_usage_daily (energy_wh) VALUES (950)",
        50,
    ),
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A published warehouse with no rows."""
    return build(Home(tmp_path_factory.mktemp("home")).create())


@pytest.fixture
def writable(empty, tmp_path):
    """A copy of it that takes rows."""
    path = tmp_path / "copy.duckdb"
    shutil.copy(empty.path, path)
    connection = duckdb.connect(str(path))
    connection.execute("SET TimeZone = 'UTC'")
    yield connection
    connection.close()


def test_every_figure_has_rows_planted():
    assert set(PLANTED) == {(table, figure) for table, suite in suites().items() for figure in suite.metrics}


@pytest.mark.parametrize(("table", "figure"), PLANTED, ids=" ".join)
def test_a_figure_is_what_sql_says_of_planted_rows(table, figure, writable):
    sql, expected = PLANTED[table, figure]
    writable.execute(sql)
    suite = suites()[table]
    found = batch(writable, suite)
    assert found.metrics[figure].iloc[0] == expected
    result = next(result for result in validate(table, found) if result.expectation == figure)
    assert not result.success, result.sentence


def test_what_lies_under_a_null_disturbs_no_arithmetic(writable):
    """DuckDB's vectors hold leftovers under a null, and Arrow's checked subtraction looks at them."""
    writable.execute(
        "INSERT INTO core__statuses (status_id, station_id, status, reported_at, received_at)"
        " SELECT i::VARCHAR, 'CP1', 'Available', CASE WHEN i % 7 = 0 THEN TIMESTAMPTZ '2026-03-02 00:00Z' END,"
        " TIMESTAMPTZ '2026-03-02 00:00Z' + to_seconds(i) FROM range(5000) AS r(i)"
    )
    results = validate("core__statuses", batch(writable, suites()["core__statuses"]))
    clock = next(result for result in results if result.expectation == "clock_sound")
    assert clock.unexpected_count == sum(1 for i in range(0, 5000, 7) if i > 300)


def test_times_at_the_ends_of_the_calendar_are_found_and_break_nothing(writable):
    writable.execute(
        "INSERT INTO core__sessions (session_id, station_id, started_at, ended_at, is_open, energy_wh) VALUES"
        " ('s1', 'CP1', '9999-12-31 00:00:00Z', '0001-01-01 00:00:00Z', false, 9223372036854775807)"
    )
    results = {r.expectation: r for r in validate("core__sessions", batch(writable, suites()["core__sessions"]))}
    assert [result for result in results.values() if result.sentence.startswith("Not tested")] == []
    assert not results["started_at_plausible"].success
    assert not results["ended_after_start"].success
    assert not results["energy_possible"].success


def test_results_are_kept_for_the_report(home):
    build(home)
    results = check(home)
    said = json.loads((home.report / RESULTS).read_text(encoding="utf-8"))
    assert said["build"] == home.current.resolve().name
    assert [(it["table"], it["expectation"]) for it in said["results"]] == [(r.table, r.expectation) for r in results]
    assert all(result.success for result in results)


def test_there_is_nothing_to_check_before_the_first_build(home):
    with pytest.raises(NoWarehouseError, match="laddstrom process"):
        check(home)
