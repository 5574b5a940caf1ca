"""What cannot be true does not count: energy no connector delivers, registers below zero, stops below their samples."""

import json

import pytest
from captures import Folded, Wire, at

from models.facts import Session


def meter(wire: Wire, seconds: float, wh: object, transaction_id: int = 7) -> None:
    wire.meter(wh, seconds=seconds, transaction_id=transaction_id, unit="Wh")


def stop(wire: Wire, seconds: float, wh: object, transaction_id: int = 7) -> None:
    wire.stop(transaction_id, seconds=seconds, timestamp=at(seconds), meterStop=wh)


def only(wire: Wire) -> Session:
    (session,) = wire.sessions()
    return session


def reasons(session: Session) -> dict[str, str | None]:
    return {one["rung"]: one["reason"] for one in json.loads(session.energy_candidates or "[]")}


def words(folded: Folded) -> list[str]:
    return sorted(row.anomaly for row in folded.of("anomalies"))


def test_a_meter_stop_that_is_the_largest_number_is_no_energy() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    stop(wire, 3600, 4_294_967_295)
    session, folded = only(wire), wire.fold()
    assert (session.energy_wh, session.energy_basis, session.energy_confidence) == (None, None, None)
    assert (session.energy_flags, reasons(session)) == ("over_capacity", {"meter_stop": "over_capacity"})
    assert session.register_end_wh is None
    assert words(folded) == ["energy_impossible"]
    assert sum(rate.energy_wh for rate in folded.of("rates")) == 0


def test_samples_count_where_the_stop_is_more_than_any_connector_gives() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    for seconds in (900, 1800, 2700):
        meter(wire, seconds, 1000 + seconds)
    stop(wire, 3600, 4_294_967_295)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis, session.energy_flags) == (2700, "register", "over_capacity")
    assert session.register_end_wh == 3700


def test_what_no_connector_delivers_in_a_month_counts_in_no_time() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    stop(wire, 10_000 * 86_400, 4_294_967_295)
    assert only(wire).energy_wh is None
    untimed = Wire()
    untimed.start(7, meterStart=0)
    value = [{"sampledValue": [{"value": "4294967295", "unit": "Wh"}]}]
    untimed.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": value})
    assert only(untimed).energy_wh is None


def test_a_meter_start_below_zero_is_no_register() -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=-1)
    stop(wire, 36_000, 5_002_000)
    session = only(wire)
    assert (session.energy_wh, session.register_start_wh, session.register_end_wh) == (None, None, 5_002_000)
    assert reasons(session) == {"meter_stop": "missing_start"}
    (said,) = wire.fold().of("anomalies")
    assert (said.anomaly, said.value) == ("register_negative", "-1")


def test_a_meter_stop_below_zero_is_no_register_however_often_it_is_sent() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    for seconds in (900, 1800):
        meter(wire, seconds, 1000 + seconds)
    stop(wire, 3600, -1)
    stop(wire, 3600, -1)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis, session.register_end_wh) == (1800, "register", 2800)
    assert words(wire.fold()) == ["register_negative"]


def test_a_sample_below_zero_is_no_register_whatever_its_context() -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=None)
    for seconds, wh in ((0, 1000), (900, 1500), (1800, -5), (2700, 2000)):
        meter(wire, seconds, wh)
    begin = {"value": "-7", "unit": "Wh", "context": "Transaction.Begin"}
    value = [{"timestamp": at(3000), "sampledValue": [begin, {"value": "2100", "unit": "Wh"}]}]
    wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": value}, seconds=3000)
    meter(wire, 3600, 2200)
    session = only(wire)
    assert (session.energy_wh, session.register_start_wh, session.energy_flags) == (1200, 1000, None)
    (said,) = wire.fold().of("anomalies")
    assert (said.anomaly, said.value) == ("register_negative", "-5")


@pytest.mark.parametrize(("start", "end", "expected"), [(0, 0, 7000), (1000, 1500, 8000)])
def test_a_stop_below_the_samples_before_it_does_not_count(start: int, end: int, expected: int) -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=start)
    for number in range(1, 5):
        meter(wire, 800 * number, start + expected * number // 4)
    stop(wire, 3600, end)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis) == (expected, "register")
    assert (session.energy_flags, session.energy_confidence) == ("below_samples", 0.65)
    assert (session.register_end_wh, reasons(session)["meter_stop"]) == (start + expected, "below_samples")
    (said,) = wire.fold().of("anomalies")
    assert (said.anomaly, said.value, said.expected) == ("stop_below_samples", str(end), str(start + expected))


def test_a_stop_below_samples_from_the_session_s_zero_does_not_count() -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=4_000_000)
    for number in range(5):
        meter(wire, 60 + 800 * number, 1000 * number)
    stop(wire, 3600, 4_000_500)
    assert (only(wire).energy_wh, only(wire).energy_basis) == (4000, "register")


def test_one_sample_above_the_stop_may_be_a_spike() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    for seconds, wh in ((900, 1500), (1800, 9000)):
        meter(wire, seconds, wh)
    stop(wire, 3600, 2000)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis, session.energy_flags) == (1000, "meter_stop", "disagrees")


def test_a_register_at_end_below_the_samples_before_it_does_not_count() -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=None)
    for seconds, wh, context in ((0, 1000, "Transaction.Begin"), (900, 5000, None), (1800, 9000, None)):
        wire.meter(wh, seconds=seconds, transaction_id=7, unit="Wh", **({"context": context} if context else {}))
    wire.meter(1500, seconds=2700, transaction_id=7, unit="Wh", context="Transaction.End")
    session = only(wire)
    assert (session.energy_wh, session.energy_basis) == (8000, "register")
    assert reasons(session)["begin_end"] == "below_samples"
