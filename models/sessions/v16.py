"""1.6 sessions: which start is a retry, which stop, sample or status belongs to which start. Not here: energy.

OCPP 1.6 names a transaction only in the answer to its start, and may never name it (errata 3.18): sessions are
told apart by what the start says, and found again by transactionId where that is a key, else by
connector, time, meter and token. See the contract, section 5.
"""

import itertools
from collections.abc import Iterator

from models import anomalies, ids, times
from models.anomalies import Kind, say
from models.energy import metering
from models.events import Answer, Metered, Started, StatusReported, Stopped
from models.moment import Moment
from models.sessions import binding, charging, ended, ends, lifecycle, rebinding, spans, waiting
from models.state import AwaitedCall, SessionState, StationState
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
    lifecycle.begun(state, session, event.at_us, moment)
    binding.begun(state, event.connector_id)
    authorizations.begin(state, session, event.shown, moment)
    if session.status_at_start == statuses.CHARGING:
        charging.note(session, session.started_us, is_charging=True)
    lifecycle.open_session(state, session, moment)
    metering.refuse(state, session, event.refused_wh, moment)
    ends.follow(state, session, moment)
    _end_waiting(state, moment)
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
        anomalies.of_session(state, Kind.TRANSACTION_ID_UNUSABLE, session, moment, subject=answer.transaction_id)
    elif any(answer.transaction_id in s.transaction_ids for s in _held(state) if s is not session):
        anomalies.of_session(state, Kind.TRANSACTION_ID_REUSED, session, moment, subject=answer.transaction_id)
    if rebinding.by_answer(session, answer.transaction_id):
        session = rebinding.release(state, session, moment)
    binding.adopt(session, answer.transaction_id)
    state.touch(session.session_id, session)
    _end_waiting(state, moment)


def meter(state: StationState, event: Metered, moment: Moment) -> None:
    """Fold meter values into the session they belong to; outside a session they carry no fact."""
    at_us = moment.at(event.readings[-1].at_us)
    session = binding.of_sample(state, event)
    if event.connector_id == 0 and (session is not None or not ids.is_key(event.transaction_id)):
        session = lifecycle.on_main_meter(state, session, moment)
    if session is None:
        session = _after_end(state, event, at_us, moment)
        if session is None:
            return
    ends.seen(state, session, at_us, moment)
    lifecycle.meter(state, session, event.readings, moment)


def _after_end(state: StationState, event: Metered, at_us: int | None, moment: Moment) -> SessionState | None:
    """Fold samples of no open session; the session that goes on after all."""
    unstopped = binding.named(state.unstopped, event.transaction_id)
    session = None if unstopped is None else ends.meter(state, unstopped, event.readings, at_us, moment)
    if session is not None:
        return session
    wrongly = rebinding.by_sample(state, event)
    if wrongly is not None:
        session = rebinding.release(state, wrongly, moment)
        return session if session.is_open and session.connector_id == event.connector_id else None
    closed = _closed_at(state, event, at_us)
    if closed is not None:
        before = ends.said(state, closed)
        lifecycle.complete(state, closed, event.readings, moment)
        ends.restate(state, closed, before, ends.LATE_EVENT, moment)
    else:
        binding.sight(state, event)
        lifecycle.meter_after(state, None, event.connector_id, event.readings, moment)
    return None


def _closed_at(state: StationState, event: Metered, at_us: int | None) -> SessionState | None:
    """The ended session within which samples were taken that came after its stop."""
    if at_us is None or not event.connector_id:
        return None
    is_key = ids.is_key(event.transaction_id)
    for session in reversed(state.closed_sessions.values()):
        is_named = not is_key or event.transaction_id in session.transaction_ids
        begun_us, ended_us = session.started_us, session.ended_us
        if not is_named or session.connector_id != event.connector_id or begun_us is None or ended_us is None:
            continue
        if begun_us <= at_us <= ended_us:
            return session
    return None


def stop(state: StationState, event: Stopped, moment: Moment) -> None:
    """Fold a stop. One without a known start is an anomaly; a retried one changes nothing."""
    said = rebinding.said(event, moment)
    found = binding.of_stop(state, event, said)
    session = found if isinstance(found, SessionState) else None
    # A station retries a stop before it goes on, so one without a time ends what is open, though it equals an older.
    is_told_apart = event.at_us is None and session is not None
    if not is_told_apart and _is_again(state, event, moment):
        return
    wrongly = rebinding.by_stop(state, event) if session is None else None
    if wrongly is not None:
        session = rebinding.release(state, wrongly, moment)
    if session is None:
        if _refuse(state, event, said, moment) and found is None:
            waiting.keep(state, event, said, moment)
        return
    _end(state, session, event, said, moment, moment)
    waiting.settle(state, event, moment)
    _end_waiting(state, moment)


