"""Fault episodes: opened by a first report, closed by its clearing. Not here: what a code means (`crosswalk`).

1.6 reports levels, not events (one status carries the worst error, a healthy one clears all), so several codes can be
open on a connector until NoError comes with a status other than Faulted (OCPP 1.6 section 4.9). 2.x raises and clears
each component and variable by itself; an episode is open while one of its causes is.
"""

from models import anomalies, crosswalk, ids
from models.anomalies import Kind
from models.crosswalk import Named
from models.events import Alarm, StatusReported
from models.faults import causes, closing, flow, recovery, rows, severities, witnesses
from models.faults.closing import EXPLICIT, IMPLIED, OPEN, SUPERSEDED
from models.moment import Moment
from models.state import MAX_FAULTS, StationState, trim
from models.state.faults import FaultState
from models.state.parts import ConnectorState
from models.stations import rates, statuses

FAULTED = "Faulted"
"""Status, and the code where only the status says that something is wrong."""
RETOLD_US = 10 * 60_000_000
"""One whose end was only inferred may be said anew until then: stations need minutes to be up again."""

_WITHOUT_CODE = Named(FAULTED, FAULTED, crosswalk.STATUS_ROW)


def report(state: StationState, event: StatusReported, moment: Moment) -> None:
    """Fold a status: 1.6 with its error code, 2.x (no code) by the status alone."""
    if state.faults:
        rows.adopt_older(state)
    known = state.connectors.get(statuses.place(event.evse_id, event.connector_id))
    if known is not None and statuses.is_old(known, event, moment):
        _belated(state, event, known, moment)
        return
    recovery.by_status(state, event, moment)
    if event.error_code is None:
        _condition(state, event, moment)
        return
    is_faulted = event.status == FAULTED
    if not is_faulted and event.error_code == "NoError":
        if state.faults:
            _clear_all(state, event, moment)
        return
    named = crosswalk.of_status(event, state.vendor, state.model)
    if not named and not is_faulted:
        _clear_all(state, event, moment)
    elif not named:
        _without_code(state, event, moment)
    else:
        if not is_faulted:
            _supersede(state, event, named, moment)
        for one in named:
            severity = severities.of_level(one.row, is_faulted=is_faulted)
            _raise(state, event, one, severity, moment, is_faulted=is_faulted)


def alarm(state: StationState, event: Alarm, moment: Moment) -> None:
    """Fold one entry of a 2.x NotifyEvent. A clearing without an EVSE clears all of its component and variable."""
    if state.faults:
        rows.adopt_older(state)
    for one in crosswalk.singles(event):
        if one.is_raised:
            named = crosswalk.of_alarm(one, state.vendor, state.model)
            severity = severities.of_event(named.row, one.severity)
            _raise(state, one, named, severity, moment, cause=causes.of(one))
        else:
            _clear(state, one, moment)


def _clear(state: StationState, event: Alarm, moment: Moment) -> None:
    for fault in list(state.faults.values()):
        if causes.clear(fault, event) and not fault.causes:
            closing.close(state, fault, EXPLICIT, event.at_us, moment)
    if state.recent_faults:
        recovery.cleared(state, event, moment)


def booted(state: StationState) -> None:
    """Fold a boot: open episodes without a known station type get the one that just booted."""
    recovery.booted(state)
    for fault in state.faults.values():
        if fault.vendor is None and fault.model is None:
            fault.vendor, fault.model, fault.firmware = state.vendor, state.model, state.firmware
            state.touch(fault.fault_id, fault)


def _condition(state: StationState, event: StatusReported, moment: Moment) -> None:
    """A 2.x status: Faulted without a code, or the end of what only the status said."""
    cause = causes.of_status(event)
    if event.status == FAULTED:
        near = [fault for fault in state.faults.values() if recovery.explains(fault, event)]
        if not near:
            _raise(state, event, _WITHOUT_CODE, "error", moment, cause=cause, is_faulted=True)
        elif not any(cause in fault.causes for fault in near):
            _confirm(state, near[-1], cause)
        return
    for fault in [fault for fault in state.faults.values() if cause in fault.causes]:
        fault.causes.remove(cause)
        if not fault.causes:
            closing.close(state, fault, IMPLIED, event.at_us, moment)


def _belated(state: StationState, event: StatusReported, known: ConnectorState, moment: Moment) -> None:
    """A status from a queue, older than the connector's last one: it dates what is past and changes nothing now."""
    named = []
    if event.error_code is not None:
        named = crosswalk.of_status(event, state.vendor, state.model)
    if not named and event.status == FAULTED:
        named = [_WITHOUT_CODE]
    is_over = known.status != FAULTED and known.error_code in (None, "NoError")
    for one in named:
        key = _key(event, one)
        if key not in state.faults:
            fault = _open(state, key, event, one, moment)
            fault.is_faulted = event.status == FAULTED
            if event.error_code is None:
                causes.add(fault, causes.of_status(event))
            fault.severity = severities.of_level(one.row, is_faulted=fault.is_faulted)
            state.touch(fault.fault_id, fault)
            if is_over:
                closing.close(state, fault, IMPLIED, known.reported_us, moment)
    if not named:
        for fault in [fault for fault in state.recent_faults.values() if _is_on(fault, event)]:
            _end_earlier(state, fault, event, moment)


