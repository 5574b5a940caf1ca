"""Reported statuses of connectors, one row per change. Not here: timelines between them, faults (`faults`)."""

from models import ids
from models.events import StatusReported
from models.facts import Status
from models.moment import Moment
from models.state import MAX_CONNECTORS, ConnectorState, StationState, trim
from models.times import as_utc

CHARGING = "Charging"


def place(evse_id: int | None, connector_id: int | None) -> str:
    """A connector's key in the state."""
    return f"{evse_id}/{connector_id}"


def report(state: StationState, event: StatusReported, moment: Moment) -> None:
    """Fold a status; a row only where status or error code differ from the connector's last."""
    key = place(event.evse_id, event.connector_id)
    known = state.connectors.pop(key, None)
    if known is not None and (known.status, known.error_code) == (event.status, event.error_code):
        state.connectors[key] = known
        return
    state.connectors[key] = ConnectorState(event.status, event.error_code)
    trim(state.connectors, MAX_CONNECTORS)
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
        reported_at=as_utc(event.at_us),
        received_at=as_utc(moment.received_us),
    )
    state.touch(status_id, row)


def is_charging(state: StationState, connector_id: int | None) -> bool:
    """Whether a 1.6 connector last reported Charging."""
    known = state.connectors.get(place(None, connector_id))
    return known is not None and known.status == CHARGING
