"""1.6 stops and samples whose id does not say whose they are: several things speak for a session, never one alone."""

import pytest
from captures import Folded, Wire, at


def told(folded: Folded) -> list[tuple[int | None, str | None, int | None, str | None]]:
    return [(s.connector_id, s.transaction_id, s.energy_wh, s.end_kind) for s in folded.of("sessions")]


def words(folded: Folded) -> list[str]:
    return sorted(anomaly.anomaly for anomaly in folded.of("anomalies"))


def test_a_stop_of_minus_one_goes_where_samples_bore_that_id_not_to_the_only_session() -> None:
    wire = Wire()
    wire.start(7, seconds=1, timestamp=at(1))
    for number in range(1, 6):
        wire.meter(1000 + number * 500, seconds=number * 300, transaction_id=7)
        wire.meter(40_000 + number * 500, seconds=number * 300 + 1, transaction_id=-1, connectorId=2)
    for _ in range(2):  # a retry
        wire.stop(-1, seconds=1800, meterStop=43_000, timestamp=at(1800))
    wire.meter(4500, seconds=2100, transaction_id=7)
    wire.stop(7, seconds=3600, meterStop=7000)
    folded = wire.fold()
    assert told(folded) == [(1, "7", 6000, "reported")]
    assert words(folded) == ["orphan_stop"]


def test_without_answers_a_stop_goes_where_samples_bore_its_id() -> None:
    wire = Wire()
    wire.meter(7000, seconds=0, transaction_id=99, connectorId=2)
    wire.start(seconds=60, timestamp=at(60))
    wire.meter(7500, seconds=120, transaction_id=99, connectorId=2)
    wire.stop(99, seconds=180, meterStop=8000, timestamp=at(180))
    wire.meter(1500, seconds=240, transaction_id=100)
    wire.stop(100, seconds=1800, meterStop=3000, timestamp=at(1800))
    folded = wire.fold()
    assert told(folded) == [(1, "100", 2000, "reported")]
    assert words(folded) == ["orphan_stop"]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("shared", "base"), [(-1, 1000), (1, 100_000)])
def test_two_connectors_under_one_id_each_have_the_stop_that_goes_on_from_their_samples(
    shared: int, base: int, order: int
) -> None:
    wire = Wire()
    known = None if shared < 0 else shared
    wire.start(known, seconds=0, meterStart=base)
    wire.start(known, seconds=10, connectorId=2, meterStart=1100, timestamp=at(10))
    for number in range(1, 5):
        wire.meter(base + 1000 * number, seconds=600 * number, transaction_id=shared)
        wire.meter(1100 + 50 * number, seconds=600 * number + 1, transaction_id=shared, connectorId=2)
    for number, meter_wh in enumerate([base + 4000, 1300][::order]):
        wire.stop(shared, seconds=2500 + 100 * number, meterStop=meter_wh, timestamp=at(2500 + 100 * number))
    folded = wire.fold()
    assert [(s.connector_id, s.energy_wh) for s in folded.of("sessions")] == [(1, 4000), (2, 200)]
    assert "orphan_stop" not in words(folded)


def test_nobody_guesses_between_two_connectors_of_which_nothing_is_known() -> None:
    wire = Wire()
    wire.start(seconds=0)
    wire.start(seconds=10, connectorId=2, meterStart=1100, timestamp=at(10))
    wire.stop(-1, seconds=2500, meterStop=5000, timestamp=at(2500))
    wire.stop(-1, seconds=2600, meterStop=1300, timestamp=at(2600))
    folded = wire.fold()
    assert [s.is_open for s in folded.of("sessions")] == [True, True]
    assert words(folded) == ["orphan_stop", "orphan_stop"]


def test_nobody_guesses_between_two_connectors_under_one_id() -> None:
    wire = Wire()
    wire.start(1, seconds=0)
    wire.start(1, seconds=10, connectorId=2, meterStart=1100, timestamp=at(10))
    wire.stop(1, seconds=2500, meterStop=5000, timestamp=at(2500))
    assert [s.is_open for s in wire.sessions()] == [True, True]


def test_a_stop_of_a_shared_id_with_another_card_of_its_group_still_fits_by_its_register() -> None:
    wire = Wire()
    wire.start(1, seconds=0, meterStart=50_000)
    wire.start(1, seconds=10, connectorId=2, meterStart=1100, timestamp=at(10))
    wire.stop(1, seconds=2500, meterStop=5000, timestamp=at(2500), idTag="OTHER")
    assert [(s.connector_id, s.energy_wh) for s in wire.sessions()] == [(1, None), (2, 3900)]


