"""Where a session's evidence stood a few samples ago: for an end that is told after samples from beyond it.

A queue may bring the end late, when samples of the same transaction have been taken up that came after it. Then the
sums go back to a place before the end. A few are remembered, five minutes apart at least, as ends rarely come late and
samples come always; where none is old enough, or the register began anew, the sums stay, and are told to be from after
the end. Not here: samples after a told end (`metering.late`).
"""

from models.energy.readings import IS_AFTER_END
from models.state import SessionState
from models.state.meter import INTERVAL_LAST, LAST, POWER_LAST, MeterState

SPACING_US = 300_000_000
"""Between two places."""
NEAR_US = 60_000_000
"""A sample so little after the end is the end's own."""
KEPT = 4
_LASTS = (LAST, INTERVAL_LAST, POWER_LAST)


def note(session: SessionState, meter: MeterState) -> None:
    """Remember where the evidence stands, before newer samples are taken up."""
    us, power_us, trail, place_of = session.register_last_us, meter.power_us, meter.trail, meter.places.get
    if us is None:
        us = newest_us(session, meter)
        if us is None:
            return
    elif power_us is not None and power_us > us:
        us = power_us
    meter.trail_due_us = us + SPACING_US
    trace = (
        us,
        session.register_last,
        meter.interval_wh,
        meter.interval_clock_wh,
        meter.power_wms2,
        meter.power_samples,
        place_of(LAST),
        place_of(INTERVAL_LAST),
        place_of(POWER_LAST),
    )
    if trail and trail[-1] == trace:
        return
    trail.append(trace)
    meter.trail_powers.append(session.power_max_w)
    if len(trail) > KEPT:
        del trail[0]
    del meter.trail_powers[: -len(trail)]


def newest_us(session: SessionState, meter: MeterState) -> int | None:
    """When the newest sample was taken."""
    times = [session.register_first_us, session.register_last_us, meter.power_us]
    times += [*meter.interval_instants[-1:], *meter.interval_clock_instants[-1:]]
    return max((us for us in times if us is not None), default=None)


def cut(session: SessionState, meter: MeterState, ended_us: int, received_us: int | None) -> bool:
    """Go back to the last place before the end, if samples go beyond it; True where that is done.

    A sample from after the receipt of the end shows a clock that was wrong, not one that came after the end.
    """
    beyond_us = newest_us(session, meter)
    if beyond_us is None or beyond_us <= ended_us + NEAR_US or meter.resets:
        return False
    if received_us is not None and beyond_us > received_us + NEAR_US:
        return False
    before = [place for place in meter.trail if place[0] <= ended_us]
    if not before:
        return False
    us, last, meter.interval_wh, meter.interval_clock_wh, meter.power_wms2, meter.power_samples, *places = before[-1]
    session.register_last, session.register_last_us = last, None if last is None else us
    known = len(meter.trail_powers) - len(meter.trail) + meter.trail.index(before[-1])
    if known >= 0:
        session.power_max_w = meter.trail_powers[known]
    meter.prior_wh, meter.pending = None, []
    if meter.power_us is not None:
        meter.power_us = us
    meter.interval_instants = [instant for instant in meter.interval_instants if instant <= ended_us]
    meter.interval_clock_instants = [instant for instant in meter.interval_clock_instants if instant <= ended_us]
    for name, place in zip(_LASTS, places, strict=True):
        if place is not None:
            meter.places[name] = place
    meter.marks |= IS_AFTER_END
    return True
