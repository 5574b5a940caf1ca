"""When energy began to flow: stated by a sample only, said to be faulted meanwhile; from the wire to the session."""

from decimal import Decimal

import pytest
from captures import Wire, at

from models.sessions import charging
from models.sessions.charging import MAX_POINTS
from models.state import SessionState

POWER = {"measurand": "Power.Active.Import", "unit": "W"}


def event(wire: Wire, name: str, seconds: int, state: str | None, trigger: str, wh: object = None, **more: int) -> None:
    info = {} if state is None else {"chargingState": state}
    wire.transaction(
        name, seconds=seconds, wh=wh, info=info, triggerReason=trigger, evse={"id": 1}, seqNo=len(wire.records), **more
    )


def test_charging_that_a_periodic_sample_states_began_after_the_sample_that_shows_less() -> None:
    wire = Wire("ocpp2.0.1")
    event(wire, "Started", 0, "EVConnected", "Authorized", 0)
    event(wire, "Updated", 1800, "Charging", "MeterValuePeriodic", 10_000)
    event(wire, "Ended", 1810, None, "StopAuthorized", 10_020)
    (session,) = wire.sessions()
    assert (session.charging_s, session.energy_wh, session.session_class) == (1810, 10_020, "normal")


def test_a_register_at_begin_counts_from_the_start() -> None:
    wire = Wire("ocpp2.0.1")
    begin = [{"timestamp": at(5), "sampledValue": [{"value": 0, "context": "Transaction.Begin"}]}]
    event(wire, "Started", 5, "EVConnected", "Authorized")
    wire.records.pop()
    wire.call(
        "TransactionEvent",
        {
            "eventType": "Started",
            "timestamp": at(5),
            "triggerReason": "Authorized",
            "transactionInfo": {"transactionId": "t", "chargingState": "EVConnected"},
            "evse": {"id": 1},
            "meterValue": begin,
        },
        seconds=5,
    )
    event(wire, "Updated", 35, "Charging", "MeterValuePeriodic", 140)
    event(wire, "Ended", 37, None, "StopAuthorized", 142)
    (session,) = wire.sessions()
    assert session.charging_s == 32


@pytest.mark.parametrize(
    ("trigger", "wh", "seconds"),
    [("ChargingStateChanged", 500, 100), ("MeterValuePeriodic", 0, 100), ("MeterValuePeriodic", None, 100)],
)
def test_a_change_and_a_sample_without_a_rise_count_from_their_own_time(trigger: str, wh: object, seconds: int) -> None:
    wire = Wire("ocpp2.0.1")
    event(wire, "Started", 0, "EVConnected", "Authorized", 0)
    event(wire, "Updated", 900, "Charging", trigger, wh)
    event(wire, "Ended", 1000, None, "StopAuthorized", 1500)
    (session,) = wire.sessions()
    assert session.charging_s == seconds


def test_what_is_stated_after_a_pause_does_not_reach_into_what_came_before_the_pause() -> None:
    wire = Wire("ocpp2.0.1")
    event(wire, "Started", 0, "Charging", "Authorized", 0)
    event(wire, "Updated", 60, "Charging", "MeterValuePeriodic", 500)
    event(wire, "Updated", 90, "SuspendedEV", "ChargingStateChanged")
    event(wire, "Updated", 120, "Charging", "MeterValuePeriodic", 900)
    event(wire, "Ended", 200, None, "StopAuthorized", 1500)
    (session,) = wire.sessions()
    assert session.charging_s == 200


def test_a_state_without_a_register_is_held_against_the_sample_before_it() -> None:
    wire = Wire("ocpp2.0.1")
    event(wire, "Started", 0, "Charging", "Authorized", 0)
    event(wire, "Updated", 80, "Charging", "MeterValuePeriodic", 500)
    event(wire, "Updated", 90, "SuspendedEV", "ChargingStateChanged")
    event(wire, "Updated", 120, "Charging", "MeterValuePeriodic", 900)
    event(wire, "Updated", 130, "SuspendedEV", "ChargingStateChanged")
    event(wire, "Updated", 135, "Charging", "MeterValuePeriodic", 950)  # may have risen before 130
    event(wire, "Ended", 200, None, "StopAuthorized", 1500)
    (session,) = wire.sessions()
    assert session.charging_s == 195


