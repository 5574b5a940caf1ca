from datetime import date

import pytest

from quality.registry import suites

TABLE = "report__energy_daily"


def day(number, **changes):
    return {
        "day": date(2026, 3, number),
        "station_id": "CP1",
        "protocol": "ocpp1.6",
        "sessions": 5,
        "sessions_without_energy": 2,
        "sessions_energy_unknown": 3,
        "energy_wh": 0,
        "sessions_open": 0,
        **changes,
    }


GOOD = [day(1), day(2), day(3, protocol=None, energy_wh=None), day(3, day=None)]
METRICS = {"sessions_gap": 0, "energy_gap_wh": 0}
BAD = {
    "sessions_not_negative": {"sessions_open": -1},
    "sessions_told_apart": {"sessions": 4},
    "energy_not_negative": {"energy_wh": -1},
    "sessions_gap": {"sessions_gap": -1},
    "energy_gap_wh": {"energy_gap_wh": 1},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
