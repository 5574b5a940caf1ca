"""A session's meter through its life: begun, sampled, ended, sampled after its end. Not here: which session it is.

The parts: `registers` and `power` take samples up, `units` weighs their unit, `ladder` decides, `habits` remembers.
Here they are called in order, and what does not add up is said once for each session.
"""

from decimal import Decimal
from typing import TypeGuard

from models import anomalies
from models.anomalies import Kind
from models.energy import evidence, habits, ladder, power, registers, trail, units
from models.energy.readings import (
    IS_NEGATIVE,
    IS_PHASE_LATE,
    IS_TOTAL_DOUBTED,
    IS_UNIT_MISSING,
    IS_UNIT_NAMED,
    IS_UNIT_UNKNOWN,
    Reading,
)
from models.energy.rungs import SAME_ZERO, Relation, Why
from models.moment import Moment
from models.state import SessionState, StationState, meter
from models.state.meter import MeterState

_BASED = 1
_EARLY = 8
"""Samples up to which a unit is weighed after each of them; later every few minutes (`look_back`), and at the end."""
_SAID = {
    kind: 2 << bit
    for bit, kind in enumerate(
        (
            Kind.UNIT_SUSPECT,
            Kind.ENERGY_NEGATIVE,
            Kind.ENERGY_IMPOSSIBLE,
            Kind.SAMPLES_REBASED,
            Kind.PHASES_DISAGREE,
            Kind.REGISTER_AFTER_STOP,
            Kind.SIGNED_UNVERIFIED,
            Kind.UNIT_MISSING,
            Kind.UNIT_UNKNOWN,
            Kind.ENERGY_DISAGREES,
            Kind.METER_ON_CONNECTOR_0,
            Kind.STOP_BELOW_SAMPLES,
            Kind.REGISTER_NEGATIVE,
            Kind.PHASES_PARTLY,
        )
    )
}
"""Bits of `MeterState.said`: what a session says once; only ever add at the end."""
_LABELS = {3: "kWh labelled Wh", -3: "Wh labelled kWh"}


def begin(state: StationState, session: SessionState, moment: Moment) -> None:
    """Prepare a new session's meter: what is known beforehand, where meterStart stands."""
    session.meter = memory = MeterState(boots=state.boots)
    habits.foretell(state, session, memory, moment.knowledge)
    if session.meter_start is not None:
        memory.places[meter.START] = moment.place
        memory.base = habits.base_of(state, session, session.meter_start)
        memory.said |= _BASED


def take(state: StationState, session: SessionState, readings: tuple[Reading, ...], moment: Moment) -> bool:
    """Take up a message's readings; True if the register only went on, in a sound unit."""
    memory = session.meter
    if memory is None:
        memory = session.meter = MeterState(boots=state.boots)
    place, boots = moment.place, state.boots
    resets, glitches, goes_on = memory.resets, memory.glitches, True
    newest_us = readings[-1].at_us if readings else None
    if newest_us is not None and newest_us >= memory.trail_due_us:
        look_back(session, memory)
    for reading in readings:
        if not registers.fold(session, memory, reading, place, boots):
            goes_on = False
        if reading.power_w is not None or reading.interval_wh is not None:
            power.fold(session, memory, reading, moment.at(reading.at_us), place)
    if memory.samples <= _EARLY:
        units.weigh(session, memory)
    if not memory.said & _BASED and session.register_first is not None:
        memory.base = habits.base_of(state, session, session.register_first.scaleb(memory.shift))
        memory.said |= _BASED
    if not goes_on:
        _say_breaks(state, session, memory, moment, memory.resets - resets, memory.glitches - glitches)
    if memory.shift or memory.marks & _ODD:
        _say_labels(state, session, memory, readings, moment)
    return goes_on and not memory.shift


def is_plain(memory: MeterState | None) -> TypeGuard[MeterState]:
    """Whether another sample can neither settle the register's base nor be of a doubtful unit."""
    if memory is None or memory.samples < _EARLY or memory.shift:
        return False
    return bool(memory.said & _BASED) and not memory.marks & _ODD


def look_back(session: SessionState, memory: MeterState) -> None:
    """Remember where the evidence stands, and weigh the unit: every few minutes, before newer samples are taken up."""
    trail.note(session, memory)
    if memory.samples > _EARLY:
        units.weigh(session, memory)


def refuse(state: StationState, session: SessionState, register_wh: Decimal | None, moment: Moment) -> None:
    """Say that meterStart or meterStop was below zero: it is no register, and counts as none."""
    if register_wh is not None and session.meter is not None:
        _say(state, session, session.meter, Kind.REGISTER_NEGATIVE, moment, value=register_wh)


def cut(state: StationState, session: SessionState, ended_us: int | None, moment: Moment) -> None:
    """Leave out what was sampled after an end that comes late; call it before what the end itself brings."""
    memory, last = session.meter, session.register_last
    if memory is None or ended_us is None or not trail.cut(session, memory, ended_us, moment.received_us):
        return
    if last is not None:
        memory.seen_wh = last.scaleb(memory.shift)
    expected = session.register_first if session.register_last is None else session.register_last
    _say(state, session, memory, Kind.REGISTER_AFTER_STOP, moment, value=last, expected=expected)


