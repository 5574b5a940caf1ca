"""Presented tokens: requests, answers, the sessions they began or ended. Not here: sessions, a token's other forms.

A session may begin without any request (a locally known card, quirk 50): its token was then presented by its start.
"""

from models import anomalies, ids
from models.events import Answer, AuthorizationAsked, RemoteStartAsked
from models.facts import Authorization
from models.moment import Moment
from models.state import (
    MAX_PRESENTED,
    MAX_REMOTE_STARTS,
    AuthorizationState,
    AwaitedCall,
    SessionState,
    StationState,
    trim,
)
from models.stations import rates
from models.times import as_utc
from models.tokens import pseudonyms
from models.tokens.pseudonyms import Token

ACCEPTED = "Accepted"
START, STOP = "start", "stop"
WINDOW_US = 600_000_000
"""A request, or the system's wish to start, leads to a start within 10 minutes; chargers give a driver 1 to 5."""


def ask(state: StationState, event: AuthorizationAsked, moment: Moment) -> AwaitedCall:
    """Fold a request; the returned call waits for its answer."""
    authorization_id = ids.digest("authorization", state.station_id, moment.message_id, moment.mark)
    kind = event.shown.kind if event.shown else None
    if _is_asked_for(state, event.token, moment):
        kind = pseudonyms.REMOTE
    entry = AuthorizationState(authorization_id, moment.protocol, event.token, kind, moment.received_us)
    state.presented[authorization_id] = entry
    if len(state.presented) > MAX_PRESENTED:
        _forget_one(state)
    state.touch(authorization_id, entry)
    return AwaitedCall("Authorize", authorization_id, event.token, moment.received_us)


def answer(state: StationState, call: AwaitedCall, event: Answer, moment: Moment) -> None:
    """Fold the answer to a request."""
    entry = state.presented.get(call.target)
    if entry is None:
        entry = AuthorizationState(call.target, moment.protocol, call.token, asked_us=call.asked_us)
    entry.answered_us, entry.status = moment.received_us, event.status
    state.touch(call.target, entry)


def remote(state: StationState, event: RemoteStartAsked, moment: Moment) -> None:
    """Note that the system asks to start with a token: where it is used next, it was not shown at the station."""
    if event.token is not None and moment.received_us is not None:
        state.remote_starts.pop(event.token, None)
        state.remote_starts[event.token] = moment.received_us
        trim(state.remote_starts, MAX_REMOTE_STARTS)


def begin(
    state: StationState, session: SessionState, shown: Token | None, moment: Moment, *, is_remote: bool = False
) -> None:
    """Tie a session to how its token was presented; call it once the session has its token."""
    if is_remote or _is_asked_for(state, session.token, moment):
        session.token_kind = pseudonyms.REMOTE
        state.remote_starts.pop(session.token or "", None)
    elif session.token_kind is None and shown is not None:
        session.token_kind = shown.kind
    entry = _newest(state, session.token, moment)
    if entry is None or session.authorization_id is not None:
        return
    rates.settle_one(state, session)
    entry.purpose, entry.session_id = START, session.session_id
    session.authorization_id = entry.authorization_id
    state.touch(entry.authorization_id, entry)


def end(state: StationState, session: SessionState, token: str | None, moment: Moment) -> None:
    """A token shown to end a session was presented, but not for a start."""
    entry = _newest(state, token, moment)
    if entry is not None:
        entry.purpose, entry.session_id = STOP, session.session_id
        state.touch(entry.authorization_id, entry)


def started(state: StationState, call: AwaitedCall, event: Answer, moment: Moment) -> None:
    """Fold what the answer to a start, or to a 2.x event with a token, says of the session's token.

    An event may show another card (2.x, to end the session): what is said of that one is not said of the session's.
    """
    session_id = call.target
    held = (state.open_sessions, state.unstopped, state.closed_sessions)
    session = next((sessions[session_id] for sessions in held if session_id in sessions), None)
    if session is None or event.status is None or (call.token is not None and call.token != session.token):
        return
    entry = state.presented.get(session.authorization_id or "")
    is_accepted = event.status == ACCEPTED
    if session.start_status is not None and session.start_status != ACCEPTED and is_accepted:
        # Shown again, or its retried start; what was rejected once stays at risk.
        return
    session.start_status = event.status
    state.touch(session_id, session)
    if entry is not None:
        entry.start_status = event.status
        state.touch(entry.authorization_id, entry)
    if not is_accepted and (entry is None or entry.status in (None, ACCEPTED)):
        anomalies.say(
            state,
            anomalies.Kind.OFFLINE_ACCEPT_REJECTED,
            moment,
            session_id=session_id,
            evse_id=session.evse_id,
            connector_id=session.connector_id,
            value=event.status,
            subject=session_id,
        )


def energise(state: StationState, session: SessionState, energy_wh: int | None) -> None:
    """Note whether energy flowed in the session that a request began."""
    entry = state.presented.get(session.authorization_id or "")
    is_energised = energy_wh is not None and energy_wh > 0
    if entry is not None and entry.is_energised != is_energised:
        entry.is_energised = is_energised
        state.touch(entry.authorization_id, entry)


def fact(state: StationState, entry: AuthorizationState, generation: int, offset: int) -> Authorization:
    """The request as a fact."""
    is_accepted = entry.status == ACCEPTED
    return Authorization(
        version_generation=generation,
        version_offset=offset,
        authorization_id=entry.authorization_id,
        station_id=state.station_id,
        protocol=entry.protocol,
        token_id=entry.token,
        token_kind=entry.kind,
        asked_at=as_utc(entry.asked_us),
        answered_at=as_utc(entry.answered_us),
        status=entry.status,
        purpose=entry.purpose,
        session_id=entry.session_id,
        start_status=entry.start_status,
        is_rejected_later=(is_accepted or entry.status is None) and entry.start_status not in (None, ACCEPTED),
        is_energised=entry.is_energised,
    )


def _newest(state: StationState, token: str | None, moment: Moment) -> AuthorizationState | None:
    """The newest request of a token that led to nothing yet."""
    if token is None:
        return None
    for entry in reversed(state.presented.values()):
        if entry.token == token and entry.session_id is None and _is_recent(entry.asked_us, moment):
            return entry
    return None


def _is_asked_for(state: StationState, token: str | None, moment: Moment) -> bool:
    return token in state.remote_starts and _is_recent(state.remote_starts[token], moment)


def _is_recent(us: int | None, moment: Moment) -> bool:
    return us is None or moment.received_us is None or moment.received_us - us <= WINDOW_US


def _forget_one(state: StationState) -> None:
    """Let the oldest request go whose session is not open: of that one nothing more is to come."""
    for authorization_id, entry in state.presented.items():
        if entry.session_id not in state.open_sessions:
            del state.presented[authorization_id]
            return
