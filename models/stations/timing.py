"""Applies a station's clock: learns from each event, then corrects its times. Not here: the estimate (`clock`).

The offset known at that moment is used, never one learnt later, but for this: whenever a clock becomes known (first,
and after it was set), the open sessions that it told are moved along, so that start and end come from one clock. Open
faults and statuses follow the first clock only. What a message far from receipt shows of others: `doubts`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from models import anomalies
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
from models.moment import Moment
from models.state import SessionState, StationState
from models.state.clock import ClockState
from models.state.faults import FaultState
from models.stations import boots, clock, doubts, moving, statuses
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
    if told >= 0 and told != state.told and (reported_us is not None or told == UNUSABLE):
        _tells_otherwise(state, told, moment)
    if reported_us is None:
        return event
    lag_us = moment.received_us - reported_us
    if state.far is not None or lag_us > doubts.BACKLOG_US or lag_us < -doubts.DAY_US:
        return _tell_far(state, event, moment, (reported_us, told, is_live))
    if state.is_receipt_doubted:
        return event
    known = state.zoneless_clock if state.is_zoneless else state.clock
    if is_live and clock.learn(known, reported_us, moment.received_us, is_own=told >= 0):
        _changed(state, known, moment)
    if known.offset_us:
        moment.offset_us = clock.correction(known, lag_us)
        if moment.offset_us:
            return moving.moved(event, moment.offset_us)
    return event


def sound(state: StationState) -> ClockState | None:
    """The clock that tells the station's samples, where it is known and nothing is added to its times."""
    known = state.zoneless_clock if state.is_zoneless else state.clock
    base_us = known.base_us
    if base_us is None or known.offset_us or state.far is not None or state.is_receipt_doubted:
        return None
    return known if -doubts.DAY_US <= base_us <= doubts.BACKLOG_US - clock.AGREEING_US else None


def _tell_far(state: StationState, event: E, moment: Moment, said: tuple[int, int, bool]) -> E:
    """As `tell`, for a message whose time is years from its receipt, and for the first one after it."""
    reported_us, told, is_live = said
    assert moment.received_us is not None
    lag_us = moment.received_us - reported_us
    doubts.recall(state)
    if not state.is_receipt_doubted:
        known = state.zoneless_clock if state.is_zoneless else state.clock
        if is_live and clock.learn(known, reported_us, moment.received_us, is_own=told >= 0):
            _changed(state, known, moment)
        moment.offset_us = clock.correction(known, lag_us)
        if moment.offset_us:
            # It is steadily wrong: then the clock tells, not each message.
            state.far = None
            return moving.moved(event, moment.offset_us)
    moment.offset_us = doubts.correction(state, reported_us, lag_us, moment)
    return doubts.moved(event, moment) if moment.offset_us else event


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
    if apart_us <= clock.FARTHEST_US + clock.TOLERANCE_US:
        doubts.prove(state, moment.received_us)
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
        statuses.follow(state, known)
    boots.describe(state)


def _follow(state: StationState, session: SessionState, known: ClockState) -> None:
    """Move an open session's times to the clock as it is known now, where that very clock told them."""
    began_us, received_us = session.started_reported_us, session.started_received_us
    if began_us is None or received_us is None or (known.since_us is not None and received_us < known.since_us):
        return
    corrected_us = clock.correction(known, received_us - began_us)
    if not corrected_us and doubts.is_far(received_us - began_us):
        # Told before the clock was set; corrected as far as that can be (`doubts`).
        return
    moved_us = corrected_us - session.clock_us
    if moved_us:
        moving.move(state, session, moved_us)


def _follow_fault(state: StationState, fault: FaultState, known: ClockState) -> None:
    """As a session, in the first epoch only: nothing was corrected before."""
    if fault.opened_us is None or fault.opened_received_us is None:
        return
    moved_us = clock.correction(known, fault.opened_received_us - fault.opened_us)
    if moved_us:
        moving.move_fault(state, fault, moved_us, lambda _: True)


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
