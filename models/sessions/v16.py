"""1.6 sessions: which start is a retry, which stop, sample or status belongs to which start. Not here: energy.

OCPP 1.6 names a transaction only in the answer to its start, and may never name it (errata 3.18): sessions are
told apart by what the start says, and found again by transactionId where that is a key, else by
connector, time, meter and token. See the contract, section 5.
"""

import itertools
from collections.abc import Iterator

from models import ids
from models.anomalies import Kind, say
from models.energy import metering
from models.events import Answer, Metered, Started, StatusReported, Stopped
from models.moment import Moment
from models.sessions import charging, ends, lifecycle
from models.state import MAX_TRANSACTION_IDS, AwaitedCall, SessionState, StationState
from models.stations import statuses
from models.tokens import authorizations


def start(state: StationState, event: Started, moment: Moment) -> AwaitedCall:
    """Fold a start, or its retry; the returned call waits for the transactionId."""
    content = ids.digest(event.connector_id, event.token, event.start, _text(event))
    for session in _unfinished(state):
        if session.content == content:
            return AwaitedCall("StartTransaction", session.session_id)
    known = state.connectors.get(statuses.place(None, event.connector_id))
    session = SessionState(
        _new_id(state, event, moment),
        connector_id=event.connector_id,
        content=content,
        token=event.token,
        is_start_seen=True,
        meter_start=event.meter_wh,
        status_at_start=known.status if known is not None else None,
    )
    lifecycle.begun(session, event.at_us, moment)
    authorizations.begin(state, session, event.shown, moment)
    if session.status_at_start == statuses.CHARGING:
        charging.note(session, session.started_us, is_charging=True)
    lifecycle.open_session(state, session, moment)
    metering.refuse(state, session, event.refused_wh, moment)
    ends.follow(state, session, moment)
    return AwaitedCall("StartTransaction", session.session_id)


def answered(state: StationState, call: AwaitedCall, answer: Answer, moment: Moment) -> None:
    """Fold the answer to a start: the session adopts the transactionId, older ones keep leading to it."""
    session = next((s for s in _held(state) if s.session_id == call.target), None)
    if session is None or answer.transaction_id is None:
        return
    if _is_same_as_older(state, session, answer.transaction_id):
        lifecycle.take_back(state, session)
        return
    if not ids.is_key(answer.transaction_id):
        lifecycle.odd(state, Kind.TRANSACTION_ID_UNUSABLE, session, moment, subject=answer.transaction_id)
    elif any(answer.transaction_id in s.transaction_ids for s in _held(state) if s is not session):
        lifecycle.odd(state, Kind.TRANSACTION_ID_REUSED, session, moment, subject=answer.transaction_id)
    _adopt(session, answer.transaction_id)
    state.touch(session.session_id, session)


def meter(state: StationState, event: Metered, moment: Moment) -> None:
    """Fold meter values into the session they belong to; outside a session they carry no fact."""
    at_us = moment.at(event.readings[-1].at_us)
    session = _metered(state, event)
    if session is None and event.connector_id == 0 and not ids.is_key(event.transaction_id):
        session = lifecycle.on_main_meter(state, moment)
    if session is None:
        unstopped = _named(state.unstopped, event.transaction_id)
        if unstopped is not None:
            session = ends.meter(state, unstopped, event.readings, at_us, moment)
        if session is None:
            lifecycle.meter_after(state, None, event.connector_id, event.readings, moment)
            return
    ends.seen(state, session, at_us, moment)
    lifecycle.meter(state, session, event.readings, moment)


def stop(state: StationState, event: Stopped, moment: Moment) -> None:
    """Fold a stop. One without a known start is an anomaly; a retried one changes nothing."""
    session = _stopped(state, event)
    # A station retries a stop before it goes on, so one without a time ends what is open, though it equals an older.
    is_told_apart = event.at_us is None and session is not None
    if not is_told_apart and any(_is_retry(closed, event, moment) for closed in state.closed_sessions.values()):
        return
    if session is None:
        _refuse(state, event, moment)
        return
    before = None if session.is_open else ends.said(state, session)
    ends.doubt(state, session, event.reason, event.at_us, moment)
    if event.transaction_id is not None and not session.transaction_ids:
        _adopt(session, event.transaction_id)
    session.token = session.token or event.token
    if event.readings:
        lifecycle.meter(state, session, event.readings, moment)
    session.meter_stop = event.meter_wh
    session.is_offline = session.is_offline or event.transaction_id == ids.OFFLINE
    session.stop_reported_us = moment.reported(event.at_us)
    lifecycle.ended(session, event.at_us, moment)
    authorizations.end(state, session, event.token, moment)
    session.stop_reported_id = event.transaction_id
    lifecycle.close(state, session, moment.at(event.at_us), event.reason, moment)
    metering.refuse(state, session, event.refused_wh, moment)
    if before is not None:
        ends.stopped(state, session, before, event.at_us, moment)


