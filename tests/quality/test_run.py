import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from models.tables.catalogue import TABLES
from quality.registry import suites
from quality.rules import Severity
from quality.run import Batch, check_warehouse, validate

CARD = "04A2B3C4D5E6F7"
DAY = datetime(2026, 3, 2, tzinfo=UTC)


def batch(table, rows):
    suite = suites()[table]
    declared = {column.name: column.arrow for column in TABLES[table].columns}
    columns = {name: pa.array([row.get(name) for row in rows], declared[name]) for name in suite.columns}
    frame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    names = suite.rule("columns").arguments["column_list"]
    return Batch(columns={name: suite.types.get(name, "VARCHAR") for name in names}, rows=frame)


def token(number, **changes):
    row = {"party": "NL-TNM", "token_id": f"tok_{number:016x}", "type": "RFID", "is_valid": True, "last_updated": DAY}
    return {**row, **changes}


def by_name(results):
    return {result.expectation: result for result in results}


def test_the_ids_of_bad_rows_are_named():
    found = by_name(validate("core__tokens", batch("core__tokens", [token(1), token(2, type="CARD"), token(3)])))
    result = found["type_allowed"]
    assert (result.success, result.unexpected_count, result.looked_at) == (False, 1, 3)
    assert result.sample_ids == ("NL-TNM / tok_0000000000000002 / CARD",)
    assert result.sentence == "1 of 3 rows: the type is not one of OCPI's."
    assert result.severity is Severity.WARNING


def test_a_row_condition_names_the_right_rows():
    start = datetime(2026, 3, 2, tzinfo=UTC)
    rows = [
        {"fault_id": f"f{n}", "station_id": "CP1", "code": "X", "opened_at": start, "is_open": n % 2 == 0}
        for n in range(6)
    ]
    rows[4]["closed_at"] = start + timedelta(hours=1)
    found = by_name(validate("core__fault_episodes", batch("core__fault_episodes", rows)))
    assert found["open_not_closed"].sample_ids == ("f4",)
    assert found["closed_has_end"].sample_ids == ("f1", "f3", "f5")


def test_at_most_twenty_ids_are_named():
    rows = [token(n, type="CARD") for n in range(50)]
    result = by_name(validate("core__tokens", batch("core__tokens", rows)))["type_allowed"]
    assert result.unexpected_count == 50
    assert len(result.sample_ids) == 20


def test_a_token_in_clear_is_found_and_never_shown():
    results = validate("core__tokens", batch("core__tokens", [token(1), token(2, token_id=CARD)]))
    failed = [result for result in results if not result.success]
    assert [result.expectation for result in failed] == ["token_id_pseudonym"]
    assert failed[0].sample_ids == ("NL-TNM / (token) / RFID",)
    assert CARD not in repr(results)


def test_tokens_in_clear_by_setting_are_not_a_failure():
    results = validate("core__tokens", batch("core__tokens", [token(1, token_id=CARD)]), tokens_in_clear=True)
    assert all(result.success for result in results)
    assert by_name(results)["token_id_pseudonym"].sentence == "Not asked: tokens are shown in clear by setting."


def test_a_table_that_is_not_there_fails_every_expectation():
    results = check_warehouse({"core__cdrs": lambda: None})
    assert len(results) == len(suites()["core__cdrs"].rules)
    assert {result.sentence for result in results} == {"Not tested: the table is not in the warehouse."}
    assert not any(result.success for result in results)


def test_a_missing_column_fails_what_needs_it_and_nothing_else():
    whole = batch("core__sessions", [])
    found = by_name(
        validate(
            "core__sessions",
            Batch(
                columns={name: kind for name, kind in whole.columns.items() if name != "energy_wh"},
                rows=whole.rows.drop(columns="energy_wh"),
                metrics=pd.DataFrame([{"sessions_per_port_day": 1}]),
            ),
        )
    )
    assert found["columns"].sentence.endswith(": missing energy_wh.")
    assert found["energy_not_negative"].sentence == "Not tested: there is no energy_wh."
    assert found["session_id_unique"].success
    assert not found["not_long"].success  # computed from columns of which one is missing


@pytest.mark.parametrize("table", suites())
def test_an_empty_table_breaks_nothing(table):
    suite = suites()[table]
    whole = batch(table, [])
    figures = pd.DataFrame([dict.fromkeys(suite.metrics)]) if suite.metrics else None
    results = validate(table, Batch(columns=whole.columns, rows=whole.rows, metrics=figures))
    assert [result.sentence for result in results if not result.success] == []


def test_a_figure_is_said_with_its_bounds():
    whole = batch("core__stations", [])
    metrics = pd.DataFrame([{"share_without_sessions": 0.75}])
    found = by_name(validate("core__stations", Batch(columns=whole.columns, rows=whole.rows, metrics=metrics)))
    sentence = "Share of stations that never had a session: 0.75 (allowed: up to 0.5)."
    assert found["share_without_sessions"].sentence == sentence


def test_a_clock_ahead_of_ours_by_hours_passes_and_by_days_fails():
    now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    rows = [
        {"station_id": "CP1", "protocol": "ocpp1.6", "booted_at": now + timedelta(hours=ahead)} for ahead in (23, 25)
    ]
    found = by_name(validate("core__stations", batch("core__stations", rows), now=now))
    assert found["booted_at_plausible"].unexpected_count == 1


def test_listing_suites_imports_neither_great_expectations_nor_pandas():
    code = (
        "import sys; from quality.registry import suites; suites();"
        "sys.exit(1 if {'great_expectations', 'pandas'} & set(sys.modules) else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_run_writes_nothing_to_the_terminal():
    code = (
        "import pandas as pd; from quality.registry import suites; from quality.run import Batch, validate;"
        "validate('core__stations', Batch(columns={}, rows=pd.DataFrame({'station_id': ['a', 'a']})))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_every_expectation_says_what_is_wrong_as_the_end_of_a_sentence():
    for table, suite in suites().items():
        for rule in suite.rules:
            assert not rule.finding.endswith("."), f"{table}: {rule.name}"
            assert len(rule.finding) < 110, f"{table}: {rule.name}"
