"""2.x faults: raised and cleared by component and variable, refined by techCodes, weighed as the station states."""

import json

import pytest
from captures import Folded, Wire, at

from models import crosswalk
from models.state import StationState
from models.state.faults import FaultState

EVSE_1, EVSE_2 = {"id": 1, "connectorId": 1}, {"id": 2, "connectorId": 1}


def faults(wire: Wire) -> list:
    return sorted(wire.fold(drain_every=1).of("faults"), key=lambda fault: (fault.opened_at, fault.raw_code))


def rows(wire: Wire) -> list[tuple]:
    return [(fault.canonical_code, fault.close_kind) for fault in faults(wire)]


def raised(wire: Wire, seconds: float, **fields: object) -> None:
    wire.notify(seconds, **({"actualValue": "true", "trigger": "Delta", "timestamp": at(seconds)} | fields))


def cleared(wire: Wire, seconds: float, **fields: object) -> None:
    wire.notify(seconds, **({"actualValue": "false", "trigger": "Delta", "timestamp": at(seconds)} | fields))


def condition(wire: Wire, status: str, seconds: float, evse: int = 1, connector: int = 1) -> None:
    payload = {"evseId": evse, "connectorId": connector, "connectorStatus": status, "timestamp": at(seconds)}
    wire.call("StatusNotification", payload, seconds=seconds)


def test_a_clearing_without_an_evse_clears_all_of_its_component_and_variable() -> None:
    wire = Wire("ocpp2.0.1")
    raised(wire, 0, component="RCD", variable="Tripped", evse=EVSE_1)
    raised(wire, 1, component="RCD", variable="Tripped", evse=EVSE_2)
    raised(wire, 2, component="RCD", variable="Problem", evse=EVSE_2)
    cleared(wire, 60, component="RCD", variable="Tripped")
    assert rows(wire) == [("ground_failure", "explicit_clear")] * 2 + [("other_error", "open")]


def test_a_clearing_of_one_evse_leaves_the_others() -> None:
    wire = Wire("ocpp2.1")
    raised(wire, 0, component="RCD", variable="Tripped", evse=EVSE_1)
    raised(wire, 1, component="RCD", variable="Tripped", evse=EVSE_2)
    cleared(wire, 60, component="RCD", variable="Tripped", evse={"id": 2})
    assert [(fault.evse_id, fault.is_open) for fault in faults(wire)] == [(1, True), (2, False)]


def test_one_fault_of_two_causes_is_open_until_both_are_cleared() -> None:
    wire = Wire("ocpp2.0.1")
    for second, code in enumerate(("CX018", "CX019")):
        raised(wire, second, evse=EVSE_1, techCode=code)
    cleared(wire, 60, evse=EVSE_1, techCode="CX018")
    assert rows(wire) == [("cable_overheating", "open")]
    cleared(wire, 90, evse=EVSE_1, techCode="CX019")
    assert rows(wire) == [("cable_overheating", "explicit_clear")]


def test_parts_of_a_component_are_causes_of_their_own() -> None:
    wire = Wire("ocpp2.0.1")
    for second, instance in enumerate(("1", "2")):
        part = {"name": "AcDcConverter", "instance": instance, "evse": EVSE_1}
        entry = {"component": part, "variable": {"name": "Problem"}, "actualValue": "true", "trigger": "Delta"}
        wire.call("NotifyEvent", {"eventData": [entry]}, seconds=second)
    part = {"name": "AcDcConverter", "instance": "1", "evse": EVSE_1}
    gone = {"component": part, "variable": {"name": "Problem"}, "actualValue": "false", "trigger": "Delta"}
    wire.call("NotifyEvent", {"eventData": [gone]}, seconds=60)
    assert rows(wire) == [("power_module_failure", "open")]
    cleared(wire, 90, component="AcDcConverter")
    assert rows(wire) == [("power_module_failure", "explicit_clear")]


