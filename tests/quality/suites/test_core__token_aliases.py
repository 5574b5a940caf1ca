import pytest

from quality.registry import suites

TABLE = "core__token_aliases"


def alias(number, **changes):
    return {
        "token_id": f"tok_{number:016x}",
        "alias_of": "tok_ffffffffffffffff",
        "rule": "suffix",
        "score": 0.9,
        "evidence": "shown",
        "stations": 1,
        "uses": 2,
        **changes,
    }


GOOD = [alias(1), alias(2), alias(2, alias_of="tok_0000000000000001", rule="byte_order", evidence="shared form")]
METRICS = {"share_of_tokens": 0.1}
BAD = {
    "token_id_pseudonym": {"token_id": "04A2B3C4D5E6F7"},
    "alias_of_pseudonym": {"alias_of": "04A2B3C4D5E6F7"},
    "rule_documented": {"rule": "guess"},
    "evidence_documented": {"evidence": "hearsay"},
    "score_possible": {"score": 1.5},
    "not_its_own_alias": {"alias_of": "tok_0000000000000001"},
    "share_of_tokens": {"share_of_tokens": 0.6},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
