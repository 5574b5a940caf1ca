"""Times that cannot be true: years from receipt. Not here: clocks that are steadily wrong (`clock`), ends (`spans`).

A backlog comes days late, and a log may be stamped when it was exported: far from receipt alone proves nothing. But
where the log's receipts are known to be right (a message, or the answer to a boot, that told nearly the same time), a
time over a day ahead of receipt is false, and so is one that lies over 60 days before both receipt and what is known to
be past. Such messages come in runs of one clock that was not set; the smallest lag of a run is added to its times.
What was believed of a run is moved along once the next message shows that it was false.
"""

from typing import TypeVar

from models import anomalies
from models.moment import Moment
from models.sessions import ends
from models.state import SessionState, StationState
from models.state.clock import FarState
from models.state.faults import FaultState
from models.stations import moving

E = TypeVar("E")
DAY_US = 86_400_000_000
BACKLOG_US = 60 * DAY_US
"""The longest that a station may plausibly have been without its system."""
_ONE_RUN_US = 30 * DAY_US
"""Lags of one clock differ by no more: a log that was exported, or a year's backlog, has all lags in between."""


def is_far(lag_us: int) -> bool:
    """Whether no live message and no plausible backlog has this lag (received - reported)."""
    return lag_us > BACKLOG_US or lag_us < -DAY_US


def prove(state: StationState, received_us: int) -> None:
    """Take note that the log's receipts are right."""
    state.live_us = received_us if state.live_us is None else max(state.live_us, received_us)


def recall(state: StationState) -> None:
    """Take note of what the clocks remember of messages that told nearly the time of their receipt."""
    for known in (state.clock, state.zoneless_clock):
        for lag_us, sampled_us in zip(known.lags, known.sampled, strict=True):
            if abs(lag_us) <= DAY_US:
                prove(state, sampled_us)


def correction(state: StationState, reported_us: int, lag_us: int, moment: Moment) -> int:
    """What to add to the far times of a message, the first one of which has this lag; 0 where they are believed.

    Call it for each message that is far, and for the first one that is not.
    """
    before, received_us = state.far, moment.received_us
    assert received_us is not None
    if not is_far(lag_us):
        state.far = None
        if before is not None and _is_shown_false(before, lag_us):
            _move_run(state, before, 0, moment)
        return 0
    if before is None or abs(lag_us - before.least_us) > BACKLOG_US:
        before = state.far = FarState(lag_us, lag_us, received_us)
    corrected_us = before.least_us if before.is_false else 0
    before.least_us = min(before.least_us, lag_us)
    before.is_false = before.is_false or _is_false(state, reported_us, lag_us)
    if not before.is_false:
        return 0
    _move_run(state, before, corrected_us, moment)
    return before.least_us


def moved(event: E, moment: Moment) -> E:
    """The event with its far times moved by the moment's correction."""
    received_us = moment.received_us or 0
    return moving.moved(event, moment.offset_us, lambda at_us: is_far(received_us - at_us))


def _is_shown_false(far: FarState, lag_us: int) -> bool:
    """Whether a message of this lag, the first one after a run that was believed, shows that the run was false."""
    return not far.is_false and abs(lag_us) <= DAY_US and far.first_us - far.least_us <= _ONE_RUN_US


def _is_false(state: StationState, reported_us: int, lag_us: int) -> bool:
    live_us = state.live_us
    return live_us is not None and (lag_us < 0 or reported_us < live_us - BACKLOG_US)


def _move_run(state: StationState, far: FarState, corrected_us: int, moment: Moment) -> None:
    """Move what a run of false times has told so far, corrected until now by `corrected_us`; say so once."""
    if not far.is_said:
        far.is_said = True
        kind, value = anomalies.Kind.CLOCK_IMPLAUSIBLE, far.least_us // 1_000_000
        anomalies.say(state, kind, moment, value=value, subject=f"far/{far.since_us}")
    if corrected_us == far.least_us:
        return
    for session in (*state.open_sessions.values(), *state.unstopped.values()):
        if _is_told(session, far, corrected_us):
            _move(state, session, far, corrected_us)
    for session in state.closed_sessions.values():
        ended_us, received_us = session.ended_reported_us, session.ended_received_us
        is_far_end = ended_us is not None and received_us is not None and is_far(received_us - ended_us)
        if is_far_end and _is_told(session, far, corrected_us):
            before = ends.said(state, session)
            _move(state, session, far, corrected_us)
            ends.restate(state, session, before, ends.CLOCK_KNOWN, moment)
    for fault in (*state.faults.values(), *state.recent_faults.values()):
        _move_fault(state, fault, far, corrected_us)


def _move(state: StationState, session: SessionState, far: FarState, corrected_us: int) -> None:
    received_us = session.started_received_us or 0
    moving.move(state, session, far.least_us - corrected_us, lambda us: is_far(received_us - us + corrected_us))


def _is_told(session: SessionState, far: FarState, corrected_us: int) -> bool:
    """Whether the run told when a session began."""
    began_us, received_us = session.started_reported_us, session.started_received_us
    if began_us is None or received_us is None or received_us < far.since_us:
        return False
    return session.clock_us == corrected_us and is_far(received_us - began_us)


def _move_fault(state: StationState, fault: FaultState, far: FarState, corrected_us: int) -> None:
    opened_us, received_us = fault.opened_us, fault.opened_received_us
    if opened_us is None or received_us is None or received_us < far.since_us:
        return
    if is_far(received_us - opened_us + corrected_us):
        moved_us = far.least_us - corrected_us
        moving.move_fault(state, fault, moved_us, lambda at_us: is_far(received_us - at_us + corrected_us))
