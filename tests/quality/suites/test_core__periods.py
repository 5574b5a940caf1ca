from datetime import UTC, datetime, timedelta

import pytest

from quality.registry import suites

TABLE = "core__periods"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def period(name, number=1, **changes):
    return {
        "session_id": "s1",
        "station_id": "CP1",
        "connector_id": 1,
        "period": name,
        "number": number,
        "from_at": START,
        "until_at": START + timedelta(seconds=60),
        "duration_s": 60.0,
        "is_open": False,
        "basis": "status",
        **changes,
    }


GOOD = [
    period("SuspendedEV"),
    period("EnergyTransfer"),
    period("EnergyTransfer", 2),
    period("Transaction", session_id="s2", is_open=True, until_at=None, duration_s=None, basis="transaction"),
]
METRICS = {"periods_outside": 0, "sessions_shorter": 0, "periods_overlapping": 0}
BAD = {
    "connector_id_plausible": {"connector_id": -1},
    "from_at_plausible": {"from_at": datetime(2009, 1, 1, tzinfo=UTC)},
    "until_at_plausible": {"until_at": datetime(2099, 1, 1, tzinfo=UTC)},
    "period_valid": {"period": "Idle"},
    "basis_valid": {"basis": "guess"},
    "until_after_from": {"until_at": START - timedelta(seconds=1)},
    "open_has_no_end": {"is_open": True},
    "closed_has_end": {"until_at": None},
    "pause_not_long": {"duration_s": 86_401.0},
    "periods_outside": {"periods_outside": 1},
    "sessions_shorter": {"sessions_shorter": 1},
    "periods_overlapping": {"periods_overlapping": 1},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
