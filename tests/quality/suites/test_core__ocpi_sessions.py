from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from quality.registry import suites

TABLE = "core__ocpi_sessions"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def session(number, **changes):
    return {
        "party": "NL-TNM",
        "ocpi_session_id": str(number),
        "status": "COMPLETED",
        "started_at": START,
        "ended_at": START + timedelta(hours=1),
        "energy_wh": 11_000,
        "token_id": "tok_0123456789abcdef",
        "contract_id": "tok_00000000000000aa",
        "authorization_reference": "tok_00000000000000cc",
        "currency": "EUR",
        "cost_excl_vat": Decimal("4.0"),
        "charging_periods": 1,
        "last_updated": START,
        **changes,
    }


GOOD = [session(1), session(2), session(3, status="ACTIVE", ended_at=None)]
BAD = {
    "party_shaped": {"party": "NL-TNMX"},
    "currency_shaped": {"currency": "eur"},
    "energy_not_negative": {"energy_wh": -1},
    "energy_possible": {"energy_wh": 1_000_001},
    "ended_after_start": {"ended_at": START - timedelta(seconds=1)},
    "started_at_plausible": {"started_at": datetime(2000, 1, 1, tzinfo=UTC)},
    "ended_at_plausible": {"ended_at": datetime(2099, 1, 1, tzinfo=UTC)},
    "last_updated_plausible": {"last_updated": datetime(2099, 1, 1, tzinfo=UTC)},
    "token_id_pseudonym": {"token_id": "04A2B3C4D5E6F7"},
    "contract_id_pseudonym": {"contract_id": "NL-TNM-C12345678-X"},
    "authorization_reference_pseudonym": {"authorization_reference": "04A2B3C4D5E6F7"},
    "status_allowed": {"status": "DONE"},
    "completed_has_end": {"ended_at": None},
    "cost_not_negative": {"cost_excl_vat": Decimal("-0.01")},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD)