def _end_earlier(state: StationState, fault: FaultState, event: StatusReported, moment: Moment) -> None:
    """The true end of an episode that was only known to be over."""
    opened_us, closed_us, at_us = fault.opened_us, fault.closed_us, event.at_us
    if opened_us is None or closed_us is None or at_us is None or not opened_us <= at_us < closed_us:
        return
    fault.closed_us, fault.closed_received_us = at_us, moment.received_us
    fault.closed_position = moment.place
    fault.close_kind = IMPLIED if fault.taxonomy == "status" else EXPLICIT
    state.touch(fault.fault_id, fault)


def _clear_all(state: StationState, event: StatusReported, moment: Moment) -> None:
    for fault in _on(state, event):
        closing.close(state, fault, IMPLIED if fault.taxonomy == "status" else EXPLICIT, event.at_us, moment)


def _without_code(state: StationState, event: StatusReported, moment: Moment) -> None:
    """1.6: Faulted with NoError adds nothing to a known error; alone it is a fault whose code nobody says."""
    known = _on(state, event)
    if known:
        _confirm(state, known[-1], None)
        return
    _raise(state, event, _WITHOUT_CODE, "error", moment, is_faulted=True)


def _confirm(state: StationState, fault: FaultState, cause: str | None) -> None:
    """The status is Faulted while this episode is open: it weighs as one that keeps the connector from working."""
    if cause is not None:
        causes.add(fault, cause)
    elif fault.is_faulted:
        return
    fault.is_faulted = True
    if severities.can_be_outage(fault.canonical_code, fault.actor):
        fault.severity = severities.worse(fault.severity, "error")
    state.touch(fault.fault_id, fault)


def _supersede(state: StationState, event: StatusReported, named: list[Named], moment: Moment) -> None:
    """A healthy status with another code: what kept the connector Faulted is over, warnings may be masked by it."""
    keys = {_key(event, one) for one in named}
    for key, fault in [(key, fault) for key, fault in state.faults.items() if _is_on(fault, event)]:
        if fault.is_faulted and key not in keys:
            closing.close(state, fault, IMPLIED if fault.taxonomy == "status" else SUPERSEDED, event.at_us, moment)


def _key(place: StatusReported | Alarm | FaultState, named: Named) -> str:
    return rows.key(place.evse_id, place.connector_id, named.row.canonical_code, named.raw_code)


def _is_on(fault: FaultState, event: StatusReported | Alarm) -> bool:
    return fault.evse_id == event.evse_id and fault.connector_id == event.connector_id


def _on(state: StationState, event: StatusReported | Alarm) -> list[FaultState]:
    return [fault for fault in state.faults.values() if _is_on(fault, event)]


def _raise(
    state: StationState,
    event: StatusReported | Alarm,
    named: Named,
    severity: str,
    moment: Moment,
    *,
    cause: str | None = None,
    is_faulted: bool = False,
) -> FaultState:
    """Open an episode, or go on with the one that is this fault."""
    key = _key(event, named)
    fault = state.faults.get(key)
    if fault is None and (is_faulted or severities.is_error(severity)):
        fault = _same(state, event, named, cause)
    fault = fault or _reopened(state, key, event, moment)
    if fault is None:
        fault = _open(state, key, event, named, moment)
        fault.severity = severity
    else:
        _refine(state, fault, event, named, moment)
        fault.severity = severities.worse(fault.severity, severity)
    if cause is not None:
        causes.add(fault, cause)
    fault.is_faulted, fault.is_rebooted = fault.is_faulted or is_faulted, False
    state.touch(fault.fault_id, fault)
    return fault


def _same(state: StationState, event: StatusReported | Alarm, named: Named, cause: str | None) -> FaultState | None:
    """An open episode that this report is about: raised by the same cause, or a fault that had no code until now."""
    if cause is not None:
        for fault in state.faults.values():
            if cause in fault.causes:
                return fault
    for fault in state.faults.values():
        if fault.canonical_code == crosswalk.UNKNOWN and causes.is_near(fault, event):
            return fault
    return None


