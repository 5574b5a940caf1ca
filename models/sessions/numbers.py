"""Sequence numbers of a 2.x transaction: which are missing, whether they can be relied on. Not here: any event.

A station that reboots may count anew within a transaction, and some send 0 in every event: a number met again is a
retry only if nothing else about the event is new. Numbers of later epochs (restarts) order after earlier ones.
"""

from models.state import SessionState, StationState
from models.state.sessions import Numbers

WINDOW = 64
"""Numbers up to the highest one whose coming is remembered singly."""
_MASK = (1 << WINDOW) - 1
_EPOCH_BITS = 32
_LARGEST = (1 << 31) - 1
_FARTHEST = 10_000
"""A wider jump is no gap but another count."""
UNUSABLE_REPEATS = 2
UNNUMBERED = -1


def note(state: StationState, session: SessionState, number: int | None, at_us: int | None) -> int:
    """Take up an event's number; returns what orders the event within its session, `UNNUMBERED` for its time alone."""
    if number is None or not 0 <= number <= _LARGEST:
        return UNNUMBERED
    known = session.numbers
    if known is None:
        known = session.numbers = Numbers(number, number, newest_us=at_us)
    else:
        _take(known, number, at_us, has_booted=state.boots != known.boots)
    known.boots = state.boots
    return known.epoch << _EPOCH_BITS | number


def missing(session: SessionState) -> int | None:
    """Numbers that never came; None where there are none, or they mean nothing."""
    known = session.numbers
    if known is None or known.repeats >= UNUSABLE_REPEATS:
        return None
    return known.missing + _holes(known)


def _holes(known: Numbers) -> int:
    return known.last - known.first + 1 - known.count


def _take(known: Numbers, number: int, at_us: int | None, *, has_booted: bool) -> None:
    is_newer = at_us is not None and (known.newest_us is None or at_us > known.newest_us)
    if is_newer:
        known.newest_us = at_us
    ahead = number - known.last
    if ahead > _FARTHEST or (ahead < 0 and is_newer and (number == 0 or has_booted)):
        known.missing += _holes(known)
        known.epoch += 1
        known.first = known.last = number
        known.count = known.seen = 1
    elif ahead > 0:
        known.seen = (known.seen << min(ahead, WINDOW) | 1) & _MASK
        known.count += 1
        known.last = number
    else:
        _again(known, number, is_newer=is_newer)


def _again(known: Numbers, number: int, *, is_newer: bool) -> None:
    """A number at or below the highest one: a late event, a retry, or a count that stands still."""
    bit = (1 << min(known.last - number, WINDOW)) & _MASK
    if number < known.first or (bit and not known.seen & bit):
        known.first = min(known.first, number)
        known.seen |= bit
        known.count += 1
    elif is_newer:
        known.repeats += 1