def late(state: StationState, session: SessionState, readings: tuple[Reading, ...], moment: Moment) -> bool:
    """Take up readings that came after the end: what was sampled before it completes the session; True if it did.

    What was sampled after the end shows where the register went on, for the audit between sessions (1.6 errata 3.77).
    """
    before = tuple(reading for reading in readings if _completes(session, reading, moment))
    if before:
        take(state, session, before, moment)
        units.weigh(session, meter.of(session.meter))
    for reading in readings:
        if reading.register_wh is not None and reading not in before:
            seen(state, session, reading, moment)
    return bool(before)


def seen(state: StationState, session: SessionState, reading: Reading, moment: Moment) -> None:
    """Note a register of the port that was sampled after the session; it changes nothing else."""
    memory, register_wh = session.meter, reading.register_wh
    end_wh = evidence.end_register(session)
    if memory is None or register_wh is None or end_wh is None:
        return
    at_us = None if reading.at_us is None else moment.at(reading.at_us)
    if at_us is None or session.ended_us is None or at_us <= session.ended_us:
        return
    if reading.is_kilo is None and session.is_kilo:
        register_wh = register_wh.scaleb(3)
    if memory.shift:
        register_wh = register_wh.scaleb(memory.shift)
    highest = end_wh if memory.seen_wh is None else memory.seen_wh
    if register_wh <= highest or not units.is_possible(register_wh - highest, at_us - session.ended_us):
        return
    memory.seen_wh = register_wh
    habits.note_port(state, session, register_wh)
    _say(state, session, memory, Kind.REGISTER_AFTER_STOP, moment, value=register_wh, expected=end_wh)
    state.touch(session.session_id, session)


def end(state: StationState, session: SessionState, moment: Moment) -> None:
    """Settle an ended session's evidence: its stop as a witness, its oddities, its votes."""
    memory = session.meter
    if memory is None:
        memory = session.meter = MeterState(boots=state.boots)
    resets, glitches = memory.resets, memory.glitches
    if session.meter_stop is not None:
        memory.places[meter.STOP] = place = moment.place
        stop_wh = session.meter_stop.scaleb(-memory.shift)
        if _is_witness(session, memory, stop_wh):
            registers.sample(session, memory, stop_wh, session.ended_us, place, state.boots)
    registers.settle(session, memory, state.boots)
    memory.trail, memory.trail_powers = [], []
    _say_breaks(state, session, memory, moment, memory.resets - resets, memory.glitches - glitches)
    units.weigh(session, memory)
    _say_doubts(state, session, memory, moment)
    _see_beyond(session, memory)
    habits.note_port(state, session, memory.seen_wh or evidence.end_register(session))
    habits.vote(state, session, memory)
    if habits.is_without_meter(state, session):
        subject = f"no_metering/{session.vendor}/{session.model}/{session.firmware}"
        anomalies.say(state, Kind.NO_METERING, moment, subject=subject)


def _is_witness(session: SessionState, memory: MeterState, stop_wh: Decimal) -> bool:
    """Whether meterStop is to be taken up as the last sample: it lacks a start, or tells what waits or began anew."""
    if session.register_first is None or ladder.relation(session, memory) not in SAME_ZERO:
        return False
    if session.meter_start is None or memory.pending:
        return True
    return memory.resets > 0 and registers.goes_on(session, memory, stop_wh, session.ended_us)


def note_main_meter(state: StationState, session: SessionState, moment: Moment) -> None:
    """Say that a session is metered on connector 0."""
    if session.meter is not None:
        _say(state, session, session.meter, Kind.METER_ON_CONNECTOR_0, moment)


def is_on_main_meter(session: SessionState) -> bool:
    """Whether `note_main_meter` has been told of the session."""
    return session.meter is not None and bool(session.meter.said & _SAID[Kind.METER_ON_CONNECTOR_0])


def take_back(state: StationState, session: SessionState) -> None:
    """Forget what a session taught that turned out to be another one."""
    if session.meter is not None:
        habits.take_back(state, session, session.meter)


def _see_beyond(session: SessionState, memory: MeterState) -> None:
    """A stop that came late: what was sampled after it is no part of the session, but the register went on."""
    last, last_us, ended_us = session.register_last, session.register_last_us, session.ended_us
    end_wh = session.meter_stop
    if last is None or last_us is None or ended_us is None or end_wh is None or last_us <= ended_us:
        return
    last_wh = last.scaleb(memory.shift)
    if last_wh > end_wh and ladder.relation(session, memory) in SAME_ZERO:
        memory.seen_wh = last_wh


def _completes(session: SessionState, reading: Reading, moment: Moment) -> bool:
    """Whether a late reading was sampled before the end, and is older or newer than every other, or from the begin."""
    at_us = reading.at_us
    if at_us is None or session.ended_us is None or (moment.at(at_us) or 0) > session.ended_us:
        return False
    first_us, last_us = session.register_first_us, session.register_last_us
    is_newest = session.register_last is None or (last_us is not None and last_us < at_us)
    is_oldest = session.register_first is None or (first_us is not None and at_us < first_us)
    return is_newest or is_oldest or reading.begin_wh is not None


