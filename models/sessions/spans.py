"""A session's end by the clock of its start: never before it, and no shorter than the station says. Not here: clocks.

See `stations.clock` and `stations.doubts` for what is known of clocks when a message comes; an end is held against its
own session besides. The raw time stays in `ended_reported_at`.
"""

from typing import TypeVar

from models import anomalies
from models.anomalies import Kind
from models.events import Stopped, TransactionReported
from models.moment import Moment
from models.state import SessionState, StationState
from models.stations import moving
from models.stations.clock import TOLERANCE_US

E = TypeVar("E", Stopped, TransactionReported)


def end(state: StationState, session: SessionState, event: E, moment: Moment) -> E:
    """The event that ends a session, with a time that the session's start allows; `moment` says by how much."""
    at_us, began_us = event.at_us, session.started_us
    if at_us is None or began_us is None:
        return event
    if at_us >= began_us:
        return _by_one_clock(session, event, at_us, moment)
    expected = None if moment.received_us is None else "receipt"
    kind, value = Kind.CLOCK_IMPLAUSIBLE, (at_us - began_us) // 1_000_000
    anomalies.of_session(
        state, kind, session, moment, at_us=moment.received_us, subject="end", value=str(value), expected=expected
    )
    received_us = session.started_received_us
    if received_us is not None and began_us > received_us + TOLERANCE_US and at_us >= received_us:
        # No start is told before it happens: its time is the wrong one.
        session.clock_us += received_us - began_us
        session.started_us = received_us
        return event
    ends_us = moment.received_us
    if ends_us is None or ends_us < began_us:
        ends_us = max(began_us, session.last_seen_us or began_us)
    return _moved(event, ends_us - at_us, moment, before_us=began_us)


def _by_one_clock(session: SessionState, event: E, at_us: int, moment: Moment) -> E:
    """An end that only seems right by itself: it lay in a queue with its start, whose clock was ahead by as long."""
    begun_us, received_us = session.started_reported_us, session.started_received_us
    if session.clock_us >= 0 or moment.offset_us or begun_us is None or received_us is None:
        return event
    if moment.received_us is None or at_us - begun_us <= moment.received_us - received_us + TOLERANCE_US:
        return event
    return _moved(event, session.clock_us, moment)


def _moved(event: E, us: int, moment: Moment, before_us: int | None = None) -> E:
    moment.offset_us += us
    return moving.moved(event, us, None if before_us is None else lambda at_us: at_us < before_us)
