"""Which registers begin and end a session's energy, over resets and glitches. Not here: units' faults, its energy.

Samples count by their own time where that contradicts the order of receipt: a sample that is older and not higher
than the last one came late (a higher one that is older is a clock that was set back). A register that falls, or rises
as no charger can, waits: a single sample that nothing supports is a glitch and left out (lbbrhzn/ocpp #1756), a fall
that two more samples follow is a reset, and its parts are added up. A boot is as good as one of them; zeros are none,
however many: a meter that does not answer reads as 0. One sample alone says nothing of energy.
"""

from collections.abc import Sequence
from decimal import Decimal

from models.energy import joined, units
from models.energy.layout import Numbers
from models.energy.readings import IS_NEGATIVE, Reading
from models.state import SessionState
from models.state.meter import BEGIN, END, FIRST, LAST, SIGNED_BEGIN, SIGNED_END, MeterState, Place
from models.times import is_before

_KILO = 1000
_STREAK = 3
"""A fall is a reset once two samples follow the one that fell."""
_BOOTED_STREAK = 2
"""After a boot, once one follows."""
_RENAMED = ("begin_wh", "prior_wh", "carried_wh", "power_from_wh", "power_to_wh")
"""Registers that a session's meter remembers, beside the first and the last one."""
_ESTABLISHED = 3
"""Samples after which the unit of a register that rises is no longer in question."""


def fold(session: SessionState, meter: MeterState, reading: Reading, place: Place, boots: int) -> bool:
    """Take up a reading of a session; True if its register only goes on.

    `place` is its frame's position, `boots` the station's count of boots.
    """
    meter.marks |= reading.marks
    if reading.phases_wh is not None:
        reading = joined.whole(session, meter, reading, reading.phases_wh)
    if _goes_on(session, meter, reading, place, boots):
        # Phases that come apart may move the first register, too.
        return reading.phases_wh is None
    if _is_negative(reading.register_wh) or _is_negative(reading.begin_wh):
        meter.marks |= IS_NEGATIVE
        return False
    if reading.signed_begin_wh is not None or reading.signed_end_wh is not None:
        _take_signed(meter, reading, place)
    is_sure = reading.is_kilo is not None or not session.is_kilo
    if reading.begin_wh is not None:
        meter.begins += 1
        if is_sure or session.register_first is None:
            _take_begin(session, meter, reading, place)
    if reading.register_wh is None:
        if reading.is_kilo is not None and reading.begin_wh is not None:
            session.is_kilo = reading.is_kilo
        return False
    register_wh = _in_its_unit(session, meter, reading, reading.register_wh)
    if reading.end_wh is not None:
        meter.end_wh, meter.places[END] = register_wh, place
    sample(session, meter, register_wh, reading.at_us, place, boots)
    return False


def _goes_on(session: SessionState, meter: MeterState, reading: Reading, place: Place, boots: int) -> bool:
    """Take up a later register in a named unit, little above the last one; False where it is anything else.

    Nearly all are like that. What `fold` does with any reading comes to the same for these, in three times the time.
    """
    register_wh, at_us, is_kilo = reading.register_wh, reading.at_us, reading.is_kilo
    last, last_us, first_us = session.register_last, session.register_last_us, session.register_first_us
    if register_wh is None or at_us is None or is_kilo is None or last is None or last_us is None:
        return False
    if at_us <= last_us or (first_us is not None and at_us <= first_us) or meter.first_unitless or meter.pending:
        return False
    if not reading.is_plain or not last <= register_wh <= last + units.FREE:
        return False
    meter.prior_wh = last
    session.register_last, session.register_last_us = register_wh, at_us
    meter.places[LAST] = place
    meter.samples += 1
    meter.boots = boots
    if is_kilo is not session.is_kilo:
        session.is_kilo = is_kilo
    return True


