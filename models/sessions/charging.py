"""A session's charging time: a timeline of "charging from here" and "not any more", whatever order it arrives in.

The newest points are kept, sorted by sequence number where both have one and by time else; older ones are added up.
Not here: where the points come from (statuses in 1.6, chargingState in 2.x).
"""

from models.sessions.numbers import UNNUMBERED
from models.state import SessionState

MAX_POINTS = 16
_SECOND_US = 1_000_000


def note(session: SessionState, at_us: int | None, *, is_charging: bool, number: int = UNNUMBERED) -> None:
    """Take up that energy flows, or not, from `at_us` on; `number` orders points beyond their times."""
    if at_us is None:
        return
    points = _points(session)
    point = (number, at_us, is_charging)
    place = len(points)
    while place and _is_after(points[place - 1], point):
        place -= 1
    if place and points[place - 1] == point:
        return
    if not place and session.charging_folded:
        return
    points.insert(place, point)
    if len(points) > MAX_POINTS:
        _fold_oldest(session)


def seconds(session: SessionState) -> int | None:
    """Whole seconds of charging until the session's end, or its last sign; null where nothing said Charging."""
    points = _points(session)
    if session.charging_us is None and not any(is_charging for _, _, is_charging in points):
        return None
    end_us = session.last_seen_us if session.ended_us is None else session.ended_us
    charging_us = session.charging_us or 0
    for place, (_, at_us, is_charging) in enumerate(points):
        until_us = points[place + 1][1] if place + 1 < len(points) else end_us
        if is_charging and until_us is not None:
            until_us = until_us if end_us is None else min(until_us, end_us)
            charging_us += max(0, until_us - at_us)
    if end_us is not None and session.started_us is not None:
        # Samples and states can be later than a late stop.
        charging_us = min(charging_us, max(0, end_us - session.started_us))
    return charging_us // _SECOND_US


def _is_after(known: tuple[int, int, bool], point: tuple[int, int, bool]) -> bool:
    """Whether a known point comes after a new one: numbers tell, unless they are missing or equal."""
    if known[0] >= 0 and point[0] >= 0 and known[0] != point[0]:
        return known[0] > point[0]
    return known[1] > point[1]


def _points(session: SessionState) -> list[tuple[int, int, bool]]:
    """The timeline; a state of the first version knew one point."""
    if session.charging_since_us is not None:
        session.charging_points = [(UNNUMBERED, session.charging_since_us, True), *session.charging_points]
        session.charging_since_us = None
    return session.charging_points


def _fold_oldest(session: SessionState) -> None:
    (_, from_us, is_charging), (_, until_us, _) = session.charging_points[:2]
    if is_charging:
        session.charging_us = (session.charging_us or 0) + max(0, until_us - from_us)
    session.charging_folded = True
    del session.charging_points[0]
