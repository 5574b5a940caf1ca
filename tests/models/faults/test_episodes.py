"""Fault episodes, from wire frames to facts."""

import pytest
from captures import Wire, at

from models.events import StatusReported
from models.faults import causes
from models.state.faults import FaultState

EVSE = {"id": 1, "connectorId": 2}


def episodes(wire: Wire) -> list[tuple]:
    return [(f.connector_id, f.code, f.is_open) for f in wire.fold(drain_every=1).of("faults")]


def test_an_error_code_opens_an_episode_that_a_healthy_status_closes() -> None:
    wire = Wire()
    wire.status("Faulted", "GroundFailure", seconds=10)
    wire.status("Faulted", "GroundFailure", seconds=20)
    wire.status("Available", seconds=70)
    (fault,) = wire.fold().of("faults")
    assert (fault.code, fault.connector_id, fault.is_open) == ("GroundFailure", 1, False)
    assert (fault.closed_at - fault.opened_at).total_seconds() == 60


def test_several_codes_of_one_connector_are_open_at_once_and_close_together() -> None:
    wire = Wire()
    wire.status("Faulted", "GroundFailure")
    wire.status("Faulted", "HighTemperature")
    wire.status("Faulted", "HighTemperature", connector=2)
    wire.status("Available")
    assert episodes(wire) == [(1, "GroundFailure", False), (1, "HighTemperature", False), (2, "HighTemperature", True)]


def test_faulted_without_an_error_is_a_fault_of_its_own_name() -> None:
    wire = Wire()
    wire.status("Faulted")
    wire.status("Faulted", seconds=30)
    wire.status("Preparing", seconds=60)
    assert episodes(wire) == [(1, "Faulted", False)]


def test_faulted_without_an_error_adds_nothing_to_a_known_error_and_does_not_close_it() -> None:
    wire = Wire()
    wire.status("Faulted", "OverVoltage")
    wire.status("Faulted")
    assert episodes(wire) == [(1, "OverVoltage", True)]


def test_an_error_on_a_healthy_status_is_an_episode_too() -> None:
    wire = Wire()
    wire.status("Finishing", "EVCommunicationError")
    assert episodes(wire) == [(1, "EVCommunicationError", True)]


def test_the_same_fault_after_its_end_is_another_episode() -> None:
    wire = Wire()
    for number in range(3):
        wire.status("Faulted", "WeakSignal", seconds=60 * number)
        wire.status("Available", seconds=60 * number + 20)
    faults = wire.fold().of("faults")
    assert len({fault.fault_id for fault in faults}) == 3


def test_words_for_nothing_are_no_vendor_code() -> None:
    wire = Wire()
    for connector, code in enumerate(("0x0000", "none", "null", "", "E17"), 1):
        payload = {"connectorId": connector, "status": "Faulted", "errorCode": "OtherError", "vendorErrorCode": code}
        wire.call("StatusNotification", payload)
    assert [fault.vendor_error_code for fault in wire.fold().of("faults")] == [None] * 4 + ["E17"]


def test_the_charger_s_clock_dates_an_episode_where_it_is_sound() -> None:
    wire = Wire()
    for timestamp, seconds in ((at(5), 40), ("1970-01-01T00:00:00Z", 100)):
        payload = {"connectorId": 1, "status": "Faulted", "errorCode": "OtherError", "timestamp": timestamp}
        wire.call("StatusNotification", payload, seconds=seconds)
        wire.status("Available", seconds=seconds + 1)
    assert sorted(fault.opened_at.second for fault in wire.fold().of("faults")) == [0, 25]


def test_a_2x_status_faulted_is_an_episode() -> None:
    wire = Wire("ocpp2.0.1")
    for status in ("Faulted", "Available"):
        wire.call("StatusNotification", {"evseId": 1, "connectorId": 2, "connectorStatus": status, "timestamp": at(0)})
    assert episodes(wire) == [(2, "Faulted", False)]


@pytest.mark.parametrize("value", ["true", "True", "1", 1, True])
def test_a_2x_problem_opens_and_false_closes(value: object) -> None:
    wire = Wire("ocpp2.0.1")
    wire.notify(evse=EVSE, actualValue=value, trigger="Delta", techCode="CX017")
    wire.notify(evse=EVSE, actualValue="false", trigger="Delta", techCode="CX017")
    wire.notify(component="RCD", variable="Tripped", actualValue=value, trigger="Delta")
    assert episodes(wire) == [(2, "CX017", False), (None, "RCD.Tripped", True)]