def rise(
    session: SessionState, meter: MeterState, told: Numbers, times_us: Sequence[int], place: Place, boots: int
) -> bool:
    """Take up the registers of several messages, as `fold` each; False, and nothing done, if one does not just go on.

    Each is later than the one before; `place` is the last one's.
    """
    last, last_us, first_us = session.register_last, session.register_last_us, session.register_first_us
    if last is None or last_us is None or meter.first_unitless or meter.pending:
        return False
    if times_us[0] <= last_us or (first_us is not None and times_us[0] <= first_us):
        return False
    steps = [last, *told.registers_wh]
    if steps != sorted(steps) or steps[-1] > last + units.FREE:
        return False
    meter.prior_wh = steps[-2]
    session.register_last, session.register_last_us, session.is_kilo = steps[-1], times_us[-1], told.is_kilo
    meter.places[LAST] = place
    meter.samples += len(times_us)
    meter.boots = boots
    meter.marks |= told.marks
    return True


def sample(
    session: SessionState, meter: MeterState, register_wh: Decimal, at_us: int | None, place: Place, boots: int
) -> None:
    """Take up one register in the unit of the session's samples."""
    first, last = session.register_first, session.register_last
    if first is None:
        session.register_first, session.register_first_us, meter.places[FIRST] = register_wh, at_us, place
        meter.samples, meter.boots = 1, boots
        if session.meter_start is not None:
            session.register_last, session.register_last_us, meter.places[LAST] = register_wh, at_us, place
        return
    first_us = session.register_first_us
    if register_wh <= first and is_before(at_us, first_us):
        _begin(session, meter, register_wh, place)
        session.register_first_us = at_us
    elif at_us is None or at_us != first_us or register_wh != first:
        last_us = first_us if last is None else session.register_last_us
        _follow(session, meter, register_wh, first if last is None else last, last_us, at_us, place, boots)


def _follow(
    session: SessionState,
    meter: MeterState,
    register_wh: Decimal,
    last: Decimal,
    last_us: int | None,
    at_us: int | None,
    place: Place,
    boots: int,
) -> None:
    """Take up a register after the first one: it goes on, waits, or came late."""
    if register_wh < last:
        if not is_before(at_us, last_us):
            _wait(session, meter, register_wh, at_us, place, boots)
    elif register_wh > last or at_us is None or last_us is None or at_us > last_us:
        if _is_doubtful(session, meter, register_wh - last, at_us, last_us):
            _wait(session, meter, register_wh, at_us, place, boots)
        elif meter.pending and boots > meter.boots and _has_begun_anew(session, meter, register_wh, at_us):
            _confirm(session, meter, [*meter.pending, (register_wh, at_us, place)], boots)
        elif at_us is not None or register_wh > last or session.register_last is not None:
            _accept(session, meter, register_wh, at_us, place, boots)


def _accept(
    session: SessionState, meter: MeterState, register_wh: Decimal, at_us: int | None, place: Place, boots: int
) -> None:
    if meter.pending:
        meter.glitches += len(meter.pending)
        meter.pending = []
    meter.prior_wh = session.register_first if session.register_last is None else session.register_last
    session.register_last, session.register_last_us = register_wh, at_us
    meter.places[LAST] = place
    meter.samples += 1
    meter.boots = boots


def _is_doubtful(
    session: SessionState, meter: MeterState, rise: Decimal, at_us: int | None, last_us: int | None
) -> bool:
    """Whether no charger rises like that; while a kWh label itself is in question, the label is the suspect."""
    if rise <= units.FREE_WH or at_us is None or last_us is None:
        return False
    if session.is_kilo and not meter.shift and meter.samples < _ESTABLISHED:
        return False
    return not units.is_possible(rise.scaleb(meter.shift), at_us - last_us)


