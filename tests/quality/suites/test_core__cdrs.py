from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from quality.registry import suites

TABLE = "core__cdrs"
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def cdr(number, **changes):
    return {
        "party": "NL-TNM",
        "cdr_id": str(number),
        "started_at": START,
        "ended_at": START + timedelta(hours=1),
        "energy_wh": 11_000,
        "total_s": 3_600,
        "parking_s": 600,
        "token_id": "tok_0123456789abcdef",
        "contract_id": "tok_00000000000000aa",
        "currency": "EUR",
        "cost_excl_vat": Decimal("4.0"),
        "cost_incl_vat": Decimal("4.84"),
        "is_credit": False,
        "charging_periods": 1,
        "last_updated": START,
        **changes,
    }


CREDIT = {"is_credit": True, "credit_reference_id": "1", "cost_excl_vat": Decimal("-4.0")}
GOOD = [cdr(1), cdr(2), cdr(3, **CREDIT, cost_incl_vat=Decimal("-4.84"))]
METRICS = {"share_without_session": 0.05}
BAD = {
    "party_shaped": {"party": "NL TNM"},
    "currency_shaped": {"currency": "EURO"},
    "energy_not_negative": {"energy_wh": -1},
    "energy_possible": {"energy_wh": 1_000_001},
    "ended_after_start": {"ended_at": START - timedelta(seconds=1), "total_s": None},
    "started_at_plausible": {"started_at": datetime(2000, 1, 1, tzinfo=UTC), "total_s": None},
    "ended_at_plausible": {"ended_at": datetime(2099, 1, 1, tzinfo=UTC), "total_s": None},
    "last_updated_plausible": {"last_updated": datetime(1999, 1, 1, tzinfo=UTC)},
    "token_id_pseudonym": {"token_id": "04A2B3C4D5E6F7"},
    "contract_id_pseudonym": {"contract_id": "NL-TNM-C12345678-X"},
    "authorization_reference_pseudonym": {"authorization_reference": "04A2B3C4D5E6F7"},
    "cost_not_negative": {"cost_excl_vat": Decimal("-0.01")},
    "vat_not_negative": {"cost_incl_vat": Decimal("3.99")},
    "credit_has_reference": {"is_credit": True},
    "duration_agrees": {"total_s": 3_661},
    "parking_within": {"parking_s": 3_601},
    "share_without_session": {"share_without_session": 0.051},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
