"""OCPI's times, energies, durations and ids as ours: UTC, whole Wh, whole seconds. Not here: which field holds what."""

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal

_UNPADDED = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})T")
_LONGEST = 64
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_BIGINT = 2**63
_EXACT = Context(prec=60)
"""Wide enough that nothing is rounded twice."""
_MONEY = Decimal(10) ** 14
"""DECIMAL(18, 4) holds amounts below this."""


def instant(text: str) -> datetime:
    """A DateTime in UTC; one without a zone is UTC (OCPI 2.2.1, section 17.2).

    Raises:
        ValueError: the text is no time; the message does not quote it.
    """
    if len(text) > _LONGEST:
        raise ValueError("not a time")
    padded = _UNPADDED.sub(lambda m: f"{m[1]}-{m[2]:0>2}-{m[3]:0>2}T", text.strip(), count=1)
    try:
        moment = datetime.fromisoformat(padded)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("not a time") from None


def known_instant(text: str | None) -> datetime | None:
    """As `instant`; null for none, and for 1970-01-01, which partners agree on to say "unknown"."""
    moment = instant(text) if text else None
    return None if moment == _NO_TIME else moment


def watt_hours(kwh: Decimal | None) -> int | None:
    """Whole Wh of kWh, rounded half up once.

    Raises:
        ValueError: more than a BIGINT holds, or not a number.
    """
    return _whole(kwh, 1000)


def seconds(hours: Decimal | None) -> int | None:
    """Hours as whole seconds, rounded half up; raises ValueError as `watt_hours` does."""
    return _whole(hours, 3600)


def money(amount: Decimal | None) -> Decimal | None:
    """An amount with OCPI's four decimals.

    Raises:
        ValueError: more than DECIMAL(18, 4) holds, or not a number.
    """
    if amount is None:
        return None
    # Rounding needs a bound before it (1E+999999 has no four decimals) and can itself step over one.
    if amount.is_finite() and amount.adjusted() < 15:
        rounded = amount.quantize(Decimal("0.0001"), ROUND_HALF_UP, _EXACT)
        if abs(rounded) < _MONEY:
            return rounded
    raise ValueError("an amount out of range")


def _whole(value: Decimal | None, factor: int) -> int | None:
    if value is None:
        return None
    # The bound comes first: multiplying 1E+999999 would need a million digits.
    if not value.is_finite() or value.adjusted() > 18:
        raise ValueError("a number out of range")
    whole = int(_EXACT.multiply(value, factor).to_integral_value(ROUND_HALF_UP))
    if abs(whole) >= _BIGINT:
        raise ValueError("a number out of range")
    return whole
