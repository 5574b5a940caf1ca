"""Ends that nobody reported: evidence that a session is over, the end inferred from it, and what takes it back.

A stop may never come (power cut, lost message). Three things show that a session is over: its connector reports
Available, the next session starts there, or the station boots and the session does not go on. The end is then the
last sign of the session itself, marked as inferred. Whatever the station says of it later restates it under the same
session_id. Times compared here are the log's, so that a replay decides alike. Not here: reported stops.
"""

from models import anomalies, ids
from models.anomalies import Kind
from models.energy.readings import Reading
from models.events import StatusReported
from models.facts import Restatement, Session
from models.faults import flow
from models.moment import Moment
from models.sessions import lifecycle
from models.sessions.lifecycle import INFERRED
from models.state import MAX_TRANSACTION_IDS, MAX_UNSTOPPED, SessionState, StationState, trim
from models.state.sessions import Due
from models.stations.statuses import place
from models.times import as_utc, is_before

BOOT, NEXT_START, AVAILABLE, START_AS_STOP = "boot", "next_start", "available", "start_as_stop"
LATE_STOP, LATE_EVENT, RESUMED = "late_stop", "late_event", "resumed"
STOP_TAKEN_BACK, CLOCK_KNOWN = "stop_taken_back", "clock_known"

DWELL_US = 60_000_000
"""A stop may come this long after Available: unplugging is often told first."""
RESUME_US = 30 * 60_000_000
"""A session that shows no sign for this long after a boot did not survive it. Longer than usual sample intervals."""
KEPT_US = 30 * 86_400_000_000
"""A stop that comes even later is an orphan."""
CONFIDENCE = {BOOT: 0.6, AVAILABLE: 0.9, NEXT_START: 0.95, START_AS_STOP: 0.8}
"""How sure it is that the session was over; its end may be anywhere between its last sign and that evidence."""

FREE = "Available"
OCCUPIED = frozenset({"Charging", "SuspendedEV", "SuspendedEVSE"})
"""1.6 statuses of a connector with a transaction."""
LEAVING = frozenset({FREE, "Finishing"})
_REBOOTS = frozenset({"PowerLoss", "Reboot", "HardReset", "SoftReset", "ImmediateReset"})
"""Reasons that a boot explains."""
_NOT_RESUMED = frozenset({FREE, "Preparing", "Finishing"})
"""1.6 statuses that no connector with a transaction has, once the station has booted."""


def seen(state: StationState, session: SessionState, at_us: int | None, moment: Moment) -> None:
    """Note a sign of an open session: it lasted at least until then, and is not over if that is after the evidence."""
    if at_us is None:
        return
    alive(session, at_us)
    due = session.due
    if due is not None and (due.since_us is None or at_us > due.since_us):
        if due.cause == BOOT:
            anomalies.of_session(state, Kind.RESUMED, session, moment, at_us=at_us, subject=str(due.since_us))
        session.due = None


def alive(session: SessionState, at_us: int) -> None:
    """Note that a session lasted at least until then."""
    if session.last_seen_us is None or at_us > session.last_seen_us:
        session.last_seen_us = at_us


def report(state: StationState, event: StatusReported, moment: Moment) -> None:
    """Weigh a status, before it becomes its connector's newest one."""
    at_us = moment.at(event.at_us)
    pass_time(state, at_us, moment)
    for session in [s for s in state.open_sessions.values() if _is_on(s, event)]:
        if session.follows is not None and event.status in LEAVING and _is_disguised_stop(state, session, event):
            _undisguise(state, session, moment)
        elif event.status in OCCUPIED:
            _shown(state, session, at_us, moment)
        elif _is_evidence(state, session, event, at_us):
            cause = AVAILABLE if session.due is None else session.due.cause
            _suspect(state, session, cause, at_us, DWELL_US, moment, is_by_receipt=event.at_us is None)
        elif event.status == "Finishing":
            _shown(state, session, at_us, moment)


