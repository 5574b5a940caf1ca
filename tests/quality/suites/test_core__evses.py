from datetime import UTC, datetime

import pytest

from quality.registry import suites

TABLE = "core__evses"


def evse(number):
    return {
        "party": "NL-TNM",
        "location_id": "LOC1",
        "evse_uid": str(number),
        "status": "AVAILABLE",
        "latitude": 52.1,
        "longitude": 5.1,
        "connectors": 1,
        "power_max_w": 22_080,
        "last_updated": datetime(2026, 3, 1, tzinfo=UTC),
    }


GOOD = [evse(1), evse(2)]
METRICS = {"without_location": 0}
BAD = {
    "party_shaped": {"party": "nl-TNM"},
    "latitude_possible": {"latitude": -91.0},
    "longitude_possible": {"longitude": 181.0},
    "last_updated_plausible": {"last_updated": datetime(2099, 1, 1, tzinfo=UTC)},
    "status_allowed": {"status": "Available"},
    "status_given": {"status": None},
    "power_possible": {"power_max_w": 4_000_001},
    "has_connectors": {"connectors": 0},
    "without_location": {"without_location": 1},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
