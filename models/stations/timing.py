"""Applies a station's clock: learns from each event, then corrects its times. Not here: the estimate (`clock`).

The offset known at that moment is used, never one learnt later, except once: when a clock first becomes known, what
is still open and was told by that clock is moved along, so that a session's start and end come from one clock.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from models import anomalies
from models.energy.meter import MeterState
from models.energy.readings import Reading
from models.events import (
    ClockSet,
    EvseMetered,
    Metered,
    Notified,
    Started,
    StatusReported,
    Stopped,
    TransactionReported,
)
from models.faults.memory import FaultState
from models.moment import Moment
from models.state import SessionState, StationState
from models.stations import boots, clock
from models.stations.clock import ClockState
from models.times import UNUSABLE, ZONELESS

E = TypeVar("E")
_SAMPLED = -1
"""In place of `told`: a meter's sample, which tells nothing of zones."""
_NOTHING = (None, 0, False)
_ODD = {UNUSABLE: anomalies.Kind.CLOCK_UNSET, ZONELESS: anomalies.Kind.ZONE_MISSING}


def tell(state: StationState, event: E, moment: Moment) -> E:
    """Learn from an event's time and give it back with corrected times; `moment` says by how much."""
    read = _TIMES.get(type(event))
    if read is None or moment.received_us is None:
        return event
    reported_us, told, is_live = read(event)
    if told != state.told and told >= 0 and (reported_us is not None or told == UNUSABLE):
        _tells_otherwise(state, told, moment)
    if reported_us is None:
        return event
    known = state.zoneless_clock if state.is_zoneless else state.clock
    if state.is_receipt_doubted:
        return event
    if is_live and clock.learn(known, reported_us, moment.received_us, is_own=told >= 0):
        _changed(state, known, moment)
    if known.offset_us:
        moment.offset_us = clock.correction(known, moment.received_us - reported_us)
        if moment.offset_us:
            return _MOVED[type(event)](event, moment.offset_us)  # type: ignore[no-any-return]
    return event


def _tells_otherwise(state: StationState, told: int, moment: Moment) -> None:
    """Take note that times are written otherwise than before: with a zone, without, or not at all."""
    state.told = told
    if told != UNUSABLE:
        state.is_zoneless = told == ZONELESS
    kind = _ODD.get(told)
    if kind is not None:
        # A clock may be unset again after every boot; a missing zone is a habit.
        subject = f"unset/{state.booted_us}" if told == UNUSABLE else "zone"
        anomalies.say(state, kind, moment, subject=subject)
    boots.describe(state)


def was_set(state: StationState, event: ClockSet, moment: Moment) -> None:
    """Fold the station's word that its clock was set: the next message shows whether what was known still holds."""
    for known in (state.clock, state.zoneless_clock):
        clock.doubt(known)


def judge(state: StationState, system_us: int | None, moment: Moment) -> None:
    """Hold the log's times of receipt against the system's clock, as the answer to a boot tells it.

    A log in local time makes every sound clock look wrong. Days or years apart say nothing: the answer was canned, or
    the log stamped when it was exported, and then the lags agree on nothing.
    """
    if system_us is None or moment.received_us is None:
        return
    apart_us = abs(moment.received_us - system_us)
    is_doubted = clock.TOLERANCE_US < apart_us <= clock.FARTHEST_US + clock.TOLERANCE_US
    if is_doubted != state.is_receipt_doubted:
        state.is_receipt_doubted = is_doubted
        boots.describe(state)


def _changed(state: StationState, known: ClockState, moment: Moment) -> None:
    """Say what is newly known of a clock, and let what is open follow it."""
    offset_s = known.offset_us // 1_000_000
    if known.epoch > known.said:
        known.said = known.epoch
        anomalies.say(state, anomalies.Kind.CLOCK_JUMPED, moment, subject=f"jump/{known.epoch}")
    if known.offset_us:
        subject = f"offset/{known.epoch}/{offset_s // 60}"
        anomalies.say(state, anomalies.Kind.CLOCK_OFFSET, moment, value=offset_s, subject=subject)
    if known.base_us is not None and known.followed != known.epoch:
        known.followed = known.epoch
        for session in state.open_sessions.values():
            _follow(state, session, known)
        if known.epoch == 0 and known.offset_us:
            for fault in state.faults.values():
                _follow_fault(state, fault, known)
    boots.describe(state)


