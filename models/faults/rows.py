"""A fault episode as a fact, and episodes of older states brought up to date. Not here: what opens and closes one."""

from models import crosswalk
from models.crosswalk import Row
from models.facts import FaultEpisode
from models.faults import causes, flow
from models.state import StationState
from models.state.faults import FaultState
from models.times import as_utc


def fact(state: StationState, fault: FaultState, generation: int, offset: int) -> FaultEpisode:
    """The episode as a fact."""
    if not fault.canonical_code:
        adopt(fault)
    opened, closed = fault.opened_position or (None,) * 3, fault.closed_position or (None,) * 3
    return FaultEpisode(
        version_generation=generation,
        version_offset=offset,
        fault_id=fault.fault_id,
        station_id=state.station_id,
        evse_id=fault.evse_id,
        connector_id=fault.connector_id,
        protocol=fault.protocol,
        canonical_code=fault.canonical_code,
        family=crosswalk.family_of(fault.canonical_code),
        actor=fault.actor,
        severity=fault.severity,
        code=fault.code,
        vendor_error_code=fault.vendor_error_code,
        raw_code=fault.raw_code,
        unmapped_code=fault.unmapped_code,
        vendor_id=fault.vendor_id,
        info=fault.info,
        taxonomy=fault.taxonomy,
        mapping_version=fault.mapping_version,
        mapping_confidence=fault.confidence,
        opened_at=as_utc(fault.opened_us),
        closed_at=as_utc(fault.closed_us),
        opened_received_at=as_utc(fault.opened_received_us),
        closed_received_at=as_utc(fault.closed_received_us),
        is_open=fault.is_open,
        close_kind=fault.close_kind,
        reopened=fault.reopened,
        in_transaction=fault.in_transaction,
        blocks_charging=flow.blocks_charging(fault),
        vendor=fault.vendor,
        model=fault.model,
        firmware=fault.firmware,
        opened_generation=opened[0],
        opened_partition=opened[1],
        opened_offset=opened[2],
        closed_generation=closed[0],
        closed_partition=closed[1],
        closed_offset=closed[2],
    )


def key(evse_id: int | None, connector_id: int | None, canonical_code: str, raw_code: str) -> str:
    """What is one episode: place and canonical code; codes without a row stay apart by their own text."""
    own = f"/{raw_code}" if canonical_code == crosswalk.OTHER else ""
    return f"{evse_id}/{connector_id}/{canonical_code}{own}"


def adopt_older(state: StationState) -> None:
    """Bring the open episodes of a state from before the crosswalk up to date; nothing to do for any other."""
    if next(iter(state.faults.values())).canonical_code:
        return
    older, state.faults = state.faults, {}
    for fault in older.values():
        adopt(fault)
        state.faults[key(fault.evse_id, fault.connector_id, fault.canonical_code, fault.raw_code)] = fault


def adopt(fault: FaultState) -> None:
    """Map an episode from before the crosswalk; what its state did not note stays unknown."""
    row = _row(fault)
    fault.canonical_code, fault.taxonomy, fault.actor = row.canonical_code, row.taxonomy, row.actor
    fault.severity, fault.confidence, fault.mapping_version = row.severity, row.confidence, crosswalk.VERSION
    fault.raw_code = fault.code
    if fault.origin:
        code = "" if fault.code == fault.origin else fault.code
        fault.causes = [causes.text(fault.evse_id, fault.connector_id, fault.origin, "", code)]
    elif fault.protocol != "ocpp1.6":
        fault.causes = [causes.text(fault.evse_id, fault.connector_id, causes.STATUS)]


def _row(fault: FaultState) -> Row:
    if fault.code == "Faulted":
        return crosswalk.STATUS_ROW
    found = crosswalk.by_pair(fault.origin) if fault.origin else crosswalk.by_error_code(fault.code)
    return crosswalk.by_vendor_code(fault.code) or found or crosswalk.NO_ROW
