import pytest

from quality.registry import suites

TABLE = "core__session_energy_candidates"


def candidate(number, **fields):
    return {
        "session_id": f"s{number}",
        "station_id": "CP1",
        "rung": "meter_stop",
        "rank": 2,
        "energy_wh": 2_000,
        "is_chosen": True,
        "reason": None,
        "party": None,
        "ocpi_id": None,
    } | fields


PARTNER = {"rung": "cdr", "rank": 7, "is_chosen": False, "reason": "ambiguous_match", "party": "NL-TNM"}
GOOD = [
    candidate(1),
    candidate(1, rung="register", rank=4, is_chosen=False, reason="better_evidence"),
    candidate(1, **PARTNER, ocpi_id="C1"),
    candidate(1, **PARTNER, ocpi_id="C2"),
    candidate(2),
]
METRICS = {"chosen_twice": 0, "unlike_session": 0, "unverified_chosen": 0, "document_chosen_again": 0}
BAD = {
    "rung_on_ladder": {"rung": "guess"},
    "rank_on_ladder": {"rank": 9},
    "energy_not_negative": {"energy_wh": -1},
    "reason_known": {"reason": "because"},
    "reason_given": {"is_chosen": False},
    "chosen_has_value": {"energy_wh": None},
    "partner_named": PARTNER,
    "document_chosen_again": {"document_chosen_again": 1},
    "chosen_twice": {"chosen_twice": 1},
    "unlike_session": {"unlike_session": 1},
    "unverified_chosen": {"unverified_chosen": 1},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
