"""Faults in sessions whose end was inferred before the station said when they truly ended."""

import pytest
from captures import Wire, at

from models.facts import FaultEpisode

EVSE = {"id": 1, "connectorId": 1}
HOUR = 3600
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


def status(wire: Wire, status: str, error: str, seconds: float, said: float | None = None) -> None:
    payload = {"connectorId": 1, "status": status, "errorCode": error, "timestamp": at(seconds)}
    wire.call("StatusNotification", payload, seconds=seconds if said is None else said)


def given_up() -> Wire:
    """A 1.6 session with a sample at 60 s, a boot at 120 s, and no sign of it in the half hour after."""
    wire = Wire()
    wire.start(7, seconds=0)
    wire.meter(1100, seconds=60, transaction_id=7)
    wire.call("BootNotification", BOOT, seconds=120)
    wire.call("Heartbeat", {}, seconds=HOUR)
    assert [session.inferred_cause for session in wire.sessions()] == ["boot"]
    return wire


def faults(wire: Wire) -> list[FaultEpisode]:
    whole = wire.fold().of("faults")
    every = wire.fold(drain_every=1).of("faults")
    assert [(f.in_transaction, f.blocks_charging) for f in every] == [
        (f.in_transaction, f.blocks_charging) for f in whole
    ]
    return whole


@pytest.mark.parametrize("is_over", [True, False])
def test_a_late_stop_shows_that_a_fault_was_in_the_session(is_over: bool) -> None:
    wire = given_up()
    status(wire, "Faulted", "OverVoltage", HOUR + 60)
    assert [fault.in_transaction for fault in faults(wire)] == [False]  # for all that is known
    if is_over:
        status(wire, "Charging", "NoError", HOUR + 300)
    wire.stop(7, seconds=3 * HOUR, timestamp=at(2 * HOUR))
    assert [(fault.in_transaction, fault.is_open) for fault in faults(wire)] == [(True, not is_over)]


def test_a_late_stop_from_before_the_fault_leaves_it_outside() -> None:
    wire = given_up()
    status(wire, "Faulted", "OverVoltage", HOUR + 60)
    wire.stop(7, seconds=3 * HOUR, timestamp=at(HOUR))
    assert [fault.in_transaction for fault in faults(wire)] == [False]


def test_a_session_that_goes_on_after_all_had_the_fault_in_it_and_its_samples_weigh() -> None:
    wire = given_up()
    status(wire, "Faulted", "OverVoltage", HOUR + 60)
    wire.meter(1200, seconds=HOUR + 120, transaction_id=7)
    wire.meter(9200, seconds=2 * HOUR, transaction_id=7)
    assert [(fault.in_transaction, fault.blocks_charging) for fault in faults(wire)] == [(True, False)]


def test_in_2_x_too() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", seconds=0, wh=1000, evse=EVSE)
    wire.call("BootNotification", {"reason": "PowerUp", "chargingStation": {}}, seconds=120)
    wire.call("Heartbeat", {}, seconds=HOUR)
    for number, second in ((1, HOUR + 60), (2, 3 * HOUR)):
        place = {"id": 1, "connectorId": 1}
        wire.notify(
            second, place, component=f"RCD{number}", variable="Problem", actualValue="true", timestamp=at(second)
        )
    assert [fault.in_transaction for fault in faults(wire)] == [False, False]
    wire.transaction("Ended", seconds=2 * HOUR, wh=1500, seqNo=1)
    assert [fault.in_transaction for fault in faults(wire)] == [True, False]


@pytest.mark.parametrize(("opened", "expected"), [(90, True), (HOUR - 60, False)])
def test_a_fault_told_from_a_queue_was_in_the_session_if_it_came_before_the_evidence(
    opened: float, expected: bool
) -> None:
    wire = given_up()
    status(wire, "Faulted", "OverVoltage", opened, said=HOUR + 60)
    assert [fault.in_transaction for fault in faults(wire)] == [expected]


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
@pytest.mark.parametrize(("sampled", "expected"), [(110, False), (None, None)])
def test_power_told_from_a_queue_shows_that_a_fault_before_the_boot_did_not_block(
    version: str, sampled: float | None, expected: bool | None
) -> None:
    wire = Wire(version)
    power = {"value": 7000 if version != "ocpp1.6" else "7000", "measurand": "Power.Active.Import"}
    value = [{"timestamp": at(sampled or 0), "sampledValue": [power]}]
    if version == "ocpp1.6":
        wire.start(7, seconds=0)
        status(wire, "Faulted", "OverVoltage", 90)
    else:
        wire.transaction("Started", seconds=0, evse=EVSE)
        wire.notify(90, EVSE, component="RCD", variable="Tripped", actualValue="true", timestamp=at(90))
    wire.call("BootNotification", BOOT, seconds=120)
    wire.call("Heartbeat", {}, seconds=HOUR)
    assert [session.inferred_cause for session in wire.sessions()] == ["boot"]
    if version == "ocpp1.6":
        wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": value}, seconds=HOUR + 9)
    else:
        wire.transaction("Updated", seconds=sampled or 0, meterValue=value, seqNo=1)
    assert [(fault.in_transaction, fault.blocks_charging) for fault in faults(wire)] == [(True, expected)]
