from datetime import UTC, datetime, timedelta

import pytest

from quality.registry import suites

TABLE = "core__authorizations"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def authorization(number, **changes):
    return {
        "authorization_id": f"a{number}",
        "station_id": "CP1",
        "protocol": "ocpp1.6",
        "token_id": "tok_0123456789abcdef",
        "asked_at": START,
        "answered_at": START + timedelta(seconds=1),
        "status": "Accepted",
        "token_kind": "card",
        "purpose": "start",
        "session_id": "s1",
        "is_rejected_later": False,
        "is_energised": True,
        **changes,
    }


GOOD = [authorization(1), authorization(2, status="Blocked")]
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "token_id_pseudonym": {"token_id": "04A2B3C4"},
    "asked_at_plausible": {"asked_at": datetime(1999, 1, 1, tzinfo=UTC), "answered_at": None},
    "answered_at_plausible": {"asked_at": None, "answered_at": START + timedelta(days=4)},
    "token_kind_documented": {"token_kind": "sticker"},
    "purpose_documented": {"purpose": "fun"},
    "purpose_has_session": {"session_id": None},
    "answered": {"status": None, "answered_at": None},
    "status_allowed": {"status": "accepted"},
    "answered_after_asking": {"answered_at": START - timedelta(seconds=1)},
    "answered_in_time": {"answered_at": START + timedelta(seconds=31)},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD)
