from datetime import UTC, datetime, timedelta

import pytest

from quality.registry import suites

TABLE = "core__status_timeline"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def interval(number, **changes):
    return {
        "station_id": "CP1",
        "port_id": str(number),
        "connector_id": number,
        "from_at": START,
        "until_at": START + timedelta(seconds=60),
        "status": "Available",
        "source": "reported",
        "observed_s": 60.0,
        "unknown_s": 0.0,
        "is_last": False,
        **changes,
    }


OLD, FAR = datetime(2009, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
MINUTE = timedelta(seconds=60)
EMPTY = {"until_at": START, "observed_s": 0.0}
GOOD = [
    interval(1),
    interval(2, status="Unknown", source="unobserved", observed_s=0.0, unknown_s=60.0),
    interval(3, **EMPTY, is_last=True),
]
METRICS = {"seams_open": 0, "neighbours_equal": 0, "ports_without_one_last": 0, "begins": 1, "share_unknown": 0.1}
BAD = {
    "connector_id_plausible": {"connector_id": -1},
    "from_at_plausible": {"from_at": OLD, "observed_s": (START + MINUTE - OLD).total_seconds()},
    "until_at_plausible": {"until_at": FAR, "observed_s": (FAR - START).total_seconds()},
    "status_allowed": {"status": "Occupied"},
    "source_valid": {"source": "guessed"},
    "until_after_from": {"until_at": START - timedelta(seconds=60), "observed_s": -60.0},
    "not_empty": EMPTY,
    "seconds_counted": {"unknown_s": 0.5},
    "seams_open": {"seams_open": 1},
    "neighbours_equal": {"neighbours_equal": 1},
    "ports_without_one_last": {"ports_without_one_last": 1},
    "begins": {"begins": 2},
    "share_unknown": {"share_unknown": 0.3},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
