"""Timestamps as chargers write them, to microseconds since the Unix epoch, UTC. Not here: estimating a wrong clock."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_YEAR, LAST_YEAR = 2010, 2100
"""Outside these years a clock was never set (1970, 0001) or is broken (222222017): no time at all."""
HOUR_US = 3_600_000_000
_EARLIEST_US = int((datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()) * 1_000_000
_LATEST_US = int((datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()) * 1_000_000
_LONGEST = 64
"""Longer texts are no timestamps; keeps a hostile megabyte out of the parser."""


def parse(text: str | None) -> int | None:
    """Microseconds since the epoch, or None where the text is no time or an implausible one.

    Accepts ISO 8601 with `Z`, `+02`, `+02:00`, `+0200` or no zone (taken as UTC), a blank instead of `T`, and
    fractions of any length (cut at microseconds).
    """
    if text is None or len(text) > _LONGEST:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        stripped = text.strip().removesuffix("UTC").removesuffix("GMT").rstrip()
        if stripped == text:
            return None
        return parse(stripped)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def plausible(us: int | None) -> int | None:
    """The time itself where its year can be true, else None."""
    return us if us is not None and _EARLIEST_US <= us < _LATEST_US else None


def as_utc(us: int | None) -> datetime | None:
    """Microseconds since the epoch as an aware UTC time."""
    return None if us is None else EPOCH + timedelta(microseconds=us)
