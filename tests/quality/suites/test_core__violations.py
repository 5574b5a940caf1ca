from datetime import UTC, datetime

import pytest

from quality.registry import suites

TABLE = "core__violations"


def violation(number, **changes):
    return {
        "station_id": "CP1",
        "protocol": "ocpp1.6",
        "direction": "cp-to-csms",
        "message": "request",
        "action": "MeterValues",
        "rule": "enum",
        "path": "meterValue[].sampledValue[].unit",
        "violations": 3,
        "received_at": datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        "source": "9f86d081884c7d65",
        "ordinal": number,
        **changes,
    }


GOOD = [violation(1), violation(2), violation(3, path="$", rule="type"), violation(4, path="a.*")]
METRICS = {"share_of_messages": 0.05}
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "direction_valid": {"direction": "up"},
    "received_at_plausible": {"received_at": datetime(1999, 1, 1, tzinfo=UTC)},
    "message_valid": {"message": "call"},
    "rule_valid": {"rule": "pattern"},
    "path_is_a_path": {"path": "a b"},
    "violations_counted": {"violations": 0},
    "share_of_messages": {"share_of_messages": 0.051},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
