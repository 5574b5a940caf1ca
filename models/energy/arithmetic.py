"""Meter arithmetic: numbers as written to exact Wh and W. Not here: what a sample is (`readings`), whose it is.

Rules (OCPP 1.6 section 7.31 and errata 3.77, 2.0.1 SampledValueType): default unit `Wh`, value x 10^multiplier in 2.x.
A register without a unit is read as Wh here; `registers` weighs it against the session's earlier samples.
Units go by measurand: power without one is in W, also where 2.x's schema default would say Wh.
"""

import itertools
import operator
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import TypeAlias

Number: TypeAlias = str | int | float | Decimal | None
"""A number as it may stand on the wire."""

EXACT = Context(prec=60)
"""Wide enough for every plausible register at any precision met: differences are exact."""
_ZERO = Decimal(0)
_HIGHEST, _LOWEST = 15, -40
"""Exponents of the first digit of a plausible register: 10^16 Wh is more than any charger's life."""
_SHORT = 40  # Characters of a number that needs no care for its precision.
_POWERS = {0: "", 3: "e3"}
_LEAST, _MOST = Decimal(1).scaleb(_LOWEST), Decimal(1).scaleb(_HIGHEST + 1)
ENERGY_UNITS: dict[str | None, int] = {None: 0, "": 0, "Wh": 0, "kWh": 3, "wh": 0, "kwh": 3}
POWER_UNITS: dict[str | None, int] = {None: 0, "": 0, "W": 0, "kW": 3, "wh": 0, "w": 0, "kw": 3}
"""2.x's schema default `Wh` means nothing for power: read as W."""


def watt_hours(value: Number, unit: str | None = None, multiplier: int = 0) -> Decimal | None:
    """A register in Wh; None for what is no number or no unit of energy."""
    return scaled(value, ENERGY_UNITS, unit, multiplier)


def watts(value: Number, unit: str | None = None, multiplier: int = 0) -> Decimal | None:
    """A power in W; None for what is no number or no unit of power."""
    return scaled(value, POWER_UNITS, unit, multiplier)


def scaled(value: Number, units: dict[str | None, int], unit: str | None, multiplier: int) -> Decimal | None:
    """The number exactly as written, times the unit's and the multiplier's powers of ten; None where it is none."""
    if type(value) is str and not multiplier and unit in units and len(value) <= _SHORT:
        try:
            # Scaled while it is read, which is exact, and half the work; no number is written with two exponents.
            short = Decimal(value + _POWERS[units[unit]])
            if _LEAST <= short < _MOST:
                return short
        except InvalidOperation:
            pass
    exponent = units.get(unit)
    if exponent is None and unit:
        exponent = units.get(unit.casefold())
    if exponent is None or value is None or not -12 <= multiplier <= 12:
        return None
    return _exact(value, exponent + multiplier)


def scaled_alike(texts: Sequence[str], units: dict[str | None, int], unit: str | None) -> list[Decimal] | None:
    """As `scaled` for each of several texts in one unit; None where one of them needs more care, or is below zero."""
    if unit not in units or max(map(len, texts)) > _SHORT:
        return None
    power = _POWERS[units[unit]]
    try:
        values = list(map(Decimal, map(operator.add, texts, itertools.repeat(power))))
        # One that is not a number raises when it is compared.
        if min(values) >= _LEAST and max(values) < _MOST:
            return values
        are_plain = all(_LEAST <= value < _MOST or value == _ZERO for value in values)
    except InvalidOperation:
        return None
    return [value or _ZERO for value in values] if are_plain else None


def _exact(value: str | float | Decimal, exponent: int) -> Decimal | None:
    """Any number times a power of ten."""
    if type(value) is not Decimal:
        try:
            value = Decimal(value if type(value) is str else str(value))
        except (InvalidOperation, ValueError):
            return None
    if not value:
        return _ZERO
    # Sizes first: a number that is no register may be one that cannot be scaled. An infinite one has the size 0.
    if not _LOWEST <= value.adjusted() + exponent <= _HIGHEST or not value.is_finite():
        return None
    return EXACT.scaleb(value, exponent) if exponent else EXACT.plus(value)


def difference(end: Decimal, start: Decimal) -> int | None:
    """`end - start` in whole Wh, rounded half up once; None where it is negative (a register never runs back)."""
    travel = EXACT.subtract(end, start)
    return None if travel < 0 else rounded(travel)


def rounded(value: Decimal) -> int:
    """The nearest integer, halves up."""
    return int(value.to_integral_value(ROUND_HALF_UP))
