"""Quirks 23 and 53 to 62 of the field: faults."""

import pytest
from captures import Folded, Wire, at

from models.state import decode, encode

EVSE = {"id": 1, "connectorId": 2}


def status(wire: Wire, status: str, error: str | None, seconds: float, connector: int = 1, **fields: object) -> None:
    payload = {"connectorId": connector, "status": status, "errorCode": error, "timestamp": at(seconds)} | fields
    wire.call("StatusNotification", payload, seconds=seconds)


def faults(wire: Wire) -> list:
    return sorted(wire.fold(drain_every=1).of("faults"), key=lambda fault: (fault.opened_at, fault.raw_code))


def said(wire: Wire) -> list[str]:
    return [anomaly.anomaly for anomaly in wire.fold().of("anomalies")]


def power(wire: Wire, watts: int, seconds: float, wh: int | None = None) -> None:
    sampled = [{"value": str(watts), "measurand": "Power.Active.Import", "unit": "W"}]
    if wh is not None:
        sampled.append({"value": str(wh)})
    value = [{"timestamp": at(seconds), "sampledValue": sampled}]
    wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": value}, seconds=seconds)


def test_quirk_23_an_inoperative_connector_is_available_for_a_moment() -> None:
    """A connector that does not work reports Available for a moment and Faulted again: the status flaps.

    Source: EVerest/everest-core PR 2481.
    We: what comes back within 30 s is the same episode, `reopened` counts how often; every status stays a row.
    """
    wire = Wire()
    for seconds, state, error in (
        (0, "Faulted", "GroundFailure"), (60, "Available", "NoError"), (65, "Faulted", "GroundFailure"),
        (90, "Available", "NoError"), (119, "Faulted", "GroundFailure"), (300, "Available", "NoError"),
        (331, "Faulted", "GroundFailure"), (400, "Available", "NoError"),
    ):  # fmt: skip
        status(wire, state, error, seconds)
    first, second = faults(wire)
    assert ((first.closed_at - first.opened_at).total_seconds(), first.reopened) == (300, 2)
    assert ((second.closed_at - second.opened_at).total_seconds(), second.reopened) == (69, 0)
    assert len(wire.fold().of("statuses")) == 8
    assert said(wire).count("flapping") == 1


def test_quirk_53_faulted_with_no_error() -> None:
    """The status is Faulted, the error code NoError; the code comes later or never.

    Source: MicroOcpp 136.
    We: an episode `unknown_fault`; a code that comes meanwhile refines it, the episode stays one.
    """
    wire = Wire()
    status(wire, "Faulted", "NoError", 0)
    status(wire, "Available", "NoError", 60)
    status(wire, "Faulted", "NoError", 600)
    status(wire, "Faulted", "OverVoltage", 605)
    status(wire, "Faulted", "NoError", 610)
    status(wire, "Available", "NoError", 660)
    without, refined = faults(wire)
    assert (without.canonical_code, without.code, without.taxonomy) == ("unknown_fault", "Faulted", "status")
    assert (without.close_kind, without.mapping_confidence) == ("implied_by_status", 0.1)
    assert (refined.canonical_code, refined.code, refined.close_kind) == (
        "over_voltage",
        "OverVoltage",
        "explicit_clear",
    )
    assert (refined.closed_at - refined.opened_at).total_seconds() == 60
    assert said(wire).count("fault_without_code") == 2


@pytest.mark.parametrize("healthy", ["Finishing", "Available", "Charging", "SuspendedEVSE"])
def test_quirk_54_an_error_code_beside_a_healthy_status(healthy: str) -> None:
    """An error code comes with Finishing or Available.

    Source: sap-labs-france/ev-server `OCPPService.ts` (ABB).
    We: an episode of severity warning, never an outage; Faulted with the same code makes it an error.
    """
    wire = Wire()
    status(wire, healthy, "HighTemperature", 0)
    (fault,) = faults(wire)
    assert (fault.severity, fault.is_open) == ("warning", True)
    assert said(wire) == ["fault_while_healthy"]
    status(wire, "Faulted", "HighTemperature", 60)
    (fault,) = faults(wire)
    assert fault.severity == "error"


def test_quirk_55_an_error_code_that_is_not_in_the_enumeration() -> None:
    """`errorCode` is a word that OCPP does not know, such as `Error`.

    Source: lbbrhzn/ocpp 1248 (Legrand).
    We: canonical code `other_error`, the word kept and listed among the unmapped codes.
    """
    wire = Wire()
    status(wire, "Faulted", "Error", 0, connector=0)
    (fault,) = faults(wire)
    assert (fault.canonical_code, fault.code, fault.unmapped_code) == ("other_error", "Error", "Error")
    assert (fault.connector_id, fault.severity, fault.taxonomy) == (0, "error", "none")
    assert said(wire) == ["fault_unmapped"]


