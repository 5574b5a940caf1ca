from datetime import UTC, datetime

import pytest

from quality.registry import suites

TABLE = "core__replays"
DAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def replay(number):
    return {
        "replay_id": f"r{number}",
        "station_id": "CP1",
        "cause": "late_frames",
        "late_frames": 12,
        "late_since": DAY,
        "late_source": "9f86d081884c7d65",
        "facts_added": 3,
        "facts_changed": 1,
        "facts_retracted": 0,
        "until_generation": 1,
        "until_offset": number,
        "replayed_at": DAY,
    }


GOOD = [replay(1), replay(2)]
METRICS = {"share_of_stations": 0.2}
BAD = {
    "cause_valid": {"cause": "whim"},
    "late_frames_counted": {"late_frames": 0},
    "added_not_negative": {"facts_added": -1},
    "changed_not_negative": {"facts_changed": -1},
    "retracted_not_negative": {"facts_retracted": -1},
    "late_since_plausible": {"late_since": LONG_AGO},
    "replayed_at_plausible": {"replayed_at": LONG_AGO},
    "share_of_stations": {"share_of_stations": 0.21},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
