from datetime import date

import pytest

from quality.registry import suites

TABLE = "report__error_trend_daily"


def trend(number, **changes):
    return {
        "day": date(2026, 3, number),
        "vendor": "Vendor",
        "model": "Model",
        "firmware": "1.0",
        "canonical_code": "ground_failure",
        "code": "GroundFailure",
        "episodes": 2,
        "sessions": 40,
        "per_1000_sessions": 50.0,
        "episodes_7d_mean": 0.5,
        **changes,
    }


GOOD = [trend(1), trend(2), trend(3, vendor=None, sessions=0, per_1000_sessions=None), trend(3, model=None)]
METRICS = {"episodes_gap": 0}
BAD = {
    "episodes_not_negative": {"episodes": -1},
    "sessions_not_negative": {"sessions": -1},
    "rate_possible": {"per_1000_sessions": -0.1},
    "mean_not_negative": {"episodes_7d_mean": -0.1},
    "episodes_gap": {"episodes_gap": 1},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)


def test_a_missing_name_and_a_hyphen_are_different_rows(only_fails):
    rows = [trend(1, vendor=None), trend(1, vendor="-")]
    only_fails(TABLE, suites()[TABLE].rule("episodes_gap"), rows, BAD, METRICS)
