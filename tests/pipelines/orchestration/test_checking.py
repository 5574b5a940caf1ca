"""The figures' SQL and the frames, on a real DuckDB file."""

import json
import shutil

import duckdb
import pytest
from planted_figures import PLANTED

from pipelines.home import Home
from pipelines.orchestration.checking import RESULTS, batch, check
from pipelines.warehouse.build import build
from pipelines.warehouse.read import NoWarehouseError
from quality.registry import suites
from quality.run import validate


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
        " SELECT i::VARCHAR, 'CP1', 'Available', CASE WHEN i % 7 = 0 THEN TIMESTAMPTZ '2026-03-02 00:00:00Z' END,"
        " TIMESTAMPTZ '2026-03-02 00:00:00Z' + to_seconds(i) FROM range(5000) AS r(i)"
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
