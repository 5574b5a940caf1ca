from datetime import date

import pytest

from quality.registry import suites

TABLE = "report__rfid_usage_daily"


def usage(number, **changes):
    return {
        "day": date(2026, 3, number),
        "token_id": "tok_0123456789abcdef",
        "attempts": 10,
        "accepted": 4,
        "rejected": 5,
        "unanswered": 1,
        "blocked": 1,
        "expired": 1,
        "invalid": 1,
        "concurrent_tx": 1,
        "other": 1,
        "sessions": 2,
        "energy_wh": 22_000,
        **changes,
    }


GOOD = [usage(1), usage(2), usage(3, token_id=None, energy_wh=None, sessions=0)]
METRICS = {"requests_gap": 0, "sessions_gap": 0, "energy_gap_wh": 0}
BAD = {
    "token_id_pseudonym": {"token_id": "04A2B3C4D5E6F7"},
    "attempts_add_up": {"attempts": 11},
    "rejections_add_up": {"other": 2},
    "sessions_not_negative": {"sessions": -1},
    "energy_not_negative": {"energy_wh": -1},
    "attempts_possible": {"attempts": 501, "accepted": 495},
    "requests_gap": {"requests_gap": 1},
    "sessions_gap": {"sessions_gap": 1},
    "energy_gap_wh": {"energy_gap_wh": -1},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
