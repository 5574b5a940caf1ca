"""Messages of samples that are written alike: read together, and checked for it at little cost. Not here: any session.

One register of the whole port in a named unit, perhaps one power and one interval, none of them signed; whatever else
stands beside them (voltage, current, ...) is always the same.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

import msgspec

from models.energy import readings
from models.energy.arithmetic import ENERGY_UNITS, POWER_UNITS, rounded, scaled_alike


class Layout(msgspec.Struct, frozen=True, gc=False):
    """Where the register, the power and the interval stand among a message's samples, and how they are written."""

    measurands: list[str | None]
    register: int
    power: int | None
    interval: int | None
    written: tuple[str | None, ...]
    units: tuple[str | None, str | None, str | None]
    is_kilo: bool
    """The register is in kWh."""
    marks: int
    """As in `readings.Reading`."""


class Numbers(msgspec.Struct, frozen=True, gc=False):
    """What several messages say, in their order; no powers or intervals where they hold none."""

    registers_wh: list[Decimal]
    powers_w: list[int]
    intervals_wh: list[Decimal]
    is_kilo: bool
    """The registers are in kWh."""
    marks: int
    """As in `readings.Reading`, of each."""


def of(samples: Sequence[Any]) -> Layout | None:
    """The layout of a message; None where its samples are not that plain."""
    singles = readings.single(samples)
    if singles is None or singles[0] is None or not readings.is_plain(singles[0]):
        return None
    register, power, interval = singles
    _, power_at, interval_at = places = [_place(samples, one) for one in singles]
    register_at = cast(int, places[0])
    return Layout(
        [sample.measurand for sample in samples],
        register_at,
        power_at,
        interval_at,
        _written(samples, register_at, power_at, interval_at),
        (register.unit, power and power.unit, interval and interval.unit),
        bool(readings.names_kilo(register)),
        readings.marks_of(register),
    )


def texts(layout: Layout, samples: Sequence[Any]) -> tuple[str, str | None, str | None] | None:
    """Another message's register, power and interval as written; None where it has not this layout."""
    if [sample.measurand for sample in samples] != layout.measurands:
        return None
    register, power_at, interval_at = samples[layout.register], layout.power, layout.interval
    if power_at is None or interval_at is None:
        written = _written(samples, layout.register, power_at, interval_at)
        others = (None if at is None else samples[at].value for at in (power_at, interval_at))
        return (register.value, *others) if written == layout.written else None
    power, interval = samples[power_at], samples[interval_at]
    # Spelt out, as this is asked of most messages.
    written = (
        register.unit,
        register.context,
        register.phase,
        register.format,
        power.unit,
        power.format,
        interval.unit,
        interval.format,
    )
    return (register.value, power.value, interval.value) if written == layout.written else None


def numbers(
    layout: Layout, registers: Sequence[str], powers: Sequence[Any], intervals: Sequence[Any]
) -> Numbers | None:
    """What messages of this layout say, from their `texts`; None where one number is not plain."""
    register_unit, power_unit, interval_unit = layout.units
    registers_wh = scaled_alike(registers, ENERGY_UNITS, register_unit)
    powers_w = [] if layout.power is None else scaled_alike(powers, POWER_UNITS, power_unit)
    intervals_wh = [] if layout.interval is None else scaled_alike(intervals, ENERGY_UNITS, interval_unit)
    if registers_wh is None or powers_w is None or intervals_wh is None:
        return None
    return Numbers(registers_wh, list(map(rounded, powers_w)), intervals_wh, layout.is_kilo, layout.marks)


def _place(samples: Sequence[Any], one: Any) -> int | None:
    return next((at for at, sample in enumerate(samples) if sample is one), None)


def _written(samples: Sequence[Any], at: int, power_at: int | None, interval_at: int | None) -> tuple[str | None, ...]:
    register, others = samples[at], (samples[other] for other in (power_at, interval_at) if other is not None)
    written = (word for other in others for word in (other.unit, other.format))
    return register.unit, register.context, register.phase, register.format, *written