def test_the_first_point_that_is_kept_counts_from_where_it_did_before() -> None:
    session = SessionState("s", started_us=0)
    points = 3 * MAX_POINTS
    for number in range(points):
        at_us = (10 + 10 * number) * 1_000_000
        charging.note(session, at_us, is_charging=number % 2 == 1, register_wh=Decimal(100 * number))
    session.ended_us = 10 * points * 1_000_000
    # Every state that energy flows counts since the point ahead of it.
    assert charging.seconds(session) == 10 * (points - 1)
    assert len(session.charging_points) == len(session.charging_registers) == MAX_POINTS


def faulted(wire: Wire, registers: list[tuple[int, object]], stop: int, **fields: object) -> int | None:
    """A 1.6 session that charges from 10 on and is said to be faulted from 100 to 200."""
    wire.status("Charging", seconds=0)
    wire.start(5, seconds=10, timestamp=at(10))
    wire.meter(1100, seconds=60, transactionId=5)
    wire.status("Faulted", "OverVoltage", seconds=100)
    for second, wh in registers:
        wire.meter(wh, seconds=second, transactionId=5)
    wire.status("Charging", seconds=200)
    wire.stop(5, seconds=300, timestamp=at(300), meterStop=stop, **fields)
    (session,) = wire.sessions()
    return session.charging_s


@pytest.mark.parametrize(
    ("registers", "seconds"),
    [
        ([(120, 1200), (180, 1500)], 290),  # energy goes on
        ([(120, 1200), (150, 1200), (180, 1200)], 190),  # what rose until 120 may have flowed before 100
        ([(120, 1200), (150, 1200), (180, 1500)], 240),  # from 150 on
        ([(150, 1500), (160, 1500)], 250),  # until 160, when it is seen to stand still
        ([], 190),
    ],
)
def test_a_faulted_session_charges_while_its_samples_say_so(registers: list, seconds: int) -> None:
    assert faulted(Wire(), registers, 1600) == seconds


def test_power_tells_whether_a_faulted_session_charges() -> None:
    wire = Wire()
    wire.status("Charging", seconds=0)
    wire.start(5, seconds=10, timestamp=at(10))
    wire.status("Faulted", "OverVoltage", seconds=100)
    for second, watts in ((90, 0), (120, 7000), (180, 0)):
        value = {"timestamp": at(second), "sampledValue": [POWER | {"value": str(watts)}]}
        payload = {"connectorId": 1, "transactionId": 5, "meterValue": [value]}
        wire.call("MeterValues", payload, seconds=max(second, 101))
    wire.stop(5, seconds=300, timestamp=at(300), meterStop=1600)
    (session,) = wire.sessions()
    assert session.charging_s == 90 + 80


def status(wire: Wire, status: str, seconds: int, received: int) -> None:
    error = "OverVoltage" if status == "Faulted" else "NoError"
    payload = {"connectorId": 1, "status": status, "errorCode": error, "timestamp": at(seconds)}
    wire.call("StatusNotification", payload, seconds=received)


def test_a_status_from_before_the_fault_that_comes_during_it_leaves_the_session_faulted() -> None:
    wire = Wire()
    status(wire, "Charging", 0, 0)
    wire.start(5, seconds=10, timestamp=at(10))
    wire.meter(1100, seconds=60, transactionId=5)
    status(wire, "Faulted", 100, 100)
    status(wire, "Charging", 50, 170)
    for second, wh in ((180, 1500), (240, 1900)):
        wire.meter(wh, seconds=second, transactionId=5)
    wire.stop(5, seconds=300, timestamp=at(300), meterStop=2200)
    (session,) = wire.sessions()
    assert session.charging_s == 290


def test_a_fault_from_a_queue_that_comes_when_it_is_over_leaves_the_session_charging() -> None:
    wire = Wire()
    wire.start(5, seconds=10, timestamp=at(10))
    status(wire, "Charging", 200, 200)
    status(wire, "Faulted", 100, 300)
    wire.meter(1100, seconds=310, transactionId=5)
    for second in (330, 360, 390):
        wire.meter(1100, seconds=second, transactionId=5)
    wire.stop(5, seconds=400, timestamp=at(400), meterStop=1100)
    (session,) = wire.sessions()
    assert session.charging_s == 200


def test_a_status_says_how_long_each_session_of_its_connector_charges() -> None:
    wire = Wire()
    wire.start(5, seconds=10, timestamp=at(10))
    status(wire, "Charging", 20, 20)
    wire.start(6, seconds=30, timestamp=at(15), idTag="OTHER")
    status(wire, "Faulted", 60, 60)
    status(wire, "Finishing", 70, 70)
    for drain_every in (0, 1):
        found = wire.fold(drain_every=drain_every).of("sessions")
        assert [session.charging_s for session in found] == [50, 45]
