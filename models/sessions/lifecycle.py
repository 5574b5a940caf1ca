"""A charging session: metering, charging time, end, fact. Not here: which frame belongs to which session.

See `v16` and `v2x` for that. Energy: the best evidence of the `ladder`. What was sampled after the
end changes nothing; a negative difference is null.
"""

import msgspec

from models import anomalies, ids
from models.energy import evidence, ladder, metering
from models.energy.readings import Reading
from models.facts import Session
from models.moment import Moment
from models.sessions import charging, numbers, rising
from models.sessions import ended as ended_sessions
from models.state import (
    MAX_CLOSED_SESSIONS,
    MAX_OPEN_SESSIONS,
    MAX_RETIRED,
    SessionState,
    StationState,
    trim,
)
from models.stations import rates
from models.times import as_utc
from models.tokens import authorizations

REPORTED, INFERRED = "reported", "inferred"
SHORT_US = 120_000_000
LOW_WH = 500
IDLE_SHARE = 2
"""A session is idle-heavy if it charges for less than one part in so many of its time."""


def open_session(state: StationState, session: SessionState, moment: Moment) -> None:
    """Take up a new session; too many open ones and the oldest is let go, open as it stands."""
    session.protocol = moment.protocol
    session.last_seen_us = session.started_us
    session.vendor, session.model, session.firmware = state.vendor, state.model, state.firmware
    state.open_sessions[session.session_id] = session
    let_go = trim(state.open_sessions, MAX_OPEN_SESSIONS)
    if let_go is not None:
        anomalies.of_session(state, anomalies.Kind.SESSION_LET_GO, let_go, moment, subject="session")
        retire(state, let_go)
    metering.begin(state, session, moment)
    session.counted_hour = rates.hour_of(moment.clock(session.started_us))
    rates.count(state, session.counted_hour, sessions=1)
    state.touch(session.session_id, session)


def begun(state: StationState, session: SessionState, at_us: int | None, moment: Moment) -> None:
    """Take up when a session began, by its station's clock and by receipt."""
    rates.settle_one(state, session)
    session.started_us = moment.at(at_us)
    session.started_reported_us, session.started_received_us = moment.reported(at_us), moment.received_us
    session.clock_us = moment.offset_us


def ended(session: SessionState, at_us: int | None, moment: Moment) -> None:
    """Take up when a session's end was reported and received; `close` ends it."""
    session.ended_reported_us, session.ended_received_us = moment.reported(at_us), moment.received_us
    session.clock_us = moment.offset_us or session.clock_us


def is_known(state: StationState, session_id: str) -> bool:
    """Whether the id is or was a session of this station, as far as the state remembers."""
    return (
        session_id in state.open_sessions
        or session_id in state.closed_sessions
        or session_id in state.unstopped
        or ids.short(session_id) in state.retired
        or ended_sessions.is_known(state, session_id)
    )


def meter(state: StationState, session: SessionState, readings: tuple[Reading, ...], moment: Moment) -> None:
    """Fold meter values into an open session."""
    if metering.take(state, session, readings, moment) and rising.goes_on(state, session, moment.received_us):
        state.touch(session.session_id, session)
    else:
        settle(state, session, readings[-1].at_us if readings else None, moment)


def complete(state: StationState, session: SessionState, readings: tuple[Reading, ...], moment: Moment) -> None:
    """Fold meter values that came after the end: those sampled before it complete the session."""
    if metering.late(state, session, readings, moment):
        settle(state, session, readings[-1].at_us, moment)


def meter_after(
    state: StationState,
    evse_id: int | None,
    connector_id: int | None,
    readings: tuple[Reading, ...],
    moment: Moment,
) -> None:
    """Fold samples of a port without an open session: its last one's register may have gone on (1.6 errata 3.77)."""
    for session in reversed(state.closed_sessions.values()):
        if session.evse_id == evse_id and (evse_id is not None or session.connector_id == connector_id):
            for reading in readings:
                if reading.register_wh is not None:
                    metering.seen(state, session, reading, moment)
            return


def on_main_meter(state: StationState, session: SessionState | None, moment: Moment) -> SessionState | None:
    """The session that samples of connector 0 are of: the open one of a station that has one connector only (KEBA).

    Elsewhere connector 0 is the sum of all and belongs to no session, though its samples may name one: as of one that
    samples its own connector, too.
    """
    if session is None and len(state.open_sessions) == 1:
        (session,) = state.open_sessions.values()
    if session is None or not session.connector_id:
        return session
    named = {key.rpartition("/")[2] for key in (*state.connectors, *state.ports)}
    named |= {str(other.connector_id) for other in (*state.open_sessions.values(), *state.closed_sessions.values())}
    is_sum = bool(named - {"0", "None", str(session.connector_id)})
    if not is_sum and session.register_first is not None and not metering.is_on_main_meter(session):
        return None
    metering.note_main_meter(state, session, moment)
    return None if is_sum else session