def _end_waiting(state: StationState, moment: Moment) -> None:
    """End the sessions that waiting stops turn out to have ended."""
    while state.waiting_stops and (found := waiting.take(state, moment)) is not None:
        session, stop = found
        told = waiting.moment_of(state, stop, moment)
        _end(state, session, waiting.event_of(stop), stop.said, told, moment)


def _end(state: StationState, session: SessionState, event: Stopped, said: str, moment: Moment, now: Moment) -> None:
    """End a session with a stop, which came at its moment; `now` is when that became known to be its own."""
    before = None if session.is_open else ends.said(state, session)
    rebinding.hold(session, event, said)
    event = spans.end(state, session, event, moment)
    ends.doubt(state, session, event.reason, event.at_us, moment)
    if event.transaction_id is not None and not session.transaction_ids:
        binding.adopt(session, event.transaction_id)
    session.token = session.token or event.token
    metering.cut(state, session, event.at_us, moment)
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
        ends.stopped(state, session, before, event.at_us, now)


def status(state: StationState, event: StatusReported, moment: Moment) -> None:
    """Fold a connector's status into its newest open session: Charging or not."""
    session = binding.newest_on(state, event.connector_id)
    is_charging = event.status == statuses.CHARGING
    if session is not None and (is_charging or session.charging_points):
        at_us = moment.at(event.at_us)
        charging.note(session, at_us, is_charging=is_charging)
        if not _is_belated(state, session, event, at_us):
            charging.faulted(session, at_us if event.status == statuses.FAULTED else None)
        state.touch(session.session_id, session)


def _is_belated(state: StationState, session: SessionState, event: StatusReported, at_us: int | None) -> bool:
    """Whether a status came after a newer one of its connector, or is from before the session's fault."""
    newest = state.connectors.get(statuses.place(None, event.connector_id))
    return times.is_before(at_us, session.faulted_us) or (
        newest is not None and times.is_before(event.at_us, newest.reported_us)
    )


def _refuse(state: StationState, event: Stopped, said: str, moment: Moment) -> bool:
    """A stop of no session that is known, or of one that ended otherwise: one anomaly, however often it is sent.

    True where no session is known.
    """
    state.orphan_stops += 1
    ended = binding.named(state.closed_sessions, event.transaction_id)
    say(
        state,
        Kind.ORPHAN_STOP if ended is None else Kind.CONFLICTING_STOP,
        moment,
        session_id=None if ended is None else ended.session_id,
        connector_id=None if ended is None else ended.connector_id,
        value=event.meter_wh,
        expected=None if ended is None else ended.meter_stop,
        at_us=event.at_us,
        subject=said,
    )
    return ended is None


def _held(state: StationState) -> Iterator[SessionState]:
    """Every session that is still held whole."""
    return itertools.chain(state.open_sessions.values(), state.unstopped.values(), state.closed_sessions.values())


def _unfinished(state: StationState) -> Iterator[SessionState]:
    """Sessions without a stop: open ones, then those whose end was inferred."""
    return itertools.chain(state.open_sessions.values(), state.unstopped.values())


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


def _is_same_as_older(state: StationState, session: SessionState, transaction_id: str) -> bool:
    """Whether the answer shows that a closed session of equal content is this one: another log of the same traffic."""
    return ids.is_key(transaction_id) and (
        any(
            older is not session and older.content == session.content and transaction_id in older.transaction_ids
            for older in state.closed_sessions.values()
        )
        or ended.has_start(state, session.content, transaction_id)
    )


def _is_again(state: StationState, event: Stopped, moment: Moment) -> bool:
    """Whether this very stop ended a session already; one that began with the same start since is then that one."""
    closed = next((s for s in state.closed_sessions.values() if _is_retry(s, event, moment)), None)
    begun = ended.start_by_stop(state, event, moment) if closed is None else None
    if closed is None and begun is None:
        return False
    for session in state.open_sessions.values():
        if closed is not None:
            session.is_again = session.is_again or session.content == closed.content != ""
        elif ended.start_of(session.content, event.transaction_id or "") == begun:
            session.is_again = True
    return True


def _is_retry(session: SessionState, event: Stopped, moment: Moment) -> bool:
    """Whether this very stop closed the session already."""
    if event.transaction_id is not None and ids.is_key(event.transaction_id):
        is_same = event.transaction_id in session.transaction_ids
    else:
        is_same = event.transaction_id == session.stop_reported_id
    is_same = is_same and moment.reported(event.at_us) == session.stop_reported_us
    return is_same and event.meter_wh == session.meter_stop
