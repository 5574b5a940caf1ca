"""Fault episodes: opened by a first report, closed by its clearing. Not here: families and actors of codes.

1.6 reports levels, not events (one status carries one code, a healthy one clears all), so several codes can be
open on a connector until NoError comes with a status other than Faulted (OCPP 1.6 section 4.9).
"""

from models import ids, rates
from models.events import Alarm, StatusReported
from models.facts import FaultEpisode
from models.moment import Moment
from models.state import MAX_FAULTS, FaultState, StationState, trim
from models.times import as_utc

FAULTED = "Faulted"
"""Status, and the code where only the status says that something is wrong."""
_HEALTHY = "NoError"


def report(state: StationState, event: StatusReported, moment: Moment) -> None:
    """Fold a status: 1.6 with its error code, 2.x (no code) by the status alone."""
    if event.error_code not in (None, _HEALTHY):
        _open(state, event, str(event.error_code), "", event.vendor_error_code, moment)
    elif event.status == FAULTED:
        if event.error_code is None or not _on(state, event):
            _open(state, event, FAULTED, "", event.vendor_error_code, moment)
    elif event.error_code is None:
        _close([fault for fault in _on(state, event) if not fault.origin], state, event, moment)
    else:
        _close(_on(state, event), state, event, moment)


def alarm(state: StationState, event: Alarm, moment: Moment) -> None:
    """Fold one entry of a 2.x NotifyEvent. A clearing without a techCode clears all of its component and variable."""
    if event.is_raised:
        _open(state, event, event.code or event.origin, event.origin, None, moment)
        return
    codes = (event.code, event.origin)
    cleared = [f for f in _on(state, event) if f.origin == event.origin and (event.code is None or f.code in codes)]
    _close(cleared, state, event, moment)


def stamp(state: StationState) -> None:
    """Give open episodes without a known station type the one that just booted."""
    for fault in state.faults.values():
        if fault.vendor is None and fault.model is None:
            fault.vendor, fault.model, fault.firmware = state.vendor, state.model, state.firmware
            state.touch(fault.fault_id, fault)


def fact(state: StationState, fault: FaultState, generation: int, offset: int) -> FaultEpisode:
    """The episode as a fact."""
    return FaultEpisode(
        version_generation=generation,
        version_offset=offset,
        fault_id=fault.fault_id,
        station_id=state.station_id,
        evse_id=fault.evse_id,
        connector_id=fault.connector_id,
        protocol=fault.protocol,
        code=fault.code,
        vendor_error_code=fault.vendor_error_code,
        opened_at=as_utc(fault.opened_us),
        closed_at=as_utc(fault.closed_us),
        is_open=fault.is_open,
        vendor=fault.vendor,
        model=fault.model,
        firmware=fault.firmware,
    )


def _key(event: StatusReported | Alarm | FaultState, code: str) -> str:
    return f"{event.evse_id}/{event.connector_id}/{code}"


def _on(state: StationState, event: StatusReported | Alarm) -> list[FaultState]:
    place = (event.evse_id, event.connector_id)
    return [fault for fault in state.faults.values() if (fault.evse_id, fault.connector_id) == place]


def _open(
    state: StationState,
    event: StatusReported | Alarm,
    code: str,
    origin: str,
    vendor_error_code: str | None,
    moment: Moment,
) -> None:
    key = _key(event, code)
    if key in state.faults:
        return
    fault = state.faults[key] = FaultState(
        ids.digest("fault", state.station_id, key, moment.mark),
        code,
        moment.protocol,
        event.evse_id,
        event.connector_id,
        origin,
        vendor_error_code,
        moment.at(event.at_us),
        vendor=state.vendor,
        model=state.model,
        firmware=state.firmware,
    )
    clock_us = moment.clock(event.at_us)
    if state.fault_clock_us is None:
        state.fault_clock_us = clock_us
    trim(state.faults, MAX_FAULTS)
    rates.count(state, rates.hour_of(clock_us), faults=1)
    state.touch(fault.fault_id, fault)


def _not_before(opened_us: int | None, closed_us: int | None) -> int | None:
    """An end told by another clock than its beginning, or by one that was set back, is no earlier than it."""
    return closed_us if opened_us is None or closed_us is None else max(opened_us, closed_us)


def _close(faults: list[FaultState], state: StationState, event: StatusReported | Alarm, moment: Moment) -> None:
    for fault in faults:
        del state.faults[_key(fault, fault.code)]
        fault.is_open = False
        fault.closed_us = _not_before(fault.opened_us, moment.at(event.at_us))
        state.touch(fault.fault_id, fault)
    if faults and not state.faults:
        rates.pass_time(state, moment.clock(event.at_us))
        state.fault_clock_us = None
