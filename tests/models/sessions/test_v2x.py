"""2.x sessions, from wire frames to facts (contract, section 5)."""

import itertools

import pytest
from captures import START_US, Wire, at

from models.facts import Session

EVSE = {"id": 2, "connectorId": 1}
TOKEN = {"idToken": "CARD", "type": "ISO14443"}


def wire(protocol: str = "ocpp2.0.1") -> Wire:
    return Wire(protocol)


def only(conversation: Wire) -> Session:
    (session,) = conversation.sessions()
    return session


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
def test_a_session_runs_from_started_to_ended(protocol: str) -> None:
    talk = wire(protocol)
    talk.call("BootNotification", {"chargingStation": {"vendorName": "V", "model": "M"}, "reason": "PowerUp"})
    talk.transaction("Started", wh=1000, evse=EVSE, idToken=TOKEN)
    talk.transaction("Updated", seconds=60, wh=1500.25)
    talk.transaction("Ended", seconds=120, wh=2000.75, info={"stoppedReason": "Remote"})
    found = only(talk)
    assert (found.transaction_id, found.evse_id, found.connector_id, found.protocol) == ("t", 2, 1, protocol)
    assert (found.energy_wh, found.energy_basis, found.is_open) == (1001, "register", False)
    assert (found.stop_reason, found.vendor, found.model) == ("Remote", "V", "M")
    assert found.token_id is not None
    assert found.started_at is not None
    assert found.ended_at is not None
    assert (found.ended_at - found.started_at).total_seconds() == 120


@pytest.mark.parametrize("words", [("started", "ENDED"), ("Started", " ended"), ("STARTED", "Ended")])
def test_an_event_type_in_another_case_is_that_type(words: tuple[str, str]) -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction(words[0], seconds=0, wh=1000)
    wire.transaction(words[1], seconds=600, wh=3000)
    (session,) = wire.sessions()
    assert (session.is_open, session.energy_wh, session.stop_reason) == (False, 2000, "Local")


def test_whatever_of_its_events_arrived_is_a_session() -> None:
    for event, is_open in (("Started", True), ("Updated", True), ("Ended", False)):
        talk = wire()
        talk.transaction(event, wh=10)
        found = only(talk)
        assert (found.is_open, found.energy_wh) == (is_open, None)


def test_a_start_that_comes_after_an_update_still_dates_the_session() -> None:
    talk = wire()
    talk.transaction("Updated", seconds=60)
    talk.transaction("Started", seconds=5)
    talk.transaction("Started", seconds=7)
    assert only(talk).started_at.second == 25  # 22:13:20 + 5 s


def test_events_after_ended_change_nothing() -> None:
    talk = wire()
    talk.transaction("Started", wh=0)
    talk.transaction("Ended", seconds=60, wh=500)
    once = only(talk)
    talk.transaction("Updated", seconds=70, wh=900)
    talk.transaction("Ended", seconds=80, wh=990, info={"stoppedReason": "PowerLoss"})
    talk.transaction("Started", seconds=90, wh=0)
    after = only(talk)
    for name in ("energy_wh", "energy_basis", "started_at", "ended_at", "stop_reason", "is_open", "register_end_wh"):
        assert getattr(after, name) == getattr(once, name)
    assert after.register_seen_wh == 990


def test_events_of_a_session_that_fell_out_of_the_state_do_not_open_it_again() -> None:
    talk = wire()
    talk.transaction("Started", wh=0)
    talk.transaction("Ended", seconds=1, wh=500)
    for number in range(40):
        talk.transaction("Started", f"n{number}", seconds=2 + number)
        talk.transaction("Ended", f"n{number}", seconds=3 + number)
    talk.transaction("Updated", seconds=99, wh=900)
    found = [session for session in talk.fold(drain_every=1).of("sessions") if session.transaction_id == "t"]
    assert [(session.energy_wh, session.is_open) for session in found] == [(500, False)]


def test_repeated_events_are_harmless() -> None:
    once, twice = wire(), wire()
    for talk, times in ((once, 1), (twice, 2)):
        for seconds, (event, wh) in enumerate((("Started", 0), ("Updated", 100), ("Ended", 200))):
            for _ in range(times):
                talk.transaction(event, seconds=seconds, wh=wh, seqNo=0, evse=EVSE)
    assert only(once) is not None
    assert once.fold().rows() == twice.fold().rows()


def test_an_omitted_reason_means_local() -> None:
    talk = wire()
    talk.transaction("Ended")
    assert only(talk).stop_reason == "Local"


def test_unit_and_multiplier_of_each_sample_count() -> None:
    talk = wire()
    values = []
    for seconds, value, unit in ((0, 1.5, {"unit": "kWh"}), (60, 25, {"unit": "Wh", "multiplier": 2})):
        values.append({"timestamp": at(seconds), "sampledValue": [{"value": value, "unitOfMeasure": unit}]})
    talk.transaction("Ended", meterValue=values)
    assert only(talk).energy_wh == 1000