def test_an_alert_opens_and_cleared_closes_even_without_its_code() -> None:
    wire = Wire("ocpp2.1")
    wire.notify(
        component="TemperatureSensor", variable="Temperature", actualValue="91", trigger="Alerting", techCode="T1"
    )
    wire.notify(
        component="TemperatureSensor", variable="Temperature", actualValue="60", trigger="Alerting", cleared=True
    )
    assert episodes(wire) == [(None, "T1", False)]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("AvailabilityState", "Available"), ("AvailabilityState", "Occupied"), ("Enabled", "true"), ("Available", "true"),
     ("Power", "7400"), ("Active", "true")],
)  # fmt: skip
def test_news_is_no_fault(variable: str, value: str) -> None:
    wire = Wire("ocpp2.0.1")
    wire.notify(evse=EVSE, variable=variable, actualValue=value, trigger="Delta")
    assert episodes(wire) == []


def test_availability_reported_by_event_is_a_status_and_can_be_a_fault() -> None:
    wire = Wire("ocpp2.0.1")
    for value in ("Faulted", "Available"):
        wire.notify(evse=EVSE, variable="AvailabilityState", actualValue=value, trigger="Delta")
    assert episodes(wire) == [(2, "Faulted", False)]
    assert [row.status for row in wire.fold().of("statuses")] == ["Faulted", "Available"]


def test_a_status_does_not_close_what_an_event_reported() -> None:
    wire = Wire("ocpp2.0.1")
    wire.notify(evse=EVSE, actualValue="true", trigger="Alerting")
    wire.notify(evse=EVSE, variable="AvailabilityState", actualValue="Available", trigger="Delta")
    assert episodes(wire) == [(2, "Connector.Problem", True)]


@pytest.mark.parametrize("code", ["noError", "NOERROR", "", "none", None])
def test_no_error_spelled_otherwise_opens_no_fault(code: str | None) -> None:
    wire = Wire()
    wire.call("StatusNotification", {"connectorId": 1, "status": "Charging", "errorCode": code})
    folded = wire.fold()
    assert folded.of("faults") == []
    assert [status.error_code for status in folded.of("statuses")] == ["NoError"]


def reported(wire: Wire, status: str, error: str, happened: float, received: float) -> None:
    payload = {"connectorId": 1, "status": status, "errorCode": error, "timestamp": at(happened)}
    wire.call("StatusNotification", payload, seconds=received)


def test_a_queued_status_dates_what_is_past_and_changes_nothing_now() -> None:
    wire = Wire()
    reported(wire, "Available", "NoError", 7200, 7200)
    reported(wire, "Faulted", "GroundFailure", 600, 7201)
    (fault,) = wire.fold(drain_every=1).of("faults")
    assert (fault.is_open, fault.close_kind, fault.closed_at.isoformat()[11:19]) == (
        False,
        "implied_by_status",
        "00:13:20",
    )
    reported(wire, "Available", "NoError", 900, 7202)
    (fault,) = wire.fold(drain_every=1).of("faults")
    assert ((fault.closed_at - fault.opened_at).total_seconds(), fault.close_kind) == (300, "explicit_clear")
    reported(wire, "Faulted", "NoError", 1200, 7203)
    reported(wire, "Available", "NoError", 1260, 7204)
    durations = [(f.closed_at - f.opened_at).total_seconds() for f in wire.fold(drain_every=1).of("faults")]
    assert durations == [300, 60]


def test_a_queued_healthy_status_does_not_close_what_came_after_it() -> None:
    wire = Wire()
    reported(wire, "Faulted", "GroundFailure", 7200, 7200)
    reported(wire, "Available", "NoError", 600, 7201)
    reported(wire, "Faulted", "GroundFailure", 500, 7202)
    assert episodes(wire) == [(1, "GroundFailure", True)]


def test_the_same_cause_of_another_name_goes_on_with_its_episode() -> None:
    """By receipt, where the charger's clock runs back."""
    wire = Wire()
    reported(wire, "Faulted", "WeakSignal", 100, 100)
    reported(wire, "Available", "NoError", 160, 160)
    reported(wire, "Faulted", "WeakSignal", 150, 165)
    (fault,) = wire.fold().of("faults")
    assert (fault.is_open, fault.reopened) == (True, 1)


def test_a_station_that_boots_later_names_the_make_of_its_open_faults() -> None:
    wire = Wire()
    wire.status("Faulted", "GroundFailure")
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "F"})
    assert [(f.vendor, f.model, f.firmware) for f in wire.fold().of("faults")] == [("V", "M", "F")]


def test_a_stop_under_a_fault_without_energy_shows_that_it_blocked() -> None:
    wire = Wire()
    wire.start(7)
    wire.status("Faulted", "GroundFailure", seconds=10)
    wire.status("Faulted", "GroundFailure", connector=2, seconds=11)
    wire.stop(7, seconds=20, meterStop=1000, timestamp=at(20))
    assert [(f.connector_id, f.blocks_charging) for f in wire.fold().of("faults")] == [(1, True), (2, None)]


