"""Single frames of real chargers, from public reports: each ends as a row that says what it said, none silently."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from folded import land, records, shared
from small_lake import Lake, rows

ENDS = """
  SELECT 'call' AS what, call_ordinal AS ordinal FROM core__calls
  UNION ALL SELECT 'answer', answer_ordinal FROM core__calls WHERE answer_ordinal IS NOT NULL
  UNION ALL SELECT 'orphan', evidence_offset FROM core__call_anomalies
  UNION ALL SELECT 'measurements', ordinal FROM (SELECT DISTINCT ordinal FROM core__measurements)
  UNION ALL SELECT 'boot', o.call_ordinal FROM core__boots AS b
    JOIN core__calls AS o ON o.station_id = b.station_id AND o.action = 'BootNotification'
  UNION ALL SELECT 'status', o.call_ordinal FROM core__statuses AS s
    JOIN core__calls AS o ON o.station_id = s.station_id AND o.action = 'StatusNotification'
  UNION ALL SELECT 'session', o.call_ordinal FROM core__sessions AS s
    JOIN core__calls AS o ON o.station_id = s.station_id AND o.action = 'StartTransaction'
  UNION ALL SELECT lower(replace(action, 'DataTransfer', 'vendor_message')), o.call_ordinal
    FROM core__station_events AS e JOIN core__calls AS o USING (station_id, action) WHERE action = 'DataTransfer'
  UNION ALL SELECT anomaly, evidence_offset FROM core__anomalies WHERE anomaly = 'orphan_stop'
"""
EXPECTED: dict[int, set[str]] = {
    0: {"orphan"},
    1: {"call", "status"},
    2: {"call", "boot"},
    3: {"orphan"},
    4: {"call", "measurements"},
    5: {"call", "vendor_message"},
    6: {"call", "measurements"},
    7: {"call", "measurements"},
    8: {"call", "status"},
    9: {"orphan"},
    10: {"call", "orphan_stop"},
    11: {"call", "status"},
    12: {"call", "boot"},
    13: {"call", "session"},
    14: {"orphan"},
    15: {"orphan"},
    16: {"call", "measurements"},
    17: {"call", "measurements"},
    18: {"call", "measurements"},
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    lake = Lake(tmp_path_factory.mktemp("field"))
    yield land(lake, records(shared("field_frames.jsonl"))).build()
    lake.close()


def test_each_frame_is_a_row_of_what_it_is(opened: duckdb.DuckDBPyConnection) -> None:
    found: dict[int, set[str]] = {}
    for what, ordinal in rows(opened, ENDS):
        found.setdefault(ordinal, set()).add(what)
    assert found == EXPECTED


def test_what_the_frames_say_is_in_the_rows(opened: duckdb.DuckDBPyConnection) -> None:
    said: list[tuple[str, list[tuple[Any, ...]]]] = [
        # The words none, null and nothing at all, as vendor's code or info, are no fault.
        (
            "SELECT status, error_code, count(*) FROM core__statuses GROUP BY ALL ORDER BY ALL",
            [("Finishing", "NoError", 1), ("Preparing", "NoError", 2)],
        ),
        ("SELECT count(*) FROM core__fault_episodes", [(0,)]),
        # The register falls with the transaction; a blank before a number is none of it.
        (
            "SELECT station_id, value_normalised FROM core__measurements "
            "WHERE measurand = 'Energy.Active.Import.Register' ORDER BY ordinal",
            [
                ("Grizzl-E Smart fw 5.621", 0.0),
                ("EN+ wallbox", 10_798.0),
                ("EN+ wallbox", 95.0),
                ("go-e Charger", 165_333.0),
                ("not named", 64_059.0),
                ("not named, DC", 0.0),
            ],
        ),
        (
            "SELECT measurand, unit_normalised, value_normalised FROM core__measurements "
            "WHERE station_id = 'not named, DC' AND measurand IN ('SoC', 'Temperature') ORDER BY ALL",
            [("SoC", "percent", 25.0), ("Temperature", "celsius", 37.0)],
        ),
        (
            "SELECT value, severity FROM core__anomalies WHERE anomaly = 'orphan_stop'",
            [("2259988", "warning")],
        ),
        (
            "SELECT station_id, is_open, energy_wh, register_start_wh::BIGINT FROM core__sessions",
            [("ZJ Beny", True, None, 669_498)],
        ),
    ]
    for query, expected in said:
        assert rows(opened, query) == expected, query


def test_every_line_of_the_fleet_excerpt_is_a_call_or_an_answer(lake: Lake) -> None:
    log = records(shared("dc_fleet_excerpt_2025.txt"))
    opened = land(lake, log).build()
    ends = "SELECT call_ordinal, answer_ordinal FROM core__calls"
    found = Counter(ordinal for pair in rows(opened, ends) for ordinal in pair if ordinal is not None)
    assert found == Counter(record.ordinal for record in log)
