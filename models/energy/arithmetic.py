"""Meter arithmetic: sampled values to exact Wh and W, one meter value to a reading. Not here: whose session it is.

Rules (OCPP 1.6 section 7.31 and errata 3.77, 2.0.1 SampledValueType): default measurand
`Energy.Active.Import.Register`, default location `Outlet`, default unit `Wh`, value x 10^multiplier in 2.x.
A register without a unit is read as Wh here; `registers` weighs it against the session's earlier samples.
Units go by measurand: power without one is in W, also where 2.x's schema default would say Wh.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, Protocol, TypeAlias

import msgspec

from models.energy import signed

Number: TypeAlias = str | int | float | Decimal | None
"""A number as it may stand on the wire."""

REGISTER = "Energy.Active.Import.Register"
INTERVAL = "Energy.Active.Import.Interval"
POWER = "Power.Active.Import"
WANTED = frozenset({None, "", REGISTER, INTERVAL, POWER})
"""Measurands that carry a fact; None and empty mean the register."""
SIGNED = "SignedData"
"""1.6's format of a value that is a signed record, not a number."""

IS_UNIT_NAMED, IS_UNIT_MISSING, IS_UNIT_UNKNOWN, HAS_PHASES, IS_ONE_PHASE, IS_TOTAL_DOUBTED, IS_CLOCK = (
    1 << bit for bit in range(7)
)
"""What a reading's samples were like; see `Reading.marks`. Named, missing and unknown are the register's unit."""

EXACT = Context(prec=60)
"""Wide enough for every plausible register at any precision met: differences are exact."""
_ZERO = Decimal(0)
_HIGHEST, _LOWEST = 15, -40
"""Exponents of the first digit of a plausible register: 10^16 Wh is more than any charger's life."""
_SHORT = 40  # Characters of a number that needs no care for its precision.
_POWERS = {exponent: f"e{exponent}" for exponent in (-3, 3)}
_BEGIN, _END, _CLOCK = "Transaction.Begin", "Transaction.End", "Sample.Clock"
_BOUNDS = frozenset({_BEGIN, _END})
_OUTLET = frozenset({None, "", "Outlet"})
_ENERGY_UNITS: dict[str | None, int] = {None: 0, "": 0, "Wh": 0, "kWh": 3, "wh": 0, "kwh": 3}
_POWER_UNITS: dict[str | None, int] = {None: 0, "": 0, "W": 0, "kW": 3, "wh": 0, "w": 0, "kw": 3}
"""2.x's schema default `Wh` means nothing for power: read as W."""
_UNIT_MARKS: dict[str | None, int] = {
    unit: IS_UNIT_NAMED if unit else IS_UNIT_MISSING for unit in (*_ENERGY_UNITS, *_POWER_UNITS)
}
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

    @property
    def format(self) -> str | None:
        """`SignedData`: no number (1.6)."""


class MeterValue(Protocol):
    """Samples of one instant, as a version's wire struct offers them."""

    @property
    def timestamp(self) -> str | None:
        """When, as written."""

    @property
    def sampled_value(self) -> Sequence[Any] | None:
        """The samples."""


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What one meter value says: its time, the register in Wh, the register at begin in Wh, power in W."""

    at_us: int | None
    register_wh: Decimal | None = None
    begin_wh: Decimal | None = None
    power_w: int | None = None
    is_kilo: bool | None = None
    """Whether the register's unit was kWh (or Wh x 10^3); None where it was left out."""
    end_wh: Decimal | None = None
    """The register at end; `register_wh` is the same then."""
    interval_wh: Decimal | None = None
    """Energy of the interval that ends here (`*.Interval`), not a register."""
    marks: int = 0
    """`IS_UNIT_NAMED` and the others."""
    signed_begin_wh: Decimal | None = None
    signed_end_wh: Decimal | None = None
    """What signed records say; nobody has verified them here."""


_UNUSUAL = Reading(None)
"""In place of a reading: more has to be looked at."""


def watt_hours(value: Number, unit: str | None = None, multiplier: int = 0) -> Decimal | None:
    """A register in Wh; None for what is no number or no unit of energy."""
    return _scaled(value, _ENERGY_UNITS, unit, multiplier)


def watts(value: Number, unit: str | None = None, multiplier: int = 0) -> Decimal | None:
    """A power in W; None for what is no number or no unit of power."""
    return _scaled(value, _POWER_UNITS, unit, multiplier)


def _scaled(value: Number, units: dict[str | None, int], unit: str | None, multiplier: int) -> Decimal | None:
    """The number exactly as written, times the unit's and the multiplier's powers of ten; None where it is none."""
    exponent = units.get(unit)
    if exponent is None and unit:
        exponent = units.get(unit.casefold())
    if exponent is None or value is None:
        return None
    if multiplier:
        if not -12 <= multiplier <= 12:
            return None
        exponent += multiplier
    if type(value) is str and len(value) <= _SHORT:
        try:
            # Scaled while it is read, which is exact, and half the work; no number is written with two exponents.
            short = Decimal(value + _POWERS[exponent]) if exponent else Decimal(value)
        except (InvalidOperation, KeyError):
            pass
        else:
            if short and _LOWEST <= short.adjusted() <= _HIGHEST and (exponent or short.is_finite()):
                return short
    return _exact(value, exponent)


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


