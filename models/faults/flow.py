"""What the sessions say of an open fault: did energy flow meanwhile? Not here: the sessions, their energy.

A fault blocks charging where a session of its connector is open and no energy flows in it, whatever the status says:
some stations report Faulted and go on charging, some EmergencyStop. It takes evidence either way: power sampled
while the fault was open, or energy that rose, or stood still, over a time that the fault covers. Energy between the
last measurement before the opening and the first one after it may have flowed before; without a session nobody can
tell.
"""

from collections.abc import Iterable
from itertools import chain
from typing import Any

from models import anomalies, ids
from models.anomalies import Kind
from models.energy import ladder, units
from models.energy.readings import Reading
from models.events import Alarm, Metered, StatusReported, Stopped, TransactionReported
from models.faults import recovery, witnesses
from models.faults.witnesses import FLOWING, IDLE, MAX_SESSIONS
from models.moment import Moment
from models.sessions import charging, lifecycle
from models.state import SessionState, StationState, trim
from models.state.faults import FaultState

MOST_W = 500_000
"""No connector gives more: what rose by more since a moment before the opening has flowed after it."""
STANDSTILL_US = 60_000_000
"""Energy that stands still for this long does not flow: a small car takes 100 Wh, the coarsest register, in less."""
_US_PER_HOUR = 3_600_000_000
WITNESSES = frozenset({Metered, Stopped, TransactionReported})
"""Events of a session that can say whether energy flows."""


def is_in_transaction(state: StationState, event: StatusReported | Alarm, opened_us: int | None) -> bool:
    """Whether a session is open, or was at that time, where a fault opens; the event may say so itself."""
    if isinstance(event, Alarm) and event.transaction_id is not None:
        return True
    place = (event.evse_id, event.connector_id)
    sessions = chain(state.open_sessions.values(), state.unstopped.values(), state.closed_sessions.values())
    return any(_is_at(place, s.evse_id, s.connector_id) and (s.is_open or _spans(s, opened_us)) for s in sessions)


def cover(state: StationState, session: SessionState) -> None:
    """A session whose end was inferred went on: so did it while faults opened that it was not known to cover."""
    for fault in chain(state.faults.values(), state.recent_faults.values()):
        is_here = _is_at((fault.evse_id, fault.connector_id), session.evse_id, session.connector_id)
        if is_here and not fault.in_transaction and _spans(session, fault.opened_us):
            fault.in_transaction = True
            state.touch(fault.fault_id, fault)


def begin(state: StationState, fault: FaultState) -> None:
    """Note how much energy the sessions of a fault's connector had when it opened, and when that was measured."""
    for session in state.open_sessions.values():
        if not _is_at((fault.evse_id, fault.connector_id), session.evse_id, session.connector_id):
            continue
        wh, _ = ladder.chosen(session)
        measured_us = session.started_us if wh is None else session.register_last_us or session.started_us
        if measured_us is not None:
            _note(fault, session, wh or 0, measured_us, measured_us)


def witness(state: StationState, event: Any, moment: Moment) -> None:
    """Hold what a session's event (`WITNESSES`) measured against the open faults of its connector."""
    session = _session(state, event) or _inferred(state, event, moment)
    if session is None:
        return
    if session.faulted_us is not None:
        charging.while_faulted(session, event.readings, moment.received_us)
    wh, _ = ladder.chosen(session)
    at_us = _measured_us(session, event.readings)
    for fault in list(state.faults.values()):
        if not _is_at((fault.evse_id, fault.connector_id), session.evse_id, session.connector_id):
            continue
        if recovery.by_session(state, fault, session, wh, moment):
            witnesses.hold_back(fault, session)
            continue
        before = (fault.is_flowing, fault.is_idle)
        shown = _weigh(fault, event.readings, moment)
        if wh is not None and at_us is not None:
            shown |= _compare(fault, session, wh, at_us)
        if shown:
            witnesses.take(fault, session, shown)
        if before != (fault.is_flowing, fault.is_idle):
            state.touch(fault.fault_id, fault)
        if fault.is_flowing and not before[0] and fault.is_faulted:
            anomalies.say(
                state,
                Kind.FAULT_WHILE_CHARGING,
                moment,
                session_id=session.session_id,
                evse_id=fault.evse_id,
                connector_id=fault.connector_id,
                value=fault.canonical_code,
                subject=fault.fault_id,
            )


def blocks_charging(fault: FaultState) -> bool | None:
    """False: energy flowed; True: a session saw none; None: nobody can tell."""
    if fault.is_flowing:
        return False
    return True if fault.is_idle else None


