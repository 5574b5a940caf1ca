"""Meter arithmetic: sampled values to exact Wh and W, one meter value to a reading. Not here: whose session it is.

Rules (OCPP 1.6 section 7.31 and errata 3.77, 2.0.1 SampledValueType): default measurand
`Energy.Active.Import.Register`, default location `Outlet`, default unit `Wh`, value x 10^multiplier in 2.x.
A register without a unit is read as Wh even where earlier samples said kWh; the engine issue weighs that trap.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

import msgspec

REGISTER = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"
WANTED = frozenset({None, "", REGISTER, POWER})
"""Measurands that carry a fact; None and empty mean the register."""

_EXACT = Context(prec=60)
"""Wide enough for every plausible register at any precision met: differences are exact."""
_HIGHEST, _LOWEST = 15, -40
"""Exponents of the first digit that a register can have: 10^16 Wh is more than any charger's life."""
_ENERGY_UNITS = {"": 0, "wh": 0, "kwh": 3}
_POWER_UNITS = {"": 0, "wh": 0, "w": 0, "kw": 3}
"""2.x's schema default `Wh` means nothing for power: read as W."""
_PHASES = {"L1": "L1", "L2": "L2", "L3": "L3", "L1-N": "L1", "L2-N": "L2", "L3-N": "L3"}


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One sampled value of a wanted measurand, as any version sends it."""

    value: str | int | float | Decimal | None
    is_power: bool = False
    unit: str | None = None
    multiplier: int = 0
    context: str | None = None
    phase: str | None = None
    location: str | None = None


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What one meter value says: its time, the register in Wh, the register at begin in Wh, power in W."""

    at_us: int | None
    register_wh: Decimal | None = None
    begin_wh: Decimal | None = None
    power_w: int | None = None


def number(value: str | int | float | Decimal | None) -> Decimal | None:
    """A finite decimal of plausible size, or None."""
    if value is None:
        return None
    try:
        exact = _EXACT.plus(value if isinstance(value, Decimal) else Decimal(str(value)))
    except (InvalidOperation, ValueError):
        return None
    if not exact.is_finite():
        return None
    if not exact:
        return Decimal(0)
    return exact if _LOWEST <= exact.adjusted() <= _HIGHEST else None


def watt_hours(
    value: str | int | float | Decimal | None, unit: str | None = None, multiplier: int = 0
) -> Decimal | None:
    """A register in Wh; None for what is no number or no unit of energy."""
    return _scaled(value, _ENERGY_UNITS.get((unit or "").casefold()), multiplier)


def watts(value: str | int | float | Decimal | None, unit: str | None = None, multiplier: int = 0) -> Decimal | None:
    """A power in W; None for what is no number or no unit of power."""
    return _scaled(value, _POWER_UNITS.get((unit or "").casefold()), multiplier)


def _scaled(value: str | int | float | Decimal | None, exponent: int | None, multiplier: int) -> Decimal | None:
    exact = number(value)
    if exact is None or exponent is None or not -12 <= multiplier <= 12:
        return None
    if exponent + multiplier == 0:
        return exact
    return number(exact.scaleb(exponent + multiplier, _EXACT))


def difference(end: Decimal, start: Decimal) -> int | None:
    """`end - start` in whole Wh, rounded half up once; None where it is negative (a register never runs back)."""
    travel = _EXACT.subtract(end, start)
    return None if travel < 0 else rounded(travel)


def rounded(value: Decimal) -> int:
    """The nearest integer, halves up."""
    return int(value.to_integral_value(ROUND_HALF_UP))


def reading(at_us: int | None, samples: Iterable[Sample]) -> Reading | None:
    """One meter value's samples as a reading; None where they hold neither a register nor power."""
    registers: list[tuple[Sample, Decimal]] = []
    begins: list[tuple[Sample, Decimal]] = []
    powers: list[tuple[Sample, Decimal]] = []
    for sample in samples:
        if sample.is_power:
            value, kept = watts(sample.value, sample.unit, sample.multiplier), powers
        else:
            value = watt_hours(sample.value, sample.unit, sample.multiplier)
            # Some chargers repeat the register at begin in every meter value (Growatt THOR).
            kept = begins if sample.context == "Transaction.Begin" else registers
        if value is not None:
            kept.append((sample, value))
    if not (registers or begins or powers):
        return None
    power = _total(powers)
    return Reading(at_us, _total(registers), _total(begins), None if power is None else rounded(power))


def _total(values: list[tuple[Sample, Decimal]]) -> Decimal | None:
    """The total of one quantity: the value without a phase, else the sum of the phases; Outlet before elsewhere."""
    if len(values) == 1:
        return values[0][1]
    if any(sample.location in (None, "", "Outlet") for sample, _ in values):
        values = [pair for pair in values if pair[0].location in (None, "", "Outlet")]
    phases: dict[str, Decimal] = {}
    total = None
    for sample, value in values:
        if not sample.phase:
            total = value
        elif sample.phase in _PHASES:
            phases[_PHASES[sample.phase]] = value
    if total is None and phases:
        total = Decimal(0)
        for value in phases.values():
            total = _EXACT.add(total, value)
    return total
