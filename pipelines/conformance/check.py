"""Frames of one partition, in the order of the log, to the schema rules they break. Not here: files, tables.

A request says its action itself; an answer has that of its call: the last one before it of the same source,
station, caller and message id, no further back than `REACH`. Where there is none (another file holds it, the
answer was logged first, the log names no direction) the answer is checked against every action its version has,
and a row for each says what would be broken: the warehouse keeps the rows of the call it pairs the answer with
(`core__calls`).
Where the log names no version, every version is tried: which of them was spoken, the warehouse tells, too.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from models import frames
from models.frames import Call, CallResult, FrameError, Send
from models.ocpp.versions import ADAPTERS
from models.record import Direction
from pipelines.conformance.findings import Found, find
from pipelines.conformance.schemas import Message, answerable
from pipelines.conformance.shapes import shape

REACH: Final = 10_000
"""Offsets within which an answer finds its call: seconds of a busy partition, hours of a quiet one."""
MOST_UNPAIRED: Final = 1_000
"""Answers without a call that one range checks against every action; any more are left out."""


class Sent(msgspec.Struct, gc=False):
    """One landed frame, as far as the check looks at it."""

    offset: int
    station_id: str
    source: str
    direction: str | None
    protocol: str | None
    payload: bytes


class Broken(msgspec.Struct, gc=False):
    """A frame that breaks its schema."""

    sent: Sent
    protocol: str
    message: str
    action: str
    found: Found


Key = tuple[str, str, str, str]
"""Source, station, caller and message id."""
Earlier = Callable[[set[Key]], dict[Key, tuple[int, str]]]
"""Finds calls before the range: the last offset and action of each key."""

_OTHER: Final = {
    str(Direction.CP_TO_CSMS): str(Direction.CSMS_TO_CP),
    str(Direction.CSMS_TO_CP): str(Direction.CP_TO_CSMS),
}


def check(sent: Iterable[Sent], earlier: Earlier) -> Iterator[Broken]:
    """The frames that break their schemas; `sent` in order of offset."""
    calls: dict[Key, tuple[int, str]] = {}
    unpaired: list[tuple[Key, Sent, msgspec.Raw]] = []
    for one in sent:
        frame = frames.decode(one.payload)
        if type(frame) is FrameError and frame.repaired is not None:
            frame = frames.decode(frame.repaired)
        if type(frame) is Call:
            calls[one.source, one.station_id, one.direction or "", frame.message_id] = one.offset, frame.action
            yield from _broken(one, Message.REQUEST, frame.action, frame.payload)
        elif type(frame) is CallResult:
            key = one.source, one.station_id, _OTHER.get(one.direction or "", ""), frame.message_id
            call = calls.get(key)
            if call is not None and one.offset - call[0] <= REACH:
                yield from _broken(one, Message.ANSWER, call[1], frame.payload)
            else:
                unpaired.append((key, one, frame.payload))
        elif type(frame) is Send:
            yield from _broken(one, Message.SEND, frame.action, frame.payload)
    if unpaired:
        yield from _late(unpaired, earlier)


def _late(unpaired: list[tuple[Key, Sent, msgspec.Raw]], earlier: Earlier) -> Iterator[Broken]:
    found, guessed = earlier({key for key, _, _ in unpaired}), 0
    for key, sent, payload in unpaired:
        call = found.get(key)
        if call is not None and sent.offset - call[0] <= REACH:
            yield from _broken(sent, Message.ANSWER, call[1], payload)
        elif guessed < MOST_UNPAIRED:
            guessed += 1
            callers = (key[2],) if key[2] else tuple(_OTHER)
            for protocol in _protocols(sent):
                for action in sorted({action for caller in callers for action in answerable(protocol, caller)}):
                    yield from _breaks(sent, protocol, Message.ANSWER, action, payload)


def calls_of(sent: Iterable[Sent], wanted: set[Key]) -> dict[Key, tuple[int, str]]:
    """The last call of each wanted key."""
    found = {}
    for one in sent:
        frame = frames.decode(one.payload)
        if type(frame) is Call:
            key = one.source, one.station_id, one.direction or "", frame.message_id
            if key in wanted:
                found[key] = one.offset, frame.action
    return found


def _protocols(sent: Sent) -> tuple[str, ...]:
    return (sent.protocol,) if sent.protocol else tuple(ADAPTERS)


def _broken(sent: Sent, message: str, action: str, payload: msgspec.Raw) -> Iterator[Broken]:
    for protocol in _protocols(sent):
        yield from _breaks(sent, protocol, message, action, payload)


def _breaks(sent: Sent, protocol: str, message: str, action: str, payload: msgspec.Raw) -> tuple[Broken, ...]:
    accepts = shape(protocol, message, action)
    if accepts is not None:
        try:
            accepts(payload)
        except (ValueError, RecursionError):
            pass
        else:
            return ()
    found = find(protocol, message, action, payload)
    return (Broken(sent, protocol, message, action, found),) if found else ()