def test_a_stop_of_nothing_and_samples_of_no_session_say_nothing_of_a_fault() -> None:
    wire = Wire()
    wire.status("Faulted", "GroundFailure", seconds=10)
    wire.stop(9, seconds=20)
    wire.meter(1000, seconds=30)
    assert [f.blocks_charging for f in wire.fold().of("faults")] == [None]


def test_no_error_in_two_words_clears_too() -> None:
    wire = Wire()
    wire.status("Faulted", "GroundFailure")
    wire.status("Available", "No Error")
    assert episodes(wire) == [(1, "GroundFailure", False)]


def test_without_times_of_receipt_and_with_a_clock_that_runs_back_nothing_is_the_same_episode() -> None:
    wire = Wire()
    reported(wire, "Faulted", "WeakSignal", 100, 100)
    reported(wire, "Available", "NoError", 160, 160)
    reported(wire, "Faulted", "WeakSignal", 90, 165)
    for record in wire.records:
        record.received_at_us = None
    assert [f.is_open for f in wire.fold().of("faults")] == [False, True]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"errorCode": "EVCommunicationError"}, ("ev_communication_error", "unknown", "warning")),
        ({"errorCode": "OtherError", "vendorErrorCode": "CX010"}, ("invalid_vehicle_mode", "ev", "warning")),
        ({"errorCode": "OtherError", "vendorErrorCode": "CX009"}, ("authorization_timeout", "driver", "error")),
        ({"errorCode": "WeakSignal"}, ("weak_signal", "network", "error")),
        ({"errorCode": "GroundFailure"}, ("ground_failure", "evse", "critical")),
    ],
)
def test_the_vehicle_s_faults_are_no_outage_even_beside_faulted(fields: dict, expected: tuple) -> None:
    """OCPP 1.6 section 7.6: EVCommunicationError is not a real error, the connector goes to SuspendedEVSE."""
    wire = Wire()
    wire.call("StatusNotification", {"connectorId": 1, "status": "Faulted"} | fields)
    wire.status("Faulted")
    assert [(f.canonical_code, f.actor, f.severity) for f in wire.fold().of("faults")] == [expected]


@pytest.mark.parametrize(
    ("fault", "event", "is_near"),
    [
        ((1, 1), (1, 1), True),
        ((1, None), (1, 2), True),
        ((1, 2), (1, None), True),
        ((1, 1), (1, 2), False),
        ((1, 1), (2, 1), False),
        ((1, None), (None, None), False),
        ((None, 1), (None, None), False),
        ((None, None), (None, None), True),
    ],
)
def test_a_fault_is_near_its_own_connector_and_those_that_name_its_evse_only(
    fault: tuple[int | None, int | None], event: tuple[int | None, int | None], is_near: bool
) -> None:
    known = FaultState("f", "c", evse_id=fault[0], connector_id=fault[1])
    assert causes.is_near(known, StatusReported(*event, "Faulted", None, None)) is is_near


@pytest.mark.parametrize("name", ["PowerLoss", "powerloss", "CX015"])
def test_another_taxonomy_s_name_as_error_code_is_that_fault(name: str) -> None:
    wire = Wire()
    wire.status("Faulted", name)
    (fault,) = wire.fold().of("faults")
    assert (fault.canonical_code, fault.code, fault.unmapped_code) == ("power_loss", name, None)


def test_a_booted_vendor_and_model_say_what_its_code_means() -> None:
    wire = Wire()
    wire.call("BootNotification", {"chargePointVendor": "Delta Electronics", "chargePointModel": "AC MAX"})
    payload = {"connectorId": 1, "status": "Faulted", "errorCode": "OtherError", "vendorErrorCode": "EV0082"}
    wire.call("StatusNotification", payload)
    (fault,) = wire.fold().of("faults")
    assert (fault.canonical_code, fault.taxonomy, fault.unmapped_code) == ("over_current", "vendor", None)


def test_a_queued_fault_beside_another_that_is_open_is_said_at_once() -> None:
    wire = Wire()
    for code, said, seconds in (("GroundFailure", 500, 500), ("HighTemperature", 100, 600)):
        payload = {"connectorId": 1, "status": "Faulted", "errorCode": code, "timestamp": at(said)}
        wire.call("StatusNotification", payload, seconds=seconds)
    folded = wire.fold()
    assert sorted(fault.code for fault in folded.of("faults")) == ["GroundFailure", "HighTemperature"]
    assert sum(rate.faults for rate in folded.of("rates")) == 2
