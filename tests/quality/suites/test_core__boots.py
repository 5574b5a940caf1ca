from datetime import UTC, datetime

import pytest

from quality.registry import suites

TABLE = "core__boots"


def boot(number):
    return {
        "station_id": "CP1",
        "protocol": "ocpp1.6",
        "booted_at": datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        "vendor": "V",
        "model": "M",
        "firmware": "1.0",
        "source": "9f86d081884c7d65",
        "ordinal": number,
    }


GOOD = [boot(1)]
METRICS = {"boots_a_day": 24}
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "booted_at_plausible": {"booted_at": datetime(1999, 1, 1, tzinfo=UTC)},
    "vendor_known": {"vendor": None},
    "model_known": {"model": None},
    "firmware_known": {"firmware": None},
    "boots_a_day": {"boots_a_day": 25},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    good = [boot(1), boot(2)] if rule.name == "rows_unique" else GOOD
    only_fails(TABLE, rule, good, BAD, METRICS)
