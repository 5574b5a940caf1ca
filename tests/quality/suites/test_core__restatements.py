from datetime import UTC, datetime

import pytest

from quality.registry import suites

TABLE = "core__restatements"
DAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def restatement(number):
    return {
        "restatement_id": f"r{number}",
        "station_id": "CP1",
        "table_name": "core__sessions",
        "entity_id": f"{number:032x}",
        "cause": "late_stop",
        "energy_before_wh": 1_000,
        "energy_after_wh": 1_200,
        "is_retracted": False,
        "ended_before_at": DAY,
        "ended_after_at": DAY,
        "restated_at": DAY,
    }


GOOD = [restatement(1), restatement(2)]
METRICS = {"share_of_sessions": 0.05}
BAD = {
    "table_valid": {"table_name": "core__rates"},
    "cause_valid": {"cause": "whim"},
    "entity_id_shaped": {"entity_id": "7"},
    "ended_before_at_plausible": {"ended_before_at": LONG_AGO},
    "ended_after_at_plausible": {"ended_after_at": LONG_AGO},
    "restated_at_plausible": {"restated_at": LONG_AGO},
    "energy_not_negative": {"energy_after_wh": -1},
    "share_of_sessions": {"share_of_sessions": 0.051},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
