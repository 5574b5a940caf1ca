"""Which samples begin and end a session's energy: order, context, units that come and go."""

import json
from decimal import Decimal

import pytest
from captures import Wire, at
from hypothesis import given
from hypothesis import strategies as st

from models.energy import registers
from models.energy.readings import Reading
from models.facts import Session
from models.state import SessionState
from models.state.meter import MeterState


def only(wire: Wire) -> Session:
    (session,) = wire.sessions()
    return session


def sampled(seconds: float, value: object, unit: str | None = None, **fields: object) -> dict:
    sample = {"value": value} | fields | ({"unitOfMeasure": {"unit": unit}} if unit else {})
    return {"timestamp": at(seconds), "sampledValue": [sample]}


def talk(*events: tuple[str, float, list[dict]]) -> Wire:
    wire = Wire("ocpp2.0.1")
    for event, seconds, values in events:
        wire.transaction(event, seconds=seconds, meterValue=values)
    return wire


@pytest.mark.parametrize("event", ["Started", "Updated", "Ended"])
def test_one_sample_alone_says_nothing_of_the_energy(event: str) -> None:
    wire = talk((event, 0, [sampled(0, 500)]), (event, 0, [sampled(0, 500)]))
    assert (only(wire).energy_wh, only(wire).energy_basis) == (None, None)


def test_begin_and_end_in_the_last_event_are_two_samples() -> None:
    values = [sampled(0, 500, context="Transaction.Begin"), sampled(60, 900, context="Transaction.End")]
    for order in (values, values[::-1]):
        assert only(talk(("Started", 0, []), ("Ended", 60, order))).energy_wh == 400


def test_the_register_at_begin_counts_though_a_later_sample_came_first() -> None:
    begin = sampled(0, 500, context="Transaction.Begin")
    wire = talk(("Started", 0, []), ("Updated", 30, [sampled(30, 700)]), ("Ended", 60, [begin, sampled(60, 900)]))
    assert only(wire).energy_wh == 400
    wire = talk(("Updated", 30, [sampled(30, 700)]), ("Ended", 60, [begin]))
    assert only(wire).energy_wh == 200


def test_samples_of_an_event_count_by_their_time_not_their_place() -> None:
    values = [sampled(60, 900), sampled(0, 500), sampled(30, 700)]
    assert only(talk(("Ended", 60, values))).energy_wh == 400


def test_a_sample_that_comes_late_is_not_the_last_one() -> None:
    events = [("Started", 0, [sampled(0, 100)])] + [("Updated", s, [sampled(s, 100 + s)]) for s in (20, 60, 40)]
    assert only(talk(*events)).energy_wh == 60
    wire = Wire()
    wire.start(7)
    for seconds in (20, 60, 40):
        wire.meter(1000 + seconds, seconds=seconds, transaction_id=7)
    assert only(wire).energy_wh == 60


def test_a_clock_that_is_set_back_does_not_stop_the_register() -> None:
    events = [(100, 200), (3700, 300), (200, 400), (300, 500)]
    wire = talk(("Started", 0, [sampled(0, 100)]), *[("Updated", s, [sampled(s, wh)]) for s, wh in events])
    assert only(wire).energy_wh == 400


def test_a_start_that_arrives_after_the_end_is_still_its_start() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Ended", seconds=60, wh=500)
    wire.transaction("Started", wh=100, evse={"id": 2}, idToken={"idToken": "CARD"})
    folded = wire.fold(drain_every=1)
    (found,) = folded.of("sessions")
    assert (found.energy_wh, found.is_open, found.evse_id) == (400, False, 2)
    assert (found.ended_at - found.started_at).total_seconds() == 60
    assert found.token_id is not None
    assert sum(rate.energy_wh for rate in folded.of("rates")) == 400


def test_an_end_without_a_register_takes_the_late_sample_from_before_it() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", wh=100)
    wire.transaction("Ended", seconds=60)
    wire.transaction("Started", seconds=60, evse={"id": 3})
    wire.transaction("Updated", seconds=50, wh=400)
    wire.transaction("Updated", seconds=40, wh=300)
    assert only(wire).energy_wh == 300
    wire.transaction("Updated", seconds=60, wh=900)
    wire.transaction("Updated", seconds=70, wh=950)
    assert only(wire).energy_wh == 800


def test_a_missing_unit_goes_on_in_kilowatt_hours() -> None:
    for first, last in ((0, 0.75), (1234.5, 1235.25)):
        wire = talk(("Started", 0, [sampled(0, first, "kWh")]), ("Ended", 60, [sampled(60, last)]))
        assert only(wire).energy_wh == 750
    wire = Wire()
    wire.start(7, meterStart=1234)
    wire.meter("1.500", transaction_id=7, unit="kWh")
    wire.meter("1.984", seconds=80, transaction_id=7)
    assert only(wire).energy_wh == 750


