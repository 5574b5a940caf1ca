"""Moves times by a correction: an event's before it is folded, a session's once its clock is known. Not here: which."""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import msgspec

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
from models.state.faults import FaultState
from models.state.meter import MeterState
from models.stations.clock import TOLERANCE_US

E = TypeVar("E")
Told: TypeAlias = Callable[[int], bool]
"""Whether a time is one that the station's clock told."""
MOVED_TIMES = (
    *("started_us", "charging_since_us", "register_first_us", "register_last_us", "last_seen_us"),
    *("charging_from_us", "faulted_us", "faulted_wh_us", "faulted_idle_us"),
)
"""Fields of a session that its station's clock told; the others are durations, receipts or kept as reported."""
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(SessionState)


def moved(event: E, us: int, applies: Told | None = None) -> E:
    """The event with its times moved; with `applies`, only those for which that holds."""
    return _MOVED[type(event)](event, us, applies)  # type: ignore[no-any-return]


def move(state: StationState, session: SessionState, moved_us: int, is_told: Told | None = None) -> None:
    """Move everything that a session's clock told, its end too: with `is_told`, only times for which that holds.

    Without, all but those that would come to lie after the newest receipt: where a message told no time, receipt
    stands in for it.
    """
    newest_us = state.received_at_us
    if is_told is None and newest_us is not None:
        last_us = newest_us + TOLERANCE_US

        def is_told(us: int) -> bool:
            return us + moved_us <= last_us or us > last_us

    _move(session, moved_us, lambda us: us + moved_us if is_told is None or is_told(us) else us)
    state.touch(session.session_id, session)


def move_fault(state: StationState, fault: FaultState, moved_us: int, is_told: Told) -> None:
    """Move those times of a fault that its station's clock told: its opening, its end, what its sessions measured."""

    def to(us: int) -> int:
        return us + moved_us if is_told(us) else us

    fault.opened_us = None if fault.opened_us is None else to(fault.opened_us)
    fault.closed_us = None if fault.closed_us is None else to(fault.closed_us)
    fault.seen_wh = {name: (wh, to(first_us), to(last_us)) for name, (wh, first_us, last_us) in fault.seen_wh.items()}
    state.touch(fault.fault_id, fault)


def _move(session: SessionState, moved_us: int, to: Callable[[int], int]) -> None:
    session.clock_us += moved_us
    if session.bound is not None:
        before = _decoder.decode(session.bound.kept)
        _move(before, moved_us, to)
        session.bound.kept = _encoder.encode(before)
    for name in MOVED_TIMES:
        at_us = getattr(session, name)
        if at_us is not None:
            setattr(session, name, to(at_us))
    if session.ended_us is not None:
        session.ended_us = to(session.ended_us)
    if session.over_us is not None and not session.is_over_by_receipt:
        session.over_us = to(session.over_us)
    if session.due is not None and session.due.since_us is not None and not session.due.is_by_receipt:
        session.due.since_us = to(session.due.since_us)
    session.charging_points = [(number, to(us), flag) for number, us, flag in session.charging_points]
    session.charging_registers = [(number, to(us), wh) for number, us, wh in session.charging_registers]
    if session.numbers is not None and session.numbers.newest_us is not None:
        session.numbers.newest_us = to(session.numbers.newest_us)
    if session.meter is not None:
        _move_meter(session.meter, to)


def _move_meter(meter: MeterState, to: Callable[[int], int]) -> None:
    if meter.power_us is not None:
        meter.power_us = to(meter.power_us)
    if meter.phases_us is not None:
        meter.phases_us = to(meter.phases_us)
    meter.interval_instants = [to(at_us) for at_us in meter.interval_instants]
    meter.interval_clock_instants = [to(at_us) for at_us in meter.interval_clock_instants]
    meter.trail = [(to(us), *more) for us, *more in meter.trail]  # type: ignore[misc]
    meter.trail_due_us = to(meter.trail_due_us)
    meter.pending = [(wh, None if us is None else to(us), place) for wh, us, place in meter.pending]


def _moved(event: Any, us: int, applies: Told | None) -> Any:
    if event.at_us is None or (applies is not None and not applies(event.at_us)):
        return event
    return msgspec.structs.replace(event, at_us=event.at_us + us)


def _moved_readings(event: Any, us: int, applies: Told | None) -> Any:
    readings: tuple[Reading, ...] = tuple(_moved(reading, us, applies) for reading in event.readings)
    return msgspec.structs.replace(event, readings=readings)


def _moved_both(event: Any, us: int, applies: Told | None) -> Any:
    return _moved_readings(_moved(event, us, applies), us, applies)


def _moved_entries(event: Notified, us: int, applies: Told | None) -> Notified:
    return Notified(tuple(_moved(entry, us, applies) for entry in event.entries))


_MOVED: dict[type, Callable[[Any, int, Told | None], Any]] = {
    EvseMetered: _moved_readings,
    Metered: _moved_readings,
    Notified: _moved_entries,
    Started: _moved,
    StatusReported: _moved,
    Stopped: _moved_both,
    TransactionReported: _moved_both,
}
"""How an event's times are moved; alarms and statuses within a 2.x NotifyEvent as events of their own."""
