"""What each session showed of a fault while it was open: energy that flowed, or none that did. Not here: what shows it.

Told apart by session, as one that began later may show that the fault was over by then: what it showed is held back,
and counts again should the fault prove to have lasted.
"""

from models.state import SessionState
from models.state.faults import FaultState

FLOWING, IDLE = 1, 2
MAX_SESSIONS = 8
"""Sessions that are told apart; those let go of are one, without an id."""
_BITS, _SHOWN = 2, FLOWING | IDLE


def take(fault: FaultState, session: SessionState, shown: int) -> None:
    """Note what a session showed."""
    known = fault.witnesses
    known[session.session_id] = shown | known.pop(session.session_id, 0)
    if len(known) > MAX_SESSIONS:
        oldest = known.pop(next(name for name in known if name))
        known[""] = oldest | known.get("", 0)
    fault.is_flowing = fault.is_flowing or bool(shown & FLOWING)
    fault.is_idle = fault.is_idle or bool(shown & IDLE)


def hold_back(fault: FaultState, session: SessionState) -> None:
    """Leave out what a session showed that took energy after the fault's end."""
    shown = FLOWING | fault.witnesses.pop(session.session_id, 0)
    fault.witnesses[session.session_id] = (shown & _SHOWN) << _BITS
    fault.is_flowing = fault.is_idle = False
    _count(fault)


def recall(fault: FaultState) -> None:
    """The fault was not over: what was held back happened while it lasted."""
    fault.witnesses = {name: (bits | bits >> _BITS) & _SHOWN for name, bits in fault.witnesses.items()}
    _count(fault)


def _count(fault: FaultState) -> None:
    fault.is_flowing = fault.is_flowing or any(bits & FLOWING for bits in fault.witnesses.values())
    fault.is_idle = fault.is_idle or any(bits & IDLE for bits in fault.witnesses.values())
