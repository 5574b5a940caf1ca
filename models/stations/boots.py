"""Stations as they last booted, their clocks, and their connections. Not here: what runs on them."""

from models.events import Booted
from models.facts import Station
from models.faults import episodes
from models.moment import Moment
from models.record import Kind
from models.sessions import ends, lifecycle
from models.state import AwaitedCall, StationState
from models.stations import clock
from models.times import UNUSABLE, as_utc

_UNKNOWN = (None, None, 0)


def boot(state: StationState, event: Booted, moment: Moment) -> AwaitedCall:
    """Fold a BootNotification: the station's newest description; the returned call waits for the system's clock."""
    state.vendor, state.model, state.firmware = event.vendor, event.model, event.firmware
    state.serial_number, state.booted_us, state.is_booted = event.serial_number, moment.received_us, True
    state.boots += 1
    ends.boot(state, moment)
    lifecycle.stamp(state)
    episodes.booted(state)
    _say(state)
    return AwaitedCall("BootNotification", "")


def describe(state: StationState) -> None:
    """Say what is newly known of the station's clock; a sound one that never booted is not worth a row."""
    said = clock_of(state)
    is_worth_it = state.is_booted or state.clock_said != _UNKNOWN or said[0] not in (None, clock.SOUND)
    if said != state.clock_said and is_worth_it:
        _say(state)


def clock_of(state: StationState) -> tuple[str | None, int | None, int]:
    """State, offset in seconds (None = nothing is corrected) and jumps of the clock that the station now tells."""
    known = state.zoneless_clock if state.is_zoneless else state.clock
    jumps = state.clock.epoch + state.zoneless_clock.epoch
    if state.told == UNUSABLE:
        return clock.UNSET, None, jumps
    if state.is_receipt_doubted:
        return None, None, jumps
    return clock.described(known), known.offset_us // 1_000_000 or None, jumps


def connect(state: StationState, kind: str, received_us: int | None) -> None:
    """Note an opened or closed connection; `order.counts` has left out what is older than the newest known one.

    What waits for an answer waits no longer once another connection is open: none answers a call of an older one.
    """
    state.connection, state.connection_us = kind, received_us
    if kind == Kind.OPEN:
        state.calls.clear()
        state.operations.clear()


def _say(state: StationState) -> None:
    state.clock_said = clock_of(state)
    clock_state, clock_offset_s, clock_jumps = state.clock_said
    row = Station(
        version_generation=state.generation,
        version_offset=state.offset,
        station_id=state.station_id,
        protocol=state.protocol,
        vendor=state.vendor,
        model=state.model,
        serial_number=state.serial_number,
        firmware=state.firmware,
        booted_at=as_utc(state.booted_us),
        clock_state=clock_state,
        clock_offset_s=clock_offset_s,
        clock_jumps=clock_jumps,
    )
    state.touch(state.station_id, row)
