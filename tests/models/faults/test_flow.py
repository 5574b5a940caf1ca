"""Whether energy flowed while a fault was open: only from evidence of a time that the fault covers."""

import pytest
from captures import Wire, at


def status(wire: Wire, status: str, error: str, seconds: float, connector: int = 1) -> None:
    payload = {"connectorId": connector, "status": status, "errorCode": error, "timestamp": at(seconds)}
    wire.call("StatusNotification", payload, seconds=seconds)


def blocks(wire: Wire) -> list[bool | None]:
    whole = [fault.blocks_charging for fault in wire.fold().of("faults")]
    assert [fault.blocks_charging for fault in wire.fold(drain_every=1).of("faults")] == whole
    return whole


def test_a_session_around_a_fault_without_samples_says_nothing_of_when_its_energy_flowed() -> None:
    wire = Wire()
    wire.start(7, seconds=10, timestamp=at(10))
    status(wire, "Faulted", "OverVoltage", 100)
    wire.stop(7, seconds=3600, meterStop=9000)
    assert blocks(wire) == [None]


def test_a_rise_that_the_moment_before_the_fault_cannot_hold_flowed_under_it() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.meter(1100, seconds=60, transaction_id=7)
    status(wire, "Faulted", "OverVoltage", 61)
    wire.meter(2500, seconds=3600, transaction_id=7)
    wire.stop(7, seconds=3600, meterStop=2500)
    assert blocks(wire) == [False]


def test_a_stop_shortly_after_the_fault_with_a_little_more_energy_says_nothing() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.meter(1100, seconds=60, transaction_id=7)
    status(wire, "Faulted", "OverVoltage", 90)
    wire.stop(7, seconds=91, meterStop=1160, timestamp=at(91))
    assert blocks(wire) == [None]


@pytest.mark.parametrize(("last_wh", "expected"), [(1500, True), (1549, None), (1650, False)])
def test_rounded_samples_that_stand_still_and_a_stop_that_is_not_rounded(last_wh: int, expected: bool | None) -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.meter(1500, seconds=60, transaction_id=7)
    status(wire, "Faulted", "OverVoltage", 60)
    wire.meter(1500, seconds=90, transaction_id=7)
    wire.stop(7, seconds=100, meterStop=last_wh, timestamp=at(100))
    assert blocks(wire) == [expected]


def test_a_register_that_stands_still_for_a_minute_is_no_energy_and_for_seconds_it_says_nothing() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.meter(1500, seconds=60, transaction_id=7)
    status(wire, "Faulted", "OverVoltage", 70)
    for seconds in (80, 100, 125):
        wire.meter(1500, seconds=seconds, transaction_id=7)
        assert blocks(wire) == [None]
    wire.meter(1500, seconds=131, transaction_id=7)
    assert blocks(wire) == [True]
    wire.meter(1510, seconds=140, transaction_id=7)
    assert blocks(wire) == [False]


@pytest.mark.parametrize(("meter_stop", "expected"), [(1000, True), (1001, False)])
def test_a_session_that_begins_under_a_fault_has_all_of_its_energy_there(meter_stop: int, expected: bool) -> None:
    wire = Wire()
    status(wire, "Faulted", "OverVoltage", 0)
    wire.start(7, seconds=10, timestamp=at(10))
    wire.stop(7, seconds=60, meterStop=meter_stop, timestamp=at(60))
    assert blocks(wire) == [expected]


def test_each_session_of_a_station_s_fault_is_held_against_itself() -> None:
    wire = Wire()
    for connector in (1, 2):
        wire.start(connector, seconds=0, connectorId=connector, meterStart=connector * 1000, idTag=f"C{connector}")
        wire.meter(connector * 1000 + 100, seconds=60, transaction_id=connector, connectorId=connector)
    status(wire, "Faulted", "GroundFailure", 61, connector=0)
    for seconds in (121, 181):
        for connector in (1, 2):
            wire.meter(connector * 1000 + 100, seconds=seconds, transaction_id=connector, connectorId=connector)
    assert blocks(wire) == [True]


def test_a_fault_that_is_cleared_before_the_next_sample_stays_undecided() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.meter(1100, seconds=60, transaction_id=7)
    status(wire, "Faulted", "OverVoltage", 61)
    status(wire, "Charging", "NoError", 100)
    wire.meter(2500, seconds=3600, transaction_id=7)
    assert blocks(wire) == [None]


def test_a_sample_from_before_the_fault_that_comes_late_only_brings_the_last_measurement_nearer() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    status(wire, "Faulted", "OverVoltage", 61)
    value = [{"timestamp": at(60), "sampledValue": [{"value": "1100"}]}]
    wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": value}, seconds=62)
    assert blocks(wire) == [None]
    wire.meter(2500, seconds=3600, transaction_id=7)
    assert blocks(wire) == [False]


def test_samples_from_before_a_session_whose_end_was_inferred_say_nothing() -> None:
    wire = Wire()
    wire.start(7, seconds=100, timestamp=at(100))
    status(wire, "Charging", "NoError", 101)
    status(wire, "Available", "NoError", 110)
    wire.call("Heartbeat", {}, seconds=300)
    status(wire, "Faulted", "OverVoltage", 310)
    value = [{"timestamp": at(50), "sampledValue": [{"value": "1100"}]}]
    wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": value}, seconds=320)
    assert [session.end_kind for session in wire.sessions()] == ["inferred"]
    assert blocks(wire) == [None]
