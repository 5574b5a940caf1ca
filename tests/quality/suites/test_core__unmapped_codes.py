from datetime import UTC, datetime, timedelta

import pytest

from quality.registry import suites

TABLE = "core__unmapped_codes"
FIRST = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def unmapped(number, **changes):
    return {
        "unmapped_code": f"E{number}",
        "code": "OtherError",
        "canonical_code": "other_error",
        "vendor_id": None,
        "protocol": "ocpp1.6",
        "vendor": "ABB",
        "model": None,
        "firmware": "1.0",
        "episodes": 3,
        "episodes_open": 1,
        "minutes": 12.5,
        "stations": 2,
        "first_seen_at": FIRST,
        "last_seen_at": FIRST + timedelta(days=2),
        **changes,
    }


GOOD = [unmapped(1), unmapped(2), unmapped(2, vendor=None)]
METRICS = {"episodes_gap": 0}
BAD = {
    "protocol_supported": {"protocol": "ocpp1.5"},
    "first_seen_at_plausible": {"first_seen_at": datetime(2000, 1, 1, tzinfo=UTC)},
    "last_seen_at_plausible": {"last_seen_at": datetime(2126, 1, 1, tzinfo=UTC)},
    "code_not_blank": {"unmapped_code": " "},
    "episodes_counted": {"episodes": 0},
    "minutes_not_negative": {"minutes": -1.0},
    "seen_in_order": {"last_seen_at": FIRST - timedelta(days=1)},
    "episodes_gap": {"episodes_gap": 1},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