def test_a_register_that_only_one_session_can_have_reached_binds_a_stop_of_minus_one() -> None:
    wire = Wire()
    wire.start(11, seconds=5000)
    wire.start(12, seconds=5001, connectorId=2, meterStart=50_000, timestamp=at(10))
    wire.stop(-1, seconds=5002, meterStop=5000, timestamp=at(2500))
    wire.stop(-1, seconds=5003, meterStop=53_000, timestamp=at(2600))
    folded = wire.fold()
    assert told(folded) == [(1, "11", 4000, "reported"), (2, "12", 3000, "reported")]


def test_a_stop_of_minus_one_that_no_car_can_have_reached_is_nobody_s() -> None:
    for register, at_s in ((90_000, 700), (1_400, 700)):
        wire = Wire()
        wire.start(7, seconds=0)
        wire.meter(1500, seconds=600, transaction_id=7)
        wire.meter(1550, seconds=650, transaction_id=7)
        wire.stop(-1, seconds=700, meterStop=register, timestamp=at(at_s))
        assert told(wire.fold()) == [(1, "7", 550, None)]


@pytest.mark.parametrize(
    ("start", "samples", "stop"),
    [
        (0, [500_300, 500_600, 500_900], 1600),  # meterStart and meterStop count from the session's zero
        (1000, [1300, 1600, 1900, 17_500], 2800),  # a spike
        (10_000, [10_300, 10_600, 100, 400, 700], 10_900),  # a register that begins anew
    ],
)
def test_a_register_that_does_not_go_on_leaves_a_stop_with_the_session_whose_samples_bore_its_id(
    start: int, samples: list[int], stop: int
) -> None:
    wire = Wire()
    wire.start(seconds=0, meterStart=start)
    for number, wh in enumerate(samples, 1):
        wire.meter(wh, seconds=600 * number, transaction_id=-1)
    wire.stop(-1, seconds=4200, meterStop=stop, timestamp=at(4200))
    folded = wire.fold()
    assert [s.end_kind for s in folded.of("sessions")] == ["reported"]
    assert "orphan_stop" not in words(folded)


def test_a_stop_below_the_samples_of_a_session_whose_card_and_id_are_unknown_is_nobody_s() -> None:
    wire = Wire()
    wire.start(seconds=0)
    wire.meter(5000, seconds=600)
    wire.stop(99, seconds=1800, meterStop=1300, timestamp=at(1800))
    assert told(wire.fold()) == [(1, None, 4000, None)]


def test_the_next_session_on_a_connector_ends_what_was_sampled_there_under_minus_one() -> None:
    wire = Wire()
    wire.meter(900, seconds=-100, transaction_id=-1)
    wire.meter(5_000, seconds=-90, transaction_id=9_223_372_036_854_775_807, connectorId=2)  # idle (Alfen)
    wire.start(seconds=0)
    wire.stop(-1, seconds=3600)
    assert told(wire.fold()) == [(1, "-1", 2000, "reported")]


def test_a_stop_without_a_register_goes_by_what_else_is_known() -> None:
    wire = Wire()
    wire.meter(900, seconds=-100, transaction_id=55, connectorId=3)
    wire.start(seconds=0)
    wire.meter(1500, seconds=600, transaction_id=-1)
    wire.stop(-1, seconds=3600, meterStop=None)
    assert told(wire.fold()) == [(1, "-1", 500, "reported")]


def test_samples_of_unknown_ids_are_remembered_in_bounds() -> None:
    wire = Wire()
    for number in range(100):
        wire.meter(1000, seconds=number, transaction_id=number + 1, connectorId=2)
    assert len(wire.fold().states["CP"].sightings) == 16


def ended_by_a_guess() -> Wire:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.meter(1500, seconds=600, transaction_id=7)
    wire.stop(-1, seconds=1800, meterStop=4000, timestamp=at(1800))
    return wire


