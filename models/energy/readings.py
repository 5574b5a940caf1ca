"""Readings: what one meter value of any version says of energy and power. Not here: whose session it is.

Rules (OCPP 1.6 section 7.31 and errata 3.77, 2.0.1 SampledValueType): default measurand
`Energy.Active.Import.Register`, default location `Outlet`; units and numbers are the `arithmetic`'s, several samples
of one quantity the `phases`'.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from models.energy import signed
from models.energy.arithmetic import ENERGY_UNITS, POWER_UNITS, rounded, scaled, watt_hours, watts
from models.energy.phases import CLOCK, Sample, by_phase, is_doubted, total

REGISTER = "Energy.Active.Import.Register"
INTERVAL = "Energy.Active.Import.Interval"
POWER = "Power.Active.Import"
WANTED = frozenset({None, "", REGISTER, INTERVAL, POWER})
"""Measurands that carry a fact; None and empty mean the register."""
_REGISTERS = WANTED - {INTERVAL, POWER}
SIGNED = "SignedData"
"""1.6's format of a value that is a signed record, not a number."""

IS_UNIT_NAMED, IS_UNIT_MISSING, IS_UNIT_UNKNOWN, HAS_PHASES, IS_ONE_PHASE, IS_TOTAL_DOUBTED, IS_CLOCK = (
    1 << bit for bit in range(7)
)
"""What a reading's samples were like; see `Reading.marks`. Named, missing and unknown are the register's unit."""
IS_NEGATIVE = 1 << 7
"""A session's mark: one of its registers was below zero."""
IS_PHASE_LATE = 1 << 8
"""A session's mark: a phase came only after the others had risen."""
IS_AFTER_END = 1 << 9
"""A session's mark: samples from after its end were taken up and left out again."""

_BEGIN, _END = "Transaction.Begin", "Transaction.End"
_BOUNDS = frozenset({_BEGIN, _END})
_UNIT_MARKS: dict[str | None, int] = {
    unit: IS_UNIT_NAMED if unit else IS_UNIT_MISSING for unit in (*ENERGY_UNITS, *POWER_UNITS)
}


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
    phases_wh: dict[str, Decimal] | None = None
    """The register by phase, where no sample is the total."""
    is_plain: bool = True
    """It holds no register at begin or at end, and none that is signed."""


_UNUSUAL = Reading(None)
"""In place of a reading: more has to be looked at."""


def read(
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
    singles = single(samples)
    return _UNUSUAL if singles is None else _of_single(at_us, *singles)


def single(samples: Iterable[Any]) -> tuple[Any, Any, Any] | None:
    """The one register, power and interval among the samples, each or None; None where one comes twice or is signed."""
    register = power = interval = None
    for sample in samples:
        measurand = sample.measurand
        if measurand in WANTED:
            if sample.format == SIGNED or sample.signed_meter_value is not None:
                return None
            if measurand == POWER and power is None:
                power = sample
            elif measurand == INTERVAL and interval is None:
                interval = sample
            elif measurand in _REGISTERS and register is None:
                register = sample
            else:
                return None
    return register, power, interval


def _of_single(at_us: int | None, register: Any, power: Any, interval: Any) -> Reading | None:
    """The reading of one sample of each kind at most."""
    wh = power_w = taken = is_kilo = None
    if register is not None:
        if register.context in _BOUNDS:
            return _UNUSUAL
        wh = scaled(register.value, ENERGY_UNITS, register.unit, register.multiplier)
        is_kilo = names_kilo(register)
    if power is not None:
        taken = scaled(power.value, POWER_UNITS, power.unit, power.multiplier)
        power_w = None if taken is None else rounded(taken)
    taken = None if interval is None else scaled(interval.value, ENERGY_UNITS, interval.unit, interval.multiplier)
    if wh is None and power_w is None and taken is None:
        return None
    marks = marks_of(register or power or interval)
    if register is not None and register.phase:
        phases_wh = by_phase([register], watt_hours)
        return Reading(at_us, wh, None, power_w, is_kilo, None, taken, marks, phases_wh=phases_wh)
    return Reading(at_us, wh, None, power_w, is_kilo, None, taken, marks)


def is_plain(register: Any) -> bool:
    """Whether a sample is of the whole register, in a named unit, and not of a session's begin or end."""
    return bool(register.unit) and not register.phase and register.context not in _BOUNDS


def marks_of(sample: Any) -> int:
    """What a single sample was like."""
    marks = _UNIT_MARKS.get(sample.unit, IS_UNIT_UNKNOWN)
    if sample.phase:
        marks |= IS_ONE_PHASE
    if sample.context == CLOCK:
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
    return msgspec.structs.replace(read, signed_begin_wh=begin, signed_end_wh=end, is_plain=False)


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
    power = total(powers, watts, is_phases_first=True) if powers else None
    power_w = None if power is None else rounded(power)
    if others:
        return _with_contexts(at_us, registers, others, power_w, powers)
    register = total(registers, watt_hours) if registers else None
    if register is None and power is None:
        return None
    is_kilo = names_kilo(registers[0]) if registers else None
    marks, phases_wh = _marks(registers or powers, powers), by_phase(registers, watt_hours)
    return Reading(at_us, register, None, power_w, is_kilo, None, None, marks, phases_wh=phases_wh)


def _with_contexts(
    at_us: int | None, registers: list[Sample], others: list[Sample], power_w: int | None, powers: list[Sample]
) -> Reading | None:
    """A reading that holds intervals, or registers of the contexts begin and end.

    Some chargers repeat the register at begin in every meter value (Growatt THOR).
    """
    intervals = [sample for sample in others if sample.measurand == INTERVAL]
    begins = [sample for sample in others if sample.measurand != INTERVAL and sample.context == _BEGIN]
    ends = [sample for sample in others if sample.measurand != INTERVAL and sample.context == _END]
    end = total(ends, watt_hours) if ends else None
    if end is not None:
        registers = ends
    register = total(registers, watt_hours) if registers else None
    begin = total(begins, watt_hours) if begins else None
    interval = total(intervals, watt_hours) if intervals else None
    if register is None and begin is None and power_w is None and interval is None:
        return None
    energies = registers or begins
    is_kilo = names_kilo(energies[0]) if energies else None
    marks = _marks(energies or powers or intervals, powers)
    phases_wh, is_plain = by_phase(registers, watt_hours), begin is None and end is None
    return Reading(
        at_us, register, begin, power_w, is_kilo, end, interval, marks, phases_wh=phases_wh, is_plain=is_plain
    )


def names_kilo(sample: Sample) -> bool | None:
    """Whether a register's unit is kWh, or Wh x 10^3; None where it names none."""
    if not sample.unit and not sample.multiplier:
        return None
    return ENERGY_UNITS.get(sample.unit, 3) + sample.multiplier == 3


def _marks(samples: list[Sample], powers: list[Sample]) -> int:
    """What the samples of one quantity were like."""
    marks = marks_of(samples[0])
    if len(samples) > 1 and any(sample.phase for sample in samples):
        marks = marks & ~IS_ONE_PHASE | HAS_PHASES
    if (len(samples) > 3 and is_doubted(samples, watt_hours)) or (len(powers) > 3 and is_doubted(powers, watts)):
        marks |= IS_TOTAL_DOUBTED
    return marks
