"""Meter arithmetic: sampled values to exact Wh and W, one meter value to a reading. Not here: whose session it is.

Rules (OCPP 1.6 section 7.31 and errata 3.77, 2.0.1 SampledValueType): default measurand
`Energy.Active.Import.Register`, default location `Outlet`, default unit `Wh`, value x 10^multiplier in 2.x.
A register without a unit is read as Wh here; `registers` weighs it against the session's earlier samples.
"""

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Protocol, TypeAlias

import msgspec

Number: TypeAlias = str | int | float | Decimal | None
"""A number as it may stand on the wire."""

REGISTER = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"
WANTED = frozenset({None, "", REGISTER, POWER})
"""Measurands that carry a fact; None and empty mean the register."""

_EXACT = Context(prec=60)
"""Wide enough for every plausible register at any precision met: differences are exact."""
_ZERO = Decimal(0)
_HIGHEST, _LOWEST, _WIDEST = 15, -40, 60
"""Exponents of the first digit: of a plausible register (10^16 Wh is more than any charger's life), before scaling."""
_BEGIN = "Transaction.Begin"
_OUTLET = frozenset({None, "", "Outlet"})
_ENERGY_UNITS: dict[str | None, int] = {None: 0, "": 0, "Wh": 0, "kWh": 3, "wh": 0, "kwh": 3}
_POWER_UNITS: dict[str | None, int] = {None: 0, "": 0, "W": 0, "kW": 3, "wh": 0, "w": 0, "kw": 3}
"""2.x's schema default `Wh` means nothing for power: read as W."""
_PHASES = {"L1": "L1", "L2": "L2", "L3": "L3", "L1-N": "L1", "L2-N": "L2", "L3-N": "L3"}


class Sample(Protocol):
    """One sampled value of a wanted measurand, as a version's wire struct offers it."""

    @property
    def value(self) -> Number:
        """The number, or its text."""

    @property
    def measurand(self) -> str | None:
        """None and empty mean the register."""

    @property
    def unit(self) -> str | None:
        """Unit as written."""

    @property
    def multiplier(self) -> int:
        """Power of ten by which the value is to be multiplied."""

    @property
    def context(self) -> str | None:
        """Why it was sampled."""

    @property
    def phase(self) -> str | None:
        """None: the total."""

    @property
    def location(self) -> str | None:
        """None: the outlet."""


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What one meter value says: its time, the register in Wh, the register at begin in Wh, power in W."""

    at_us: int | None
    register_wh: Decimal | None = None
    begin_wh: Decimal | None = None
    power_w: int | None = None
    is_kilo: bool | None = None
    """Whether the register's unit was kWh (or Wh x 10^3); None where it was left out."""


def number(value: Number) -> Decimal | None:
    """A finite decimal of plausible size, or None."""
    exact = _decimal(value)
    return None if exact is None else _plausible(exact)


def watt_hours(value: Number, unit: str | None = None, multiplier: int = 0) -> Decimal | None:
    """A register in Wh; None for what is no number or no unit of energy."""
    return _scaled(value, _ENERGY_UNITS, unit, multiplier)


def watts(value: Number, unit: str | None = None, multiplier: int = 0) -> Decimal | None:
    """A power in W; None for what is no number or no unit of power."""
    return _scaled(value, _POWER_UNITS, unit, multiplier)


def _scaled(value: Number, units: dict[str | None, int], unit: str | None, multiplier: int) -> Decimal | None:
    exact = _decimal(value)
    exponent = units.get(unit)
    if exponent is None and unit:
        exponent = units.get(unit.casefold())
    if exact is None or exponent is None or not -12 <= multiplier <= 12:
        return None
    exponent += multiplier
    return _plausible(exact.scaleb(exponent, _EXACT) if exponent else exact)


def _decimal(value: Number) -> Decimal | None:
    """The number exactly as written; None for what is none, is infinite, or could not be scaled."""
    if value is None:
        return None
    try:
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    if not exact.is_finite():
        return None
    if not exact:
        return _ZERO
    return exact if -_WIDEST < exact.adjusted() < _WIDEST else None


def _plausible(exact: Decimal) -> Decimal | None:
    return _EXACT.plus(exact) if exact is _ZERO or _LOWEST <= exact.adjusted() <= _HIGHEST else None


def difference(end: Decimal, start: Decimal) -> int | None:
    """`end - start` in whole Wh, rounded half up once; None where it is negative (a register never runs back)."""
    travel = _EXACT.subtract(end, start)
    return None if travel < 0 else rounded(travel)


def rounded(value: Decimal) -> int:
    """The nearest integer, halves up."""
    return int(value.to_integral_value(ROUND_HALF_UP))


def reading(at_us: int | None, samples: Iterable[Sample]) -> Reading | None:
    """One meter value's wanted samples as a reading; None where they hold neither a register nor power."""
    registers: list[Sample] = []
    begins: list[Sample] = []
    powers: list[Sample] = []
    for sample in samples:
        if sample.measurand == POWER:
            powers.append(sample)
        elif sample.context == _BEGIN:
            # Some chargers repeat the register at begin in every meter value (Growatt THOR).
            begins.append(sample)
        else:
            registers.append(sample)
    register = _total(registers, watt_hours) if registers else None
    begin = _total(begins, watt_hours) if begins else None
    power = _total(powers, watts) if powers else None
    if register is None and begin is None and power is None:
        return None
    is_kilo = _is_kilo(registers[0] if registers else begins[0]) if registers or begins else None
    return Reading(at_us, register, begin, None if power is None else rounded(power), is_kilo)


def _is_kilo(sample: Sample) -> bool | None:
    if not sample.unit and not sample.multiplier:
        return None
    return _ENERGY_UNITS.get(sample.unit, 3) + sample.multiplier == 3


def _total(samples: list[Sample], convert: Callable[[Number, str | None, int], Decimal | None]) -> Decimal | None:
    """The total of one quantity: the value without a phase, else the sum of the phases; Outlet before elsewhere."""
    if len(samples) == 1:
        only = samples[0]
        return convert(only.value, only.unit, only.multiplier)
    read = ((sample, convert(sample.value, sample.unit, sample.multiplier)) for sample in samples)
    values = [(sample, value) for sample, value in read if value is not None]
    if any(sample.location in _OUTLET for sample, _ in values):
        values = [pair for pair in values if pair[0].location in _OUTLET]
    if len(values) == 1:
        return values[0][1]
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