def test_quirk_56_the_meaning_is_in_the_vendor_s_code_only() -> None:
    """`errorCode` is OtherError, and only `vendorErrorCode` says what is wrong (`NoPPDetected`).

    Source: lbbrhzn/ocpp 1987 (CTEK).
    We: a dictionary by vendorId, model and code; a code it does not know is listed as unmapped, and the codes that
    stand beside each other stay episodes of their own.
    """
    wire = Wire()
    wire.call(
        "BootNotification", {"chargePointVendor": "CTEK", "chargePointModel": "Chargestorm", "firmwareVersion": "1"}
    )
    status(wire, "Faulted", "OtherError", 10, vendorErrorCode="NoPPDetected")
    status(wire, "Faulted", "OtherError", 20, vendorErrorCode="E17")
    status(wire, "Faulted", "OtherError", 30, vendorErrorCode="E18")
    status(wire, "Faulted", "GroundFailure", 40, vendorErrorCode="E19")
    rows = [(f.canonical_code, f.raw_code, f.vendor_error_code, f.unmapped_code, f.taxonomy) for f in faults(wire)]
    assert rows == [
        ("proximity_fault", "NoPPDetected", "NoPPDetected", None, "vendor"),
        ("other_error", "E17", "E17", "E17", "none"),
        ("other_error", "E18", "E18", "E18", "none"),
        ("ground_failure", "GroundFailure", "E19", "E19", "ocpp16"),
    ]
    assert {f.model for f in faults(wire)} == {"Chargestorm"}


def test_quirk_57_words_for_nothing() -> None:
    """`info` is "null", `vendorErrorCode` "0x0000" or "none", on every status, with NoError.

    Source: lbbrhzn/ocpp 1741; ioBroker.ocpp 21.
    We: a list of words for nothing; they open nothing and map to nothing.
    """
    wire = Wire()
    for seconds, nothing in enumerate(("null", "0x0000", "none", "", "0", "N/A", "NoError", "00000000", "-")):
        status(wire, "Available", "NoError", seconds, info=nothing, vendorErrorCode=nothing, vendorId=nothing)
    assert faults(wire) == []
    status(wire, "Faulted", "OtherError", 60, info="null", vendorErrorCode="0x0000", vendorId="null")
    (fault,) = faults(wire)
    assert (fault.vendor_error_code, fault.unmapped_code, fault.info, fault.vendor_id) == (None, None, None, None)


def test_quirk_58_faulted_while_energy_goes_on_flowing() -> None:
    """The status is Faulted during a session, and the car goes on charging.

    Source: MicroOcpp 203.
    We: `blocks_charging` comes from power and registers of the connector's session, never from the status; without
    a session it is null.
    """
    wire = Wire()
    wire.start(7)
    power(wire, 7000, 60, 1100)
    status(wire, "Faulted", "InternalError", 90)
    power(wire, 7000, 120, 1200)
    (fault,) = faults(wire)
    assert (fault.in_transaction, fault.blocks_charging, fault.severity) == (True, False, "error")
    assert "fault_while_charging" in said(wire)


def test_a_fault_blocks_charging_where_no_energy_flows_in_the_session() -> None:
    wire = Wire()
    wire.start(7)
    power(wire, 7000, 60, 1100)
    status(wire, "Faulted", "InternalError", 90)
    assert [fault.blocks_charging for fault in faults(wire)] == [None]
    power(wire, 0, 120, 1150)
    power(wire, 0, 180, 1150)
    assert [(fault.in_transaction, fault.blocks_charging) for fault in faults(wire)] == [(True, True)]


def test_a_register_that_rises_after_the_opening_is_energy_and_one_before_it_is_none() -> None:
    wire = Wire()
    wire.start(7)
    wire.meter(1500, seconds=60, transaction_id=7)
    status(wire, "Charging", "OverCurrentFailure", 90)
    wire.meter(1600, seconds=120, transaction_id=7)
    assert [fault.blocks_charging for fault in faults(wire)] == [None]
    wire.meter(1700, seconds=180, transaction_id=7)
    assert [fault.blocks_charging for fault in faults(wire)] == [False]


def test_a_fault_of_another_connector_or_without_a_session_says_nothing_of_charging() -> None:
    wire = Wire()
    status(wire, "Faulted", "InternalError", 0, connector=2)
    wire.start(7, seconds=10)
    power(wire, 7000, 60, 1100)
    power(wire, 7000, 120, 1300)
    assert [(fault.in_transaction, fault.blocks_charging) for fault in faults(wire)] == [(False, None)]


