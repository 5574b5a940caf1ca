from datetime import UTC, datetime, timedelta

import pytest

from quality.registry import suites

TABLE = "core__calls"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def call(number, **changes):
    return {
        "station_id": "CP1",
        "protocol": "ocpp1.6",
        "direction": "cp-to-csms",
        "action": "Heartbeat",
        "called_at": START,
        "answered_at": START + timedelta(milliseconds=20),
        "answer_ms": 20,
        "outcome": "result",
        "is_repeat": False,
        "call_source": "9f86d081884c7d65",
        "call_ordinal": number,
        "answer_ordinal": number + 1,
        **changes,
    }


NONE = {"outcome": "none", "answered_at": None, "answer_ms": None, "answer_ordinal": None}
AGAIN = {"is_repeat": True, "repeat_of_ordinal": 7}
GOOD = [call(1), call(3), call(5, outcome="error", error_code="NotSupported"), call(7, **NONE), call(8, **AGAIN)]
METRICS = {"share_unanswered": 0.05, "share_of_errors": None, "share_repeated": 0.02}
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "direction_valid": {"direction": "up"},
    "called_at_plausible": {"called_at": datetime(1999, 1, 1, tzinfo=UTC)},
    "answered_at_plausible": {"answered_at": datetime(2099, 1, 1, tzinfo=UTC)},
    "action_not_blank": {"action": " "},
    "outcome_valid": {"outcome": "maybe"},
    "answered_after_call": {"answer_ms": -1},
    "answered_in_time": {"answer_ms": 30_001},
    "error_has_code": {"outcome": "error"},
    "no_code_without_error": {"error_code": "NotSupported"},
    "answer_has_position": {"answer_ordinal": None},
    "no_position_without_answer": {"outcome": "none"},
    "share_unanswered": {"share_unanswered": 0.051},
    "share_of_errors": {"share_of_errors": 0.021},
    "share_repeated": {"share_repeated": 0.021},
    "repeat_names_its_first": {"is_repeat": True},
    "no_first_without_repeat": {"repeat_of_ordinal": 3},
    "refused_answers_came": {**NONE, "outcome": "none", "result_error_code": "GenericError"},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
