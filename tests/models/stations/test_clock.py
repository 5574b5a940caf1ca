"""A station's clock: what is learnt from the lags of its messages. Units: seconds here, microseconds in the module."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.state.clock import ClockState
from models.stations import clock
from models.stations.clock import OFFSET, SOUND, UNSTEADY

S = clock.SECOND_US
START = 1_700_000_000 * S
HOUR = 3600
TOLERANCE = clock.TOLERANCE_US // S


class Station:
    """Messages of a clock that is `behind` by so many seconds; `seen` are the errors of their corrected times."""

    def __init__(self, behind: float = 0) -> None:
        self.behind, self.now, self.clock = behind, 0.0, ClockState()
        self.offsets: list[float] = []

    def send(self, *, after: float = 60, way: float = 0.2, age: float = 0, is_own: bool = True) -> float:
        """One message: `after` seconds later, `way` under way, of an event `age` seconds old; the error left."""
        self.now += after
        true_us = START + round((self.now - age) * S)
        received_us = START + round((self.now + way) * S)
        reported_us = true_us - round(self.behind * S)
        clock.learn(self.clock, reported_us, received_us, is_own=is_own)
        offset_us = clock.correction(self.clock, received_us - reported_us)
        self.offsets.append(offset_us / S)
        return abs(reported_us + offset_us - true_us) / S

    def send_many(self, count: int, **how: float) -> list[float]:
        return [self.send(**how) for _ in range(count)]


def test_a_sound_clock_is_left_alone() -> None:
    station = Station(20)
    station.send_many(40)
    assert set(station.offsets) == {0}
    assert clock.described(station.clock) == SOUND


def test_nothing_is_said_of_a_clock_before_a_few_messages_agree() -> None:
    station = Station(-2 * HOUR)
    station.send_many(2)
    assert clock.described(station.clock) is None
    station.send()
    assert clock.described(station.clock) == OFFSET


@pytest.mark.parametrize("behind", [-2 * HOUR, -5.5 * HOUR, -5.75 * HOUR, 4 * HOUR, 13 * HOUR, -HOUR])
def test_local_time_sent_as_utc_is_corrected_by_the_zone_exactly(behind: float) -> None:
    station = Station(behind + 7)
    station.send_many(5)
    assert station.offsets[-1] == behind


def test_an_offset_that_is_no_zone_is_corrected_as_it_is() -> None:
    station = Station(500)
    assert station.send_many(6)[-1] <= 0.2
    assert clock.zone(500 * S) is None
    assert clock.zone(900 * S) is None


def test_clock_aligned_samples_stamped_at_their_beginning_do_not_make_a_clock_slow() -> None:
    station = Station()
    station.send_many(3)
    for _ in range(40):
        station.send(after=900, age=900, is_own=False)
    assert set(station.offsets) == {0}
    fresh = Station()
    fresh.send_many(20, after=900, age=900, is_own=False)
    assert set(fresh.offsets) == {0}


def test_samples_and_one_event_that_agree_with_them_do() -> None:
    station = Station(HOUR)
    station.send()
    station.send_many(2, is_own=False)
    assert station.offsets[-1] == HOUR


@pytest.mark.parametrize("behind", [0, -2 * HOUR, 5 * HOUR, 333])
@pytest.mark.parametrize("after", [0.05, 1, 15])
def test_a_backlog_does_not_poison_the_estimate(behind: float, after: float) -> None:
    station = Station(behind)
    station.send_many(5)
    known = station.offsets[-1]
    for number in range(100):
        station.send(after=after, age=10_000 - 100 * number)
        assert station.offsets[-1] in (known, 0, known + HOUR, known - HOUR)
        assert station.clock.epoch == 0
    assert station.send_many(5)[-1] <= TOLERANCE


def test_a_backlog_that_comes_first_says_nothing() -> None:
    station = Station()
    for number in range(200):
        station.send(after=1, age=20_000 - 100 * number)
    assert set(station.offsets) == {0}
    station.send_many(5)
    assert (clock.described(station.clock), set(station.offsets)) == (SOUND, {0})


def test_one_message_sent_again_and_again_is_no_evidence() -> None:
    station = Station()
    for _ in range(20):
        received = START + round((station.now + HOUR) * S)
        clock.learn(station.clock, START, received, is_own=True)
        station.now += 12
    assert station.clock.base_us is None


def test_two_old_messages_sent_in_turn_are_none_either() -> None:
    known = ClockState()
    for number in range(20):
        clock.learn(known, START + number % 2 * 30 * S, START + (HOUR + number * 10) * S, is_own=True)
    assert known.base_us is None


@pytest.mark.parametrize(("before", "after"), [(0, -2 * HOUR), (2 * HOUR, 0), (-2 * HOUR, 0), (HOUR, -HOUR), (400, 0)])
def test_a_clock_that_was_put_forward_or_right_is_known_again_after_three_messages(before: float, after: float) -> None:
    station = Station(before)
    station.send_many(6)
    station.behind = after
    errors = station.send_many(6)
    assert max(errors[2:]) <= 0.2
    assert station.clock.epoch == 1


def test_a_clock_that_was_set_back_is_known_again_after_four_messages() -> None:
    station = Station()
    station.send_many(20)
    station.behind = 1000
    errors = station.send_many(8)
    assert max(errors[3:]) <= 0.2
    assert station.clock.epoch == 1


def test_summer_time_moves_a_local_clock_at_its_first_message() -> None:
    station = Station(-HOUR)
    station.send_many(6)
    station.behind = -2 * HOUR
    assert max(station.send_many(6)) <= 0.2
    station.behind = -HOUR
    assert max(station.send_many(6)) <= 0.2


def test_the_first_message_after_the_station_set_its_clock_shows_whether_it_is_right() -> None:
    station = Station(HOUR)
    station.send_many(5)
    clock.doubt(station.clock)
    station.behind = 0
    assert station.send_many(4) == [0, 0, 0, 0]
    assert (clock.described(station.clock), station.clock.epoch) == (SOUND, 1)


def test_a_clock_that_is_set_to_what_it_was_stays_known() -> None:
    """Some stations set theirs at every heartbeat, to local time."""
    station = Station(-2 * HOUR)
    station.send_many(5)
    for _ in range(5):
        clock.doubt(station.clock)
        assert station.send() <= 0.2
    assert (clock.described(station.clock), station.clock.epoch) == (OFFSET, 0)


def test_a_clock_that_is_set_ahead_is_unknown_until_messages_agree() -> None:
    station = Station()
    station.send_many(5)
    clock.doubt(station.clock)
    station.behind = -500
    station.send()
    assert (clock.described(station.clock), station.clock.epoch) == (UNSTEADY, 1)
    assert station.send_many(3)[-1] <= 0.2


def test_a_clock_that_is_not_known_cannot_be_doubted() -> None:
    station = ClockState()
    clock.doubt(station)
    assert not station.is_doubted


def test_a_single_mad_time_changes_nothing() -> None:
    station = Station(3 * HOUR)
    station.send_many(6)
    received = START + round((station.now + 60) * S)
    clock.learn(station.clock, received + 80 * 365 * 24 * HOUR * S, received, is_own=True)
    station.now += 60
    assert station.send() <= 0.2
    fresh = Station(3 * HOUR)
    clock.learn(fresh.clock, START + 80 * 365 * 24 * HOUR * S, START, is_own=True)
    assert fresh.send_many(4)[-1] <= 0.2


def test_a_corrected_time_is_not_after_its_receipt() -> None:
    station = Station(HOUR)
    station.send_many(5)
    assert clock.correction(station.clock, 1800 * S) == 0


def test_receipts_of_an_export_agree_on_nothing() -> None:
    """A log stamped when it was written out: two weeks of messages in a minute, or all at one instant."""
    for step in (0.01, 0):
        station = ClockState()
        for number in range(5000):
            clock.learn(
                station, START + number * 240 * S, START + 2_000_000 * S + round(number * step * S), is_own=True
            )
        assert (station.base_us, station.offset_us) == (None, 0)


def test_a_drifting_clock_is_followed_and_does_not_flap_at_the_tolerance() -> None:
    station = Station()
    states = []
    for _ in range(400):
        station.behind += 0.5
        station.send(way=random.Random(station.now).random())
        states.append(clock.described(station.clock))
    assert states[:2] == [None, None]
    assert sum(a != b for a, b in pairwise(states[3:])) == 1
    assert station.clock.epoch == 0
    assert abs(station.offsets[-1] - station.behind) < 10


JITTER = 8


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_corrected_times_are_within_the_jitter_whatever_the_offset(data: st.DataObject) -> None:
    behind = data.draw(st.floats(-14 * HOUR, 14 * HOUR))
    station = Station(behind)
    ways = st.floats(0, JITTER)
    # Between sound and wrong, and near a zone, a clock is as right as the tolerance.
    allowed = JITTER + (TOLERANCE if abs(behind) <= TOLERANCE or clock.zone(round(behind * S)) is not None else 0)
    for _ in range(16):
        station.send(after=data.draw(st.floats(11, 4000)), way=data.draw(ways))
    for _ in range(data.draw(st.integers(0, 3))):
        oldest = data.draw(st.floats(100, 100_000))
        for number in range(50):
            station.send(after=0.1, way=data.draw(ways), age=oldest * (1 - number / 50))
        settled = [station.send(after=data.draw(st.floats(11, 4000)), way=data.draw(ways)) for _ in range(5)]
        assert max(settled) <= max(allowed, TOLERANCE + 2 * JITTER if clock.zone(round(behind * S)) else allowed)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_sound_clock_is_never_corrected(data: st.DataObject) -> None:
    station = Station(data.draw(st.floats(-40, 40)))
    for _ in range(data.draw(st.integers(1, 4))):
        for _ in range(data.draw(st.integers(1, 20))):
            station.send(after=data.draw(st.floats(0, 4000)), way=data.draw(st.floats(0, JITTER)))
        oldest, step = data.draw(st.floats(60, 100_000)), data.draw(st.sampled_from((0.05, 1.0)))
        count = data.draw(st.integers(0, 60))
        for number in range(count):
            station.send(after=step, age=oldest * (1 - number / max(1, count)))
    assert set(station.offsets) == {0}


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_after_any_jump_the_clock_is_known_again(data: st.DataObject) -> None:
    station = Station(data.draw(st.floats(-14 * HOUR, 14 * HOUR)))
    for _ in range(data.draw(st.integers(1, 4))):
        station.send_many(data.draw(st.integers(6, 20)), way=0.2)
        station.behind = data.draw(st.floats(-14 * HOUR, 14 * HOUR))
        station.send_many(4)
        assert station.send() <= TOLERANCE * 2 + 1
        # Within the tolerance of the old offset, the jump is drift: followed as the window slides.
        station.send_many(16)
        assert station.send() <= TOLERANCE + 1