def test_a_missing_unit_goes_on_where_only_the_register_at_begin_had_one() -> None:
    begin, end = (
        sampled(seconds, value, unit, context=f"Transaction.{word}")
        for seconds, value, unit, word in ((0, 1234.5, "kWh", "Begin"), (60, 1235.25, None, "End"))
    )
    again = sampled(0, 1234.5, context="Transaction.Begin")
    assert only(talk(("Started", 0, [begin]), ("Ended", 60, [again, end]))).energy_wh == 750


def test_a_missing_unit_is_watt_hours_where_kilowatt_hours_are_impossible() -> None:
    for between, last in ((601.15, 750.25), (0.6, 750.0)):
        events = [("Started", 0, 0.0, "kWh"), ("Updated", 60, between, "kWh"), ("Ended", 75, last, None)]
        wire = talk(*[(event, s, [sampled(s, value, unit)]) for event, s, value, unit in events])
        assert only(wire).energy_wh == 750


def test_a_stop_with_a_meter_and_a_start_without_one_counts_from_the_first_sample() -> None:
    wire = Wire()
    wire.start(7, meterStart=None)
    wire.meter(1000, seconds=10, transaction_id=7)
    wire.meter(2000, seconds=20, transaction_id=7)
    wire.stop(7, meterStop=3000)
    assert (only(wire).energy_wh, only(wire).energy_basis) == (2000, "register")


def test_the_hours_sum_to_the_energy_of_open_sessions_too() -> None:
    wire = Wire()
    wire.start(7)
    wire.meter(1800, transaction_id=7)
    wire.meter(500, seconds=70, transaction_id=7)
    folded = wire.fold()
    assert [session.energy_wh for session in folded.of("sessions")] == [800]
    assert sum(rate.energy_wh for rate in folded.of("rates")) == 800


def test_a_fall_is_no_reset_because_its_first_sample_came_three_times() -> None:
    wire = Wire()
    wire.start(7, meterStart=None)
    falls = [(0, 1000), (900, 5000), (1800, 10), (1800, 10), (1800, 10)]
    for seconds, wh in falls:
        wire.meter(wh, seconds=seconds, transaction_id=7)
    assert (only(wire).energy_wh, only(wire).energy_flags) == (4000, "fall_unconfirmed")
    for seconds, wh in ((2700, 20), (3600, 30)):
        wire.meter(wh, seconds=seconds, transaction_id=7)
    assert only(wire).energy_flags == "reset_stitched"


def test_a_register_at_begin_above_the_first_sample_moves_nothing() -> None:
    begin = sampled(60, 1500, context="Transaction.Begin")
    wire = talk(("Started", 0, [sampled(0, 1000)]), ("Updated", 60, [begin]), ("Ended", 120, [sampled(120, 2000)]))
    assert (only(wire).energy_wh, only(wire).register_start_wh) == (1000, 1000)


def test_a_signed_record_beside_a_register_that_goes_on_is_kept() -> None:
    record = 'OCMF|{"RD":[{"TX":"B","RV":1,"RU":"kWh"},{"TX":"E","RV":1.6,"RU":"kWh"}]}|{}'
    wire = Wire()
    wire.start(7, meterStart=1000)
    for number in range(4):
        samples = [{"value": str(1000 + 200 * number), "unit": "Wh"}]
        if number == 3:
            samples.append({"value": record, "format": "SignedData"})
        values = [{"timestamp": at(900 * number), "sampledValue": samples}]
        wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": values}, seconds=900 * number)
    found = only(wire)
    assert (found.energy_wh, found.energy_basis) == (600, "register")
    rungs = {one["rung"]: (one["energy_wh"], one["reason"]) for one in json.loads(found.energy_candidates or "")}
    assert rungs["signed"] == (600, "not_verified")


_RISE = st.decimals(0, 25_000, places=1)


@given(st.lists(st.tuples(_RISE, st.integers(-5, 600)), min_size=1, max_size=12), st.booleans())
def test_a_reading_that_goes_on_is_taken_up_like_any_sample(steps: list[tuple[Decimal, int]], has_start: bool) -> None:
    folded, sampled_one_by_one = [
        (SessionState("s", meter_start=Decimal(1000) if has_start else None), MeterState()) for _ in range(2)
    ]
    register_wh, at_us = Decimal(1000), 0
    for number, (rise_wh, seconds) in enumerate(steps):
        register_wh, at_us, place = register_wh + rise_wh, at_us + seconds * 1_000_000, (1, 0, number)
        registers.fold(*folded, Reading(at_us, register_wh, is_kilo=False), place, 0)
        registers.sample(*sampled_one_by_one, register_wh, at_us, place, 0)
    assert folded == sampled_one_by_one
