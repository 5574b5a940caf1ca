"""Stations as they last booted, and their connections. Not here: what runs on them."""

from models import faults, sessions
from models.events import Booted
from models.facts import Station
from models.moment import Moment
from models.state import StationState
from models.times import as_utc


def boot(state: StationState, event: Booted, moment: Moment) -> None:
    """Fold a BootNotification: the station's newest description, for all that starts from here on."""
    state.vendor, state.model, state.firmware = event.vendor, event.model, event.firmware
    sessions.stamp(state)
    faults.stamp(state)
    row = Station(
        version_generation=state.generation,
        version_offset=state.offset,
        station_id=state.station_id,
        protocol=moment.protocol,
        vendor=event.vendor,
        model=event.model,
        serial_number=event.serial_number,
        firmware=event.firmware,
        booted_at=as_utc(moment.received_us),
    )
    state.touch(state.station_id, row)


def connect(state: StationState, kind: str, received_us: int | None) -> None:
    """Note an opened or closed connection, unless a newer one is known: a replaced one often closes late."""
    if received_us is not None and state.connection_us is not None and received_us < state.connection_us:
        return
    state.connection, state.connection_us = kind, received_us