def test_quirk_59_a_clearing_hides_others_as_errors_are_levels() -> None:
    """1.6 reports a level, not events: one status carries one code, no code has a clearing of its own.

    Source: charinev/unified-error-codes 69; EVerest PR 2455; libocpp PR 1020.
    We: all codes of a connector stay open until NoError comes with a status other than Faulted. A healthy status
    with another code ends what kept the connector Faulted (`superseded`).
    """
    wire = Wire()
    status(wire, "Faulted", "GroundFailure", 0)
    status(wire, "Faulted", "HighTemperature", 10)
    status(wire, "Faulted", "NoError", 20)
    assert [fault.is_open for fault in faults(wire)] == [True, True]
    status(wire, "Available", "NoError", 60)
    assert [fault.close_kind for fault in faults(wire)] == ["explicit_clear"] * 2
    status(wire, "Faulted", "GroundFailure", 600)
    status(wire, "Charging", "WeakSignal", 660)
    assert [(f.canonical_code, f.close_kind) for f in faults(wire)[2:]] == [
        ("ground_failure", "superseded"),
        ("weak_signal", "open"),
    ]


def test_quirk_60_the_gravest_error_masks_the_others() -> None:
    """A station that has several errors reports the gravest one only.

    Source: MicroOcpp PR 331.
    We: counts of episodes are lower bounds; a warning that a graver code covers stays open, it is not cleared.
    """
    wire = Wire()
    status(wire, "Charging", "HighTemperature", 0)
    status(wire, "Faulted", "GroundFailure", 30)
    status(wire, "Charging", "HighTemperature", 60)
    rows = [(f.canonical_code, f.is_open, f.severity) for f in faults(wire)]
    assert rows == [("high_temperature", True, "warning"), ("ground_failure", False, "critical")]


def test_quirk_61_an_emergency_stop_while_the_car_goes_on_charging() -> None:
    """EmergencyStop is reported, and energy goes on flowing.

    Source: mikuso/ocpp-rpc 43.
    We: the emergency stop is an episode; power says that it does not block charging.
    """
    wire = Wire()
    wire.start(7)
    status(wire, "Faulted", "OtherError", 30, vendorId="https://chargex.inl.gov", vendorErrorCode="CX008")
    power(wire, 11_000, 60, 1500)
    (fault,) = faults(wire)
    assert (fault.canonical_code, fault.actor, fault.blocks_charging) == ("emergency_stop", "driver", False)


def test_quirk_62_codes_in_lists_and_texts_in_the_wrong_field() -> None:
    """Several codes in one field: `;` (MREC), `,` with the n-th info value (EVgo); EVerest puts its text into vendorId.

    Source: ChargeX MREC; mrec.evgo.com; EVerest `OCPP` module.
    We: texts are taken apart before they are looked up: an episode for each code, its own value as `info`.
    """
    wire = Wire()
    mrec = {"vendorId": "https://chargex.inl.gov", "vendorErrorCode": "CX017; cx019;CX017"}
    status(wire, "Faulted", "OtherError", 0, **mrec)
    evgo = {"vendorId": "com.evgo.mrec", "vendorErrorCode": "F001,F003", "info": "1.11,5.00"}
    status(wire, "Finishing", "OtherError", 10, connector=2, **evgo)
    text = {"vendorId": "Energy is out of reach", "vendorErrorCode": "EnergyManagement/OutOfEnergy", "info": "evse->x"}
    status(wire, "SuspendedEVSE", "OtherError", 20, connector=3, **text)
    rows = [(f.connector_id, f.canonical_code, f.raw_code, f.taxonomy, f.vendor_id, f.info) for f in faults(wire)]
    assert rows == [
        (1, "contactor_failure", "CX017", "mrec", "https://chargex.inl.gov", None),
        (1, "cable_overheating", "cx019", "mrec", "https://chargex.inl.gov", None),
        (2, "proximity_fault", "F001", "evgo_mrec", "com.evgo.mrec", "1.11"),
        (2, "pilot_fault", "F003", "evgo_mrec", "com.evgo.mrec", "5.00"),
        (3, "energy_not_allotted", "EnergyManagement/OutOfEnergy", "vendor", None, "evse->x: Energy is out of reach"),
    ]


def test_a_restart_of_the_fold_anywhere_changes_no_episode() -> None:
    wire = Wire()
    wire.start(7)
    status(wire, "Faulted", "NoError", 20)
    status(wire, "Faulted", "OtherError", 30, vendorId="https://chargex.inl.gov", vendorErrorCode="CX008;CX015")
    power(wire, 11_000, 60, 1500)
    status(wire, "Available", "NoError", 90)
    status(wire, "Faulted", "OtherError", 100, vendorErrorCode="CX015")
    whole = wire.fold().facts
    folded = Folded()
    for record in wire.records:
        folded.fold([record])
        folded.states = {name: decode(encode(state)) for name, state in folded.states.items()}
    assert folded.facts == whole
