import pytest

from quality.registry import suites

TABLE = "core__fault_codes"


def code(number, **changes):
    return {
        "taxonomy": "mrec",
        "raw_key": f"CX{number:03}",
        "vendor_id": "a vendor",
        "model": "a model",
        "canonical_code": "ground_failure",
        "family": "insulation",
        "actor": "evse",
        "severity": "critical",
        "confidence": 1.0,
        "mapping_version": "1",
        **changes,
    }


GOOD = [code(1), code(2)]
METRICS = {"rows_missing": 0}
BAD = {
    "taxonomy_valid": {"taxonomy": "guess"},
    "severity_valid": {"severity": "bad"},
    "actor_valid": {"actor": "nobody"},
    "confidence_possible": {"confidence": -0.1},
    "rows_missing": {"rows_missing": 1},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
