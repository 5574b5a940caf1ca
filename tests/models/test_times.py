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
        ("2023/11/28 19:40:22", "2023-11-28T19:40:22"),
        ("2023/11/8T9:40:22+02:00", "2023-11-08T07:40:22"),
        ("28.11.2023 19:40:22.5", "2023-11-28T19:40:22.500000"),
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
     "9/27/2023 4:00:12 PM", "31.13.2023 10:00:00", "2023/11/28",
     "yesterday", "2023-11-28T25:00:00Z", "2023-11-28T19:40:22Z" + " " * 1_000_000],
    ids=str,
)  # fmt: skip
def test_what_is_no_plausible_time_is_none(text: str | None) -> None:
    assert times.parse(text) is None


@given(st.datetimes(datetime(2010, 1, 2), datetime(2100, 12, 30), timezones=st.timezones()))  # noqa: DTZ001
def test_every_plausible_time_survives_the_way_there_and_back(moment: datetime) -> None:
    assert times.as_utc(times.parse(moment.isoformat())) == moment.astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0001-01-01T00:00:00Z", -62_135_596_800),
        ("0001-01-01T00:00:00+23:59", -62_135_596_800 - 86_340),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
        ("9999-12-31T23:59:59-23:59", 253_402_300_799 + 86_340),
    ],
)
def test_the_ends_of_the_calendar_are_read_in_any_zone(text: str, seconds: int) -> None:
    assert times.microseconds(text) == seconds * 1_000_000
    assert times.parse(text) is None


@given(st.text(max_size=80))
def test_no_text_raises(text: str) -> None:
    times.parse(text)


def test_a_time_of_receipt_outside_the_plausible_years_is_none() -> None:
    assert times.plausible(10**30) is None
    assert times.plausible(-1) is None
    assert times.plausible(None) is None
    assert times.plausible(1_700_000_000_000_000) == 1_700_000_000_000_000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, times.ZONED),
        ("", times.ZONED),
        ("2023-11-14T22:13:20Z", times.ZONED),
        ("2023-11-14T22:13:20.123+02", times.ZONED),
        ("2023-11-14T22:13:20-0530", times.ZONED),
        ("2023-11-14 22:13:20 +02:00", times.ZONED),
        ("2023-11-14 22:13:20 UTC", times.ZONED),
        ("1700000000", times.ZONED),
        ("2023-11-14T22:13:20", times.ZONELESS),
        ("2023-11-14T22:13:20.123", times.ZONELESS),
        ("2023-11-14", times.ZONELESS),
        ("1970-01-01T00:00:00Z", times.UNUSABLE),
        ("0001-01-01T00:00:00Z", times.UNUSABLE),
        ("222222017-01-01T00:00:00Z", times.UNUSABLE),
        ("soon", times.UNUSABLE),
    ],
)
def test_how_a_time_is_told(text: str | None, told: int) -> None:
    assert times.told(text, times.parse(text)) == told


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["seconds", "milliseconds"]))
def test_the_usual_ways_to_write_a_time_are_read_like_any_other(moment: datetime, precision: str) -> None:
    text = moment.isoformat(timespec=precision)
    assert times.parse(text.replace("+00:00", "Z")) == times.parse(text) == times.plausible(times.microseconds(text))