def status(state: StationState, event: StatusReported, moment: Moment) -> None:
    """Fold a connector's status into its newest open session: Charging or not."""
    session = _newest_on(state, event.connector_id)
    is_charging = event.status == statuses.CHARGING
    if session is not None and (is_charging or session.charging_points):
        at_us = moment.at(event.at_us)
        charging.note(session, at_us, is_charging=is_charging)
        charging.faulted(session, at_us if event.status == statuses.FAULTED else None)
        state.touch(session.session_id, session)


def _refuse(state: StationState, event: Stopped, moment: Moment) -> None:
    """A stop of no session that is known, or of one that ended otherwise: one anomaly, however often it is sent."""
    state.orphan_stops += 1
    ended = _named(state.closed_sessions, event.transaction_id)
    meter_wh = None if event.meter_wh is None else str(event.meter_wh.normalize())
    reported_us = moment.reported(event.at_us)
    say(
        state,
        Kind.ORPHAN_STOP if ended is None else Kind.CONFLICTING_STOP,
        moment,
        session_id=None if ended is None else ended.session_id,
        connector_id=None if ended is None else ended.connector_id,
        value=event.meter_wh,
        expected=None if ended is None else ended.meter_stop,
        at_us=event.at_us,
        subject=ids.digest(event.transaction_id, event.token, reported_us, meter_wh, event.reason),
    )


def _held(state: StationState) -> Iterator[SessionState]:
    """Every session that is still held whole."""
    return itertools.chain(state.open_sessions.values(), state.unstopped.values(), state.closed_sessions.values())


def _unfinished(state: StationState) -> Iterator[SessionState]:
    """Sessions without a stop: open ones, then those whose end was inferred."""
    return itertools.chain(state.open_sessions.values(), state.unstopped.values())


def _named(held: dict[str, SessionState], transaction_id: str | None) -> SessionState | None:
    """The newest of these that a transactionId leads to."""
    return next((s for s in reversed(held.values()) if transaction_id in s.transaction_ids), None)


def _new_id(state: StationState, event: Started, moment: Moment) -> str:
    """The first id of this connector and start that no other session has or had."""
    begun = event.start
    if event.at_us is None:
        # A clock that was never set tells no starts apart; the time of receipt does.
        begun = f"{event.start}@{moment.received_us}"
    ordinal = 0
    while lifecycle.is_known(
        state, session_id := ids.session_id_16(state.station_id, event.connector_id, begun, ordinal)
    ):
        ordinal += 1
    return session_id


def _text(event: Started) -> str | None:
    return None if event.meter_wh is None else str(event.meter_wh.normalize())


def _adopt(session: SessionState, transaction_id: str) -> None:
    if not ids.is_key(transaction_id):
        session.transaction_id = session.transaction_id or transaction_id
        return
    session.transaction_id = transaction_id
    if transaction_id not in session.transaction_ids:
        session.transaction_ids = [*session.transaction_ids, transaction_id][-MAX_TRANSACTION_IDS:]


def _is_same_as_older(state: StationState, session: SessionState, transaction_id: str) -> bool:
    """Whether the answer shows that a closed session of equal content is this one: another log of the same traffic."""
    return ids.is_key(transaction_id) and any(
        older is not session and older.content == session.content and transaction_id in older.transaction_ids
        for older in state.closed_sessions.values()
    )


def _metered(state: StationState, event: Metered) -> SessionState | None:
    transaction_id, connector_id = event.transaction_id, event.connector_id
    named = None
    for session in reversed(state.open_sessions.values()):
        if transaction_id in session.transaction_ids:
            # Some systems give every session one transactionId: then the connector tells.
            if session.connector_id == connector_id:
                return session
            named = named or session
    return named or _unnamed_metered(state, event)