def _wait(
    session: SessionState, meter: MeterState, register_wh: Decimal, at_us: int | None, place: Place, boots: int
) -> None:
    """Keep a sample that contradicts the last one until others tell a reset from a glitch."""
    pending = meter.pending
    if pending:
        newest, newest_us, _ = pending[-1]
        if _is_same(register_wh, at_us, newest, newest_us) or is_before(at_us, newest_us):
            return
        is_above = register_wh > _last(session)
        if register_wh < newest or is_above != (newest > _last(session)):
            # It contradicts those that waited, too: they are supported by nothing.
            meter.glitches += len(pending)
            pending = []
        elif not register_wh and not newest:
            meter.pending = [pending[0], (register_wh, at_us, place)]
            return
    pending = [*pending, (register_wh, at_us, place)]
    is_booted = boots > meter.boots and register_wh < _last(session)
    if len(pending) < (_BOOTED_STREAK if is_booted else _STREAK):
        meter.pending = pending
    else:
        _confirm(session, meter, pending, boots)


def _has_begun_anew(session: SessionState, meter: MeterState, register_wh: Decimal, at_us: int | None) -> bool:
    """Whether a register above the last one goes on from what fell after a boot: it has overtaken the old one."""
    low_wh, low_us, _ = meter.pending[-1]
    return low_wh < _last(session) and _fits(session, meter, register_wh - low_wh, low_us, at_us)


def settle(session: SessionState, meter: MeterState, boots: int) -> None:
    """At the end nothing follows what still waits: a boot shows a reset, the register before a spike the spike."""
    if not meter.pending:
        return
    last, prior = _last(session), meter.prior_wh
    first_wh, first_us, _ = meter.pending[0]
    newest_wh = meter.pending[-1][0]
    if newest_wh >= last:
        return
    is_agreed = len(meter.pending) > 1 and bool(newest_wh)
    if boots > meter.boots:
        if _since_reset(session, meter, first_wh, first_us):
            _confirm(session, meter, meter.pending, boots)
    elif prior is not None and prior <= first_wh and (is_agreed or last - newest_wh > newest_wh - prior):
        _confirm(session, meter, meter.pending, boots)


def _confirm(
    session: SessionState, meter: MeterState, streak: list[tuple[Decimal, int | None, Place]], boots: int
) -> None:
    """Samples in a row contradict the register before them: it was a spike, or the register began anew."""
    meter.pending = []
    first_wh, first_us, _ = streak[0]
    last = _last(session)
    if boots == meter.boots and meter.prior_wh is not None and meter.prior_wh <= first_wh < last:
        meter.glitches += 1
    else:
        meter.resets += 1
        meter.resets_at_boot += boots > meter.boots
        gained = _since_reset(session, meter, first_wh, first_us) if first_wh < last else Decimal(0)
        meter.carried_wh += last - first_wh + gained
    if len(streak) > 1:
        meter.prior_wh = streak[-2][0]
    session.register_last, session.register_last_us, meter.places[LAST] = streak[-1]
    meter.samples += len(streak)
    meter.boots = boots


def _since_reset(session: SessionState, meter: MeterState, register_wh: Decimal, at_us: int | None) -> Decimal:
    """What a register that began anew shows was taken since: all of it, where that fits the session's own rate."""
    return register_wh if _fits(session, meter, register_wh, session.register_last_us, at_us) else Decimal(0)


def goes_on(session: SessionState, meter: MeterState, register_wh: Decimal, at_us: int | None) -> bool:
    """Whether a register goes on from the last one, at no more than twice the session's own rate."""
    return _fits(session, meter, register_wh - _last(session), session.register_last_us, at_us)


def _fits(
    session: SessionState, meter: MeterState, rise_wh: Decimal, since_us: int | None, until_us: int | None
) -> bool:
    """Whether a rise is no more than twice the session's own rate gives in that time."""
    last_us, first_us, first = session.register_last_us, session.register_first_us, session.register_first
    if since_us is None or until_us is None or since_us >= until_us or last_us is None or first is None or rise_wh < 0:
        return False
    start_wh = session.meter_start
    if start_wh is not None and not meter.shift and start_wh <= first <= start_wh + units.FREE:
        first, first_us = start_wh, session.started_us
    rate_w = Decimal(2 * (session.power_max_w or 0))
    if first_us is not None and last_us > first_us:
        rate_w = max(rate_w, 2 * (_last(session) + meter.carried_wh - first) * units.US_PER_H / (last_us - first_us))
    return rise_wh * units.US_PER_H <= rate_w * (until_us - since_us)


