"""Energy from intervals and from power: sums and trapezoids that need no list of samples. Not here: registers.

Power is integrated between neighbouring samples, by their own times, in whole W and ms: exact, whatever the rhythm of
drains. A time without samples over `MAX_GAP_MS` counts nothing. A sample of an instant already passed counts nothing.
"""

import bisect
import operator
from collections.abc import Sequence
from decimal import Decimal

from models.energy.layout import Numbers
from models.energy.readings import IS_CLOCK, Reading
from models.state import SessionState
from models.state.meter import (
    INTERVAL_FIRST,
    INTERVAL_LAST,
    MAX_INSTANTS,
    POWER_FIRST,
    POWER_LAST,
    ZERO,
    MeterState,
    Place,
)

MAX_GAP_MS = 3_600_000
_MAX_W = 100_000_000
"""Values above are no power; keeps the sum within 64 bits."""


def fold(session: SessionState, meter: MeterState, reading: Reading, at_us: int | None, place: Place) -> None:
    """Take up a reading's power and interval; `at_us` is its time, or that of receipt."""
    power_w, interval_wh = reading.power_w, reading.interval_wh
    if power_w is not None and -_MAX_W <= power_w <= _MAX_W:
        if power_w > (session.power_max_w or -1):
            session.power_max_w = power_w
        if at_us is not None:
            register_wh = None if reading.register_wh is None else session.register_last
            _integrate(meter, power_w if power_w > 0 else 0, at_us, register_wh, place)
    if interval_wh is not None and at_us is not None and interval_wh >= 0:
        _add_interval(meter, interval_wh, at_us, place, bool(reading.marks & IS_CLOCK))


def are_later(meter: MeterState, told: Numbers, times_us: Sequence[int]) -> bool:
    """Whether powers and intervals can be taken up by `take`: they go on, powers from one beside a register."""
    since_us, instants = meter.power_us, _instants(meter, told.marks)
    if told.powers_w and (
        since_us is None
        or not since_us < times_us[0] <= times_us[-1] <= since_us + MAX_GAP_MS * 1000
        or meter.power_from_wh is None
        or max(told.powers_w) > _MAX_W
    ):
        return False
    return not told.intervals_wh or (bool(instants) and times_us[0] > instants[-1])


def take(session: SessionState, meter: MeterState, told: Numbers, times_us: Sequence[int], place: Place) -> None:
    """Take up the powers and intervals of several messages, as `fold` each; their registers are taken up already.

    The times are later and later, see also `are_later`; `place` is the last one's.
    """
    if told.powers_w:
        _take_powers(session, meter, told.powers_w, times_us)
        meter.places[POWER_LAST] = place
    if told.intervals_wh:
        if told.marks & IS_CLOCK:
            meter.interval_clock_wh = sum(told.intervals_wh, meter.interval_clock_wh or ZERO)
        else:
            meter.interval_wh = sum(told.intervals_wh, meter.interval_wh or ZERO)
        instants = _instants(meter, told.marks)
        instants.extend(times_us)
        del instants[:-MAX_INSTANTS]
        meter.places[INTERVAL_LAST] = place


def _take_powers(session: SessionState, meter: MeterState, powers_w: Sequence[int], times_us: Sequence[int]) -> None:
    at_ms = [us // 1000 for us in (meter.power_us or 0, *times_us)]
    twice_w = map(operator.add, powers_w, (meter.power_w or 0, *powers_w))
    wms2 = meter.power_wms2 + sum(map(operator.mul, twice_w, map(operator.sub, at_ms[1:], at_ms)))
    session.power_max_w = max(session.power_max_w or 0, *powers_w)
    meter.power_w, meter.power_us, meter.power_wms2, meter.power_to_wms2 = powers_w[-1], times_us[-1], wms2, wms2
    meter.power_samples += len(powers_w)
    if session.register_last is not None:
        meter.power_to_wh = session.register_last + meter.carried_wh


def _instants(meter: MeterState, marks: int) -> list[int]:
    return meter.interval_clock_instants if marks & IS_CLOCK else meter.interval_instants


def _integrate(meter: MeterState, power_w: int, at_us: int, register_wh: Decimal | None, place: Place) -> None:
    """Add the trapezoid up to a sample; remember how far register and power went together."""
    since_us, places = meter.power_us, meter.places
    if since_us is None:
        places[POWER_FIRST] = place
    elif at_us > since_us:
        # Differences of whole milliseconds since the epoch: they sum to the whole, however it is cut.
        ms = at_us // 1000 - since_us // 1000
        if ms > MAX_GAP_MS:
            meter.power_gap = True
        else:
            meter.power_wms2 += (power_w + (meter.power_w or 0)) * ms
    if since_us is None or at_us > since_us:
        meter.power_w, meter.power_us = power_w, at_us
        meter.power_samples += 1
        places[POWER_LAST] = place
    if register_wh is not None and meter.power_us == at_us:
        meter.power_to_wh, meter.power_to_wms2 = register_wh + meter.carried_wh, meter.power_wms2
        if meter.power_from_wh is None:
            meter.power_from_wh, meter.power_from_wms2 = meter.power_to_wh, meter.power_wms2


def _add_interval(meter: MeterState, wh: Decimal, at_us: int, place: Place, is_clock: bool) -> None:
    if not _is_new(meter.interval_clock_instants if is_clock else meter.interval_instants, at_us):
        return
    if is_clock:
        meter.interval_clock_wh = wh + (meter.interval_clock_wh or ZERO)
    else:
        meter.interval_wh = wh + (meter.interval_wh or ZERO)
    if INTERVAL_FIRST not in meter.places:
        meter.places[INTERVAL_FIRST] = place
    meter.places[INTERVAL_LAST] = place


def _is_new(instants: list[int], at_us: int) -> bool:
    """Take note of an instant, in its place; False for one that is known, or too old to tell."""
    if not instants or at_us > instants[-1]:
        instants.append(at_us)
    elif at_us in instants or (len(instants) >= MAX_INSTANTS and at_us < instants[0]):
        return False
    else:
        bisect.insort(instants, at_us)
    if len(instants) > MAX_INSTANTS:
        del instants[0]
    return True
