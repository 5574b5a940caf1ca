import pytest

from quality.registry import suites

TABLE = "core__ocpi_rejects"


def reject(number):
    return {
        "reason": "not_json",
        "detail": "The body is not JSON.",
        "source": "live-00000000-1",
        "ordinal": number,
    }


GOOD = [reject(1), reject(2)]
METRICS = {"share_of_objects": 0.05}
BAD = {
    "reason_allowed": {"reason": "because"},
    "detail_not_blank": {"detail": " "},
    "share_of_objects": {"share_of_objects": 0.06},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