def _take_signed(meter: MeterState, reading: Reading, place: Place) -> None:
    if reading.signed_begin_wh is not None and meter.signed_begin_wh is None:
        meter.signed_begin_wh, meter.places[SIGNED_BEGIN] = reading.signed_begin_wh, place
    if reading.signed_end_wh is not None:
        meter.signed_end_wh, meter.places[SIGNED_END] = reading.signed_end_wh, place


def _take_begin(session: SessionState, meter: MeterState, reading: Reading, place: Place) -> None:
    begin_wh = reading.begin_wh
    assert begin_wh is not None
    if meter.begin_wh is None:
        meter.begin_wh, meter.places[BEGIN] = begin_wh, place
    _begin(session, meter, begin_wh, place)


def _begin(session: SessionState, meter: MeterState, begin_wh: Decimal, place: Place) -> None:
    """Take up the register at begin; what was first until now has become a later sample."""
    first = session.register_first
    if first is not None and begin_wh > first:
        return
    if first is not None and session.register_last is None and session.register_first_us is not None:
        session.register_last, session.register_last_us = first, session.register_first_us
        meter.places[LAST] = meter.places.get(FIRST, place)
    if begin_wh != first or FIRST not in meter.places:
        meter.places[FIRST] = place
    session.register_first, session.register_first_us = begin_wh, None


def _is_negative(register_wh: Decimal | None) -> bool:
    return register_wh is not None and register_wh.is_signed()


def _last(session: SessionState) -> Decimal:
    last = session.register_last if session.register_last is not None else session.register_first
    assert last is not None
    return last


def _is_same(register_wh: Decimal, at_us: int | None, other_wh: Decimal, other_us: int | None) -> bool:
    """Whether it is the same sample sent again; without times, an equal value says nothing new."""
    return register_wh == other_wh and (at_us == other_us or at_us is None or other_us is None)


def _in_its_unit(session: SessionState, meter: MeterState, reading: Reading, register_wh: Decimal) -> Decimal:
    """A register in Wh; one without a unit is in kWh where the one before it was, unless that is impossible.

    Some stations leave the unit out of the last sample only, whose default then is Wh: 0.75 after 0.60 kWh is
    0.75 kWh, while 13,300 after 12.9 kWh is 13,300 Wh.
    """
    before = session.register_first if session.register_last is None else session.register_last
    if reading.is_kilo is not None:
        if reading.is_kilo and meter.first_unitless and before is not None:
            _name_unit(session, meter, register_wh)
        session.is_kilo, meter.first_unitless = reading.is_kilo, False
        return register_wh
    if not session.is_kilo:
        meter.first_unitless = meter.first_unitless or not meter.samples
        return register_wh
    in_kilo_wh = register_wh * _KILO
    if before is None or register_wh < before:
        return in_kilo_wh
    last_us = session.register_first_us if session.register_last is None else session.register_last_us
    rise = in_kilo_wh - before
    if reading.at_us is None or last_us is None or units.is_possible(rise.scaleb(meter.shift), reading.at_us - last_us):
        return in_kilo_wh
    # Once found to be in Wh, such samples stay so: the same one sent again must not be weighed anew.
    session.is_kilo = False
    return register_wh


def _name_unit(session: SessionState, meter: MeterState, register_wh: Decimal) -> None:
    """The first kWh after registers without a unit: those were in kWh, too, if only that goes on smoothly."""
    last = _last(session)
    if last * _KILO <= register_wh <= last * _KILO + units.FREE_WH:
        session.register_first = (session.register_first or Decimal(0)) * _KILO
        if session.register_last is not None:
            session.register_last *= _KILO
        for name in _RENAMED:
            wh = getattr(meter, name)
            if wh is not None:
                setattr(meter, name, wh * _KILO)
        meter.pending = [(wh * _KILO, at_us, place) for wh, at_us, place in meter.pending]
