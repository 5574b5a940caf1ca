from datetime import UTC, datetime, timedelta

import pytest

from quality.registry import suites

TABLE = "core__station_events"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def event(number):
    return {
        "event_id": f"e{number}",
        "station_id": "CP1",
        "connector_id": 1,
        "protocol": "ocpp1.6",
        "action": "Reset",
        "asked_by": "system",
        "token_id": "tok_0123456789abcdef",
        "happened_at": START,
        "answered_at": START + timedelta(seconds=1),
        "outcome": "Accepted",
    }


GOOD = [event(1), event(2)]
METRICS = {"share_unanswered": 0.2}
BAD = {
    "protocol_supported": {"protocol": "ocpp1.5"},
    "connector_id_plausible": {"connector_id": 1_000},
    "token_id_pseudonym": {"token_id": "04A2B3C4"},
    "happened_at_plausible": {"happened_at": LONG_AGO},
    "answered_at_plausible": {"answered_at": START + timedelta(days=10)},
    "answered_after_asking": {"answered_at": START - timedelta(seconds=1)},
    "action_valid": {"action": "Heartbeat"},
    "asked_by_valid": {"asked_by": "nobody"},
    "time_known": {"happened_at": None},
    "outcome_is_a_word": {"outcome": "not a word"},
    "share_unanswered": {"share_unanswered": 0.21},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
