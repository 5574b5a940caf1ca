"""A session's charging time: a timeline of "charging from here" and "not any more", whatever order it arrives in.

The newest points are kept, sorted by sequence number where both have one and by time else; older ones are added up.
A point that only states that energy flows, as a periodic sample does, counts from the point ahead of it on where the
register has risen since.
Not here: where the points come from (statuses in 1.6, chargingState in 2.x).
"""

from collections.abc import Iterable
from decimal import Decimal

from models.energy.readings import Reading
from models.sessions.numbers import UNNUMBERED
from models.state import SessionState

MAX_POINTS = 16
_SECOND_US = 1_000_000


def note(
    session: SessionState,
    at_us: int | None,
    *,
    is_charging: bool,
    number: int = UNNUMBERED,
    register_wh: Decimal | None = None,
) -> None:
    """Take up that energy flows, or not, from `at_us` on; `number` orders points beyond their times.

    `register_wh`: the register of a point that only states it, or of one that says that no energy flows.
    """
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
    if register_wh is not None:
        session.charging_registers.append((number, at_us, register_wh))
    if len(points) > MAX_POINTS:
        _fold_oldest(session)
    del session.charging_registers[:-MAX_POINTS]


def faulted(session: SessionState, at_us: int | None) -> None:
    """Take up since when a 1.6 session is said to be faulted, null if it is not; its samples tell what flows."""
    session.faulted_us, session.faulted_idle_us = at_us, None
    session.faulted_wh = session.register_first if session.register_last is None else session.register_last
    session.faulted_wh_us = session.started_us if session.register_last_us is None else session.register_last_us


def while_faulted(session: SessionState, readings: Iterable[Reading], received_us: int | None) -> None:
    """Hold a session that is said to be faulted against what it measures meanwhile: energy that flows counts."""
    faulted_us = session.faulted_us
    for reading in readings:
        at_us = received_us if reading.at_us is None else reading.at_us
        if at_us is None or faulted_us is None or at_us < faulted_us:
            continue
        is_flowing = _is_flowing(session, reading, at_us, faulted_us)
        if is_flowing is not None and is_flowing != session.charging_points[-1][2]:
            idle_us = faulted_us if session.faulted_idle_us is None else session.faulted_idle_us
            note(session, idle_us if is_flowing else at_us, is_charging=is_flowing)
        if is_flowing is False:
            session.faulted_idle_us = at_us
        if reading.register_wh is not None:
            session.faulted_wh, session.faulted_wh_us = reading.register_wh, at_us


def _is_flowing(session: SessionState, reading: Reading, at_us: int, faulted_us: int) -> bool | None:
    """Whether a reading shows energy that flows; None where there is nothing to hold it against."""
    if reading.power_w is not None:
        return reading.power_w > 0
    wh, us = session.faulted_wh, session.faulted_wh_us
    # What rose since a sample from before the fault may have risen before it.
    if reading.register_wh is None or wh is None or us is None or at_us - faulted_us < faulted_us - us:
        return None
    return reading.register_wh > wh


def seconds(session: SessionState) -> int | None:
    """Whole seconds of charging until the session's end, or its last sign; null where nothing said Charging."""
    points = _points(session)
    if session.charging_us is None and not any(is_charging for _, _, is_charging in points):
        return None
    end_us = session.last_seen_us if session.ended_us is None else session.ended_us
    charging_us = session.charging_us or 0
    for place, (_, _, is_charging) in enumerate(points):
        until_us = points[place + 1][1] if place + 1 < len(points) else end_us
        if is_charging and until_us is not None:
            until_us = until_us if end_us is None else min(until_us, end_us)
            charging_us += max(0, until_us - _from_us(session, place))
    if end_us is not None and session.started_us is not None:
        # Samples and states can be later than a late stop.
        charging_us = min(charging_us, max(0, end_us - session.started_us))
    return charging_us // _SECOND_US


def _from_us(session: SessionState, place: int) -> int:
    """Since when a point counts: its own time, or that of the point ahead where energy flowed already since then."""
    point = session.charging_points[place]
    if place == 0:
        return point[1] if session.charging_from_us is None else session.charging_from_us
    ahead = session.charging_points[place - 1]
    wh = _register(session, point)
    if ahead[2] or wh is None or ahead[1] > point[1]:
        return point[1]
    ahead_wh, read_us = _register(session, ahead), ahead[1]
    if ahead_wh is None:
        older = [(at_us, known) for _, at_us, known in session.charging_registers if at_us <= read_us]
        read_us, ahead_wh = max(older, default=(read_us, None))
    # What rose since a sample older than the point ahead may have risen before it.
    has_risen = ahead_wh is not None and wh > ahead_wh and point[1] - ahead[1] >= ahead[1] - read_us
    return ahead[1] if has_risen else point[1]


def _register(session: SessionState, point: tuple[int, int, bool]) -> Decimal | None:
    key = point[:2]
    return next((wh for number, at_us, wh in session.charging_registers if (number, at_us) == key), None)


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
    (_, _, is_charging), (_, until_us, _) = session.charging_points[:2]
    if is_charging:
        session.charging_us = (session.charging_us or 0) + max(0, until_us - _from_us(session, 0))
    session.charging_folded = True
    session.charging_from_us = _from_us(session, 1)
    del session.charging_points[0]