def take_back(state: StationState, session: SessionState) -> None:
    """Retract a session that turned out to be part of another, and what it has taught of its station's meters."""
    for held in (state.open_sessions, state.closed_sessions, state.unstopped):
        held.pop(session.session_id, None)
    metering.take_back(state, session)
    rates.settle_one(state, session)
    rates.settle(state, session, 0, None)
    rates.count(state, session.counted_hour, sessions=-1)
    state.touch(session.session_id, fact(state, session, state.generation, state.offset, deleted=True))


def settle(state: StationState, session: SessionState, at_us: int | None, moment: Moment) -> None:
    """Let the hours sum to the session's energy as it is known now (unknown counts 0)."""
    rates.settle_one(state, session)
    wh, _ = ladder.chosen(session)
    if session.authorization_id is not None:
        authorizations.energise(state, session, wh)
    clock_us = at_us if moment.received_us is None else moment.received_us
    rates.settle(state, session, wh or 0, rates.hour_of(clock_us))
    rising.begin(state, session, wh, moment)
    state.touch(session.session_id, session)


def close(state: StationState, session: SessionState, ended_us: int | None, reason: str, moment: Moment) -> None:
    """End a session: from here on nothing changes its energy."""
    session.is_open, session.end_kind, session.due = False, REPORTED, None
    session.inferred_cause, session.end_confidence = None, 1.0
    session.ended_us = ended_us
    session.stop_reason = reason
    metering.end(state, session, moment)
    settle(state, session, ended_us, moment)
    state.open_sessions.pop(session.session_id, None)
    state.unstopped.pop(session.session_id, None)
    state.closed_sessions[session.session_id] = session
    retire(state, trim(state.closed_sessions, MAX_CLOSED_SESSIONS))


def session_class(session: SessionState, energy_wh: int | None) -> str:
    """The first class that fits; the thresholds are those of ADR 0013."""
    if session.is_open:
        return "open"
    lasted_us, charging_s = None, charging.seconds(session)
    if session.started_us is not None and session.ended_us is not None:
        lasted_us = session.ended_us - session.started_us
    is_short = lasted_us is not None and lasted_us < SHORT_US
    is_idle = charging_s is not None and lasted_us is not None and charging_s * 1_000_000 * IDLE_SHARE < lasted_us
    classes = (
        ("phantom", is_short and not energy_wh and not charging_s and session.register_last is None),
        ("no_energy", energy_wh == 0),
        ("short", is_short),
        ("low_energy", energy_wh is not None and energy_wh < LOW_WH),
        ("inferred_end", session.end_kind == INFERRED),
        ("idle_heavy", is_idle),
    )
    return next((name for name, fits in classes if fits), "normal")


def stamp(state: StationState) -> None:
    """Give open sessions without a known station type the one that just booted."""
    for session in state.open_sessions.values():
        if session.vendor is None and session.model is None:
            session.vendor, session.model, session.firmware = state.vendor, state.model, state.firmware
            state.touch(session.session_id, session)


def fact(state: StationState, session: SessionState, generation: int, offset: int, *, deleted: bool = False) -> Session:
    """The session as a fact."""
    account = evidence.account(session)
    return Session(
        version_generation=generation,
        version_offset=offset,
        deleted=deleted,
        session_id=session.session_id,
        station_id=state.station_id,
        evse_id=session.evse_id,
        connector_id=session.connector_id,
        protocol=session.protocol,
        transaction_id=session.transaction_id,
        token_id=session.token,
        token_kind=session.token_kind,
        authorization_id=session.authorization_id,
        start_status=session.start_status,
        started_at=as_utc(session.started_us),
        ended_at=as_utc(session.ended_us),
        end_kind=session.end_kind,
        inferred_cause=session.inferred_cause,
        end_confidence=session.end_confidence,
        started_reported_at=as_utc(session.started_reported_us),
        started_received_at=as_utc(session.started_received_us),
        ended_reported_at=as_utc(session.ended_reported_us),
        ended_received_at=as_utc(session.ended_received_us),
        clock_offset_s=session.clock_us // 1_000_000 or None,
        stop_reason=session.stop_reason,
        **msgspec.structs.asdict(account),
        charging_s=charging.seconds(session),
        power_max_w=session.power_max_w,
        is_open=session.is_open,
        session_class=session_class(session, account.energy_wh),
        is_offline=session.is_offline,
        events_missing=numbers.missing(session),
        start_trigger=session.start_trigger,
        remote_start_id=session.remote_start_id,
        vendor=session.vendor,
        model=session.model,
        firmware=session.firmware,
    )


def retire(state: StationState, session: SessionState | None) -> None:
    """Keep only the memory that its id was used, and of one of 1.6 what tells its start and stop."""
    if session is not None and not (session.content and ended_sessions.remember(state, session)):
        state.retired.append(ids.short(session.session_id))
        del state.retired[:-MAX_RETIRED]
