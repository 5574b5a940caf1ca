from datetime import UTC, datetime

import pytest

from quality.registry import suites

TABLE = "core__dead_letters"


def letter(number, **changes):
    return {
        "dead_letter_id": f"d{number}",
        "reason": "not_json",
        "detail": "The frame is not JSON.",
        "received_at": datetime(2026, 3, 1, tzinfo=UTC),
        "source": "9f86d081884c7d65",
        "ordinal": number,
        "topic": "ocpp.frames",
        "offset": number,
        **changes,
    }


GOOD = [letter(1), letter(2), letter(3, reason="unreadable_line", topic=None, offset=None, received_at=None)]
METRICS = {"share_of_frames": 0.001}
BAD = {
    "reason_allowed": {"reason": "because"},
    "no_defects": {"reason": "step_failed"},
    "detail_not_blank": {"detail": ""},
    "received_at_plausible": {"received_at": datetime(1970, 1, 1, tzinfo=UTC)},
    "position_whole": {"offset": None},
    "unreadable_not_landed": {"reason": "unreadable_line"},
    "share_of_frames": {"share_of_frames": 0.06},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
