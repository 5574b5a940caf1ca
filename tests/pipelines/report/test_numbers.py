import datetime as dt

import pytest

from pipelines.report import numbers

N = numbers.NARROW


@pytest.mark.parametrize(
    ("wh", "shown"),
    [
        (None, ("\u2013", "kWh")),
        (0, ("0.0", "kWh")),
        (99_949, ("99.9", "kWh")),
        (1_660_000, (f"1{N}660", "kWh")),
        (9_999_000, (f"9{N}999", "kWh")),
        (61_134_000, ("61.1", "MWh")),
    ],
)
def test_energy_changes_its_unit_where_the_style_says(wh: int | None, shown: tuple[str, str]) -> None:
    assert numbers.energy(wh) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "\u2013"),
        (16.4, f"16{N}s"),
        (59.6, f"1{N}min"),
        (90, f"2{N}min"),
        (119 * 60, f"119{N}min"),
        (128 * 60, f"2{N}h{N}08"),
        (288 * 3600, f"288{N}h"),
        (1041 * 86400, f"1{N}041{N}days"),
    ],
)
def test_durations_are_seconds_then_minutes_then_hours_then_days(seconds: float | None, shown: str) -> None:
    assert numbers.duration(seconds) == shown


def test_shares_carry_as_many_digits_as_their_whole_allows() -> None:
    assert numbers.share(1, 3) == f"33{N}%"
    assert numbers.share(100, 300) == f"33.3{N}%"
    assert numbers.share(1, 0) == "\u2013"


def test_negative_numbers_carry_a_true_minus() -> None:
    assert numbers.change(90, 100) == f"\u221210.0{N}% on the period before"
    assert numbers.change(1, None) == "no period before to compare with"


def test_one_thing_is_singular() -> None:
    assert numbers.count(1, "episode") == "1 episode"
    assert numbers.count(1200, "episode") == f"1{N}200 episodes"


def test_a_time_long_ago_carries_its_year() -> None:
    assert numbers.dated(dt.datetime(2024, 1, 15, 11, 2, tzinfo=dt.UTC)) == "15\u00a0Jan\u00a02024\u00a011:02"
    assert numbers.dated(None) == "\u2013"


def test_days_have_no_leading_zero() -> None:
    assert numbers.day(dt.date(2026, 11, 7)) == "7 Nov"