def test_registers_that_fall_are_null() -> None:
    talk = wire()
    talk.transaction("Started", wh=100)
    talk.transaction("Ended", seconds=9, wh=50)
    found = only(talk)
    assert (found.energy_wh, found.energy_basis) == (None, None)


def test_a_session_without_a_register_has_no_energy() -> None:
    talk = wire()
    talk.transaction("Started")
    talk.transaction("Ended", seconds=9)
    assert only(talk).energy_wh is None


def test_time_of_charging_follows_the_charging_state() -> None:
    talk = wire()
    states = ("EVConnected", "Charging", "SuspendedEV", "Charging", "Charging", "Idle")
    for seconds, state in zip(itertools.count(0, 10), states, strict=False):
        talk.transaction("Updated", seconds=seconds, info={"chargingState": state})
    talk.transaction("Ended", seconds=100)
    assert only(talk).charging_s == 30


def test_meter_values_outside_a_transaction_change_no_session() -> None:
    talk = wire()
    talk.transaction("Started", wh=0)
    talk.transaction("Updated", seconds=3, wh=100)
    value = {"timestamp": at(5), "sampledValue": [{"value": 700}]}
    talk.call("MeterValues", {"evseId": 1, "meterValue": [value]})
    assert only(talk).energy_wh == 100


def test_numbers_that_come_as_texts_and_broken_fields_do_not_lose_a_session() -> None:
    talk = wire()
    talk.transaction("Started", wh="1000", evse="two", idToken=["CARD"], info={"chargingState": 7})
    talk.transaction("Nonsense", seconds=3, wh="1200.5")
    talk.transaction("Ended", seconds=9, wh="not a number", timestamp=17)
    found = only(talk)
    assert (found.energy_wh, found.evse_id, found.token_id, found.is_open) == (201, None, None, False)


def test_two_stations_may_use_one_transaction_id() -> None:
    first, second = wire(), Wire("ocpp2.0.1", station="OTHER")
    first.transaction("Started", wh=0)
    second.transaction("Started", wh=0)
    assert only(first).session_id != only(second).session_id


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
def test_events_that_happened_after_the_end_are_said_once_and_change_no_figure(protocol: str) -> None:
    talk = wire(protocol)
    talk.transaction("Started", wh=1000, evse=EVSE, idToken=TOKEN)
    talk.transaction("Ended", seconds=120, wh=2000)
    before = only(talk)
    for second in (180, 240):
        info = {"chargingState": "Charging"}
        talk.transaction("Updated", seconds=second, wh=2000 + second, info=info, evse={"id": 7}, remoteStartId=9)
    folded = talk.fold()
    (after,) = folded.of("sessions")
    names = ("energy_wh", "ended_at", "charging_s", "evse_id", "remote_start_id", "register_end_wh", "is_open")
    assert [getattr(after, name) for name in names] == [getattr(before, name) for name in names]
    assert after.register_seen_wh == 2240
    said = [(row.anomaly, row.session_id) for row in folded.of("anomalies")]
    assert said == [("event_after_end", after.session_id), ("register_after_stop", after.session_id)]
    assert folded.of("restatements") == []


def sampled(wire: Wire, seconds: float, wh: int) -> None:
    value = {"timestamp": at(seconds), "sampledValue": [{"value": wh}]}
    wire.call("MeterValues", {"evseId": 1, "meterValue": [value]}, seconds=seconds)


def booted(wire: Wire) -> None:
    boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
    wire.call("BootNotification", boot, seconds=3000)
    wire.call("Heartbeat", {}, seconds=9000)


def test_a_register_that_rises_between_the_events_of_a_transaction_is_a_sign_of_it() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", seconds=0, wh=1000, evse={"id": 1})
    for seconds, wh in ((600, 1600), (1200, 2200), (1800, 2200)):
        sampled(wire, seconds, wh)
    booted(wire)
    (session,) = wire.fold(drain_every=1).of("sessions")
    assert (session.ended_at.timestamp() - START_US / 1e6, session.inferred_cause) == (1200, "boot")
    assert session.energy_wh == 1200


def test_what_an_inferred_end_leaves_out_leaves_the_rates_too() -> None:
    wire = Wire("ocpp2.0.1")
    for event, seconds, wh, watts in (("Started", 0, 5100, 7000), ("Updated", 20, 1000, 0)):
        power = {"value": watts, "measurand": "Power.Active.Import"}
        value = {"timestamp": at(seconds), "sampledValue": [{"value": wh}, power]}
        wire.transaction(event, seconds=seconds, evse={"id": 1}, meterValue=[value])
    wire.transaction("Updated", seconds=48, wh=1100)
    sampled(wire, 1900, 1100)
    assert [session.energy_wh for session in wire.sessions()] == [100]
    booted(wire)
    for drain_every in (0, 1):
        folded = wire.fold(drain_every=drain_every)
        assert [(session.energy_wh, session.end_kind) for session in folded.of("sessions")] == [(19, "inferred")]
        assert sum(rate.energy_wh for rate in folded.of("rates")) == 19
