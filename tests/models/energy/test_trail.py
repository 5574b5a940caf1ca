"""Ends that come late: what was sampled after them is left out of every rung. And which frames hold the evidence."""

import json

import pytest
from captures import Folded, Wire, at

from models.facts import Session
from models.state import decode, encode


def only(wire: Wire) -> Session:
    return min(wire.sessions(), key=lambda session: session.started_at)


def words(wire: Wire) -> list[str]:
    return sorted(row.anomaly for row in wire.fold().of("anomalies"))


def rungs(session: Session) -> dict[str, dict]:
    return {one["rung"]: one for one in json.loads(session.energy_candidates or "[]")}


def meter(wire: Wire, seconds: float, *samples: tuple, **fields: object) -> None:
    sampled = [{"value": str(value), **more} for value, more in samples]
    payload = {
        "connectorId": 1,
        "transactionId": 7,
        "meterValue": [{"timestamp": at(seconds), "sampledValue": sampled}],
    }
    wire.call("MeterValues", payload | fields, seconds=seconds)


REGISTER = {"unit": "Wh"}
POWER = {"unit": "W", "measurand": "Power.Active.Import"}
INTERVAL = {"unit": "Wh", "measurand": "Energy.Active.Import.Interval"}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [(REGISTER, None, (1200, "register")), (POWER, 6000, (1000, "power")), (INTERVAL, 100, (200, "interval"))],
)
def test_a_stop_that_comes_late_leaves_out_what_was_sampled_after_it(
    kind: dict, value: int | None, expected: tuple[int, str]
) -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=1000 if kind is REGISTER else None)
    for seconds in (600, 1200, 1800, 2400):
        meter(wire, seconds, (1000 + seconds if value is None else value, kind))
    wire.stop(7, seconds=2500, timestamp=at(1500), meterStop=None)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis, session.energy_flags) == (*expected, "after_end")
    assert "register_after_stop" in words(wire)
    assert rungs(session)[expected[1]]["end"] == [1, 0, 3]  # the sample at 1200
    if kind is REGISTER:
        assert (session.register_end_wh, session.register_seen_wh) == (2200, 3400)


@pytest.mark.parametrize("with_register", [True, False])
def test_an_ended_that_comes_late_leaves_out_what_was_sampled_after_it(with_register: bool) -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", seconds=0, wh=1000, evse={"id": 1})
    for seconds in (600, 1200, 1800, 2400):
        wire.transaction("Updated", seconds=seconds, wh=1000 + seconds)
    payload = {"eventType": "Ended", "timestamp": at(1500), "transactionInfo": {"transactionId": "t"}}
    if with_register:
        payload["meterValue"] = [{"timestamp": at(1500), "sampledValue": [{"value": 2500}]}]
    wire.call("TransactionEvent", payload, seconds=2500)
    session = only(wire)
    assert (session.energy_wh, session.energy_flags) == (1500 if with_register else 1200, "after_end")
    assert session.register_seen_wh == 3400


def test_only_one_sample_before_the_end_says_nothing() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", seconds=0, wh=1000, evse={"id": 1})
    wire.transaction("Updated", seconds=1200, wh=2000)
    wire.call(
        "TransactionEvent",
        {"eventType": "Ended", "timestamp": at(600), "transactionInfo": {"transactionId": "t"}},
        seconds=1300,
    )
    assert (only(wire).energy_wh, rungs(only(wire))["register"]["reason"]) == (None, "one_sample")


def test_samples_stamped_after_the_end_was_received_show_a_wrong_clock_and_count() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    for seconds in (600, 1200):
        wire.meter(1000 + seconds, seconds=seconds, transaction_id=7, unit="Wh")
    value = [{"timestamp": at(9000), "sampledValue": [{"value": "2800", "unit": "Wh"}]}]
    wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": value}, seconds=1800)
    wire.stop(7, seconds=2400, timestamp=at(2400), meterStop=None)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis, session.energy_flags) == (1800, "register", "after_end")


@pytest.mark.parametrize("kind", [REGISTER, POWER, INTERVAL])
def test_where_no_place_is_old_enough_the_sums_stay_and_are_flagged(kind: dict) -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=1000 if kind is REGISTER else None)
    for number in range(1, 9):
        seconds = 600 * number
        meter(wire, seconds, ((1000 + seconds) if kind is REGISTER else 6000 if kind is POWER else 100, kind))
    wire.stop(7, seconds=5000, timestamp=at(700), meterStop=None)
    session = only(wire)
    assert session.energy_wh == {"register": 4800, "power": 7000, "interval": 800}[session.energy_basis]
    assert session.energy_flags == "after_end"


