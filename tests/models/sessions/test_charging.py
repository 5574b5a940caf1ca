"""Charging time: a bounded timeline whose seconds do not depend on the order in which its points arrive."""

import itertools

import pytest

from models.sessions import charging
from models.sessions.charging import MAX_POINTS
from models.state import SessionState

SECOND_US = 1_000_000


def session(
    points: list[tuple[int, int, bool]], ended: int | None = None, last_seen: int | None = None
) -> SessionState:
    """A session with points of (number, seconds, charging)."""
    made = SessionState("s", started_us=0)
    for number, at, flag in points:
        charging.note(made, at * SECOND_US, is_charging=flag, number=number)
    made.ended_us = None if ended is None else ended * SECOND_US
    made.last_seen_us = None if last_seen is None else last_seen * SECOND_US
    return made


def test_it_is_unknown_where_nothing_said_charging() -> None:
    assert charging.seconds(session([], ended=100)) is None
    assert charging.seconds(session([(-1, 5, False)], ended=100)) is None
    made = session([])
    charging.note(made, None, is_charging=True)
    assert charging.seconds(made) is None


@pytest.mark.parametrize("order", list(itertools.permutations([(-1, 10, True), (-1, 20, False), (-1, 50, True)])))
def test_points_count_at_their_times(order: tuple[tuple[int, int, bool], ...]) -> None:
    assert charging.seconds(session(list(order), ended=60)) == 20
    assert charging.seconds(session(list(order), last_seen=55)) == 15
    assert charging.seconds(session(list(order), ended=15)) == 5


@pytest.mark.parametrize(
    "order", list(itertools.permutations([(0, 100, True), (1, 110, False), (2, 40, True), (3, 60, False)]))
)
def test_numbers_order_points_across_a_clock_that_was_set_back(order: tuple[tuple[int, int, bool], ...]) -> None:
    assert charging.seconds(session(list(order), ended=200)) == 30


def test_a_point_that_comes_again_takes_no_room() -> None:
    made = session([(-1, 10, True)] * 50, ended=20)
    assert len(made.charging_points) == 1
    assert charging.seconds(made) == 10


def test_older_points_are_added_up_and_older_ones_than_these_ignored() -> None:
    points = [(-1, 10 * number, number % 2 == 0) for number in range(3 * MAX_POINTS)]
    made = session(points, ended=10 * 3 * MAX_POINTS)
    assert len(made.charging_points) == MAX_POINTS
    assert charging.seconds(made) == 10 * 3 * MAX_POINTS // 2
    charging.note(made, 5 * SECOND_US, is_charging=False)
    assert charging.seconds(made) == 10 * 3 * MAX_POINTS // 2


def test_it_is_never_longer_than_the_session() -> None:
    assert charging.seconds(session([(-1, -100, True)], ended=30)) == 30


def test_a_state_of_the_first_version_goes_on_from_its_one_point() -> None:
    made = SessionState("s", started_us=0, charging_us=5 * SECOND_US, charging_since_us=30 * SECOND_US)
    charging.note(made, 40 * SECOND_US, is_charging=False)
    made.ended_us = 100 * SECOND_US
    assert charging.seconds(made) == 15
