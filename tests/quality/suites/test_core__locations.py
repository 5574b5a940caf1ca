from datetime import UTC, datetime

import pytest

from quality.registry import suites

TABLE = "core__locations"


def location(number):
    return {
        "party": "NL-TNM",
        "location_id": f"LOC{number}",
        "country": "NLD",
        "latitude": 52.1,
        "longitude": 5.1,
        "time_zone": "Europe/Amsterdam",
        "evses": 2,
        "last_updated": datetime(2026, 3, 1, tzinfo=UTC),
    }


GOOD = [location(1), location(2)]
BAD = {
    "party_shaped": {"party": "TNM"},
    "latitude_possible": {"latitude": 90.1},
    "longitude_possible": {"longitude": -180.1},
    "last_updated_plausible": {"last_updated": datetime(1970, 1, 1, tzinfo=UTC)},
    "country_shaped": {"country": "NL"},
    "place_known": {"latitude": None},
    "has_evses": {"evses": 0},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD)
