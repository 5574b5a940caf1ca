"""Reported statuses of connectors, one row per change. Not here: timelines between them, faults (`faults`)."""

from models import anomalies, ids
from models.events import StatusReported
from models.facts import Status
from models.moment import Moment
from models.state import MAX_CONNECTORS, MAX_SAID_STATUSES, StationState, trim
from models.state.clock import ClockState
from models.state.parts import ConnectorState, SaidStatus
from models.stations import clock
from models.stations.clock import TOLERANCE_US
from models.times import as_utc

CHARGING, FAULTED, UNAVAILABLE = "Charging", "Faulted", "Unavailable"
DWELL_US = 30_000_000
"""An inoperative connector that works for no longer than this, or the reverse, is flapping (EVerest PR 2481).

A fault that comes back within this time is the same episode. `core__status_timeline` has the same number.
"""
BLINK_US = 2_000_000
"""As `DWELL_US`, for any other two statuses: a person is slower."""


def place(evse_id: int | None, connector_id: int | None) -> str:
    """A connector's key in the state."""
    return f"{evse_id}/{connector_id}"


def report(state: StationState, event: StatusReported, moment: Moment) -> None:
    """Fold a status; a row only where status or error code differ from the connector's last."""
    key = place(event.evse_id, event.connector_id)
    known = state.connectors.get(key)
    if known is not None and is_old(known, event, moment):
        kind, evse_id, connector_id = anomalies.Kind.STATUS_OUT_OF_DATE, event.evse_id, event.connector_id
        anomalies.say(state, kind, moment, evse_id=evse_id, connector_id=connector_id, value=event.status)
    else:
        state.connectors.pop(key, None)
        state.connectors[key] = _newest(state, event, known, moment)
        trim(state.connectors, MAX_CONNECTORS)
        if known is not None and (known.status, known.error_code) == (event.status, event.error_code):
            return
    # One 2.x NotifyEvent may carry several statuses of a connector.
    status_id = ids.digest("status", state.station_id, key, event.status, moment.mark)
    said = SaidStatus(
        status_id, moment.protocol, event.evse_id, event.connector_id, event.status, event.error_code, 0, 0
    )
    row = _row(state, said)
    row.happened_at = as_utc(moment.at(event.at_us))
    row.reported_at = as_utc(moment.reported(event.at_us))
    row.received_at = as_utc(moment.received_us)
    state.touch(status_id, row)
    if event.at_us is not None and moment.received_us is not None and not moment.offset_us and _is_unknown(state):
        said.reported_us, said.received_us = event.at_us, moment.received_us
        state.said_statuses = [*state.said_statuses, said][-MAX_SAID_STATUSES:]


def follow(state: StationState, known: ClockState) -> None:
    """Say again what was said before the clock was known, with its times corrected."""
    for said in state.said_statuses:
        moved_us = clock.correction(known, said.received_us - said.reported_us)
        if moved_us:
            row = _row(state, said)
            row.happened_at = as_utc(said.reported_us + moved_us)
            row.reported_at, row.received_at = as_utc(said.reported_us), as_utc(said.received_us)
            state.touch(said.status_id, row)
    state.said_statuses = []


def is_old(known: ConnectorState, event: StatusReported, moment: Moment) -> bool:
    """Whether a status was queued while its connector went on: it is older than the last one, and came late itself."""
    if event.at_us is None or known.reported_us is None or moment.received_us is None:
        return False
    return event.at_us < known.reported_us and moment.received_us - event.at_us > TOLERANCE_US


def _row(state: StationState, said: SaidStatus) -> Status:
    return Status(
        version_generation=state.generation,
        version_offset=state.offset,
        status_id=said.status_id,
        station_id=state.station_id,
        evse_id=said.evse_id,
        connector_id=said.connector_id,
        protocol=said.protocol,
        status=said.status,
        error_code=said.error_code,
    )


def _is_unknown(state: StationState) -> bool:
    """Whether the clock that tells now was never known: later ones tell of a clock that was set meanwhile."""
    known = state.zoneless_clock if state.is_zoneless else state.clock
    return known.epoch == 0 and known.base_us is None


def _newest(state: StationState, event: StatusReported, known: ConnectorState | None, moment: Moment) -> ConnectorState:
    """The connector with its new status; one that comes back faster than anything real is said to flap."""
    newest = ConnectorState(event.status, event.error_code, event.at_us)
    if known is not None and known.status == event.status:
        newest.before, newest.since_us = known.before, known.since_us
        return newest
    newest.since_us = moment.at(event.at_us)
    if known is not None:
        newest.before = known.status
        if known.before == event.status and _is_flap(known, newest):
            anomalies.say(
                state,
                anomalies.Kind.FLAPPING,
                moment,
                evse_id=event.evse_id,
                connector_id=event.connector_id,
                value=f"{event.status}/{known.status}",
                at_us=event.at_us,
            )
    return newest


def _is_flap(known: ConnectorState, newest: ConnectorState) -> bool:
    """Whether the status between two equal ones was too short; of Faulted, the fault's episode tells."""
    pair = (known.status, newest.status)
    if FAULTED in pair or known.since_us is None or newest.since_us is None:
        return False
    return 0 < newest.since_us - known.since_us <= (DWELL_US if UNAVAILABLE in pair else BLINK_US)
