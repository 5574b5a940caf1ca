"""Every public log at once through `process`: each frame ends somewhere, each call with its answer, nothing twice."""

import csv
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.home import Home
from pipelines.warehouse import read

CSV_LOG = "ocpp/kwwhat_ocpp16_synthetic_14d.csv"
SAP = "ocpp/sim_sap_emobility_16_201.jsonl"
LOGS = [
    SAP,
    "ocpp/sim_solidstudio_vcp_16_201_21.jsonl",
    "ocpp/sim_test_ocpp_cli.jsonl",
    "ocpp/checkocpp_capt.jsonl",
    "ocpp/field_frames.jsonl",
    "ocpp/dc_fleet_excerpt_2025.txt",
    CSV_LOG,
]


def source_of(path: Path) -> str:
    """What the contract calls a file: 16 hex digits over its content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


@pytest.fixture(scope="module")
def shared() -> Path:
    folder = Path(__file__).parents[3] / "shared/data"
    if not folder.is_dir():
        pytest.skip(f"the shared input data is not at {folder}")
    return folder


@pytest.fixture(scope="module")
def traces(shared: Path) -> dict[str, dict]:
    """Source of each trace to what is expected of it."""
    found = {}
    for path in sorted((shared / "ocpp/open_ocpp_trace").glob("*/trace.jsonl")):
        found[source_of(path)] = json.loads(path.with_name("expected.json").read_bytes())
    return found


@pytest.fixture(scope="module")
def opened(shared: Path, traces: dict, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    home = Home(tmp_path_factory.mktemp("every-frame") / "home")
    paths = [shared / name for name in LOGS] + sorted((shared / "ocpp/open_ocpp_trace").glob("*/trace.jsonl"))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pipelines.cli", "process", *map(str, paths)],
        env={**os.environ, "LADDSTROM_HOME": str(home.root)},
        cwd=home.root.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with read.connect_readonly(home) as connection:
        yield connection


def rows(opened: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return opened.execute(query).fetchall()


def test_every_frame_ends_as_a_call_an_answer_an_orphan_or_a_dead_letter_and_in_one_place(
    opened: duckdb.DuckDBPyConnection,
) -> None:
    ends = """
        SELECT call_source AS source, call_ordinal AS ordinal, 'call' AS what FROM core__calls
        UNION ALL SELECT answer_source, answer_ordinal, 'answer' FROM core__calls WHERE outcome <> 'none'
        UNION ALL SELECT f.source, f.ordinal, 'orphan' FROM core__call_anomalies AS a JOIN raw_ocpp__frames AS f
          ON f.generation = a.evidence_generation AND f.partition = a.evidence_partition
          AND f."offset" = a.evidence_offset
        UNION ALL SELECT source, ordinal, 'dead letter: ' || reason FROM core__dead_letters
    """
    found = rows(
        opened,
        f"SELECT what, count(*) FROM raw_ocpp__frames AS f LEFT JOIN ({ends}) AS e "
        "ON e.source = f.source AND e.ordinal = f.ordinal GROUP BY what",
    )
    assert sum(count for _, count in found) == rows(opened, "SELECT count(*) FROM raw_ocpp__frames")[0][0] == 22_143
    assert dict(found) == {
        "call": 11_193,
        "answer": 10_938,
        "orphan": 6,
        "dead letter: unsupported_protocol": 6,
    }


def test_answers_are_matched_exactly_as_the_public_traces_expect(
    opened: duckdb.DuckDBPyConnection, traces: dict[str, dict]
) -> None:
    assert len(traces) == 8
    for source, expected in traces.items():
        calls = {it["index"]: it["action"] for it in expected["records"] if it["messageType"] == "CALL"}
        answers = {it["correlatesWith"]: it["index"] for it in expected["records"] if "correlatesWith" in it}
        found = rows(
            opened, f"SELECT call_ordinal, action, answer_ordinal FROM core__calls WHERE call_source = '{source}'"
        )
        assert {ordinal: (action, answer) for ordinal, action, answer in found} == {
            index: (action, answers.get(index)) for index, action in calls.items()
        }
        assert sorted(ordinal for ordinal, _, answer in found if answer is None) == expected["unansweredCalls"]
        orphans = rows(
            opened,
            "SELECT f.ordinal FROM core__call_anomalies AS a JOIN raw_ocpp__frames AS f "
            "ON f.generation = a.evidence_generation AND f.partition = a.evidence_partition "
            f"""AND f."offset" = a.evidence_offset WHERE f.source = '{source}'""",
        )
        assert [ordinal for (ordinal,) in orphans] == expected["orphanResponses"]


def test_calls_whose_ids_come_back_101_times_are_all_there(opened: duckdb.DuckDBPyConnection, shared: Path) -> None:
    """By (station, id) alone 500 of 8,955 calls of this log are lost."""
    with (shared / CSV_LOG).open(encoding="utf-8", newline="") as file:
        messages = [(line["id"], json.loads(line["msg"])) for line in csv.DictReader(file)]
    ids = Counter((station, message[1]) for station, message in messages if message[0] == 2)
    assert (ids.total(), len(ids)) == (8_955, 8_455)
    source = source_of(shared / CSV_LOG)
    (found,) = rows(
        opened,
        "SELECT count(*), count(DISTINCT (station_id, message_id)), count(answer_ordinal), "
        f"count(DISTINCT answer_ordinal), count(*) FILTER (is_repeat) FROM core__calls WHERE call_source = '{source}'",
    )
    assert found == (8_955, 8_455, 8_715, 8_715, 0)


def test_the_schemas_are_kept_where_a_careful_count_says_so(opened: duckdb.DuckDBPyConnection, shared: Path) -> None:
    broken = dict(rows(opened, "SELECT source, sum(violations) FROM core__violations GROUP BY source"))
    clean = [name for name in (SAP, CSV_LOG) if source_of(shared / name) in broken]
    assert clean == []
    found = rows(opened, "SELECT action, rule, path, sum(violations) FROM core__violations GROUP BY ALL ORDER BY ALL")
    assert found == [
        ("Authorize", "maxLength", "idTag", 3),
        ("MeterValues", "required", "meterValue[].timestamp", 1),
        ("StartTransaction", "required", "timestamp", 1),
        ("StopTransaction", "required", "timestamp", 1),
    ]


def test_rates_add_up_to_what_they_are_rates_of(opened: duckdb.DuckDBPyConnection) -> None:
    assert rows(opened, "SELECT sum(calls), sum(results + errors + unanswered) FROM core__answer_rates") == [
        (11_193, 11_193)
    ]
    assert rows(opened, "SELECT sum(violations) FROM core__violation_rates") == [(6,)]


def test_the_logs_give_the_numbers_that_were_counted_by_hand(opened: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        opened,
        """SELECT CASE WHEN station_id LIKE 'RS-VCP%' THEN 'vcp' WHEN station_id LIKE 'CH-00%' THEN 'csv'
               WHEN station_id LIKE 'CS-SYNTHETIC%' THEN 'traces' WHEN station_id LIKE 'CS-%' THEN 'sap' ELSE 'other'
             END,
             protocol, count(*), count(*) FILTER (started_at IS NOT NULL AND NOT is_open), sum(energy_wh)
           FROM core__sessions GROUP BY ALL ORDER BY ALL""",
    )
    assert found == [
        ("csv", "ocpp1.6", 39, 39, 62_400),
        ("other", "ocpp1.6", 1, 0, None),  # a single start from an issue's text
        ("sap", "ocpp1.6", 145, 145, 34_975),
        ("sap", "ocpp2.0.1", 51, 51, 4_837),
        ("traces", "ocpp1.6", 4, 4, 13_600),
        ("vcp", "ocpp1.6", 3, 3, 2_249),
        ("vcp", "ocpp2.0.1", 3, 3, 2_250),
        ("vcp", "ocpp2.1", 3, 3, 2_250),
    ]
    sessions = "SELECT min(energy_wh), max(energy_wh) FROM core__sessions WHERE station_id LIKE 'RS-VCP%'"
    assert rows(opened, sessions) == [(749, 750)]
    # The 2.0.1 register counts Wh and is labelled kWh: the fault is named, once a session.
    named = "SELECT station_id, count(*) FROM core__anomalies WHERE anomaly = 'unit_suspect' GROUP BY ALL"
    assert rows(opened, named) == [("RS-VCP201", 3)]
    late = "SELECT energy_wh FROM core__sessions WHERE transaction_id = '1142'"
    assert rows(opened, late) == [(1_596,)]


def test_faults_cards_and_refusals_are_those_of_the_logs(opened: duckdb.DuckDBPyConnection) -> None:
    faults = """SELECT canonical_code, count(*), sum(epoch(closed_at - opened_at))::INT FROM core__fault_episodes
      WHERE station_id LIKE 'CH-00%' OR (station_id LIKE 'CS-%' AND station_id NOT LIKE 'CS-SYNTHETIC%')
      GROUP BY ALL ORDER BY ALL"""
    assert rows(opened, faults) == [("connector_lock_failure", 102, 9_180), ("unknown_fault", 2, 31)]
    cards = "SELECT count(*), count(DISTINCT token_id) FROM core__authorizations WHERE station_id LIKE 'CH-00%'"
    assert rows(opened, cards) == [(101, 1)]
    assert rows(opened, "SELECT reason, count(*) FROM core__dead_letters GROUP BY ALL") == [("unsupported_protocol", 6)]
