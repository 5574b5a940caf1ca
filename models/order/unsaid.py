"""What a log left out of a station's frames, told from its other frames: who spoke, in which version (ADR 0014).

An importer sees one file, and a log may be cut anywhere: what it could not tell there is told here, from every frame
that is landed. `stg_ocpp__frames` does the same in SQL. Not here: what one frame shows (`ingest.imports.inference`).
"""

from collections import defaultdict

import msgspec

from models.frames import Call, CallError, CallResult, decode
from models.record import Direction, Kind, Record

UP, DOWN = Direction.CP_TO_CSMS.value, Direction.CSMS_TO_CP.value


def told(ordered: list[Record]) -> list[Record]:
    """The records of one station in their order, with direction and protocol where these follow from the others.

    An answer takes the opposite of the newest call of its id that waits for one; one whose direction is known is the
    newest one's of its side. A frame is of the version that the
    station spoke last before it, else of the first one after it.
    """
    frames = [record for record in ordered if record.kind == Kind.FRAME]
    if any(record.direction is None for record in frames):
        ordered = _directed(ordered)
    if any(record.protocol is None for record in frames):
        ordered = _versioned(ordered)
    return ordered


def against(direction: str | None) -> str:
    """The direction of an answer to a call of this one."""
    return UP if direction == DOWN else DOWN


def _directed(ordered: list[Record]) -> list[Record]:
    waiting: dict[str, list[str]] = defaultdict(list)
    found = []
    for record in ordered:
        frame = decode(record.payload) if record.kind == Kind.FRAME else None
        if isinstance(frame, Call) and record.direction is not None:
            waiting[frame.message_id].append(record.direction)
        elif isinstance(frame, CallResult | CallError):
            calls = waiting[frame.message_id]
            if record.direction is None and calls:
                record = msgspec.structs.replace(record, direction=against(calls.pop()))
            elif record.direction is not None:
                _answered(calls, against(record.direction))
        found.append(record)
    return found


def _answered(calls: list[str], side: str) -> None:
    """Take out the newest call of one side."""
    for place in range(len(calls) - 1, -1, -1):
        if calls[place] == side:
            del calls[place]
            return


def _versioned(ordered: list[Record]) -> list[Record]:
    version = next((record.protocol for record in ordered if record.protocol is not None), None)
    found = []
    for record in ordered:
        version = record.protocol or version
        if record.protocol is None and version is not None:
            record = msgspec.structs.replace(record, protocol=version)
        found.append(record)
    return found
