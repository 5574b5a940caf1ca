from datetime import UTC, datetime, timedelta

import pytest

from quality.registry import suites

TABLE = "core__rates"
HOUR = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def rate(number, **changes):
    hour = HOUR + timedelta(hours=number)
    return {
        "rate_id": f"r{number}",
        "station_id": "CP1",
        "hour": hour,
        "energy_wh": 7_000,
        "sessions": 1,
        "faults": 0,
        "fault_s": 3_600,
        **changes,
    }


GOOD = [rate(1), rate(2), rate(3, energy_wh=0)]
BAD = {
    "hour_plausible": {"hour": datetime(2000, 1, 1, tzinfo=UTC)},
    "hour_is_whole": {"hour": HOUR + timedelta(minutes=1)},
    "one_per_hour": {"hour": HOUR + timedelta(hours=2)},
    "energy_not_negative": {"energy_wh": -1},
    "energy_possible": {"energy_wh": 10_000_001},
    "sessions_possible": {"sessions": -1},
    "faults_possible": {"faults": 3_601},
    "fault_time_within_hour": {"fault_s": 3_601},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD)
