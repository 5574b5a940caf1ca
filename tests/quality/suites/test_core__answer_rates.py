import pytest

from quality.registry import suites

TABLE = "core__answer_rates"


def rate(action, **changes):
    return {
        "vendor": "V",
        "protocol": "ocpp1.6",
        "direction": "cp-to-csms",
        "action": action,
        "calls": 20,
        "results": 15,
        "errors": 1,
        "unanswered": 4,
        "share_errors": 0.05,
        "share_unanswered": 0.2,
        "answer_ms_median": 20,
        "answer_ms_p95": 90,
        **changes,
    }


GOOD = [rate("Heartbeat"), rate("Authorize"), rate("Authorize", vendor=None)]
METRICS = {"calls_not_counted": 0}
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "direction_valid": {"direction": "up"},
    "rows_unique": {"action": "Authorize"},
    "outcomes_add_up": {"results": 14},
    "calls_counted": {"calls": 0, "results": 0, "errors": 0, "unanswered": 0},
    "answers_take_time": {"answer_ms_median": -1},
    "p95_above_median": {"answer_ms_p95": 19},
    "mostly_answered": {"share_unanswered": 0.25},
    "mostly_without_error": {"share_errors": 0.25},
    "calls_not_counted": {"calls_not_counted": 1},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