@pytest.mark.parametrize("first", ["status", "event"])
def test_a_status_of_faulted_and_the_event_that_explains_it_are_one_episode(first: str) -> None:
    wire = Wire("ocpp2.0.1")
    steps = [
        lambda s: condition(wire, "Faulted", s),
        lambda s: raised(wire, s, component="RCD", variable="Tripped", evse=EVSE_1),
    ]
    for second, step in enumerate(steps if first == "status" else reversed(steps)):
        step(second)
    assert [(f.canonical_code, f.opened_at.second) for f in faults(wire)] == [("ground_failure", 20)]
    cleared(wire, 60, component="RCD", variable="Tripped", evse=EVSE_1)
    assert rows(wire) == [("ground_failure", "open")]
    condition(wire, "Available", 90)
    assert rows(wire) == [("ground_failure", "implied_by_status")]
    assert len(faults(wire)) == 1


def test_a_generic_problem_is_refined_by_the_tech_code_that_follows() -> None:
    wire = Wire("ocpp2.0.1")
    raised(wire, 0, evse=EVSE_1)
    raised(wire, 5, evse=EVSE_1, techCode="CX017", techInfo="mirror contact")
    (fault,) = faults(wire)
    assert (fault.canonical_code, fault.code, fault.info) == ("contactor_failure", "CX017", "mirror contact")
    cleared(wire, 60, evse=EVSE_1)
    assert rows(wire) == [("contactor_failure", "explicit_clear")]


def test_a_warning_does_not_explain_a_status_of_faulted() -> None:
    wire = Wire("ocpp2.0.1")
    raised(wire, 0, component="TokenReader", evse=EVSE_1)
    condition(wire, "Faulted", 5)
    assert rows(wire) == [("reader_failure", "open"), ("unknown_fault", "open")]
    condition(wire, "Occupied", 60)
    assert rows(wire) == [("reader_failure", "open"), ("unknown_fault", "implied_by_status")]


def test_a_broken_sensor_is_not_heat() -> None:
    wire = Wire("ocpp2.0.1")
    raised(wire, 0, component="TemperatureSensor", variable="Problem", evse=EVSE_1)
    raised(wire, 1, component="TemperatureSensor", variable="Active", evse=EVSE_1)
    raised(wire, 2, component="TemperatureSensor", variable="Temperature", actualValue="1")
    assert [(f.canonical_code, f.severity) for f in faults(wire)] == [
        ("sensor_failure", "warning"),
        ("high_temperature", "error"),
    ]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [(0, "critical"), (3, "critical"), (4, "error"), (5, "warning"), (9, "info"), (None, "critical"), (10, "critical")],
)
def test_2_1_states_the_severity(stated: int | None, expected: str) -> None:
    wire = Wire("ocpp2.1")
    raised(wire, 0, component="RCD", variable="Tripped", severity=stated)
    assert [fault.severity for fault in faults(wire)] == [expected]


def test_severity_only_rises_within_an_episode() -> None:
    wire = Wire("ocpp2.1")
    for second, severity in enumerate((6, 2, 8)):
        raised(wire, second, component="RCD", variable="Tripped", severity=severity)
    assert [fault.severity for fault in faults(wire)] == ["critical"]


def test_a_value_can_be_a_fault_and_another_value_its_end() -> None:
    wire = Wire("ocpp2.0.1")
    raised(wire, 0, component="ElectricalFeed", variable="Active", actualValue="false")
    raised(wire, 60, component="ElectricalFeed", variable="Active", actualValue="true")
    raised(wire, 70, component="ConnectedEV", variable="ChargingState", actualValue="VehicleShiftPosition", evse=EVSE_1)
    raised(
        wire, 80, component="ConnectedEV", variable="ChargingState", actualValue="VehicleChargingEnabled", evse=EVSE_1
    )
    assert rows(wire) == [("power_loss", "explicit_clear"), ("invalid_vehicle_mode", "explicit_clear")]