_ODD = IS_TOTAL_DOUBTED | IS_UNIT_UNKNOWN | IS_NEGATIVE | IS_PHASE_LATE


def _say_marks(
    state: StationState, session: SessionState, memory: MeterState, readings: tuple[Reading, ...], moment: Moment
) -> None:
    if memory.marks & IS_TOTAL_DOUBTED:
        _say(state, session, memory, Kind.PHASES_DISAGREE, moment)
    if memory.marks & IS_UNIT_UNKNOWN:
        _say(state, session, memory, Kind.UNIT_UNKNOWN, moment)
    if memory.marks & IS_PHASE_LATE:
        _say(state, session, memory, Kind.PHASES_PARTLY, moment)
    if memory.marks & IS_NEGATIVE:
        refuse(
            state, session, min((r.register_wh for r in readings if r.register_wh is not None), default=None), moment
        )


def _say_unit(state: StationState, session: SessionState, memory: MeterState, moment: Moment) -> None:
    label = _LABELS[memory.shift]
    detail = f"The samples are read as {label}; shown by: {memory.shift_basis}."
    _say(state, session, memory, Kind.UNIT_SUSPECT, moment, value=label, expected=memory.shift_basis, detail=detail)


def _say_labels(
    state: StationState, session: SessionState, memory: MeterState, readings: tuple[Reading, ...], moment: Moment
) -> None:
    if memory.shift:
        _say_unit(state, session, memory, moment)
    if memory.marks & _ODD:
        _say_marks(state, session, memory, readings, moment)


def _say_breaks(
    state: StationState, session: SessionState, memory: MeterState, moment: Moment, resets: int, glitches: int
) -> None:
    """Each reset and glitch by itself: they are rare."""
    for count, kind in ((resets, Kind.REGISTER_RESET), (glitches, Kind.REGISTER_GLITCH)):
        if count > 0:
            anomalies.of_session(state, kind, session, moment, value=session.register_last)


def _say_doubts(state: StationState, session: SessionState, memory: MeterState, moment: Moment) -> None:
    """What only the end shows."""
    if memory.shift:
        _say_unit(state, session, memory, moment)
    if memory.marks & IS_UNIT_MISSING and memory.marks & IS_UNIT_NAMED:
        _say(state, session, memory, Kind.UNIT_MISSING, moment)
    if memory.signed_begin_wh is not None or memory.signed_end_wh is not None:
        _say(state, session, memory, Kind.SIGNED_UNVERIFIED, moment)
    if ladder.relation(session, memory) is Relation.BELOW and session.meter_stop is not None:
        value, expected = session.register_first, session.meter_start
        _say(state, session, memory, Kind.SAMPLES_REBASED, moment, value=value, expected=expected)
    _say_rungs(state, session, memory, moment)
    if session.register_last is None and memory.pending and session.meter_stop is None:
        value, expected = memory.pending[-1][0], session.register_first
        _say(state, session, memory, Kind.ENERGY_NEGATIVE, moment, value=value, expected=expected)


def _say_rungs(state: StationState, session: SessionState, memory: MeterState, moment: Moment) -> None:
    """What is odd about the rungs of an ended session."""
    said = ladder.every(session)
    wh, rung = ladder.chosen(session)
    if rung is not None and evidence.is_disputed(session, rung, said):
        others = [found.wh for name, found in said if name is not rung and found.wh is not None]
        _say(state, session, memory, Kind.ENERGY_DISAGREES, moment, value=max(others), expected=wh)
    for _, found in said:
        if found.why is Why.NEGATIVE:
            value, expected = found.end_wh, found.start_wh
            _say(state, session, memory, Kind.ENERGY_NEGATIVE, moment, value=value, expected=expected)
        elif found.why is Why.BELOW_SAMPLES:
            value, expected = found.end_wh, session.register_last
            _say(state, session, memory, Kind.STOP_BELOW_SAMPLES, moment, value=value, expected=expected)
        elif found.why is Why.OVER_CAPACITY:
            _say(state, session, memory, Kind.ENERGY_IMPOSSIBLE, moment, value=found.wh)
        elif found.why is Why.UNIT_FAULT:
            detail = "meterStart and meterStop are read as kWh, though they must be in Wh."
            _say(state, session, memory, Kind.UNIT_SUSPECT, moment, value="kWh sent as Wh", detail=detail)


def _say(
    state: StationState,
    session: SessionState,
    memory: MeterState,
    kind: Kind,
    moment: Moment,
    *,
    value: str | int | Decimal | None = None,
    expected: str | int | Decimal | None = None,
    detail: str = "",
) -> None:
    """Say it once for each session."""
    if memory.said & _SAID[kind]:
        return
    memory.said |= _SAID[kind]
    anomalies.of_session(state, kind, session, moment, value=value, expected=expected, detail=detail, subject="session")