def _is_at(place: tuple[int | None, int | None], evse_id: int | None, connector_id: int | None) -> bool:
    """Whether a session's connector is a fault's place; the station as a whole is everywhere."""
    fault_evse, fault_connector = place
    if not fault_evse and not fault_connector:
        return True
    if fault_evse is not None and evse_id != fault_evse:
        return False
    return fault_connector is None or connector_id == fault_connector or (evse_id is not None and connector_id is None)


def _session(state: StationState, event: Metered | Stopped | TransactionReported) -> SessionState | None:
    """The session of an event that was just folded."""
    if isinstance(event, TransactionReported):
        session_id = ids.session_id_2x(state.station_id, event.transaction_id)
        return state.open_sessions.get(session_id) or state.closed_sessions.get(session_id)
    if isinstance(event, Metered):
        return next((s for s in reversed(state.open_sessions.values()) if s.connector_id == event.connector_id), None)
    newest = next(reversed(state.closed_sessions.values()), None)
    return newest if newest is not None and event.transaction_id in (newest.transaction_id, None) else None


def _inferred(state: StationState, event: Any, moment: Moment) -> SessionState | None:
    """The session of an event that came after its end was inferred, and tells of the time before."""
    if not state.unstopped or not event.readings:
        return None
    session = None
    if isinstance(event, TransactionReported):
        session = state.unstopped.get(ids.session_id_2x(state.station_id, event.transaction_id))
    elif isinstance(event, Metered):
        waiting = reversed(state.unstopped.values())
        session = next((s for s in waiting if event.transaction_id in s.transaction_ids), None)
    return session if session is not None and _spans(session, moment.at(event.readings[-1].at_us)) else None


def _spans(session: SessionState, at_us: int | None) -> bool:
    """Whether a session lasted then; one whose end was inferred, for all that is known until the evidence."""
    if at_us is None or (session.started_us is not None and at_us < session.started_us):
        return False
    until_us = session.over_us if session.end_kind == lifecycle.INFERRED else None
    until_us = session.ended_us if until_us is None else until_us
    return session.is_open or (until_us is not None and at_us <= until_us)


def _measured_us(session: SessionState, readings: tuple[Reading, ...]) -> int | None:
    """When the energy that an event tells was measured: its last sample's time, or the end that it reports."""
    if not session.is_open:
        return session.ended_us
    return readings[-1].at_us if readings else None


def _weigh(fault: FaultState, readings: Iterable[Reading], moment: Moment) -> int:
    """What power shows that was sampled after the opening: above zero is energy that flows."""
    shown = 0
    for reading in readings:
        at_us = moment.at(reading.at_us)
        if reading.power_w is None or at_us is None or fault.opened_us is None or at_us < fault.opened_us:
            continue
        shown |= FLOWING if reading.power_w > 0 else IDLE
    return shown


def _compare(fault: FaultState, session: SessionState, wh: int, at_us: int) -> int:
    """What a session's energy shows against what it was when last measured."""
    shown, since_us, opened_us = 0, at_us, fault.opened_us
    known = fault.seen_wh.get(session.session_id) or _at_start(fault, session)
    if known is not None and opened_us is not None and at_us >= opened_us:
        before_wh, first_us, last_us = known
        rise_wh, gap_us = wh - before_wh, max(0, opened_us - last_us)
        # Samples are often rounded; registers of stops are not.
        rounded_wh = 0 if session.is_open or before_wh == 0 else units.NEAR_WH
        if rise_wh == 0:
            since_us = first_us
            if not session.is_open or at_us - max(opened_us, first_us) >= STANDSTILL_US:
                shown = IDLE
        elif rise_wh > rounded_wh + MOST_W * gap_us // _US_PER_HOUR:
            shown = FLOWING
    _note(fault, session, wh, since_us, at_us)
    return shown


def _at_start(fault: FaultState, session: SessionState) -> tuple[int, int, int] | None:
    """Nothing had flowed when a session began under an open fault."""
    began_us = session.started_us
    is_under = began_us is not None and fault.opened_us is not None and began_us >= fault.opened_us
    return (0, began_us, began_us) if is_under and began_us is not None else None


def _note(fault: FaultState, session: SessionState, wh: int, since_us: int, at_us: int) -> None:
    fault.seen_wh.pop(session.session_id, None)
    fault.seen_wh[session.session_id] = wh, since_us, at_us
    trim(fault.seen_wh, MAX_SESSIONS)