def test_unknown_tech_codes_are_kept_apart_and_listed() -> None:
    wire = Wire("ocpp2.0.1")
    for second, code in enumerate(("T1", "T2")):
        raised(wire, second, evse=EVSE_1, techCode=code)
    raised(wire, 2, component="RCD", variable="Tripped", evse=EVSE_1, techCode="T3")
    raised(wire, 3, component="Widget", variable="Problem", evse=EVSE_1)
    assert [(f.canonical_code, f.raw_code, f.unmapped_code) for f in faults(wire)] == [
        ("other_error", "T1", "T1"),
        ("other_error", "T2", "T2"),
        ("ground_failure", "RCD.Tripped", "T3"),
        ("other_error", "Widget.Problem", "Widget.Problem"),
    ]


def test_an_event_names_its_transaction_and_texts_hide_cards() -> None:
    wire = Wire("ocpp2.0.1")
    info = "reader said 04A2B3C4D5E6F7"
    raised(wire, 0, component="TokenReader", evse=EVSE_1, transactionId="t", techInfo=info)
    (fault,) = faults(wire)
    assert (fault.in_transaction, fault.info) == (True, "reader said [...]")


def test_energy_that_flows_in_the_transaction_shows_that_a_fault_does_not_block() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", seconds=0, wh=1000, evse=EVSE_1)
    raised(wire, 10, component="RCD", variable="Tripped", evse={"id": 1})
    raised(wire, 11, component="RCD", variable="Tripped", evse=EVSE_2)
    wire.transaction("Updated", seconds=60, wh=1100)
    wire.transaction("Updated", seconds=120, wh=1200)
    assert [(f.evse_id, f.in_transaction, f.blocks_charging) for f in faults(wire)] == [
        (1, True, False),
        (2, False, None),
    ]
    wire.transaction("Ended", seconds=180, wh=1200)
    assert [fault.blocks_charging for fault in faults(wire)] == [False, None]


def test_a_transaction_that_ends_under_a_fault_without_energy_was_blocked() -> None:
    wire = Wire("ocpp2.1")
    wire.transaction("Started", seconds=0, wh=1000, evse=EVSE_1)
    raised(wire, 10, component="EmergencyStopSensor", variable="Tripped")
    wire.transaction("Ended", seconds=60, wh=1000, info={"stoppedReason": "EmergencyStop"})
    assert [(f.canonical_code, f.blocks_charging) for f in faults(wire)] == [("emergency_stop", True)]


UEC = {"vendorId": "org.charin.uec.v1", "messageId": "error"}


@pytest.mark.parametrize("is_text", [True, False])
@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
def test_a_data_transfer_of_a_known_taxonomy_raises_and_clears(protocol: str, is_text: bool) -> None:
    wire = Wire(protocol)
    for seconds, is_cleared in ((0, False), (60, True)):
        said = {"connectorId": 1, "code": "PowerLoss", "cleared": is_cleared, "timestamp": at(seconds), "info": "L1"}
        data = json.dumps(said) if is_text else said
        wire.call("DataTransfer", UEC | {"data": data}, seconds=seconds)
    (fault,) = faults(wire)
    assert (fault.canonical_code, fault.code, fault.taxonomy, fault.vendor_id) == (
        "power_loss", "PowerLoss", "uec", "org.charin.uec.v1",
    )  # fmt: skip
    assert (fault.connector_id, fault.info, fault.close_kind) == (1, "L1", "explicit_clear")


@pytest.mark.parametrize(
    "payload",
    [
        UEC | {"data": {"code": "E17"}}, UEC | {"data": "not JSON"}, UEC | {"data": 7}, UEC,
        UEC | {"data": [1]},
        UEC | {"data": "[1]"}, UEC | {"data": "x" * 20_000}, {"vendorId": "ABB", "data": {"code": "PowerLoss"}},
        {"vendorId": "ABB", "data": {"code": "PowerLoss", "info": "evgo"}},
    ],
    ids=lambda payload: str(payload)[:60],
)  # fmt: skip
def test_other_data_transfers_say_nothing_of_faults(payload: dict) -> None:
    wire = Wire()
    wire.call("DataTransfer", payload)
    folded = wire.fold()
    assert (folded.of("faults"), folded.refusals) == ([], [])


