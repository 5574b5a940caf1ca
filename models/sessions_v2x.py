"""2.x sessions: every distinct (station, transactionId) is one, whatever of its events arrived. Not here: energy.

Events count in order of receipt (samples by their time, see `registers`): some stations send the same seqNo in
every event, so seqNo decides nothing here.
"""

from models import ids, registers, sessions
from models.events import TransactionReported
from models.moment import Moment
from models.state import SessionState, StationState

CHARGING = "Charging"
_DEFAULT_REASON = "Local"
"""An omitted stoppedReason means Local (OCPP 2.0.1 TransactionType)."""


def report(state: StationState, event: TransactionReported, moment: Moment) -> None:
    """Fold a TransactionEvent. After Ended, only what happened before it still counts; repeats change nothing."""
    session_id = ids.session_id_2x(state.station_id, event.transaction_id)
    session = state.open_sessions.get(session_id)
    at_us = moment.at(event.at_us)
    if session is None:
        if sessions.is_known(state, session_id):
            _complete(state, session_id, event, moment)
            return
        session = SessionState(session_id, transaction_id=event.transaction_id, started_us=at_us)
        sessions.open_session(state, session, moment)
    _describe(session, event, at_us)
    if event.charging_state is not None:
        is_charging = event.charging_state == CHARGING
        if is_charging or session.charging_since_us is not None:
            sessions.charge(session, at_us, is_charging=is_charging)
    if event.readings:
        sessions.meter(state, session, event.readings, moment)
    if event.phase == "Ended":
        sessions.close(state, session, at_us, event.stop_reason or _DEFAULT_REASON, moment)
    else:
        state.touch(session_id, session)


def _complete(state: StationState, session_id: str, event: TransactionReported, moment: Moment) -> None:
    """Take from an event that came after Ended what was missing: a queue is not always delivered in order."""
    session = state.closed_sessions.get(session_id)
    if session is None or event.at_us is None or session.ended_us is None or event.at_us > session.ended_us:
        return
    _describe(session, event, event.at_us)
    for reading in event.readings:
        registers.complete(session, reading)
    sessions.settle(state, session, event.at_us, moment)


def _describe(session: SessionState, event: TransactionReported, at_us: int | None) -> None:
    """Take over what an event says once: evse and token often come with the first event only (E01.FR.16)."""
    if event.phase == "Started" and not session.is_start_seen:
        session.is_start_seen = True
        session.started_us = at_us
    if event.evse_id is not None:
        session.evse_id = event.evse_id
    if event.connector_id is not None:
        session.connector_id = event.connector_id
    session.token = session.token or event.token
