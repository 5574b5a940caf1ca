from datetime import UTC, datetime
from decimal import Decimal

import pytest

from quality.registry import suites

TABLE = "core__register_gaps"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def gap(number, kind, wh, **changes):
    return {
        "session_id": f"s{number}",
        "previous_session_id": f"s{number - 1}",
        "station_id": "CP1",
        "connector_id": 1,
        "previous_ended_at": START,
        "started_at": START,
        "gap_wh": None if wh is None else Decimal(wh),
        "after_stop_wh": Decimal(0),
        "kind": kind,
        **changes,
    }


GOOD = [gap(1, "gap", "2.5"), gap(2, "continuous", "-0.4"), gap(3, "reset", -900), gap(4, "unknown", None)]
METRICS = {"share_of_gaps": 0, "share_of_resets": 0}
BAD = {
    "connector_id_plausible": {"connector_id": -1},
    "started_at_plausible": {"started_at": datetime(2099, 1, 1, tzinfo=UTC)},
    "previous_ended_at_plausible": {"previous_ended_at": datetime(2009, 1, 1, tzinfo=UTC)},
    "kind_valid": {"kind": "hole"},
    "unknown_has_no_gap": {"kind": "unknown"},
    "gap_has_size": {"gap_wh": None},
    "gap_rises": {"gap_wh": Decimal("0.5")},
    "gap_not_big": {"gap_wh": Decimal(1_000_001)},
    "after_stop_not_negative": {"after_stop_wh": Decimal(-1)},
    "share_of_gaps": {"share_of_gaps": 0.2},
    "share_of_resets": {"share_of_resets": 0.2},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
