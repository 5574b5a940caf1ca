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
    _, power, interval = places = [_place(samples, one) for one in singles]
    register = cast(int, places[0])
    measurands = [sample.measurand for sample in samples]
    return Layout(measurands, register, power, interval, _written(samples, register, power, interval))


def fits(layout: Layout, samples: Sequence[Any]) -> bool:
    """Whether another message has this layout."""
    if [sample.measurand for sample in samples] != layout.measurands:
        return False
    register, power_at, interval_at = samples[layout.register], layout.power, layout.interval
    if power_at is None or interval_at is None:
        return _written(samples, layout.register, power_at, interval_at) == layout.written
    power, interval = samples[power_at], samples[interval_at]
    # Spelt out, as this is asked of most messages.
    return layout.written == (
        register.unit,
        register.context,
        register.phase,
        register.format,
        power.unit,
        power.format,
        interval.unit,
        interval.format,
    )


def numbers(layout: Layout, messages: Sequence[Sequence[Any]]) -> Numbers | None:
    """What messages of this layout say; None where one number is not plain."""
    registers = _numbers(messages, layout.register, ENERGY_UNITS)
    powers, intervals = _numbers(messages, layout.power, POWER_UNITS), _numbers(messages, layout.interval, ENERGY_UNITS)
    if registers is None or powers is None or intervals is None:
        return None
    register = messages[0][layout.register]
    is_kilo, marks = bool(readings.names_kilo(register)), readings.marks_of(register)
    return Numbers(registers, list(map(rounded, powers)), intervals, is_kilo, marks)


def _place(samples: Sequence[Any], one: Any) -> int | None:
    return next((at for at, sample in enumerate(samples) if sample is one), None)


def _written(samples: Sequence[Any], at: int, power_at: int | None, interval_at: int | None) -> tuple[str | None, ...]:
    register, others = samples[at], (samples[other] for other in (power_at, interval_at) if other is not None)
    written = (word for other in others for word in (other.unit, other.format))
    return register.unit, register.context, register.phase, register.format, *written


def _numbers(messages: Sequence[Sequence[Any]], at: int | None, units: dict[str | None, int]) -> list[Decimal] | None:
    if at is None:
        return []
    return scaled_alike([samples[at].value for samples in messages], units, messages[0][at].unit)