def test_its_own_stop_takes_a_session_back_from_a_stop_without_an_id() -> None:
    wire = ended_by_a_guess()
    assert told(wire.fold()) == [(1, "7", 3000, "reported")]
    wire.stop(7, seconds=3600, meterStop=7000)
    for every in (1, 0):
        folded = wire.fold(drain_every=1) if every else wire.fold()
        (found,) = folded.of("sessions")
        assert (found.energy_wh, found.ended_reported_at.isoformat()) == (6000, at(3600).replace("Z", "+00:00"))
        assert words(folded) == ["orphan_stop"]
        (row,) = folded.of("restatements")
        assert (row.cause, row.entity_id, row.energy_before_wh) == ("stop_taken_back", found.session_id, 3000)
        assert sum(rate.energy_wh for rate in folded.of("rates")) == 6000
        assert sum(rate.sessions for rate in folded.of("rates")) == 1


def test_its_own_samples_take_a_session_back_from_a_stop_without_an_id() -> None:
    wire = ended_by_a_guess()
    wire.meter(4500, seconds=2100, transaction_id=7)
    wire.stop(-1, seconds=2200, meterStop=4000, timestamp=at(1800))  # a retry of what is nobody's by now
    folded = wire.fold()
    assert told(folded) == [(1, "7", 3500, None)]
    assert words(folded) == ["orphan_stop"]


def test_samples_that_stand_where_the_stop_left_them_take_nothing_back() -> None:
    wire = ended_by_a_guess()
    wire.meter("4.02", seconds=2100, transaction_id=7, unit="kWh")
    wire.meter(4010, seconds=2200)
    power = {"value": "0", "measurand": "Power.Active.Import", "unit": "W"}
    values = [{"timestamp": at(2300), "sampledValue": [power]}]
    wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": values}, seconds=2300)
    assert told(wire.fold()) == [(1, "7", 3000, "reported")]


def test_a_sample_after_the_stop_without_its_unit_is_read_as_those_before() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    for seconds, wh in ((600, "1.5"), (900, "1.7")):
        wire.meter(wh, seconds=seconds, transaction_id=7, unit="kWh")
    wire.stop(-1, seconds=1800, meterStop=4000, timestamp=at(1800))
    wire.meter("4.0", seconds=1900, transaction_id=7)
    assert told(wire.fold()) == [(1, "7", 3000, "reported")]


def test_the_same_stop_under_its_id_confirms_what_was_thought() -> None:
    wire = ended_by_a_guess()
    wire.stop(7, seconds=1900, meterStop=4000, timestamp=at(1800))
    folded = wire.fold()
    assert told(folded) == [(1, "7", 3000, "reported")]
    assert words(folded) == []


def test_a_second_stop_that_cannot_be_its_own_takes_nothing_back() -> None:
    wire = ended_by_a_guess()
    wire.stop(7, seconds=3600, meterStop=10)
    folded = wire.fold()
    assert told(folded) == [(1, "7", 3000, "reported")]
    assert words(folded) == ["conflicting_stop"]


def test_an_answer_with_another_id_takes_a_session_back_from_the_stop_that_was_thought_its_own() -> None:
    wire = Wire()
    message_id = wire.start(seconds=0)
    wire.stop(99, seconds=1800, meterStop=4000, timestamp=at(1800))
    wire.started(message_id, 7, seconds=1900)
    wire.stop(7, seconds=3600, meterStop=7000)
    folded = wire.fold()
    assert told(folded) == [(1, "7", 6000, "reported")]
    assert words(folded) == ["orphan_stop"]


def test_an_answer_with_the_id_of_the_stop_confirms_what_was_thought() -> None:
    wire = Wire()
    message_id = wire.start(seconds=0)
    wire.stop(99, seconds=1800, meterStop=4000, timestamp=at(1800))
    wire.started(message_id, 99, seconds=1900)
    folded = wire.fold()
    assert told(folded) == [(1, "99", 3000, "reported")]
    assert next(iter(folded.states["CP"].closed_sessions.values())).bound is None


def test_a_session_that_is_taken_back_keeps_what_the_answer_to_its_start_said() -> None:
    wire = Wire()
    message_id = wire.start(seconds=0)
    wire.stop(-1, seconds=1800, meterStop=4000, timestamp=at(1800))
    wire.started(message_id, 7, seconds=1900)
    wire.meter(4500, seconds=2400, transaction_id=7)
    folded = wire.fold(drain_every=1)
    (session,) = folded.of("sessions")
    assert (session.is_open, session.transaction_id, session.start_status) == (True, "7", "Accepted")
    wire.stop(7, seconds=3600, meterStop=7000)
    folded = wire.fold()
    assert told(folded) == [(1, "7", 6000, "reported")]
    assert words(folded) == ["orphan_stop"]