def _shown(state: StationState, session: SessionState, at_us: int | None, moment: Moment) -> None:
    """A status is a sign of a session: it charges until the newest one, of several on a connector each."""
    last_us = session.last_seen_us
    seen(state, session, at_us, moment)
    if session.last_seen_us != last_us and session.charging_points:
        state.touch(session.session_id, session)


def boot(state: StationState, moment: Moment) -> None:
    """A station booted: what was open is over, unless it goes on."""
    for session in state.open_sessions.values():
        if session.due is None:
            _suspect(state, session, BOOT, moment.received_us, RESUME_US, moment, is_by_receipt=True)


def follow(state: StationState, begun: SessionState, moment: Moment) -> None:
    """A session has begun: whatever was open in its place is over, unless it began or went on later."""
    pass_time(state, begun.started_us, moment)
    for session in [s for s in state.open_sessions.values() if s is not begun and _is_same_place(s, begun)]:
        if is_before(begun.started_us, session.started_us):
            continue
        if is_before(begun.started_us, session.last_seen_us):
            anomalies.of_session(state, Kind.OVERLAPPING_SESSIONS, begun, moment, at_us=begun.started_us)
            continue
        begun.follows = session.session_id
        is_boot = session.due is not None and session.due.cause == BOOT
        due = Due(BOOT if is_boot else NEXT_START, CONFIDENCE[NEXT_START], begun.started_us)
        due.is_by_receipt = begun.started_reported_us is None
        _infer(state, session, due, moment)


def pass_time(state: StationState, at_us: int | None, moment: Moment) -> None:
    """Where a log has no times of receipt, the charger's own move it on."""
    if moment.received_us is None and state.due_us is not None and at_us is not None and at_us >= state.due_us:
        expire(state, at_us, moment)


def expire(state: StationState, clock_us: int, moment: Moment) -> None:
    """Infer the ends that are due by the log's time."""
    state.due_us = None
    for session in list(state.open_sessions.values()):
        due = session.due
        if due is None or due.due_us is None:
            continue
        if due.due_us <= clock_us:
            _infer(state, session, due, moment)
        elif state.due_us is None or due.due_us < state.due_us:
            state.due_us = due.due_us


def late(state: StationState, session: SessionState, at_us: int | None, moment: Moment) -> bool:
    """Weigh a sign of a session whose end was inferred: True if it goes on after all, and is open again.

    A sign from before the evidence only moves its end; one of a connector that stands Available proves nothing.
    """
    before = said(state, session)
    is_newer = at_us is not None and (session.over_us is None or at_us > session.over_us)
    if is_newer and not _is_free(state, session):
        session.is_open, session.ended_us = True, None
        session.end_kind = session.inferred_cause = session.end_confidence = None
        state.unstopped.pop(session.session_id, None)
        # At the front: what began since on its connector is the newer one.
        state.open_sessions = {session.session_id: session, **state.open_sessions}
        seen(state, session, at_us, moment)
        flow.cover(state, session)
        _overlapped(state, session, at_us, moment)
        restate(state, session, before, RESUMED, moment)
        return True
    if not is_newer and at_us is not None and not is_before(at_us, session.last_seen_us):
        session.last_seen_us = session.ended_us = at_us
    return False


def meter(
    state: StationState, session: SessionState, readings: tuple[Reading, ...], at_us: int | None, moment: Moment
) -> SessionState | None:
    """Fold 1.6 samples that name a session whose end was inferred; the session if it goes on after all."""
    before = said(state, session)
    if late(state, session, at_us, moment):
        return session
    if at_us is not None and session.ended_us is not None and at_us <= session.ended_us:
        lifecycle.meter(state, session, readings, moment)
        restate(state, session, before, LATE_EVENT, moment)
    return None


