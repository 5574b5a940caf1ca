"""How an episode ends. Not here: what shows that it is over (`episodes`, `recovery`)."""

from models.moment import Moment
from models.state import MAX_RECENT_FAULTS, StationState, trim
from models.state.faults import FaultState
from models.stations import rates

EXPLICIT, SUPERSEDED, IMPLIED, OPEN = "explicit_clear", "superseded", "implied_by_status", "open"
"""How an episode ends: cleared by its own report, displaced by a report that excludes it, by a status alone."""
BY_BOOT, BY_SESSION = "implied_by_boot", "implied_by_session"
"""Not reported again after a boot, by when the connector worked; a session that began later took energy."""
INFERRED = frozenset({BY_BOOT, BY_SESSION})
PROVISIONAL = INFERRED | {IMPLIED}
"""Ends that the fault's own clearing corrects, should it come after all."""


def close(state: StationState, fault: FaultState, kind: str, at_us: int | None, moment: Moment) -> None:
    """End an open episode; one that was raised by events keeps its causes where only evidence ends it."""
    key = next(key for key, known in state.faults.items() if known is fault)
    del state.faults[key]
    fault.is_open, fault.close_kind = False, kind
    if kind not in PROVISIONAL:
        fault.causes.clear()
    end(fault, at_us, moment)
    state.recent_faults.pop(key, None)
    state.recent_faults[key] = fault
    trim(state.recent_faults, MAX_RECENT_FAULTS)
    state.touch(fault.fault_id, fault)
    if not state.faults:
        rates.pass_time(state, moment.clock(at_us))


def end(fault: FaultState, at_us: int | None, moment: Moment) -> None:
    """Note when and by which frame an episode ended."""
    fault.closed_us = _not_before(fault.opened_us, moment.at(at_us))
    fault.closed_received_us, fault.closed_position = moment.received_us, moment.place


def _not_before(opened_us: int | None, closed_us: int | None) -> int | None:
    """An end told by another clock than its beginning, or by one that was set back, is no earlier than it."""
    return closed_us if opened_us is None or closed_us is None else max(opened_us, closed_us)
