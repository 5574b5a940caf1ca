import pytest

from quality.registry import suites

TABLE = "core__meter_fingerprints"


def make(number):
    return {
        "vendor": "V",
        "model": f"M{number}",
        "firmware": None,
        "stations": 2,
        "sessions": 5,
        "register_base": "lifetime",
        "samples_base": None,
        "resets": "never",
        "unit_habit": "sound",
        "unit_naming": "always",
        "phase_tagging": "total",
        "contexts": None,
        "share_signed": 0.0,
        "share_power": 1.0,
        "share_intervals": 0.0,
        "share_no_register": 0.0,
        "share_phases_disagree": 0.0,
        "glitches": 0,
        "negative": 0,
    }


GOOD = [make(1), make(2)]
METRICS = {"makes_with_unit_faults": 0}
SHARES = ("share_signed", "share_power", "share_intervals", "share_no_register", "share_phases_disagree")
BAD = {
    "register_base_known": {"register_base": "reboot"},
    "samples_base_known": {"samples_base": "lifetime"},
    "resets_word": {"resets": "often"},
    "unit_habit_known": {"unit_habit": "bad"},
    "unit_naming_known": {"unit_naming": "seldom"},
    "phase_tagging_known": {"phase_tagging": "L1"},
    "stations_counted": {"stations": 0},
    "sessions_counted": {"sessions": 0},
    "makes_with_unit_faults": {"makes_with_unit_faults": 1},
} | {f"{name}_is_share": {name: 1.5} for name in SHARES}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
