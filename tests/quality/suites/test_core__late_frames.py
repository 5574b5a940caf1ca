from datetime import UTC, datetime, timedelta

import pytest

from quality.registry import suites

TABLE = "core__late_frames"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def late(number):
    return {
        "station_id": "CP1",
        "received_at": START,
        "newest_before_at": START + timedelta(hours=1),
        "source": "9f86d081884c7d65",
        "ordinal": number,
    }


GOOD = [late(1), late(2)]
METRICS = {"share_of_frames": 0.01}
BAD = {
    "is_late": {"newest_before_at": START - timedelta(hours=1)},
    "share_of_frames": {"share_of_frames": 0.011},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
