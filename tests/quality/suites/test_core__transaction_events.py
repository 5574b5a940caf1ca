from datetime import UTC, datetime

import pytest

from quality.registry import suites

TABLE = "core__transaction_events"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def event(number, **changes):
    return {
        "station_id": "CP1",
        "evse_id": 1,
        "connector_id": 1,
        "protocol": "ocpp2.0.1",
        "transaction_id": "t1",
        "session_id": "s1",
        "event_type": "Updated",
        "charging_state": "Charging",
        "is_offline": False,
        "happened_at": START,
        "received_at": START,
        "is_repeat": False,
        "source": "9f86d081884c7d65",
        "ordinal": number,
        **changes,
    }


GOOD = [event(1), event(2, event_type="Ended", charging_state=None), event(3, protocol="ocpp2.1")]
METRICS = {"share_repeated": 0}
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "connector_id_plausible": {"connector_id": -1},
    "happened_at_plausible": {"happened_at": datetime(2099, 1, 1, tzinfo=UTC)},
    "received_at_plausible": {"received_at": datetime(1970, 1, 1, tzinfo=UTC)},
    "event_type_valid": {"event_type": "started"},
    "charging_state_valid": {"charging_state": "charging"},
    "transaction_named": {"transaction_id": None},
    "session_found": {"session_id": None},
    "evse_found": {"evse_id": None},
    "share_repeated": {"share_repeated": 0.2},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
