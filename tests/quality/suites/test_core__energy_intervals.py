from datetime import UTC, datetime, timedelta

import pytest

from quality.registry import suites

TABLE = "core__energy_intervals"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def interval(number, **changes):
    return {
        "session_id": "s1",
        "station_id": "CP1",
        "connector_id": 1,
        "interval_at": START + number * timedelta(minutes=15),
        "duration_s": 900.0,
        "energy_wh": 2_500,
        "basis": "register",
        **changes,
    }


GOOD = [interval(0), interval(1, energy_wh=0, duration_s=0.5), interval(2, basis="undivided", duration_s=None)]
GOOD.append(interval(0, session_id="s2", basis="undivided", duration_s=None, interval_at=None))
METRICS = {"sessions_not_summed": 0, "intervals_off_grid": 0, "share_not_measured": 0.1}
BAD = {
    "connector_id_plausible": {"connector_id": -1},
    "interval_at_plausible": {"interval_at": datetime(2099, 1, 1, tzinfo=UTC)},
    "interval_at_known": {"interval_at": None},
    "energy_not_negative": {"energy_wh": -1},
    "energy_possible": {"energy_wh": 1_000_001},
    "duration_possible": {"duration_s": 900.1},
    "basis_valid": {"basis": "guess"},
    "sessions_not_summed": {"sessions_not_summed": 1},
    "intervals_off_grid": {"intervals_off_grid": 1},
    "share_not_measured": {"share_not_measured": 0.6},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
