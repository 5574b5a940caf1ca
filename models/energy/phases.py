"""The total of one quantity that is sampled several times at once: by phase, by place, by context. Not here: units."""

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol, TypeAlias

from models.energy.arithmetic import EXACT, Number

CLOCK = "Sample.Clock"
_OUTLET = frozenset({None, "", "Outlet"})
_PHASES = {"L1": "L1", "L2": "L2", "L3": "L3", "L1-N": "L1", "L2-N": "L2", "L3-N": "L3"}
_ZERO = Decimal(0)


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


Convert: TypeAlias = Callable[[Number, str | None, int], Decimal | None]


def total(samples: list[Sample], convert: Convert, *, is_phases_first: bool = False) -> Decimal | None:
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


def by_phase(samples: list[Sample], convert: Convert) -> dict[str, Decimal] | None:
    """The values by phase where no sample is a total; one alone, too, as the others may come by themselves."""
    if not any(sample.phase for sample in samples):
        return None
    read = ((sample, convert(sample.value, sample.unit, sample.multiplier)) for sample in samples)
    values = [(sample.phase, value) for sample, value in read if value is not None]
    if not values or any(phase not in _PHASES for phase, _ in values):
        return None
    return _parts(samples, convert)[1] or {_PHASES[values[0][0] or ""]: values[0][1]}


def is_doubted(samples: list[Sample], convert: Convert) -> bool:
    """Whether the total and the sum of the phases contradict each other."""
    total, phases = _parts(samples, convert)
    return total is not None and _differs(total, phases)


def _differs(total: Decimal, phases: dict[str, Decimal]) -> bool:
    """Whether a total is over a tenth beside the sum of all three phases."""
    if len(phases) < 3:
        return False
    summed = sum(phases.values(), _ZERO)
    return abs(total - summed) * 10 > max(abs(total), abs(summed))


def _parts(samples: list[Sample], convert: Convert) -> tuple[Decimal | None, dict[str, Decimal]]:
    """The value without a phase, and the values by phase; a periodic sample before a clock-aligned one."""
    read = ((sample, convert(sample.value, sample.unit, sample.multiplier)) for sample in samples)
    values = [(sample, value) for sample, value in read if value is not None]
    if any(sample.location in _OUTLET for sample, _ in values):
        values = [pair for pair in values if pair[0].location in _OUTLET]
    if any(sample.context != CLOCK for sample, _ in values):
        values = [pair for pair in values if pair[0].context != CLOCK]
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
