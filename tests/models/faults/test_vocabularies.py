"""Every code of the public vocabularies from the wire to its episode, in 1.6 and in 2.x, and its end.

What 1.6's enumeration and MREC mean is written down here once more, from the research notes; a row of the crosswalk
that says otherwise fails. Each other row must reach the episode that it promises.
"""

from typing import Any

import pytest
from captures import Folded, Wire, at

from models.crosswalk import ROWS

V2X = ("ocpp2.0.1", "ocpp2.1")
ERROR_CODES = {
    "ConnectorLockFailure": "connector_lock_failure",
    "EVCommunicationError": "ev_communication_error",
    "GroundFailure": "ground_failure",
    "HighTemperature": "high_temperature",
    "InternalError": "internal_error",
    "LocalListConflict": "local_list_conflict",
    "OtherError": "other_error",
    "OverCurrentFailure": "over_current",
    "OverVoltage": "over_voltage",
    "PowerMeterFailure": "meter_failure",
    "PowerSwitchFailure": "contactor_failure",
    "ReaderFailure": "reader_failure",
    "ResetFailure": "reset_failure",
    "UnderVoltage": "under_voltage",
    "WeakSignal": "weak_signal",
}
"""The 16 of OCPP 1.6 but NoError, which is none."""
MREC = (
    *("connector_lock_failure", "ground_failure", "high_temperature", "over_current", "over_voltage", "under_voltage"),
    *("weak_signal", "emergency_stop", "authorization_timeout", "invalid_vehicle_mode", "cable_check_fault"),
    *("precharge_failure", "communication_error", "pilot_fault", "power_loss", "ev_contactor_failure"),
    *("contactor_failure", "cable_overheating", "cable_overheating", "partial_insertion", "capacitance_fault"),
    *("insulation_fault", "proximity_fault", "connector_voltage_high", "broken_latch", "cut_cable"),
)
"""CX001 to CX026, in order."""
EXCLUDABLE = {"CX010": "ev", "CX012": "unknown", "CX015": "grid", "CX016": "ev", "CX026": "vandal"}
"""Who causes what an operator may leave out of its downtime."""
MREC_ID, EVGO_ID = "https://chargex.inl.gov", "com.evgo.mrec"
UEC_IDS = ("org.charin.uec.v1", "urn:din:99003")


def status(wire: Wire, second: float, error: str, **fields: str) -> None:
    word = "Available" if error == "NoError" else "Faulted"
    payload = {"connectorId": 1, "status": word, "errorCode": error, "timestamp": at(second)} | fields
    wire.call("StatusNotification", payload, seconds=second)


def only(wire: Wire) -> Any:
    (fault,) = wire.fold().of("faults")
    return fault


def told_and_cleared(**fields: str) -> Any:
    """The episode of a 1.6 status that is cleared after a minute."""
    wire = Wire()
    status(wire, 0, fields.pop("error", "OtherError"), **fields)
    status(wire, 60, "NoError")
    fault = only(wire)
    assert (fault.close_kind, (fault.closed_at - fault.opened_at).total_seconds()) == ("explicit_clear", 60)
    return fault


def alerted_and_cleared(protocol: str, **fields: Any) -> Any:
    """The episode of an event of 2.x that is cleared after a minute."""
    wire = Wire(protocol)
    for second, value in ((0, "true"), (60, "false")):
        wire.notify(second, {"id": 1}, actualValue=value, trigger="Delta", timestamp=at(second), **fields)
    fault = only(wire)
    assert (fault.close_kind, (fault.closed_at - fault.opened_at).total_seconds()) == ("explicit_clear", 60)
    return fault


@pytest.mark.parametrize("code", ERROR_CODES)
def test_every_error_code_of_1_6_is_its_canonical_code(code: str) -> None:
    fault = told_and_cleared(error=code)
    assert (fault.canonical_code, fault.raw_code, fault.taxonomy) == (ERROR_CODES[code], code, "ocpp16")


@pytest.mark.parametrize("number", range(1, 27))
def test_every_code_of_mrec_is_its_canonical_code_in_every_version(number: int) -> None:
    code = f"CX{number:03}"
    found = [told_and_cleared(vendorId=MREC_ID, vendorErrorCode=code)]
    found += [alerted_and_cleared(protocol, techCode=code) for protocol in V2X]
    for fault in found:
        assert (fault.canonical_code, fault.raw_code, fault.taxonomy) == (MREC[number - 1], code, "mrec")
        assert code not in EXCLUDABLE or fault.actor == EXCLUDABLE[code]
        assert fault.unmapped_code is None


@pytest.mark.parametrize("row", [row for row in ROWS if row.taxonomy == "evgo_mrec" and "*" not in row.raw_key])
def test_every_code_of_evgo_is_what_its_row_promises(row: Any) -> None:
    fault = told_and_cleared(vendorId=EVGO_ID, vendorErrorCode=row.raw_key, info="1.5")
    promised = (row.canonical_code, row.family, row.actor, "evgo_mrec")
    assert (fault.canonical_code, fault.family, fault.actor, fault.taxonomy) == promised
    assert fault.info == "1.5"


@pytest.mark.parametrize("row", [row for row in ROWS if row.taxonomy == "uec"], ids=lambda row: row.raw_key)
def test_every_name_of_the_unified_error_codes_is_what_its_row_promises(row: Any) -> None:
    found = [told_and_cleared(vendorId=vendor_id, vendorErrorCode=row.raw_key) for vendor_id in UEC_IDS]
    found += [alerted_and_cleared(protocol, techCode=row.raw_key) for protocol in V2X]
    for fault in found:
        assert (fault.canonical_code, fault.family, fault.actor) == (row.canonical_code, row.family, row.actor)
        assert (fault.unmapped_code, fault.raw_code) == (None, row.raw_key)
    assert {fault.taxonomy for fault in found[:2]} == {"uec"}


PAIRS = [row for row in ROWS if row.taxonomy == "ocpp2_cv" and "=" not in row.raw_key]
LASTING = [row for row in PAIRS if row.raw_key.rpartition(".")[2] in ("Problem", "Tripped", "Overload", "Active")]


@pytest.mark.parametrize("row", LASTING, ids=lambda row: row.raw_key)
def test_every_pair_of_component_and_variable_is_what_its_row_promises(row: Any) -> None:
    component, _, variable = row.raw_key.partition(".")
    for protocol in V2X:
        fault = alerted_and_cleared(protocol, component=component, variable=variable)
        promised = (row.canonical_code, row.family, row.actor, row.severity, "ocpp2_cv")
        assert (fault.canonical_code, fault.family, fault.actor, fault.severity, fault.taxonomy) == promised


@pytest.mark.parametrize("row", [row for row in ROWS if row.taxonomy == "vendor"], ids=lambda row: row.raw_key)
def test_every_code_of_a_vendor_s_dictionary_is_found_on_its_stations(row: Any) -> None:
    wire = Wire()
    make = {"chargePointVendor": row.vendor_id or "Anyone", "chargePointModel": row.model or "Any"}
    wire.call("BootNotification", make, seconds=-5)
    status(wire, 0, "OtherError", vendorErrorCode=row.raw_key)
    fault = only(wire)
    assert (fault.canonical_code, fault.unmapped_code) == (row.canonical_code, None)


def test_no_error_is_no_fault_in_any_taxonomy() -> None:
    wire = Wire()
    for second, fields in enumerate(({}, {"vendorId": MREC_ID}, {"vendorErrorCode": "NoError"})):
        status(wire, second, "NoError", **fields)
    assert Folded().fold(wire.records).of("faults") == []
