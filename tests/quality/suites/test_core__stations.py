from datetime import UTC, datetime

import pytest

from quality.registry import suites

TABLE = "core__stations"


def station(number):
    return {
        "station_id": f"CP{number}",
        "protocol": "ocpp1.6",
        "vendor": "Vendor",
        "model": "Model",
        "firmware": "1.0",
        "booted_at": datetime(2026, 3, 1, tzinfo=UTC),
        "clock_state": "sound",
        "clock_jumps": 0,
    }


GOOD = [station(1), station(2)]
METRICS = {"share_without_sessions": 0.5}
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "station_id_not_blank": {"station_id": " "},
    "booted_at_plausible": {"booted_at": datetime(2099, 1, 1, tzinfo=UTC)},
    "clock_state_documented": {"clock_state": "mad"},
    "clock_sound": {"clock_state": "unset"},
    "clock_offset_possible": {"clock_offset_s": 90_000},
    "clock_steady": {"clock_jumps": 101},
    "boot_seen": {"booted_at": None},
    "share_without_sessions": {"share_without_sessions": 0.51},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
