from datetime import UTC, datetime
from decimal import Decimal

import pytest

from quality.registry import suites

TABLE = "core__tariffs"


def tariff(number, **changes):
    return {
        "party": "NL-TNM",
        "tariff_id": str(number),
        "currency": "EUR",
        "elements": 1,
        "price_min_excl_vat": Decimal("0.5"),
        "price_max_excl_vat": Decimal("0.5"),
        "valid_from": datetime(2026, 1, 1, tzinfo=UTC),
        "valid_to": datetime(2027, 1, 1, tzinfo=UTC),
        "last_updated": datetime(2026, 3, 1, tzinfo=UTC),
        **changes,
    }


GOOD = [tariff(1), tariff(2, valid_to=None, price_min_excl_vat=None)]
BAD = {
    "party_shaped": {"party": "NLTNM"},
    "currency_shaped": {"currency": "euro"},
    "last_updated_plausible": {"last_updated": datetime(2099, 1, 1, tzinfo=UTC)},
    "has_elements": {"elements": 0},
    "prices_in_order": {"price_max_excl_vat": Decimal("0.4999")},
    "validity_in_order": {"valid_to": datetime(2025, 1, 1, tzinfo=UTC)},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD)
