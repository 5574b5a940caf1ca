"""2.x sessions: every distinct (station, transactionId) is one, whatever of its events arrived. Not here: energy.

Events count by their sequence number where that tells them apart (`numbers`), else by their time: a queue is not
always delivered in order, and long after. Some stations send the same number in every event, so an event is
never left out because of its number.
"""

from decimal import Decimal

from models import anomalies, ids
from models.anomalies import Kind
from models.energy import metering
from models.events import TransactionReported
from models.moment import Moment
from models.sessions import charging, ends, lifecycle, numbers, spans
from models.state import AwaitedCall, SessionState, StationState
from models.tokens import authorizations

CHARGING = "Charging"
ENDED = "Ended"
CHANGED = "ChargingStateChanged"
_DEFAULT_REASON = "Local"
"""An omitted stoppedReason means Local (OCPP 2.0.1 TransactionType)."""


def report(state: StationState, event: TransactionReported, moment: Moment) -> AwaitedCall | None:
    """Fold a TransactionEvent. After Ended, only what happened before it still counts; repeats change nothing."""
    session_id = ids.session_id_2x(state.station_id, event.transaction_id)
    session = state.open_sessions.get(session_id)
    if session is not None:
        _fold(state, session, event, moment)
    elif session_id in state.unstopped:
        _fold_unstopped(state, state.unstopped[session_id], event, moment)
    elif not lifecycle.is_known(state, session_id):
        session = SessionState(session_id, transaction_id=event.transaction_id)
        lifecycle.begun(state, session, event.at_us, moment)
        lifecycle.open_session(state, session, moment)
        _fold(state, session, event, moment)
    else:
        if session_id in state.closed_sessions:
            _complete(state, state.closed_sessions[session_id], event, moment)
        return None
    # Only an event with a token is answered with what the token is worth.
    return AwaitedCall("TransactionEvent", session_id, event.token) if event.token is not None else None


def _fold(state: StationState, session: SessionState, event: TransactionReported, moment: Moment) -> None:
    if event.phase == ENDED and session.is_start_seen:
        event = spans.end(state, session, event, moment)
    at_us, is_placed = moment.at(event.at_us), session.evse_id is not None
    if event.phase == ENDED:
        ends.doubt(state, session, event.stop_reason, event.at_us, moment)
        metering.cut(state, session, at_us, moment)
    _describe(state, session, event, at_us, moment)
    _present(state, session, event, moment)
    ends.seen(state, session, at_us, moment)
    if session.evse_id is not None and not is_placed:
        ends.follow(state, session, moment)
    if event.readings:
        lifecycle.meter(state, session, event.readings, moment)
    if event.phase == ENDED:
        lifecycle.ended(session, event.at_us, moment)
        lifecycle.close(state, session, at_us, event.stop_reason or _DEFAULT_REASON, moment)
    else:
        state.touch(session.session_id, session)


def _fold_unstopped(state: StationState, session: SessionState, event: TransactionReported, moment: Moment) -> None:
    """An event of a session whose end was inferred: its true end, a sign that it goes on, or one that came late."""
    if event.phase == ENDED:
        before = ends.said(state, session)
        _fold(state, session, event, moment)
        ends.stopped(state, session, before, event.at_us, moment)
    elif ends.late(state, session, moment.at(event.at_us), moment):
        _fold(state, session, event, moment)
    else:
        _complete(state, session, event, moment)


def _complete(state: StationState, session: SessionState, event: TransactionReported, moment: Moment) -> None:
    """Take from an event that came after the end what was missing: a queue is not always delivered in order."""
    before = ends.said(state, session)
    is_within = event.at_us is not None and session.ended_us is not None and event.at_us <= session.ended_us
    if is_within:
        _describe(state, session, event, event.at_us, moment)
        _present(state, session, event, moment)
        state.touch(session.session_id, session)
    elif event.at_us is not None:
        anomalies.of_session(state, Kind.EVENT_AFTER_END, session, moment, at_us=event.at_us, subject=ENDED)
    if event.readings and is_within and session.end_kind == lifecycle.INFERRED:
        lifecycle.meter(state, session, event.readings, moment)
    elif event.readings:
        lifecycle.complete(state, session, event.readings, moment)
    ends.restate(state, session, before, ends.LATE_EVENT, moment)


def _present(state: StationState, session: SessionState, event: TransactionReported, moment: Moment) -> None:
    """Tie the session to how its token was presented, or was to end it."""
    if event.phase == ENDED and event.token is not None and session.token_kind is not None:
        authorizations.end(state, session, event.token, moment)
    elif event.shown is not None or event.is_remote:
        authorizations.begin(state, session, event.shown, moment, is_remote=event.is_remote)


def _describe(
    state: StationState, session: SessionState, event: TransactionReported, at_us: int | None, moment: Moment
) -> None:
    """Take over what an event says besides energy: evse and token often come with the first event only (E01.FR.16)."""
    number = _number(state, session, event, at_us, moment)
    if event.phase == "Started" and not session.is_start_seen:
        session.is_start_seen = True
        lifecycle.begun(state, session, event.at_us, moment)
        session.token = event.token or session.token
        session.start_trigger = event.trigger
    elif not session.is_start_seen and at_us is not None and (session.started_us is None or at_us < session.started_us):
        lifecycle.begun(state, session, event.at_us, moment)
    if event.evse_id is not None:
        if session.evse_id not in (None, event.evse_id):
            anomalies.of_session(state, Kind.EVSE_CHANGED, session, moment, at_us=at_us, subject=str(event.evse_id))
        session.evse_id = event.evse_id
    if event.connector_id is not None:
        session.connector_id = event.connector_id
    session.token = session.token or event.token
    session.remote_start_id = session.remote_start_id or event.remote_start_id
    session.is_offline = session.is_offline or event.is_offline
    if event.charging_state is not None:
        is_charging = event.charging_state == CHARGING
        # Any other message only states what may have lasted for a while.
        is_told = not is_charging or event.trigger != CHANGED
        register_wh = _register(event) if is_told and event.readings else None
        charging.note(session, at_us, is_charging=is_charging, number=number, register_wh=register_wh)


def _register(event: TransactionReported) -> Decimal | None:
    newest = event.readings[-1]
    return newest.begin_wh if newest.register_wh is None else newest.register_wh


def _number(
    state: StationState, session: SessionState, event: TransactionReported, at_us: int | None, moment: Moment
) -> int:
    """What orders the event; an odd count of the station's is said."""
    known = session.numbers
    epoch, repeats = (0, 0) if known is None else (known.epoch, known.repeats)
    number = numbers.note(state, session, event.number, at_us)
    if known is not None and known.epoch != epoch:
        anomalies.of_session(state, Kind.SEQUENCE_RESTARTED, session, moment, at_us=at_us, subject=str(known.epoch))
    if known is not None and repeats < known.repeats == numbers.UNUSABLE_REPEATS:
        anomalies.of_session(state, Kind.SEQUENCE_UNUSABLE, session, moment, at_us=at_us, subject="numbers")
    return number