def _refine(
    state: StationState, fault: FaultState, event: StatusReported | Alarm, named: Named, moment: Moment
) -> None:
    """A fault without a code gets the one that comes later, and stays the same episode."""
    if fault.canonical_code != crosswalk.UNKNOWN or named.row.canonical_code == crosswalk.UNKNOWN:
        return
    old = next(key for key, known in state.faults.items() if known is fault)
    new = _key(fault, named)
    if new in state.faults:
        return
    del state.faults[old]
    state.faults[new] = fault
    _describe(fault, named)
    if isinstance(event, Alarm):
        # A status of 2.x has no code to give: the event that does comes a moment later.
        kind, evse_id, connector_id = Kind.FAULT_WITHOUT_CODE, fault.evse_id, fault.connector_id
        anomalies.take_back(state, kind, moment, subject=fault.fault_id, evse_id=evse_id, connector_id=connector_id)
    if fault.unmapped_code is not None:
        _remark(state, fault, event, moment)


def _reopened(state: StationState, key: str, event: StatusReported | Alarm, moment: Moment) -> FaultState | None:
    """The episode of this fault that was closed just now."""
    fault = state.recent_faults.get(key)
    if fault is None or not _is_within_dwell(fault, event, moment):
        return None
    del state.recent_faults[key]
    was_inferred = fault.close_kind in closing.INFERRED
    fault.is_open, fault.close_kind = True, OPEN
    fault.closed_us = fault.closed_received_us = fault.closed_position = None
    state.faults[key] = fault
    rates.count_faults_from(state, moment.clock(event.at_us))
    if was_inferred:
        # It never was over.
        witnesses.recall(fault)
        return fault
    fault.reopened += 1
    anomalies.say(
        state,
        Kind.FLAPPING,
        moment,
        evse_id=fault.evse_id,
        connector_id=fault.connector_id,
        value=fault.canonical_code,
        at_us=event.at_us,
        subject=fault.fault_id,
    )
    return fault


def _is_within_dwell(fault: FaultState, event: StatusReported | Alarm, moment: Moment) -> bool:
    """By the charger's clock; where that runs back, by receipt."""
    at_us, received_us = moment.at(event.at_us), moment.received_us
    dwell_us = RETOLD_US if fault.close_kind in closing.INFERRED else statuses.DWELL_US
    if at_us is not None and fault.closed_us is not None and at_us >= fault.closed_us:
        return at_us - fault.closed_us <= dwell_us
    if received_us is None or fault.closed_received_us is None:
        return False
    return 0 <= received_us - fault.closed_received_us <= dwell_us


def _open(state: StationState, key: str, event: StatusReported | Alarm, named: Named, moment: Moment) -> FaultState:
    # The id holds the code as sent: a new version of the crosswalk leaves it as it is.
    named_id = f"{event.evse_id}/{event.connector_id}/{named.raw_code}"
    opened_us = moment.at(event.at_us)
    fault = state.faults[key] = FaultState(
        ids.digest("fault", state.station_id, named_id, moment.mark),
        named.code,
        moment.protocol,
        event.evse_id,
        event.connector_id,
        event.origin if isinstance(event, Alarm) else "",
        opened_us=opened_us,
        vendor=state.vendor,
        model=state.model,
        firmware=state.firmware,
        in_transaction=flow.is_in_transaction(state, event, opened_us),
        opened_received_us=moment.received_us,
        opened_position=moment.place,
    )
    _describe(fault, named)
    flow.begin(state, fault)
    clock_us = moment.clock(event.at_us)
    rates.count_faults_from(state, clock_us)
    trim(state.faults, MAX_FAULTS)
    rates.count(state, rates.hour_of(clock_us), faults=1)
    _remark(state, fault, event, moment)
    return fault


def _describe(fault: FaultState, named: Named) -> None:
    row = named.row
    fault.code, fault.vendor_error_code, fault.raw_code = named.code, named.vendor_error_code, named.raw_code
    fault.unmapped_code, fault.info, fault.vendor_id = named.unmapped_code, named.info, named.vendor_id
    fault.canonical_code, fault.taxonomy, fault.actor = row.canonical_code, row.taxonomy, row.actor
    fault.confidence = row.confidence
    fault.mapping_version = crosswalk.VERSION


def _remark(state: StationState, fault: FaultState, event: StatusReported | Alarm, moment: Moment) -> None:
    """Say what is odd about a fault that opens."""
    kinds: list[tuple[Kind, str | None]] = []
    if fault.unmapped_code is not None:
        kinds.append((Kind.FAULT_UNMAPPED, fault.unmapped_code))
    if fault.taxonomy == "status":
        kinds.append((Kind.FAULT_WITHOUT_CODE, None))
    if isinstance(event, StatusReported) and event.status != FAULTED:
        kinds.append((Kind.FAULT_WHILE_HEALTHY, f"{event.status}/{fault.canonical_code}"))
    for kind, value in kinds:
        anomalies.say(
            state,
            kind,
            moment,
            evse_id=fault.evse_id,
            connector_id=fault.connector_id,
            value=value,
            at_us=event.at_us,
            subject=fault.fault_id,
        )