def test_open_episodes_of_a_state_from_before_the_crosswalk_are_mapped_and_close() -> None:
    wire = Wire("ocpp2.0.1")
    cleared(wire, 60, evse=EVSE_1, techCode="CX017")
    condition(wire, "Available", 61)
    cleared(wire, 62, component="RCD", variable="Tripped")
    older = [
        FaultState("a", "CX017", "ocpp2.0.1", 1, 1, "Connector.Problem", opened_us=0),
        FaultState("b", "Faulted", "ocpp2.0.1", 1, 1, opened_us=0),
        FaultState("c", "RCD.Tripped", "ocpp2.0.1", 2, 1, "RCD.Tripped", opened_us=0),
        FaultState("d", "Strange", "ocpp1.6", None, 1, opened_us=0),
    ]
    folded = Folded()
    folded.states["CP"] = StationState(station_id="CP", faults={str(n): fault for n, fault in enumerate(older)})
    folded.fold(wire.records)
    assert {f.fault_id: (f.canonical_code, f.close_kind, f.opened_offset) for f in folded.of("faults")} == {
        "a": ("contactor_failure", "explicit_clear", None),
        "b": ("unknown_fault", "implied_by_status", None),
        "c": ("ground_failure", "explicit_clear", None),
    }
    assert [fault.canonical_code for fault in folded.states["CP"].faults.values()] == ["other_error"]


def test_an_older_episode_that_only_gets_its_make_is_mapped_when_it_is_said() -> None:
    wire = Wire()
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    folded = Folded()
    fault = FaultState("a", "GroundFailure", "ocpp1.6", None, 1, opened_us=0)
    folded.states["CP"] = StationState(station_id="CP", faults={"None/1/GroundFailure": fault})
    (said,) = folded.fold(wire.records).of("faults")
    assert (said.canonical_code, said.vendor, said.mapping_version) == ("ground_failure", "V", crosswalk.VERSION)


def test_a_queued_faulted_while_the_connector_is_faulted_closes_with_it() -> None:
    wire = Wire("ocpp2.0.1")
    raised(wire, 7100, component="TokenReader", evse=EVSE_1)
    condition(wire, "Occupied", 7150)
    payload = {"evseId": 1, "connectorId": 1, "connectorStatus": "Faulted", "timestamp": at(600)}
    wire.call("StatusNotification", payload, seconds=7200)
    assert rows(wire) == [("unknown_fault", "implied_by_status"), ("reader_failure", "open")]


def test_a_report_of_the_evse_goes_on_with_the_connector_s_episode_that_it_explained() -> None:
    wire = Wire("ocpp2.0.1")
    condition(wire, "Faulted", 0)
    for seconds in (5, 60, 120):
        raised(wire, seconds, component="RCD", variable="Tripped", evse={"id": 1})
    assert rows(wire) == [("ground_failure", "open")]
    cleared(wire, 180, component="RCD", variable="Tripped", evse={"id": 1})
    condition(wire, "Available", 181)
    assert rows(wire) == [("ground_failure", "implied_by_status")]


def test_a_fault_without_a_code_beside_a_known_one_is_not_made_its_twin() -> None:
    wire = Wire("ocpp2.1")
    raised(wire, 0, component="RCD", variable="Tripped", evse=EVSE_1, severity=6)
    condition(wire, "Faulted", 5)
    raised(wire, 10, component="RCD", variable="Tripped", evse={"id": 1}, severity=2)
    assert rows(wire) == [("ground_failure", "open"), ("unknown_fault", "open")]


