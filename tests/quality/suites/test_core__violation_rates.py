import pytest

from quality.registry import suites

TABLE = "core__violation_rates"


def rate(action, **changes):
    return {
        "model": "M",
        "protocol": "ocpp1.6",
        "direction": "cp-to-csms",
        "message": "request",
        "action": action,
        "rule": "enum",
        "messages_broken": 10,
        "messages": 20,
        "share_broken": 0.5,
        "violations": 30,
        **changes,
    }


GOOD = [rate("MeterValues"), rate("StatusNotification"), rate("StatusNotification", model=None)]
METRICS = {"violations_not_counted": 0}
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "direction_valid": {"direction": "up"},
    "rows_unique": {"action": "StatusNotification"},
    "message_valid": {"message": "call"},
    "messages_broken_counted": {"messages_broken": 0},
    "broken_are_some_of_all": {"messages": 9},
    "each_has_a_violation": {"violations": 9},
    "not_systematic": {"share_broken": 0.6},
    "violations_not_counted": {"violations_not_counted": 1},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
