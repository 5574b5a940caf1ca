"""1.6 sessions that ended long ago and are sent again: a queue delivered twice gives what it gave once."""

import pytest
from captures import Folded, Wire, at

from models.sessions import ended
from models.sessions.ended import MAX_ENDED
from models.state import MAX_CLOSED_SESSIONS, StationState, decode, encode

LATE = 1_000_000


def queue(
    wire: Wire, count: int, *, shift: int = 0, is_answered: bool = True, stop_id: int | None = None, station_s: int = 0
) -> None:
    """As many sessions, delivered at once; `shift` is added to their transactionIds."""
    for number in range(count):
        fields = {"meterStart": 1000 * number, "timestamp": at(station_s + 3600 * number)}
        message_id = wire.start(seconds=LATE + len(wire.records), **fields)
        if is_answered:
            wire.started(message_id, number + 1 + shift, seconds=LATE + len(wire.records))
        said = number + 1 + shift if stop_id is None else stop_id
        fields = {"meterStop": 1000 * number + 1000, "timestamp": at(station_s + 3600 * number + 1800)}
        wire.stop(said, seconds=LATE + len(wire.records), **fields)


def figures(folded: Folded) -> tuple[int, int, list[str]]:
    found = folded.of("sessions")
    return len(found), sum(s.energy_wh or 0 for s in found), [a.anomaly for a in folded.of("anomalies")]


@pytest.mark.parametrize("count", [MAX_CLOSED_SESSIONS, MAX_CLOSED_SESSIONS + 1, 50, MAX_ENDED])
def test_a_queue_that_is_sent_twice_counts_once(count: int) -> None:
    wire = Wire()
    for _ in range(2):
        queue(wire, count)
    folded = wire.fold()
    assert figures(folded) == (count, 1000 * count, [])
    once = Wire()
    queue(once, count)
    ids = {s.session_id for s in once.sessions()}
    assert {s.session_id for s in folded.of("sessions")} == ids
    assert sum(rate.sessions for rate in folded.of("rates")) == count


@pytest.mark.parametrize("stop_id", [None, -1])
def test_a_queue_without_answers_that_is_sent_twice_counts_once_but_for_what_may_be_new(stop_id: int | None) -> None:
    wire = Wire()
    for _ in range(2):
        queue(wire, 30, is_answered=False, stop_id=stop_id)
    folded = wire.fold()
    assert figures(folded) == (31, 30_000, [])
    assert [s.energy_wh for s in folded.of("sessions") if s.is_open] == [None]


def test_equal_sessions_with_answers_and_stops_of_their_own_are_others() -> None:
    wire = Wire()
    queue(wire, 20)
    queue(wire, 20, shift=100)
    assert figures(wire.fold())[:2] == (40, 40_000)


def test_a_retried_stop_of_long_ago_ends_nothing_that_is_open() -> None:
    wire = Wire()
    queue(wire, 20)
    wire.start(seconds=LATE + len(wire.records), timestamp=at(80_000), meterStart=90_000)
    wire.stop(1, seconds=LATE + len(wire.records), meterStop=1000, timestamp=at(1800))
    folded = wire.fold()
    assert figures(folded) == (21, 20_000, [])
    (open_session,) = [s for s in folded.of("sessions") if s.is_open]
    assert open_session.transaction_id is None


def test_samples_of_a_queue_that_is_sent_again_name_no_session_that_began_later() -> None:
    wire = Wire()
    queue(wire, 20)
    wire.start(seconds=LATE + len(wire.records), timestamp=at(80_000), meterStart=90_000)
    sampled = [{"timestamp": at(600), "sampledValue": [{"value": "300"}]}]
    wire.call(
        "MeterValues", {"connectorId": 1, "transactionId": 1, "meterValue": sampled}, seconds=LATE + len(wire.records)
    )
    (open_session,) = [s for s in wire.sessions() if s.is_open]
    assert (open_session.transaction_id, open_session.energy_wh) == (None, None)


def test_sessions_without_a_clock_are_never_taken_for_each_other_once_let_go() -> None:
    wire = Wire()
    for _ in range(2):
        for number in range(12):
            wire.start(1, seconds=LATE + len(wire.records), timestamp="1970-01-01T00:00:00Z", idTag=f"C{number}")
            wire.stop(1, seconds=LATE + len(wire.records), timestamp="1970-01-01T00:00:09Z", meterStop=1500)
    assert wire.fold().states["CP"].ended == b""


def test_what_is_kept_of_ended_sessions_is_bounded_by_count_and_time() -> None:
    wire = Wire()
    queue(wire, MAX_ENDED + 50)
    folded = wire.fold()
    state = folded.states["CP"]
    assert len(state.ended) == 18 * MAX_ENDED
    assert decode(encode(state)).ended == state.ended
    wire.start(7_000, seconds=2 * LATE + 100 * 86_400, timestamp=at(LATE + 100 * 86_400))
    wire.stop(7_000, seconds=2 * LATE + 100 * 86_400, timestamp=at(LATE + 100 * 86_400 + 5))
    assert len(wire.fold().states["CP"].ended) == 18


def test_every_id_of_a_session_that_was_retried_leads_to_it_when_it_comes_again() -> None:
    wire = Wire()
    for transaction_id in (501, 502):
        wire.start(transaction_id, seconds=0, timestamp=at(-9000))
    wire.stop(502, seconds=1, timestamp=at(-8000))
    queue(wire, 20)
    wire.start(501, seconds=LATE + len(wire.records), timestamp=at(-9000))
    wire.stop(502, seconds=LATE + len(wire.records), timestamp=at(-8000))
    folded = wire.fold()
    assert figures(folded)[:2] == (21, 22_000)


def test_a_stop_without_a_time_is_no_repetition() -> None:
    wire = Wire()
    queue(wire, 20)
    wire.stop(1, seconds=LATE + len(wire.records), meterStop=1000, timestamp=None)
    assert figures(wire.fold()) == (20, 20_000, ["orphan_stop"])


def test_bytes_of_two_entries_that_look_like_one_are_none() -> None:
    state = StationState(station_id="CP")
    start = ended.start_of("content", "7")
    # The five bytes begin within an entry's stop.
    state.ended = bytes(13) + start
    assert not ended.has_start(state, "content", "7")
    state.ended = bytes(6) + start + bytes(7)
    assert ended.has_start(state, "content", "7")
