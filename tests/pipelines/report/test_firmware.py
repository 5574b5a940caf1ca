"""Firmwares of a model beside each other: which is earlier, and what is said where nothing can be compared."""

import datetime as dt

import polars as pl
import pytest

from pipelines.report.pages import faults

DAY = dt.date(2026, 11, 20)


def headline(*rows: tuple[str, str, int, int]) -> str:
    daily = pl.DataFrame(
        [(model, firmware, DAY, sessions, episodes) for model, firmware, sessions, episodes in rows],
        schema=["model", "firmware", "day", "sessions", "episodes"],
        orient="row",
    )
    return faults._headline(faults._verdicts(daily))


def test_a_worse_firmware_is_named_in_words() -> None:
    said = headline(("FD", "3.1.4", 100, 10), ("FD", "3.2.0", 100, 60))
    assert said == "FD 3.2.0: 6.0 times the faults per session of earlier firmware"


def test_the_worst_of_several_is_named() -> None:
    said = headline(
        ("FD", "1", 100, 10), ("FD", "2", 100, 60), ("HR", "1", 100, 10), ("HR", "2", 100, 90), ("KW", "1", 9, 0)
    )
    assert said == "HR 2: 9.0 times the faults per session of earlier firmware (and 1 more firmware)"


def test_releases_count_by_their_numbers() -> None:
    assert headline(("FD", "9.1", 100, 10), ("FD", "10.0", 100, 60)).startswith("FD 10.0: 6.0 times")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("FD", "1", 39, 102)], "No firmware to compare with an earlier one"),
        (
            [("FD", "1", 100, 10), ("FD", "unknown firmware", 100, 90)],
            "No firmware to compare with an earlier one",
        ),
        ([("FD", "1", 100, 1), ("FD", "2", 100, 90)], "Too few faults to compare firmwares"),
        ([("FD", "1", 100, 10), ("FD", "2", 100, 11)], "No firmware is worse than the earlier ones beyond chance"),
        ([("FD", "1", 100, 60), ("FD", "2", 100, 10)], "No firmware is worse than the earlier ones beyond chance"),
        ([], "No sessions and no faults"),
    ],
)
def test_where_none_is_worse_the_reason_is_said(rows: list[tuple[str, str, int, int]], said: str) -> None:
    assert headline(*rows) == said
