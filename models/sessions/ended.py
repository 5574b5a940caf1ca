"""Ended 1.6 sessions that are no longer held whole: enough to know a start or a stop that is sent again.

A queue that is delivered twice repeats hundreds of sessions. Of each, eighteen bytes are kept: its id, its start with
its transactionId, its stop, the day of the log. Only sessions that told when they began and ended: without a clock,
equal frames may be two sessions. Not here: what is held whole (`state`), what follows from a repetition (`v16`).
"""

import hashlib
import struct
from decimal import Decimal

from models.events import Stopped
from models.moment import Moment
from models.state import SessionState, StationState

MAX_ENDED = 200
KEPT_DAYS = 90
_ENTRY = struct.Struct(">6s5s5sH")
_ID, _START, _STOP = 0, 6, 11
_DAY_US = 86_400_000_000


def remember(state: StationState, session: SessionState) -> bool:
    """Keep what tells a session's start and stop when they come again; False where they cannot be told."""
    if session.is_open or session.started_reported_us is None or session.stop_reported_us is None:
        return False
    day = 0 if state.received_at_us is None else state.received_at_us // _DAY_US
    kept = state.ended
    while kept and day - _ENTRY.unpack_from(kept)[-1] > KEPT_DAYS:
        kept = kept[_ENTRY.size :]
    stop = _stop(session.stop_reported_id, session.stop_reported_us, session.meter_stop)
    for transaction_id in session.transaction_ids or [session.stop_reported_id or ""]:
        kept += _ENTRY.pack(_id(session.session_id), start_of(session.content, transaction_id), stop, day & 0xFFFF)
    state.ended = kept[-MAX_ENDED * _ENTRY.size :]
    return True


def is_known(state: StationState, session_id: str) -> bool:
    """Whether the id is that of such a session."""
    return _find(state, _id(session_id), _ID) >= 0


def has_start(state: StationState, content: str, transaction_id: str) -> bool:
    """Whether such a session began with this content and was given this transactionId."""
    return _find(state, start_of(content, transaction_id), _START) >= 0


def start_by_stop(state: StationState, event: Stopped, moment: Moment) -> bytes | None:
    """The start of such a session that this very stop ended."""
    if event.at_us is None:
        return None
    place = _find(state, _stop(event.transaction_id, moment.reported(event.at_us), event.meter_wh), _STOP)
    return None if place < 0 else state.ended[place + _START : place + _STOP]


def start_of(content: str, transaction_id: str) -> bytes:
    """A start with the transactionId it was given."""
    return _digest(f"{content}/{transaction_id}")


def _find(state: StationState, part: bytes, offset: int) -> int:
    """Where the entry with this part begins; -1 if none has it."""
    kept = state.ended
    found = kept.find(part)
    while found >= 0:
        if found % _ENTRY.size == offset:
            return found - offset
        found = kept.find(part, found + 1)
    return -1


def _stop(transaction_id: str | None, reported_us: int | None, meter_wh: Decimal | None) -> bytes:
    return _digest(f"{transaction_id}/{reported_us}/{None if meter_wh is None else meter_wh.normalize()}")


def _id(session_id: str) -> bytes:
    return bytes.fromhex(session_id[:12])


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=5).digest()
