"""Stops that were only thought to end a session, and what takes them back. Not here: which session that is (`binding`).

A stop without a usable id ends the session that it fits. What names the session later may contradict that: its own
stop, samples of it that go on, an answer that gives it another id. Then the session is as it was before, under the same
session_id, and the stop is an orphan.
"""

import msgspec

from models import anomalies, ids
from models.anomalies import Kind
from models.energy import metering, units
from models.events import Metered, Stopped
from models.moment import Moment
from models.sessions import binding, ends, lifecycle
from models.state import SessionState, StationState
from models.state.sessions import Bound

_MAX_REFUSED = 4
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(SessionState)


def said(event: Stopped, moment: Moment) -> str:
    """What a stop says, short: the same from each of its retries."""
    meter_wh = None if event.meter_wh is None else str(event.meter_wh.normalize())
    return ids.digest(event.transaction_id, event.token, moment.reported(event.at_us), meter_wh, event.reason)


def hold(session: SessionState, event: Stopped, said: str) -> None:
    """Keep a session as it is before a stop ends it that does not name it; call it before anything of it is folded."""
    session.bound = None
    if event.transaction_id not in session.transaction_ids:
        session.bound = Bound(_encoder.encode(session), said)


def by_stop(state: StationState, event: Stopped) -> SessionState | None:
    """The session that a stop names, and that another one ended which did not name it."""
    if not ids.is_key(event.transaction_id):
        return None
    closed = binding.named(state.closed_sessions, event.transaction_id)
    if closed is None or closed.bound is None or event.transaction_id == closed.stop_reported_id:
        return None
    return closed if binding.fits(_before(closed.bound), event, any_card=True) else None


def by_sample(state: StationState, event: Metered) -> SessionState | None:
    """The session that samples name, and that goes on after the stop that did not name it."""
    if not ids.is_key(event.transaction_id):
        return None
    closed = binding.named(state.closed_sessions, event.transaction_id)
    if closed is None or closed.bound is None:
        return None
    if event.transaction_id == closed.stop_reported_id:
        # Only the stop gave it that id: it is another connector's.
        return closed if event.connector_id not in (None, 0, closed.connector_id) else None
    reading = event.readings[-1]
    register_wh, stop_wh = binding.in_wh(closed, reading), closed.meter_stop
    is_after = reading.at_us is not None and closed.ended_us is not None and reading.at_us > closed.ended_us
    if not is_after or register_wh is None or not binding.is_beside_start(closed):
        return None
    # Samples may go on after a stop, slightly higher (lbbrhzn/ocpp 1069).
    is_same = stop_wh is not None and abs(register_wh - stop_wh) <= units.NEAR_WH
    return None if is_same else closed


def by_answer(session: SessionState, transaction_id: str) -> bool:
    """Whether the answer to its start gives a session another id than the stop that was thought to be its own."""
    if session.bound is None or not ids.is_key(transaction_id) or not ids.is_key(session.stop_reported_id):
        return False
    if transaction_id == session.stop_reported_id:
        session.bound = None
        return False
    return transaction_id not in session.transaction_ids


def release(state: StationState, closed: SessionState, moment: Moment) -> SessionState:
    """Take back the stop that ended a session; the session as it was before, which may be open again."""
    bound = closed.bound
    assert bound is not None
    told = ends.said(state, closed)
    session = _before(bound)
    session.refused = [*session.refused, bound.said][-_MAX_REFUSED:]
    session.hours_wh, session.counted_wh, session.counted_hour = closed.hours_wh, closed.counted_wh, closed.counted_hour
    _keep_answers(session, closed)
    metering.take_back(state, closed)
    del state.closed_sessions[closed.session_id]
    if session.is_open:
        # At the front: what began since on its connector is the newer one.
        state.open_sessions = {session.session_id: session, **state.open_sessions}
    else:
        state.unstopped[session.session_id] = session
    lifecycle.settle(state, session, session.last_seen_us, moment)
    orphan(state, closed, bound.said, moment)
    ends.restate(state, session, told, ends.STOP_TAKEN_BACK, moment)
    return session


def orphan(state: StationState, closed: SessionState, said: str, moment: Moment) -> None:
    """Say of the stop that was taken back that it is nobody's."""
    state.orphan_stops += 1
    anomalies.say(state, Kind.ORPHAN_STOP, moment, value=closed.meter_stop, at_us=closed.ended_us, subject=said)


def _keep_answers(session: SessionState, closed: SessionState) -> None:
    """What answers to its start have said since the stop is the session's all the same; the stop's own id is not."""
    session.start_status = closed.start_status
    for transaction_id in closed.transaction_ids:
        if transaction_id != closed.stop_reported_id and transaction_id not in session.transaction_ids:
            binding.adopt(session, transaction_id)


def _before(bound: Bound) -> SessionState:
    return _decoder.decode(bound.kept)