def readings(
    values: Sequence[MeterValue] | None, at: Callable[[str | None], int | None], signed_of: Callable[[Any], str | None]
) -> tuple[Reading, ...]:
    """A message's meter values as readings, in their order; those that say nothing wanted are left out.

    Meter values of one instant are one reading: some stations send each phase in a meter value of its own.
    `at` reads a timestamp, `signed_of` gives the signed record of a sample that holds one.
    """
    if values and len(values) == 1:
        only = _read(at(values[0].timestamp), values[0].sampled_value or (), signed_of)
        return () if only is None else (only,)
    found = (_read(at(timestamp), samples, signed_of) for timestamp, samples in _by_instant(values or ()))
    return tuple(read for read in found if read is not None)


def _read(at_us: int | None, samples: Iterable[Any], signed_of: Callable[[Any], str | None]) -> Reading | None:
    return _unusual(at_us, samples, signed_of) if (read := _usual(at_us, samples)) is _UNUSUAL else read


def _usual(at_us: int | None, samples: Iterable[Any]) -> Reading | None:
    """The reading of at most one register, one power and one interval, none signed; else `_UNUSUAL`.

    Nearly all messages are like that, and they are most of a charger's traffic.
    """
    wanted = [sample for sample in samples if sample.measurand in WANTED]
    register = power = interval = None
    for sample in wanted:
        if sample.format == SIGNED or sample.signed_meter_value is not None:
            return _UNUSUAL
        measurand = sample.measurand
        if measurand == POWER:
            power = sample
        elif measurand == INTERVAL:
            interval = sample
        else:
            register = sample
    if len(wanted) != (register is not None) + (power is not None) + (interval is not None):
        return _UNUSUAL
    return _of_single(at_us, register, power, interval)


def _of_single(at_us: int | None, register: Any, power: Any, interval: Any) -> Reading | None:
    """The reading of one sample of each kind at most."""
    wh = power_w = taken = is_kilo = None
    if register is not None:
        if register.context in _BOUNDS:
            return _UNUSUAL
        wh = _scaled(register.value, _ENERGY_UNITS, register.unit, register.multiplier)
        is_kilo = _is_kilo(register)
    if power is not None:
        taken = _scaled(power.value, _POWER_UNITS, power.unit, power.multiplier)
        power_w = None if taken is None else rounded(taken)
    taken = None if interval is None else _scaled(interval.value, _ENERGY_UNITS, interval.unit, interval.multiplier)
    if wh is None and power_w is None and taken is None:
        return None
    return Reading(at_us, wh, None, power_w, is_kilo, None, taken, _marks_of(register or power or interval))


def _marks_of(sample: Any) -> int:
    """What a single sample was like."""
    marks = _UNIT_MARKS.get(sample.unit, IS_UNIT_UNKNOWN)
    if sample.phase:
        marks |= IS_ONE_PHASE
    if sample.context == _CLOCK:
        marks |= IS_CLOCK
    return marks


def _unusual(at_us: int | None, samples: Iterable[Any], signed_of: Callable[[Any], str | None]) -> Reading | None:
    """The reading of any samples."""
    wanted: list[Sample] = []
    records: list[str] = []
    for sample in samples:
        if sample.measurand in WANTED:
            record = signed_of(sample)
            if record is not None:
                records.append(record)
            if sample.format != SIGNED:
                wanted.append(sample)
    read = reading(at_us, wanted) if wanted else None
    return _with_signed(read or Reading(at_us), records) if records else read


def _by_instant(values: Sequence[MeterValue]) -> Iterable[tuple[str | None, Iterable[Any]]]:
    instants: dict[object, tuple[str | None, list[Any]]] = {}
    for number, value in enumerate(values):
        key = value.timestamp if value.timestamp else number
        instants.setdefault(key, (value.timestamp, []))[1].extend(value.sampled_value or ())
    return instants.values()


def _with_signed(read: Reading, records: list[str]) -> Reading | None:
    """The reading with what its signed records say of begin and end; one record may hold both (SAFE-eV/OCMF #8)."""
    begin = end = None
    for record in records:
        first, last = signed.registers(record)
        begin, end = first if first is not None else begin, last if last is not None else end
    if begin is None and end is None and read.register_wh is None and read.power_w is None and read.begin_wh is None:
        return None
    return msgspec.structs.replace(read, signed_begin_wh=begin, signed_end_wh=end)


