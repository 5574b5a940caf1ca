"""Timestamps as chargers write them, to microseconds since the Unix epoch, UTC. Not here: estimating a wrong clock."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_YEAR, LAST_YEAR = 2010, 2100
"""Outside these years a clock was never set (1970, 0001) or is broken (222222017): no time at all."""
_US = timedelta(microseconds=1)
HOUR_US = 3_600_000_000
_DAY_US = 24 * HOUR_US
EARLIEST_US = int((datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()) * 1_000_000
LATEST_US = int((datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()) * 1_000_000
_LONGEST = 64
"""Longer texts are no timestamps; keeps a hostile megabyte out of the parser."""
_USUAL = frozenset({20, 24})
"""Lengths of `2025-08-27T10:00:00Z` and with milliseconds, as nearly all write it."""
_SINCE_EPOCH = re.compile(r"[0-9]{9,16}(\.[0-9]{1,9})?")
_SCALES = ((10**11, 1_000_000), (10**14, 1_000), (10**17, 1))
"""Numbers below the limit count seconds, milliseconds, microseconds."""
ZONED, ZONELESS, UNUSABLE = 0, 1, 2
_DATE = 10
"""Characters of a date, whose hyphens are no zone."""
_HAS_ZONE = re.compile(r"(?:[Zz]|UTC|GMT|[+-]\d{1,2}:?(?:\d{2})?)\s*$", re.IGNORECASE)
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?=[T ])")
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?=[T ])")
_LONE_DIGIT = re.compile(r"(?<![0-9.,])[0-9](?![0-9])")


def is_before(at_us: int | None, other_us: int | None) -> bool:
    """Whether one time is known to be before another; False where either is unknown."""
    return at_us is not None and other_us is not None and at_us < other_us


def parse(text: str | None) -> int | None:
    """Microseconds since the epoch, or None where the text is no time or an implausible one.

    Accepts ISO 8601 with `Z`, `+02`, `+02:00`, `+0200` or no zone (taken as UTC), a blank instead of `T`, fractions of
    any length (cut at microseconds), numbers without a leading zero, dates as `2024/07/09` or `9.7.2024`, and the
    seconds or milliseconds since the epoch.
    """
    if text is not None and len(text) in _USUAL and text[-1] == "Z":
        try:
            since = datetime.fromisoformat(text) - EPOCH
        except ValueError:
            pass
        else:
            us = since // _US
            return us if EARLIEST_US <= us < LATEST_US else None
    return plausible(microseconds(text))


def microseconds(text: str | None) -> int | None:
    """As `parse`, but whatever the year: what a log says of receipt is kept as it stands."""
    if text is None or len(text) > _LONGEST:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _otherwise(text)
    if moment.year < FIRST_YEAR and text.isdecimal():
        # Milliseconds since the epoch can pass for a date of the 17th century.
        return _otherwise(text)
    # Cannot overflow, unlike a conversion to UTC: the difference of two aware times is one of their parts.
    since = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def told(text: str | None, us: int | None) -> int:
    """How a text tells the time that was read from it: `ZONED`, `ZONELESS`, or `UNUSABLE` (1970, 0001, 222222017)."""
    if not text:
        return ZONED
    if us is None:
        return UNUSABLE
    return ZONED if text[-1] in "Zz" or _HAS_ZONE.search(text, _DATE) or text[:9].isdecimal() else ZONELESS


def _otherwise(text: str) -> int | None:
    """A time that is not quite ISO 8601."""
    tidy = text.strip().upper().removesuffix("UTC").removesuffix("GMT").rstrip()
    if _SINCE_EPOCH.fullmatch(tidy) is not None:
        number = Decimal(tidy)
        scale = next((scale for limit, scale in _SCALES if number < limit), None)
        return None if scale is None else int(number * scale)
    tidy = _DAY_FIRST.sub(r"\3-\2-\1", tidy, count=1)
    tidy = _YEAR_FIRST.sub(r"\1-\2-\3", tidy, count=1)
    tidy = _LONE_DIGIT.sub(r"0\g<0>", tidy).replace(" +", "+").replace(" -", "-")
    return None if tidy == text else microseconds(tidy)


def plausible(us: int | None) -> int | None:
    """The time itself where its year can be true, else None."""
    return us if us is not None and EARLIEST_US <= us < LATEST_US else None


def as_utc(us: int | None) -> datetime | None:
    """Microseconds since the epoch as an aware UTC time."""
    return None if us is None else EPOCH + timedelta(microseconds=us)
