"""Moves times by a correction: an event's before it is folded, a session's once its clock is known. Not here: which."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from models.energy.meter import MeterState
from models.energy.readings import Reading
from models.events import (
    EvseMetered,
    Metered,
    Notified,
    Started,
    StatusReported,
    Stopped,
    TransactionReported,
)
from models.state import SessionState, StationState

E = TypeVar("E")
MOVED_TIMES = (
    *("started_us", "charging_since_us", "register_first_us", "register_last_us", "last_seen_us"),
    *("charging_from_us", "faulted_us", "faulted_wh_us", "faulted_idle_us"),
)
"""Fields of a session that its station's clock told; the others are durations, receipts or kept as reported."""


def moved(event: E, us: int, applies: Callable[[int], bool] | None = None) -> E:
    """The event with its times moved; with `applies`, only those for which that holds."""
    return _MOVED[type(event)](event, us, applies)  # type: ignore[no-any-return]


def move(state: StationState, session: SessionState, moved_us: int) -> None:
    """Move everything that a session's clock told, its end too."""
    session.clock_us += moved_us
    for name in MOVED_TIMES:
        at_us = getattr(session, name)
        if at_us is not None:
            setattr(session, name, at_us + moved_us)
    if session.ended_us is not None:
        session.ended_us += moved_us
    if session.meter is not None:
        _move_meter(session.meter, moved_us)
    _move_life(session, moved_us)
    state.touch(session.session_id, session)


def _move_life(session: SessionState, moved_us: int) -> None:
    session.charging_points = [(number, us + moved_us, flag) for number, us, flag in session.charging_points]
    session.charging_registers = [(number, us + moved_us, wh) for number, us, wh in session.charging_registers]
    if session.numbers is not None and session.numbers.newest_us is not None:
        session.numbers.newest_us += moved_us


def _move_meter(meter: MeterState, moved_us: int) -> None:
    if meter.power_us is not None:
        meter.power_us += moved_us
    if meter.phases_us is not None:
        meter.phases_us += moved_us
    meter.interval_instants = [at_us + moved_us for at_us in meter.interval_instants]
    meter.interval_clock_instants = [at_us + moved_us for at_us in meter.interval_clock_instants]
    meter.trail = [(us + moved_us, *more) for us, *more in meter.trail]  # type: ignore[misc]
    meter.trail_due_us += moved_us
    meter.pending = [(wh, None if us is None else us + moved_us, place) for wh, us, place in meter.pending]


def _moved(event: Any, us: int, applies: Callable[[int], bool] | None) -> Any:
    if event.at_us is None or (applies is not None and not applies(event.at_us)):
        return event
    return msgspec.structs.replace(event, at_us=event.at_us + us)


def _moved_readings(event: Any, us: int, applies: Callable[[int], bool] | None) -> Any:
    readings: tuple[Reading, ...] = tuple(_moved(reading, us, applies) for reading in event.readings)
    return msgspec.structs.replace(event, readings=readings)


def _moved_both(event: Any, us: int, applies: Callable[[int], bool] | None) -> Any:
    return _moved_readings(_moved(event, us, applies), us, applies)


def _moved_entries(event: Notified, us: int, applies: Callable[[int], bool] | None) -> Notified:
    return Notified(tuple(_moved(entry, us, applies) for entry in event.entries))


_MOVED: dict[type, Callable[[Any, int, Callable[[int], bool] | None], Any]] = {
    EvseMetered: _moved_readings,
    Metered: _moved_readings,
    Notified: _moved_entries,
    Started: _moved,
    StatusReported: _moved,
    Stopped: _moved_both,
    TransactionReported: _moved_both,
}
"""How an event's times are moved; alarms and statuses within a 2.x NotifyEvent as events of their own."""
