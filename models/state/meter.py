"""What is remembered of meters: of a session's evidence, of a port's register, of a station's habits. Bounded.

Plain structs for the station's state. Not here: how they change (`registers`, `power`, `habits`), what a session's
energy is (`ladder`). Registers are Wh as labelled; `shift` is the power of ten that the unit's label was wrong by.
New fields go to the end of a struct, with a default: states of older versions stay readable.
"""

from decimal import Decimal
from typing import TypeAlias

import msgspec

Place: TypeAlias = tuple[int, int, int]
"""A raw record's position: generation, partition, offset."""

Trace: TypeAlias = tuple[
    int, Decimal | None, Decimal | None, Decimal | None, int, int, Place | None, Place | None, Place | None
]
"""A time, the register, interval sums, the trapezoid of power and its samples then; places of the newest of each."""

START, STOP, BEGIN, END, FIRST, LAST, INTERVAL_FIRST, INTERVAL_LAST, POWER_FIRST, POWER_LAST = range(10)
SIGNED_BEGIN, SIGNED_END = 10, 11
"""Whose position it is: meterStart, meterStop, contexts Transaction.Begin and End, samples, signed records."""

MAX_INSTANTS = 8
"""Recent interval samples that are told apart; an older one counts as sent again."""
ZERO = Decimal(0)


class MeterState(msgspec.Struct, array_like=True, gc=False):
    """What a session's samples said, beyond `SessionState`'s first and last register."""

    samples: int = 0
    """Registers taken up, the ones at begin apart."""
    prior_wh: Decimal | None = None
    """The register before the last one: a fall that stays above it shows that the last one was a spike."""
    pending: list[tuple[Decimal, int | None, Place]] = []
    """One or two samples that contradict the last register: a glitch, or the start of a reset."""
    carried_wh: Decimal = ZERO
    """To be added to the register since its resets."""
    resets: int = 0
    resets_at_boot: int = 0
    glitches: int = 0
    boots: int = 0
    """The station's count of boots at the last register."""
    begin_wh: Decimal | None = None
    end_wh: Decimal | None = None
    interval_wh: Decimal | None = None
    interval_clock_wh: Decimal | None = None
    """Of clock-aligned intervals: counted apart, as they repeat the others."""
    interval_instants: list[int] = []
    interval_clock_instants: list[int] = []
    power_w: int | None = None
    power_us: int | None = None
    power_samples: int = 0
    power_wms2: int = 0
    """Twice the trapezoid of power, in W ms: an exact integer."""
    power_gap: bool = False
    power_from_wh: Decimal | None = None
    """The register, resets stitched, at the first sample of power beside one."""
    power_to_wh: Decimal | None = None
    power_to_wms2: int = 0
    """The trapezoid up to there."""
    power_from_wms2: int = 0
    shift: int = 0
    shift_basis: str = ""
    """What showed the wrong unit: power, capacity, start, stop, habit, knowledge."""
    signed_begin_wh: Decimal | None = None
    signed_end_wh: Decimal | None = None
    seen_wh: Decimal | None = None
    """The highest register seen after the end, in Wh."""
    marks: int = 0
    """All marks of its readings (`readings.IS_UNIT_NAMED` and so on)."""
    said: int = 0
    """Anomalies said already."""
    places: dict[int, Place] = {}
    prior_shift: int = 0
    prior_base: str = ""
    prior_basis: str = ""
    """What the station's habits, or the knowledge handed in, said when the session began: habit or knowledge."""
    base: str = ""
    """Base of the register that it began with: lifetime, session or boot; empty = unknown."""
    votes: list[int] = []
    """What it has added to the station's habits."""
    begins: int = 0
    """Meter values that held the register at begin."""
    first_unitless: bool = False
    """The first register had no unit, and none has named one yet."""
    phases_wh: dict[str, Decimal] = {}
    """The newest register of each phase, where phases come instead of a total."""
    phases_us: int | None = None
    """When the first of them was sampled."""
    phases_base_wh: Decimal = ZERO
    """To be added to their sum: what phases showed already that came later."""
    trail: list[Trace] = []
    """Where the evidence stood at some of the last samples (`trail`)."""
    trail_due_us: int = 0
    """When the next of these is due."""
    trail_powers: list[int | None] = []
    """The highest power by each of them; the newest ones only, where a state of an older version began it."""


class PortMeter(msgspec.Struct, array_like=True, gc=False):
    """A port's register as it was last seen."""

    register_wh: Decimal
    boots: int = 0
    """The station's count of boots then."""
    session_id: str = ""


class HabitState(msgspec.Struct, array_like=True, gc=False):
    """How a station with one firmware meters: counts in the order of `habits.NAMES`."""

    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    counts: list[int] = []


def of(meter: MeterState | None) -> MeterState:
    """The memory itself, or a fresh one."""
    return MeterState() if meter is None else meter
