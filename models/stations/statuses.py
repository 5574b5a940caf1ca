"""Reported statuses of connectors, one row per change. Not here: timelines between them, faults (`faults`)."""

from models import anomalies, ids
from models.events import StatusReported
from models.facts import Status
from models.moment import Moment
from models.state import MAX_CONNECTORS, ConnectorState, StationState, trim
from models.stations.clock import TOLERANCE_US
from models.times import as_utc

CHARGING, FAULTED = "Charging", "Faulted"


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
        state.connectors[key] = ConnectorState(event.status, event.error_code, event.at_us)
        trim(state.connectors, MAX_CONNECTORS)
        if known is not None and (known.status, known.error_code) == (event.status, event.error_code):
            return
    # One 2.x NotifyEvent may carry several statuses of a connector.
    status_id = ids.digest("status", state.station_id, key, event.status, moment.mark)
    row = Status(
        version_generation=state.generation,
        version_offset=state.offset,
        status_id=status_id,
        station_id=state.station_id,
        evse_id=event.evse_id,
        connector_id=event.connector_id,
        protocol=moment.protocol,
        status=event.status,
        error_code=event.error_code,
        happened_at=as_utc(moment.at(event.at_us)),
        reported_at=as_utc(moment.reported(event.at_us)),
        received_at=as_utc(moment.received_us),
    )
    state.touch(status_id, row)


def is_old(known: ConnectorState, event: StatusReported, moment: Moment) -> bool:
    """Whether a status was queued while its connector went on: it is older than the last one, and came late itself."""
    if event.at_us is None or known.reported_us is None or moment.received_us is None:
        return False
    return event.at_us < known.reported_us and moment.received_us - event.at_us > TOLERANCE_US