def test_a_sample_a_moment_after_the_end_is_the_end_s_own() -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=None)
    for seconds in (0, 600, 1200):
        meter(wire, seconds, (1000 + seconds, REGISTER), (100, INTERVAL))
    wire.stop(7, seconds=1201, timestamp=at(1199), meterStop=None)
    assert only(wire).energy_wh == 1200
    wire = Wire()
    wire.start(7, seconds=0)
    meter(wire, 1200, (2200, REGISTER))
    wire.stop(7, seconds=1201, timestamp=at(1190), meterStop=2190)
    session = only(wire)
    assert (session.energy_wh, session.register_end_wh, session.register_seen_wh) == (1190, 2190, 2200)


def test_intervals_of_every_kind_end_with_the_session() -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=None)
    for number in range(1, 200):
        meter(wire, 10 * number, (10, {**INTERVAL, "context": "Sample.Clock"}))
    wire.stop(7, seconds=2000, timestamp=at(1800), meterStop=None)
    session = only(wire)
    assert (session.energy_basis, session.energy_flags) == ("interval", "after_end")
    assert 1500 <= session.energy_wh <= 1800


def test_a_restart_between_changes_nothing_of_what_is_left_out() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    for seconds in (600, 1200, 1800, 2400):
        meter(wire, seconds, (1000 + seconds, REGISTER), (6000, POWER), (1000, INTERVAL))
    wire.stop(7, seconds=2500, timestamp=at(1500), meterStop=None)
    cut = Folded()
    for record in wire.records:
        cut.fold([record])
        cut.states = {name: decode(encode(state)) for name, state in cut.states.items()}
    assert cut.rows() == wire.fold().rows()
    (state,) = cut.states.values()
    (closed,) = state.closed_sessions.values()
    assert closed.meter is not None
    assert closed.meter.trail == []


def test_the_evidence_of_a_register_is_the_frame_that_shows_it() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    for seconds in (600, 1200):
        meter(wire, seconds, (1100 + seconds, REGISTER))
    said = rungs(only(wire))["register"]
    assert (said["start_wh"], said["begin"]) == ("1000", [1, 0, 0])  # meterStart, of the StartTransaction
    assert (said["end_wh"], said["end"]) == ("2300", [1, 0, 3])
    lower = Wire()
    lower.start(7, seconds=0)
    for seconds in (600, 1200):
        meter(lower, seconds, (350 + seconds, REGISTER))
    said = rungs(only(lower))["register"]
    assert (said["start_wh"], said["begin"]) == ("950", [1, 0, 2])  # rounded up in meterStart, so the sample's


def test_power_that_goes_on_without_a_register_ends_with_the_session_too() -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=None)
    meter(wire, 600, (1600, REGISTER), (6000, POWER))
    meter(wire, 700, (1700, REGISTER), (6000, POWER))
    for seconds in (1200, 1800, 2400):
        meter(wire, seconds, (6000, POWER))
    wire.stop(7, seconds=2500, timestamp=at(1500), meterStop=None)
    said = rungs(only(wire))
    assert (said["power"]["energy_wh"], said["power"]["end"]) == (1000, [1, 0, 4])
    assert said["register"]["energy_wh"] == 100


def test_the_peak_power_of_a_session_is_none_of_after_its_end() -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=1000)
    for seconds in range(600, 4201, 600):
        meter(wire, seconds, (1000 + seconds, REGISTER), (7000 if seconds < 2500 else 11_000, POWER))
    wire.stop(7, seconds=4300, timestamp=at(2500), meterStop=3500)
    cut = Folded()
    for record in wire.records:
        cut.fold([record])
        cut.states = {name: decode(encode(state)) for name, state in cut.states.items()}
    assert only(wire).power_max_w == 7000
    assert cut.rows() == wire.fold().rows()
    (closed,) = cut.states["CP"].closed_sessions.values()
    assert closed.meter is not None
    assert closed.meter.trail_powers == []


def test_a_state_that_knows_no_peaks_by_place_keeps_the_highest() -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=1000)
    for seconds in range(600, 3601, 600):
        meter(wire, seconds, (1000 + seconds, REGISTER), (7000 if seconds < 2500 else 11_000, POWER))
    folded = wire.fold()
    (session,) = folded.states["CP"].open_sessions.values()
    assert session.meter is not None
    session.meter.trail_powers = session.meter.trail_powers[-1:]
    wire.stop(7, seconds=4300, timestamp=at(2500), meterStop=3500)
    folded.fold(wire.records[-2:])
    assert [found.power_max_w for found in folded.of("sessions")] == [11_000]