def test_a_session_that_is_taken_back_keeps_an_answer_that_names_no_transaction() -> None:
    wire = Wire()
    message_id = wire.start(seconds=0)
    wire.stop(99, seconds=1800, meterStop=4000, timestamp=at(1800))
    wire.started(message_id, 0, seconds=1900)
    wire.meter(4500, seconds=2400, transaction_id=99, connectorId=2)
    (session,) = wire.sessions()
    assert (session.is_open, session.start_status) == (True, "Accepted")


def test_samples_of_another_connector_show_that_a_stop_was_not_the_session_s() -> None:
    wire = Wire()
    wire.start(seconds=0)
    wire.stop(99, seconds=1800, meterStop=4000, timestamp=at(1800))
    wire.meter(4000, seconds=1900, transaction_id=99, connectorId=2)
    wire.stop(100, seconds=3600, meterStop=7000)
    folded = wire.fold()
    assert told(folded) == [(1, "100", 6000, "reported")]
    assert words(folded) == ["orphan_stop"]


def test_a_stop_taken_back_leaves_an_inferred_end_as_it_was() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.start(8, seconds=4000, meterStart=9000, timestamp=at(4000))
    wire.stop(8, seconds=5000, meterStop=9500, timestamp=at(5000))
    wire.stop(-1, seconds=5001, meterStop=4000, timestamp=at(1800))
    assert told(wire.fold()) == [(1, "7", 3000, "reported"), (1, "8", 500, "reported")]
    wire.stop(7, seconds=5002, meterStop=6000, timestamp=at(3600))
    folded = wire.fold()
    assert told(folded) == [(1, "7", 5000, "reported"), (1, "8", 500, "reported")]
    assert "orphan_stop" in words(folded)


def test_samples_of_connector_0_that_name_a_session_are_the_sum_of_a_station_with_several() -> None:
    wire = Wire()
    wire.status("Available", connector=2, seconds=0)
    wire.start(7, seconds=1)
    for number in range(1, 10):
        wire.meter(1000 + 100 * number, seconds=60 * number, transaction_id=7)
        wire.meter(5000 + 300 * number, seconds=60 * number + 1, transaction_id=7, connectorId=0)
    folded = wire.fold()
    assert told(folded) == [(1, "7", 900, None)]
    assert words(folded) == ["meter_on_connector_0"]


def test_samples_of_connector_0_count_where_the_only_connector_has_none() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    for number in range(1, 4):
        wire.meter(1000 + 300 * number, seconds=60 * number, transaction_id=7, connectorId=0)
    assert told(wire.fold()) == [(1, "7", 900, None)]
    wire = Wire()
    wire.start(7, seconds=0)
    wire.meter(1100, seconds=60, transaction_id=7)
    wire.meter(6000, seconds=61, transaction_id=7, connectorId=0)
    assert told(wire.fold()) == [(1, "7", 100, None)]


@pytest.mark.parametrize("transaction_id", [7, None])
@pytest.mark.parametrize("seconds", [3500, 3600])
def test_samples_from_before_the_end_complete_a_session_whose_stop_has_no_register(
    transaction_id: int | None, seconds: int
) -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.stop(7, seconds=3600, meterStop=None)
    sampled = [{"timestamp": at(seconds), "sampledValue": [{"value": "3000"}]}]
    wire.call(
        "MeterValues",
        {"connectorId": 1, "meterValue": sampled} | ({"transactionId": transaction_id} if transaction_id else {}),
        seconds=3700,
    )
    folded = wire.fold()
    assert told(folded) == [(1, "7", 2000, "reported")]
    assert [row.cause for row in folded.of("restatements")] == ["late_event"]


def test_a_late_event_of_the_very_end_completes_a_transaction() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", seconds=0, wh=1000, seqNo=0, evse={"id": 1})
    wire.transaction("Ended", seconds=3600, seqNo=2)
    value = {"timestamp": at(3600), "sampledValue": [{"value": 9000}]}
    payload = {"eventType": "Updated", "timestamp": at(3600), "seqNo": 1, "meterValue": [value]}
    wire.call("TransactionEvent", payload | {"transactionInfo": {"transactionId": "t"}}, seconds=3601)
    assert [s.energy_wh for s in wire.sessions()] == [8000]