def stopped(state: StationState, session: SessionState, before: Session, at_us: int | None, moment: Moment) -> None:
    """The stop has come after the end was inferred: it holds, under the same session_id."""
    anomalies.of_session(state, Kind.STOP_AFTER_INFERRED_END, session, moment, at_us=at_us, subject="stop")
    flow.cover(state, session)
    _overlapped(state, session, at_us, moment)
    restate(state, session, before, LATE_STOP, moment)


def doubt(state: StationState, session: SessionState, reason: str | None, at_us: int | None, moment: Moment) -> None:
    """Hold a stop's reason against what the station did: call it before the stop is folded.

    A power cut is told as DeAuthorized, an unplugged cable as Local (citrineos-core PR 970, OpenEVSE 787).
    """
    shown = session.inferred_cause if session.due is None else session.due.cause
    if shown == BOOT and reason not in _REBOOTS:
        expected = "PowerLoss"
    elif shown == AVAILABLE and reason in (None, "Local"):
        expected = "EVDisconnected"
    else:
        return
    anomalies.of_session(
        state, Kind.STOP_REASON_DOUBTED, session, moment, at_us=at_us, subject="stop", value=reason, expected=expected
    )


def said(state: StationState, session: SessionState) -> Session:
    """The session as it stands, to be held against what it becomes."""
    return lifecycle.fact(state, session, state.generation, state.offset)


def restate(state: StationState, session: SessionState, before: Session, cause: str, moment: Moment) -> None:
    """Say that a closed session's figures have changed, if they have."""
    after = said(state, session)
    lifecycle.settle(state, session, session.ended_us, moment)
    if (before.energy_wh, before.ended_at, before.end_kind) == (after.energy_wh, after.ended_at, after.end_kind):
        return
    restatement_id = ids.digest("restatement", session.session_id, cause, moment.mark)
    row = Restatement(
        version_generation=state.generation,
        version_offset=state.offset,
        restatement_id=restatement_id,
        station_id=state.station_id,
        table_name=Session.table,
        entity_id=session.session_id,
        cause=cause,
        energy_before_wh=before.energy_wh,
        energy_after_wh=after.energy_wh,
        ended_before_at=before.ended_at,
        ended_after_at=after.ended_at,
        restated_at=as_utc(moment.clock(None)),
    )
    state.touch(restatement_id, row)


def _suspect(
    state: StationState,
    session: SessionState,
    cause: str,
    since_us: int | None,
    wait_us: int,
    moment: Moment,
    *,
    is_by_receipt: bool,
) -> None:
    """Hold an end back until the log has had time to bring the stop, or a sign that the session goes on."""
    clock_us = moment.clock(since_us)
    due_us = None if clock_us is None else clock_us + wait_us
    confidence = CONFIDENCE[BOOT] if wait_us == RESUME_US else CONFIDENCE[AVAILABLE]
    session.due = Due(cause, confidence, since_us, due_us, is_by_receipt)
    if due_us is not None and (state.due_us is None or due_us < state.due_us):
        state.due_us = due_us


def _overlapped(state: StationState, session: SessionState, until_us: int | None, moment: Moment) -> None:
    """Say which sessions began in the place of one that, as is known now, had not ended then."""
    held = (*state.open_sessions.values(), *state.unstopped.values(), *state.closed_sessions.values())
    for other in held:
        is_later = is_before(session.started_us, other.started_us) and is_before(other.started_us, until_us)
        if is_later and _is_same_place(session, other):
            kind, at_us = Kind.OVERLAPPING_SESSIONS, other.started_us
            anomalies.of_session(state, kind, other, moment, at_us=at_us, subject=session.session_id)


