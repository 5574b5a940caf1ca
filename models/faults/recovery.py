"""What shows that a fault raised by an event is over although nobody cleared it. Not here: clearings (`episodes`).

Stations lose clearings: they reboot, or are offline when the fault goes. Three things show that it is gone: the status
that was Faulted because of it is healthy again; after a boot, when stations say anew what lasts, its connector works
and it was not raised again; a session that began later took energy, for a fault that keeps a connector from working.
Each is an end of its own kind, and the clearing that comes after all corrects it.
"""

from models.events import Alarm, StatusReported
from models.faults import causes, closing, severities, witnesses
from models.moment import Moment
from models.state import SessionState, StationState
from models.state.faults import FaultState

WORKING = frozenset(
    {"Available", "Preparing", "Occupied", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Reserved"}
)
"""Statuses of a connector that works, of every version."""
LEAST_WH = 100
"""Energy that shows a session to be one: less may be a register's rounding."""


def booted(state: StationState) -> None:
    """Let the open episodes prove, from this boot on, that they last."""
    for fault in state.faults.values():
        fault.is_rebooted = causes.is_raised(fault)


def by_status(state: StationState, event: StatusReported, moment: Moment) -> None:
    """Close what a working connector shows to be over: what a boot has ended, and why it had been Faulted."""
    if event.status not in WORKING:
        return
    faulted = causes.of_status(event)
    was_faulted = any(faulted in fault.causes for fault in state.faults.values())
    for fault in [fault for fault in state.faults.values() if causes.is_raised(fault)]:
        if fault.is_rebooted and _is_about(fault, event):
            closing.close(state, fault, closing.BY_BOOT, event.at_us, moment)
        elif faulted in fault.causes or (was_faulted and explains(fault, event)):
            closing.close(state, fault, closing.IMPLIED, event.at_us, moment)


def by_session(state: StationState, fault: FaultState, session: SessionState, wh: int | None, moment: Moment) -> bool:
    """Close a grave fault under which a session of its connector could not have begun and taken energy.

    What the session showed of the fault until then is for the caller to leave out.
    """
    began_us = session.started_us
    if began_us is None or fault.opened_us is None or began_us <= fault.opened_us or (wh or 0) < LEAST_WH:
        return False
    is_grave = severities.is_error(fault.severity) and severities.can_be_outage(fault.canonical_code, fault.actor)
    if not (is_grave and causes.is_raised(fault)) or causes.is_faulted(fault):
        return False
    closing.close(state, fault, closing.BY_SESSION, began_us, moment)
    return True


def cleared(state: StationState, event: Alarm, moment: Moment) -> None:
    """Take the true end of an episode whose end was only inferred, from the clearing that comes after all."""
    for fault in state.recent_faults.values():
        if fault.close_kind in closing.PROVISIONAL and causes.clear(fault, event) and not causes.is_raised(fault):
            if fault.close_kind == closing.BY_SESSION:
                witnesses.recall(fault)
            fault.close_kind = closing.EXPLICIT
            closing.end(fault, event.at_us, moment)
            state.touch(fault.fault_id, fault)


def explains(fault: FaultState, event: StatusReported) -> bool:
    """Whether an open 2.x fault can be why a status is Faulted."""
    is_grave = severities.is_error(fault.severity)
    is_outage = severities.can_be_outage(fault.canonical_code, fault.actor)
    return is_grave and is_outage and causes.is_near(fault, event)


def _is_about(fault: FaultState, event: StatusReported) -> bool:
    """Whether a connector's status can speak for a fault; of the station as a whole, any connector does."""
    return (not fault.evse_id and not fault.connector_id) or causes.is_near(fault, event)
