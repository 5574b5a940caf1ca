"""What the sessions say of an open fault: did energy flow meanwhile? Not here: the sessions, their energy.

A fault blocks charging where a session of its connector is open and no energy flows in it, whatever the status says:
some stations report Faulted and go on charging, some EmergencyStop. Without a session nobody can tell.
"""

from collections.abc import Iterable
from typing import Any

from models import anomalies, ids
from models.anomalies import Kind
from models.energy.readings import Reading
from models.events import Alarm, Metered, StatusReported, Stopped, TransactionReported
from models.faults.memory import FaultState
from models.moment import Moment
from models.state import SessionState, StationState

WITNESSES = frozenset({Metered, Stopped, TransactionReported})
"""Events of a session that can say whether energy flows."""


def is_in_transaction(state: StationState, event: StatusReported | Alarm) -> bool:
    """Whether a session is open where a fault opens; the event may say so itself."""
    if isinstance(event, Alarm) and event.transaction_id is not None:
        return True
    place = (event.evse_id, event.connector_id)
    return any(_is_at(place, session.evse_id, session.connector_id) for session in state.open_sessions.values())


def witness(state: StationState, event: Any, moment: Moment) -> None:
    """Hold what a session's event (`WITNESSES`) measured against the open faults of its connector."""
    session = _session(state, event)
    if session is None:
        return
    has_ended = not session.is_open
    for fault in state.faults.values():
        if not _is_at((fault.evse_id, fault.connector_id), session.evse_id, session.connector_id):
            continue
        before = (fault.is_flowing, fault.is_idle)
        _weigh(fault, event.readings, moment)
        fault.is_idle = fault.is_idle or has_ended
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
    """False: energy flowed; True: a session saw none; None: no session to tell."""
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


def _weigh(fault: FaultState, readings: Iterable[Reading], moment: Moment) -> None:
    """Power above zero, or a register that rises after the opening, is energy that flows."""
    for reading in readings:
        at_us = moment.at(reading.at_us)
        if at_us is None or fault.opened_us is None or at_us < fault.opened_us:
            continue
        if reading.power_w is not None:
            fault.is_flowing = fault.is_flowing or reading.power_w > 0
            fault.is_idle = fault.is_idle or reading.power_w <= 0
        if reading.register_wh is None:
            continue
        if fault.register_wh is None:
            fault.register_wh = reading.register_wh
        elif reading.register_wh > fault.register_wh:
            fault.is_flowing = True
        else:
            fault.is_idle = True