def _follow(state: StationState, session: SessionState, known: ClockState) -> None:
    """Move an open session's times to the clock as it is known now, where that very clock told them."""
    began_us, received_us = session.started_reported_us, session.started_received_us
    if began_us is None or received_us is None or (known.since_us is not None and received_us < known.since_us):
        return
    moved_us = clock.correction(known, received_us - began_us) - session.clock_us
    if moved_us:
        session.clock_us += moved_us
        for name in MOVED_TIMES:
            at_us = getattr(session, name)
            if at_us is not None:
                setattr(session, name, at_us + moved_us)
        if session.meter is not None:
            _move_meter(session.meter, moved_us)
        _move_life(session, moved_us)
        state.touch(session.session_id, session)


def _move_life(session: SessionState, moved_us: int) -> None:
    session.charging_points = [(number, us + moved_us, flag) for number, us, flag in session.charging_points]
    session.charging_registers = [(number, us + moved_us, wh) for number, us, wh in session.charging_registers]
    if session.numbers is not None and session.numbers.newest_us is not None:
        session.numbers.newest_us += moved_us


def _move_meter(meter: MeterState, moved_us: int) -> None:
    if meter.power_us is not None:
        meter.power_us += moved_us
    meter.interval_instants = [at_us + moved_us for at_us in meter.interval_instants]
    meter.interval_clock_instants = [at_us + moved_us for at_us in meter.interval_clock_instants]
    meter.pending = [(wh, None if us is None else us + moved_us, place) for wh, us, place in meter.pending]


def _follow_fault(state: StationState, fault: FaultState, known: ClockState) -> None:
    """As a session, in the first epoch only: nothing was corrected before."""
    if fault.opened_us is None or fault.opened_received_us is None:
        return
    moved_us = clock.correction(known, fault.opened_received_us - fault.opened_us)
    if moved_us:
        fault.opened_us += moved_us
        fault.seen_wh = {key: (wh, us + moved_us, last + moved_us) for key, (wh, us, last) in fault.seen_wh.items()}
        state.touch(fault.fault_id, fault)


MOVED_TIMES = (
    *("started_us", "charging_since_us", "register_first_us", "register_last_us", "last_seen_us"),
    *("charging_from_us", "faulted_us", "faulted_wh_us", "faulted_idle_us"),
)
"""Fields of a session that its station's clock told; the others are durations, receipts or kept as reported."""


def _readings(event: Any) -> tuple[int | None, int, bool]:
    return (event.readings[-1].at_us, _SAMPLED, True) if event.readings else _NOTHING


def _notified(event: Notified) -> tuple[int | None, int, bool]:
    times = [entry.at_us for entry in event.entries if entry.at_us is not None]
    return (max(times), 0, True) if times else _NOTHING


_TIMES: dict[type, Callable[[Any], tuple[int | None, int, bool]]] = {
    EvseMetered: _readings,
    Metered: _readings,
    Notified: _notified,
    Started: lambda event: (event.at_us, event.told, True),
    StatusReported: lambda event: (event.at_us, event.told, True),
    Stopped: lambda event: (event.at_us, event.told, True),
    TransactionReported: lambda event: (event.at_us, event.told, not event.is_offline),
}


def _moved(event: Any, offset_us: int) -> Any:
    return event if event.at_us is None else msgspec.structs.replace(event, at_us=event.at_us + offset_us)


def _moved_readings(event: Any, offset_us: int) -> Any:
    readings: tuple[Reading, ...] = tuple(_moved(reading, offset_us) for reading in event.readings)
    return msgspec.structs.replace(event, readings=readings)


_MOVED: dict[type, Callable[[Any, int], Any]] = {
    EvseMetered: _moved_readings,
    Metered: _moved_readings,
    Notified: lambda event, us: Notified(tuple(_moved(entry, us) for entry in event.entries)),
    Started: _moved,
    StatusReported: _moved,
    Stopped: lambda event, us: _moved_readings(_moved(event, us), us),
    TransactionReported: lambda event, us: _moved_readings(_moved(event, us), us),
}
"""How an event's times are moved; alarms and statuses within a 2.x NotifyEvent as events of their own."""