def test_a_transaction_of_another_evse_and_its_samples_say_nothing() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", seconds=0, wh=1000, evse=EVSE_2)
    raised(wire, 10, component="RCD", variable="Tripped", evse=EVSE_1)
    raised(wire, 11, component="RCD", variable="Tripped", evse={"id": 2})
    wire.transaction("Updated", seconds=60, wh=1100)
    late = [
        {"timestamp": at(5), "sampledValue": [{"value": 1200}]},
        {"timestamp": at(61), "sampledValue": [{"value": 7000, "measurand": "Power.Active.Import"}]},
    ]
    wire.transaction("Updated", seconds=70, meterValue=late)
    assert [(f.evse_id, f.blocks_charging) for f in faults(wire)] == [(1, None), (2, False)]


def test_each_code_of_a_tech_code_list_is_an_episode_with_its_own_info_and_clearing() -> None:
    wire = Wire("ocpp2.0.1")
    raised(wire, 0, evse=EVSE_1, techCode="CX004;CX017", techInfo="41 A,welded")
    assert [(f.canonical_code, f.severity, f.raw_code, f.info) for f in faults(wire)] == [
        ("over_current", "error", "CX004", "41 A"),
        ("contactor_failure", "critical", "CX017", "welded"),
    ]
    cleared(wire, 60, evse=EVSE_1, techCode="CX004")
    assert rows(wire) == [("over_current", "explicit_clear"), ("contactor_failure", "open")]
    cleared(wire, 90, evse=EVSE_1, techCode="CX017;CX004")
    assert rows(wire) == [("over_current", "explicit_clear"), ("contactor_failure", "explicit_clear")]


def test_an_unknown_code_of_a_list_is_listed_beside_a_known_one() -> None:
    wire = Wire("ocpp2.0.1")
    raised(wire, 0, evse=EVSE_1, techCode="CX017,E99")
    assert [(f.canonical_code, f.unmapped_code) for f in faults(wire)] == [
        ("contactor_failure", None),
        ("other_error", "E99"),
    ]


def test_a_list_of_hexadecimal_codes_is_no_card_number() -> None:
    wire = Wire("ocpp2.0.1")
    raised(wire, 0, evse=EVSE_1, techCode="F001;F003;F004;F005")
    assert sorted(fault.raw_code for fault in faults(wire)) == ["F001", "F003", "F004", "F005"]


@pytest.mark.parametrize("word", ["0", "none", "-", "0x0000"])
def test_a_clearing_whose_code_is_a_word_for_nothing_clears_every_code(word: str) -> None:
    wire = Wire("ocpp2.0.1")
    raised(wire, 0, evse=EVSE_1, techCode="CX017")
    cleared(wire, 60, evse=EVSE_1, techCode=word)
    assert rows(wire) == [("contactor_failure", "explicit_clear")]


def test_what_was_raised_without_an_evse_is_cleared_with_evse_0() -> None:
    wire = Wire("ocpp2.0.1")
    raised(wire, 0, component="ChargingStation", techCode="CX013")
    raised(wire, 1, component="ChargingStation", techCode="CX015", evse=EVSE_1)
    cleared(wire, 60, component="ChargingStation", techCode="CX013", evse={"id": 0, "connectorId": 0})
    cleared(wire, 61, component="ChargingStation", techCode="CX015", evse={"id": 0})
    assert [(f.raw_code, f.is_open) for f in faults(wire)] == [("CX013", False), ("CX015", True)]


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
def test_a_data_transfer_may_list_codes(protocol: str) -> None:
    wire = Wire(protocol)
    data = {"connectorId": 1, "code": "PowerLoss;E17", "timestamp": at(0)}
    wire.call("DataTransfer", UEC | {"data": data}, seconds=0)
    assert [(f.canonical_code, f.unmapped_code) for f in faults(wire)] == [
        ("other_error", "E17"),
        ("power_loss", None),
    ]