def reading(at_us: int | None, samples: list[Sample]) -> Reading | None:
    """One meter value's wanted samples as a reading; None where they hold neither energy nor power."""
    registers: list[Sample] = []
    powers: list[Sample] = []
    others: list[Sample] = []
    for sample in samples:
        measurand, context = sample.measurand, sample.context
        if measurand == POWER:
            powers.append(sample)
        elif measurand == INTERVAL or context in _BOUNDS:
            others.append(sample)
        else:
            registers.append(sample)
    power = _total(powers, watts, is_phases_first=True) if powers else None
    power_w = None if power is None else rounded(power)
    if others:
        return _with_contexts(at_us, registers, others, power_w, powers)
    register = _total(registers, watt_hours) if registers else None
    if register is None and power is None:
        return None
    is_kilo = _is_kilo(registers[0]) if registers else None
    return Reading(at_us, register, None, power_w, is_kilo, None, None, _marks(registers or powers, powers))


def _with_contexts(
    at_us: int | None, registers: list[Sample], others: list[Sample], power_w: int | None, powers: list[Sample]
) -> Reading | None:
    """A reading that holds intervals, or registers of the contexts begin and end.

    Some chargers repeat the register at begin in every meter value (Growatt THOR).
    """
    intervals = [sample for sample in others if sample.measurand == INTERVAL]
    begins = [sample for sample in others if sample.measurand != INTERVAL and sample.context == _BEGIN]
    ends = [sample for sample in others if sample.measurand != INTERVAL and sample.context == _END]
    end = _total(ends, watt_hours) if ends else None
    if end is not None:
        registers = ends
    register = _total(registers, watt_hours) if registers else None
    begin = _total(begins, watt_hours) if begins else None
    interval = _total(intervals, watt_hours) if intervals else None
    if register is None and begin is None and power_w is None and interval is None:
        return None
    energies = registers or begins
    is_kilo = _is_kilo(energies[0]) if energies else None
    marks = _marks(energies or powers or intervals, powers)
    return Reading(at_us, register, begin, power_w, is_kilo, end, interval, marks)


def _is_kilo(sample: Sample) -> bool | None:
    if not sample.unit and not sample.multiplier:
        return None
    return _ENERGY_UNITS.get(sample.unit, 3) + sample.multiplier == 3


def _marks(samples: list[Sample], powers: list[Sample]) -> int:
    """What the samples of one quantity were like."""
    marks = _marks_of(samples[0])
    if len(samples) > 1 and any(sample.phase for sample in samples):
        marks = marks & ~IS_ONE_PHASE | HAS_PHASES
    if (len(samples) > 3 and _is_doubted(samples, watt_hours)) or (len(powers) > 3 and _is_doubted(powers, watts)):
        marks |= IS_TOTAL_DOUBTED
    return marks


_Convert: TypeAlias = Callable[[Number, str | None, int], Decimal | None]


def _total(samples: list[Sample], convert: _Convert, *, is_phases_first: bool = False) -> Decimal | None:
    """The total of one quantity: the value without a phase, else the sum of the phases; Outlet before elsewhere.

    A total of power that differs from its three phases by over a tenth gives way to them (Schneider). A register's
    does not: changing from one to the other within a session would be a jump.
    """
    if len(samples) == 1:
        only = samples[0]
        return convert(only.value, only.unit, only.multiplier)
    total, phases = _parts(samples, convert)
    if phases and (total is None or (is_phases_first and _differs(total, phases))):
        total = _ZERO
        for value in phases.values():
            total = EXACT.add(total, value)
    return total


def _is_doubted(samples: list[Sample], convert: _Convert) -> bool:
    total, phases = _parts(samples, convert)
    return total is not None and _differs(total, phases)


def _differs(total: Decimal, phases: dict[str, Decimal]) -> bool:
    """Whether a total is over a tenth beside the sum of all three phases."""
    if len(phases) < 3:
        return False
    summed = sum(phases.values(), _ZERO)
    return abs(total - summed) * 10 > max(abs(total), abs(summed))


def _parts(samples: list[Sample], convert: _Convert) -> tuple[Decimal | None, dict[str, Decimal]]:
    """The value without a phase, and the values by phase; a periodic sample before a clock-aligned one."""
    read = ((sample, convert(sample.value, sample.unit, sample.multiplier)) for sample in samples)
    values = [(sample, value) for sample, value in read if value is not None]
    if any(sample.location in _OUTLET for sample, _ in values):
        values = [pair for pair in values if pair[0].location in _OUTLET]
    if any(sample.context != _CLOCK for sample, _ in values):
        values = [pair for pair in values if pair[0].context != _CLOCK]
    phases: dict[str, Decimal] = {}
    total = None
    for sample, value in values:
        if not sample.phase:
            total = value
        elif sample.phase in _PHASES:
            phases[_PHASES[sample.phase]] = value
    if len(values) == 1:
        # One phase alone is the total, whatever its tag says.
        total, phases = values[0][1], {}
    return total, phases