def _unnamed_metered(state: StationState, event: Metered) -> SessionState | None:
    """The session of samples whose transactionId leads to none."""
    transaction_id = event.transaction_id
    session = _newest_on(state, event.connector_id)
    if transaction_id is None or not ids.is_key(transaction_id):
        if session is None or _is_before(event, session):
            return None
        if ids.is_local(transaction_id):
            session.local_id = transaction_id
        session.is_offline = session.is_offline or transaction_id == ids.OFFLINE
        return session
    if session is None or session.transaction_ids or _is_taken(state, transaction_id):
        return None
    # The start's answer is not in the log, or not yet: the sample names the transaction of its connector.
    _adopt(session, transaction_id)
    return session


def _is_before(event: Metered, session: SessionState) -> bool:
    first = event.readings[0].at_us
    return first is not None and session.started_us is not None and first < session.started_us


def _newest_on(state: StationState, connector_id: int | None) -> SessionState | None:
    """The newest open session of a connector; connector 0 is the main meter and has none."""
    if not connector_id:
        return None
    for session in reversed(state.open_sessions.values()):
        if session.connector_id == connector_id:
            return session
    return None


def _known_as(state: StationState, transaction_id: str | None) -> list[SessionState]:
    return [s for s in reversed(state.open_sessions.values()) if transaction_id in s.transaction_ids]


def _is_taken(state: StationState, transaction_id: str) -> bool:
    """Whether the id led to a session that has ended."""
    return any(_named(held, transaction_id) is not None for held in (state.unstopped, state.closed_sessions))


def _stopped(state: StationState, event: Stopped) -> SessionState | None:
    """The session a stop ends, by transactionId where it is a key, else by what fits; open ones first."""
    transaction_id = event.transaction_id
    named = _known_as(state, transaction_id)
    if named:
        return next((s for s in named if _fits(s, event)), named[0])
    unstopped = _named(state.unstopped, transaction_id)
    if unstopped is not None:
        return unstopped
    fitting = [s for s in state.open_sessions.values() if _fits(s, event)]
    waiting = [s for s in state.unstopped.values() if _fits(s, event)]
    if transaction_id is not None and ids.is_key(transaction_id):
        if _is_taken(state, transaction_id):
            return None
        # The start's answer is not in the log. A guess between two would end somebody else's session.
        unanswered = _newest_of_connectors(state, [s for s in fitting if s.transaction_id is None])
        unanswered = unanswered or [s for s in waiting if s.transaction_id is None]
        return unanswered[0] if len(unanswered) == 1 else None
    own = [s for s in (*waiting, *fitting) if s.local_id is not None and s.local_id == transaction_id]
    return own[-1] if own else _unnamed(state, fitting, event) or _unnamed(state, waiting, event)


def _unnamed(state: StationState, fitting: list[SessionState], event: Stopped) -> SessionState | None:
    """The session of a stop whose id names none; None where only answered ones are open and none is sure.

    A station that was offline says -1 for all of a transaction (errata 3.18), though the answer to the queued
    start has named the session meanwhile.
    """
    unnamed = [s for s in fitting if not s.transaction_ids]
    same_id = [s for s in unnamed if event.transaction_id is not None and s.transaction_id == event.transaction_id]
    if same_id or unnamed:
        # The latest start that fits: a queue is delivered in order, so its stop follows its start.
        return (same_id or unnamed)[-1]
    same_token = [s for s in fitting if event.token is not None and s.token == event.token]
    is_alone = len(fitting) == 1 and len(state.open_sessions) <= 1
    return same_token[0] if len(same_token) == 1 else fitting[0] if is_alone else None


def _newest_of_connectors(state: StationState, found: list[SessionState]) -> list[SessionState]:
    """Those with no newer start on their connector: an older one has lost its stop."""
    return [s for s in found if s.connector_id is None or _newest_on(state, s.connector_id) in (s, None)]


def _fits(session: SessionState, event: Stopped) -> bool:
    """Whether a stop can end this session: same token, not before its start in time or meter."""
    if event.token is not None and session.token is not None and event.token != session.token:
        return False
    if event.at_us is not None and session.started_us is not None and event.at_us < session.started_us:
        return False
    return event.meter_wh is None or session.meter_start is None or event.meter_wh >= session.meter_start


def _is_retry(session: SessionState, event: Stopped, moment: Moment) -> bool:
    """Whether this very stop closed the session already."""
    if event.transaction_id is not None and ids.is_key(event.transaction_id):
        is_same = event.transaction_id in session.transaction_ids
    else:
        is_same = event.transaction_id == session.stop_reported_id
    is_same = is_same and moment.reported(event.at_us) == session.stop_reported_us
    return is_same and event.meter_wh == session.meter_stop