def _infer(state: StationState, session: SessionState, due: Due, moment: Moment) -> None:
    if session.is_again and not session.transaction_ids and session.register_first is None:
        # Start and stop of an ended session came again, and nothing else.
        lifecycle.take_back(state, session)
        return
    session.is_open, session.end_kind = False, INFERRED
    session.inferred_cause, session.end_confidence = due.cause, due.confidence
    session.due, session.over_us, session.is_over_by_receipt = None, due.since_us, due.is_by_receipt
    session.ended_us = session.started_us if session.last_seen_us is None else session.last_seen_us
    state.open_sessions.pop(session.session_id, None)
    state.unstopped[session.session_id] = session
    lifecycle.retire(state, trim(state.unstopped, MAX_UNSTOPPED))
    _forget(state, moment.clock(session.ended_us))
    # What was sampled after its last sign no longer counts.
    lifecycle.settle(state, session, session.ended_us, moment)


def _forget(state: StationState, clock_us: int | None) -> None:
    """Let go of sessions whose stop will not come any more."""
    if clock_us is None:
        return
    for old in [s for s in state.unstopped.values() if s.ended_us is not None]:
        # A backlog of months is as new as its receipt.
        if max(old.ended_us or 0, old.started_received_us or 0) < clock_us - KEPT_US:
            lifecycle.retire(state, state.unstopped.pop(old.session_id))


def _is_evidence(state: StationState, session: SessionState, event: StatusReported, at_us: int | None) -> bool:
    """Whether a status shows that a session is over: a connector that has become free, or was not resumed."""
    if is_before(at_us, session.last_seen_us) or (session.due is not None and session.due.cause == AVAILABLE):
        return False
    if session.due is not None:
        return event.status == FREE or (event.evse_id is None and event.status in _NOT_RESUMED)
    known = state.connectors.get(place(event.evse_id, event.connector_id))
    return event.status == FREE and known is not None and known.status != FREE


def _is_on(session: SessionState, event: StatusReported) -> bool:
    if event.evse_id is None:
        return bool(event.connector_id) and session.connector_id == event.connector_id and session.evse_id is None
    if session.evse_id != event.evse_id:
        return False
    return None in (session.connector_id, event.connector_id) or session.connector_id == event.connector_id


def _is_same_place(one: SessionState, other: SessionState) -> bool:
    if one.evse_id is not None or other.evse_id is not None:
        return one.evse_id == other.evse_id
    return bool(one.connector_id) and one.connector_id == other.connector_id


def _is_free(state: StationState, session: SessionState) -> bool:
    known = state.connectors.get(place(session.evse_id, session.connector_id))
    return known is not None and known.status == FREE


def _is_disguised_stop(state: StationState, session: SessionState, event: StatusReported) -> bool:
    """Whether a start told the end of the session before it (Schneider EVlink, Java-OCA-OCPP issue 74).

    It came while the connector was occupied, with the same card and no lower register; then, without a sign of
    charging, the cable leaves.
    """
    ended = state.unstopped.get(session.follows or "")
    if ended is None or session.status_at_start not in OCCUPIED or session.last_seen_us != session.started_us:
        return False
    start, begun = ended.meter_start, session.meter_start
    is_higher = start is not None and begun is not None and begun >= start
    return is_higher and ended.token == session.token and event.evse_id is None


def _undisguise(state: StationState, session: SessionState, moment: Moment) -> None:
    """Take a start back that was a stop, and end the session before it with what it said."""
    ended = state.unstopped[session.follows or ""]
    before = said(state, ended)
    for call in state.calls.values():
        if call.target == session.session_id:
            call.target = ended.session_id
    ended.transaction_ids = [*ended.transaction_ids, *session.transaction_ids][-MAX_TRANSACTION_IDS:]
    ended.meter_stop, ended.ended_us, ended.last_seen_us = session.meter_start, session.started_us, session.started_us
    ended.inferred_cause, ended.end_confidence = START_AS_STOP, CONFIDENCE[START_AS_STOP]
    lifecycle.take_back(state, session)
    lifecycle.settle(state, ended, ended.ended_us, moment)
    anomalies.of_session(state, Kind.START_AS_STOP, ended, moment, at_us=ended.ended_us, subject=session.session_id)
    restate(state, ended, before, START_AS_STOP, moment)
