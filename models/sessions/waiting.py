"""1.6 stops that were nobody's when they came, and whose they turn out to be. Not here: what fits (`binding`).

A log may hold a stop before its start, or before the answer that gives the start its id, where its order of receipt is
lost; and a stop that fits two sessions is one's once the other has its own. Such a stop is an orphan until then. It
binds as any other does, only harder: it bears a register and a time that is not ahead of its receipt, and the session
shows no sign of going on after it; one that was heard of after its stop is of the same card.
"""

from models import anomalies
from models.anomalies import Kind
from models.events import Stopped
from models.moment import Moment
from models.record import Direction, Record
from models.record import Kind as RecordKind
from models.sessions import binding
from models.state import SessionState, StationState
from models.state.sessions import WaitingStop
from models.times import is_before

MAX_WAITING = 8
KEPT_US = 86_400_000_000
"""By the log's time: later nothing is heard of a session that was over."""
SLACK_US = 60_000_000
"""A status may come this long after the stop that it follows from."""


def keep(state: StationState, event: Stopped, said: str, moment: Moment) -> None:
    """Remember a stop that is nobody's; its retries say nothing new."""
    if event.at_us is None or event.meter_wh is None or any(stop.said == said for stop in state.waiting_stops):
        return
    received_us = moment.received_us
    if received_us is not None and event.at_us > received_us + SLACK_US:
        return
    state.waiting_stops.append(
        WaitingStop(
            said,
            event.transaction_id,
            event.token,
            event.meter_wh,
            event.at_us,
            moment.offset_us,
            received_us,
            event.reason,
            moment.protocol,
            moment.mark,
            moment.place,
        )
    )
    del state.waiting_stops[:-MAX_WAITING]


def take(state: StationState, moment: Moment) -> tuple[SessionState, WaitingStop] | None:
    """The first of the waiting stops whose session is known now, and that session; it waits no longer."""
    clock_us = moment.clock(None)
    for stop in list(state.waiting_stops):
        if clock_us is not None and stop.received_us is not None and clock_us - stop.received_us > KEPT_US:
            state.waiting_stops.remove(stop)
            continue
        event = event_of(stop)
        may_be = [s for s in (*state.unstopped.values(), *state.open_sessions.values()) if _may_end(stop, s)]
        session = binding.of_waiting(state, event, stop.said, may_be)
        if session is not None:
            _let_go(state, stop, moment)
            return session, stop
    return None


def settle(state: StationState, event: Stopped, moment: Moment) -> None:
    """A stop ends a session: one that waits and says the same, under whatever id, was the same."""
    for stop in list(state.waiting_stops):
        if stop.meter_wh == event.meter_wh and stop.at_us - stop.offset_us == moment.reported(event.at_us):
            _let_go(state, stop, moment)


def event_of(stop: WaitingStop) -> Stopped:
    """The stop as it was told."""
    return Stopped(stop.transaction_id, stop.token, stop.meter_wh, stop.at_us, stop.reason, ())


def moment_of(state: StationState, stop: WaitingStop, moment: Moment) -> Moment:
    """When the stop came: what it ends is told by its own frame."""
    spoken, place = Direction.CP_TO_CSMS.value, stop.place
    frame = Record(
        state.station_id, RecordKind.FRAME.value, spoken, stop.protocol, stop.received_us, "", 0, b"", *place
    )
    told = Moment(frame, stop.received_us, stop.protocol, "", moment.token_key, stop.mark, stop.offset_us)
    told.knowledge = moment.knowledge
    return told


def _may_end(stop: WaitingStop, session: SessionState) -> bool:
    if session.last_seen_us is not None and is_before(stop.at_us + SLACK_US, session.last_seen_us):
        return False
    heard_us = session.started_received_us
    is_heard_later = heard_us is None or stop.received_us is None or heard_us > stop.received_us
    return not is_heard_later or (stop.token is not None and stop.token == session.token)


def _let_go(state: StationState, stop: WaitingStop, moment: Moment) -> None:
    state.waiting_stops.remove(stop)
    state.orphan_stops -= 1
    anomalies.take_back(state, Kind.ORPHAN_STOP, moment, subject=stop.said)
