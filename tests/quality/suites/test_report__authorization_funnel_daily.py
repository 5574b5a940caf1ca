from datetime import date

import pytest

from quality.registry import suites

TABLE = "report__authorization_funnel_daily"


def funnel(number, **changes):
    return {
        "day": date(2026, 3, number),
        "token_kind": "card",
        "presented": 10,
        "presented_by_start": 2,
        "answered": 9,
        "accepted": 8,
        "started": 7,
        "energised": 6,
        "rejected_later": 1,
        "energy_at_risk_wh": 900,
        **changes,
    }


GOOD = [funnel(1), funnel(2), funnel(2, token_kind=None, energy_at_risk_wh=None)]
METRICS = {"presented_gap": 0}
BAD = {
    "kind_documented": {"token_kind": "sticker"},
    "presented_at_all": {
        "presented": 0,
        "answered": 0,
        "accepted": 0,
        "started": 0,
        "energised": 0,
        "rejected_later": 0,
    },
    "answered_beyond": {"answered": 11},
    "accepted_beyond": {"accepted": 10},
    "started_beyond": {"started": 11},
    "energised_beyond": {"energised": 8},
    "later_beyond": {"rejected_later": 8},
    "energy_not_negative": {"energy_at_risk_wh": -1},
    "presented_gap": {"presented_gap": 1},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
