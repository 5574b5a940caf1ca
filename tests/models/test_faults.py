"""Fault episodes, from wire frames to facts."""

import pytest
from captures import Wire, at

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
    for _ in range(3):
        wire.status("Faulted", "WeakSignal")
        wire.status("Available")
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
    for timestamp in (at(5), "1970-01-01T00:00:00Z"):
        payload = {"connectorId": 1, "status": "Faulted", "errorCode": "OtherError", "timestamp": timestamp}
        wire.call("StatusNotification", payload, seconds=40)
        wire.status("Available", seconds=41)
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
