"""Chargers' timestamps to UTC microseconds."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-11-28T19:40:22Z", "2023-11-28T19:40:22"),
        ("2023-11-28T19:40:22.5Z", "2023-11-28T19:40:22.500000"),
        ("2023-11-28T19:40:22.2973429+01:00", "2023-11-28T18:40:22.297342"),
        ("2023-11-28T19:40:22.123456789123Z", "2023-11-28T19:40:22.123456"),
        ("2023-11-28T19:40:22+02", "2023-11-28T17:40:22"),
        ("2023-11-28T19:40:22+0200", "2023-11-28T17:40:22"),
        ("2023-11-28T19:40:22.659+00:00", "2023-11-28T19:40:22.659000"),
        ("2023-11-28T19:40:22", "2023-11-28T19:40:22"),
        ("2023-11-28 19:40:22", "2023-11-28T19:40:22"),
        (" 2023-11-28T19:40:22Z ", "2023-11-28T19:40:22"),
        ("2023-11-28 19:40:22 UTC", "2023-11-28T19:40:22"),
        ("2023-11-28t19:40:22z", "2023-11-28T19:40:22"),
        ("2023-11-28 19:40:22,5 +0200", "2023-11-28T17:40:22.500000"),
        ("2023-1-8T9:04:2.25Z", "2023-01-08T09:04:02.250000"),
        ("20231128T194022Z", "2023-11-28T19:40:22"),
        ("1701200422", "2023-11-28T19:40:22"),
        ("1701200422.5", "2023-11-28T19:40:22.500000"),
        ("1701200422500", "2023-11-28T19:40:22.500000"),
        ("1701200422500000", "2023-11-28T19:40:22.500000"),
        ("1612120612345", "2021-01-31T19:16:52.345000"),
    ],
)
def test_spellings_seen_in_the_field_are_read(text: str, expected: str) -> None:
    assert times.as_utc(times.parse(text)) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [None, "", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2101-01-01T00:00:00Z", "222222017-01-01T00:00:00Z",
     "222222017", "17012004225000000", "0", "-1",
     "9/27/2023 4:00:12 PM", "yesterday", "2023-11-28T25:00:00Z", "2023-11-28T19:40:22Z" + " " * 1_000_000],
    ids=str,
)  # fmt: skip
def test_what_is_no_plausible_time_is_none(text: str | None) -> None:
    assert times.parse(text) is None


@given(st.datetimes(datetime(2010, 1, 2), datetime(2100, 12, 30), timezones=st.timezones()))  # noqa: DTZ001
def test_every_plausible_time_survives_the_way_there_and_back(moment: datetime) -> None:
    assert times.as_utc(times.parse(moment.isoformat())) == moment.astimezone(UTC)


@given(st.text(max_size=80))
def test_no_text_raises(text: str) -> None:
    times.parse(text)


def test_a_time_of_receipt_outside_the_plausible_years_is_none() -> None:
    assert times.plausible(10**30) is None
    assert times.plausible(-1) is None
    assert times.plausible(None) is None
    assert times.plausible(1_700_000_000_000_000) == 1_700_000_000_000_000
