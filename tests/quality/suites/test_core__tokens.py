from datetime import UTC, datetime

import pytest

from quality.registry import suites

TABLE = "core__tokens"


def token(number, **changes):
    return {
        "party": "NL-TNM",
        "token_id": f"tok_{number:016x}",
        "type": "RFID",
        "contract_id": "tok_00000000000000aa",
        "visual_number": "tok_00000000000000bb",
        "is_valid": True,
        "whitelist": "ALLOWED",
        "last_updated": datetime(2026, 3, 1, tzinfo=UTC),
        **changes,
    }


GOOD = [token(1), token(2), token(2, type="APP_USER")]
CARD = "NL-TNM-C12345678-X"
BAD = {
    "party_shaped": {"party": "NL*TNM"},
    "token_id_pseudonym": {"token_id": "04A2B3C4D5E6F7"},
    "contract_id_pseudonym": {"contract_id": CARD},
    "visual_number_pseudonym": {"visual_number": "tok_00000000000000bb0"},
    "group_id_pseudonym": {"group_id": "fleet"},
    "last_updated_plausible": {"last_updated": datetime(2099, 1, 1, tzinfo=UTC)},
    "type_allowed": {"type": "CARD"},
    "whitelist_allowed": {"whitelist": "always"},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD)
