"""1.6 stops that were nobody's when they came: bound once it is clear whose they are, and not before."""

import pytest
from captures import Folded, Wire, at

from models.sessions.waiting import MAX_WAITING
from models.state import decode, encode

DAY = 86_400


def told(wire: Wire) -> list[tuple[int | None, str | None, int | None, str | None]]:
    """The sessions, whatever the rhythm of drains and wherever the fold was cut."""
    whole, cut = wire.fold(), Folded()
    for record in wire.records:
        cut.fold([record])
        cut.states = {name: decode(encode(state)) for name, state in cut.states.items()}
    assert cut.rows() == whole.rows()
    return [(s.connector_id, s.transaction_id, s.energy_wh, s.end_kind) for s in whole.of("sessions")]


def words(wire: Wire) -> list[str]:
    return sorted(row.anomaly for row in wire.fold().of("anomalies"))


@pytest.mark.parametrize("transaction_id", [77, -1, -5])
def test_a_stop_that_stands_before_its_start_ends_it(transaction_id: int) -> None:
    wire = Wire()
    for _ in range(2):
        wire.stop(transaction_id, seconds=100, timestamp=at(95), meterStop=2000, idTag="CARD")
    assert words(wire) == ["orphan_stop"]
    wire.start(77, seconds=101, timestamp=at(20))
    assert told(wire) == [(1, "77", 1000, "reported")]
    assert words(wire) == []
    wire.stop(transaction_id, seconds=200, timestamp=at(95), meterStop=2000, idTag="CARD")
    assert told(wire) == [(1, "77", 1000, "reported")]
    assert words(wire) == []


@pytest.mark.parametrize(
    "change",
    [
        {"idTag": "OTHER"},
        {"timestamp": at(99)},  # it began when the stop was over
        {"meterStart": 2001},
    ],
)
def test_a_stop_of_another_session_ends_none_that_is_heard_of_later(change: dict) -> None:
    wire = Wire()
    wire.stop(-1, seconds=100, timestamp=at(95), meterStop=2000, idTag="CARD")
    wire.stop(-1, seconds=100, timestamp=at(96), meterStop=60_000, idTag="CARD")
    wire.start(77, seconds=101, **({"timestamp": at(20)} | change))
    assert told(wire) == [(1, "77", None, None)]
    assert words(wire) == ["orphan_stop", "orphan_stop"]


def test_a_stop_without_a_card_or_by_a_clock_ahead_ends_none_that_is_heard_of_later() -> None:
    for change in ({}, {"idTag": "CARD", "timestamp": at(500)}, {"idTag": "CARD", "meterStop": None}):
        wire = Wire()
        wire.stop(-1, seconds=100, **({"timestamp": at(95), "meterStop": 2000} | change))
        wire.start(77, seconds=101, timestamp=at(20))
        assert told(wire) == [(1, "77", None, None)]


def test_the_answer_that_names_the_stop_s_session_ends_it() -> None:
    wire = Wire()
    one = wire.start(seconds=0)
    wire.start(seconds=10, connectorId=2, timestamp=at(10), meterStart=1100)
    wire.stop(99, seconds=2500, meterStop=5000, timestamp=at(2500))
    assert told(wire) == [(1, None, None, None), (2, None, None, None)]
    assert words(wire) == ["orphan_stop"]
    wire.started(one, 99, seconds=2501)
    assert told(wire) == [(1, "99", 4000, "reported"), (2, None, None, None)]
    assert words(wire) == []


def test_a_stop_that_fitted_two_is_the_other_s_once_one_has_its_own() -> None:
    wire = Wire()
    wire.start(11, seconds=0)
    wire.start(12, seconds=10, connectorId=2, timestamp=at(10), meterStart=1100)
    wire.stop(-1, seconds=2500, meterStop=5000, timestamp=at(2500))
    assert words(wire) == ["orphan_stop"]
    wire.stop(12, seconds=2600, meterStop=1300, timestamp=at(2600))
    assert told(wire) == [(1, "11", 4000, "reported"), (2, "12", 200, "reported")]
    assert words(wire) == []


def test_the_same_stop_under_its_id_was_no_other_session_s() -> None:
    wire = Wire()
    wire.start(11, seconds=0)
    wire.start(12, seconds=10, connectorId=2, timestamp=at(10), meterStart=1100)
    wire.stop(-1, seconds=2500, meterStop=5000, timestamp=at(2500))
    wire.stop(11, seconds=2600, meterStop=5000, timestamp=at(2500))
    assert told(wire) == [(1, "11", 4000, "reported"), (2, "12", None, None)]
    assert words(wire) == []


def test_a_session_that_goes_on_after_a_stop_is_never_ended_by_it() -> None:
    wire = Wire()
    wire.start(11, seconds=0)
    wire.start(12, seconds=10, connectorId=2, timestamp=at(10), meterStart=1100)
    wire.stop(-1, seconds=2500, meterStop=5000, timestamp=at(2500))
    wire.meter(5500, seconds=2570, transaction_id=11)
    wire.stop(12, seconds=2600, meterStop=1300, timestamp=at(2600))
    assert told(wire) == [(1, "11", 4500, None), (2, "12", 200, "reported")]
    assert words(wire) == ["orphan_stop"]


def test_a_stop_that_was_bound_late_is_taken_back_by_the_session_s_own() -> None:
    wire = Wire()
    wire.stop(-1, seconds=100, timestamp=at(95), meterStop=2000, idTag="CARD")
    wire.start(77, seconds=101, timestamp=at(20))
    wire.meter(3000, seconds=600, transaction_id=77)
    assert told(wire) == [(1, "77", 2000, None)]
    assert words(wire) == ["orphan_stop"]
    wire.stop(77, seconds=3600, meterStop=7000)
    assert told(wire) == [(1, "77", 6000, "reported")]


def test_an_end_that_was_inferred_is_restated_by_a_stop_that_is_bound_late() -> None:
    wire = Wire()
    wire.start(11, seconds=0)
    wire.start(12, seconds=10, connectorId=2, timestamp=at(10), meterStart=1100)
    wire.stop(-1, seconds=2500, meterStop=5000, timestamp=at(2500))
    wire.start(13, seconds=3000, timestamp=at(3000), meterStart=5000)
    assert told(wire)[0] == (1, "11", None, "inferred")
    wire.stop(12, seconds=3100, meterStop=1300, timestamp=at(3100))
    assert told(wire)[0] == (1, "11", 4000, "reported")
    assert [row.cause for row in wire.fold().of("restatements")] == ["late_stop"]


def test_stops_wait_for_a_day_and_in_bounds() -> None:
    wire = Wire()
    for number in range(MAX_WAITING + 2):
        wire.stop(-1, seconds=100 + number, timestamp=at(95 + number), meterStop=2000 + number, idTag="CARD")
    assert len(wire.fold().states["CP"].waiting_stops) == MAX_WAITING
    wire.start(77, seconds=100 + 2 * DAY, timestamp=at(20))
    assert told(wire) == [(1, "77", None, None)]
    assert wire.fold().states["CP"].waiting_stops == []
