"""Text lines `NAME : [frame]`. Not here: times and versions, which such a log does not have."""

import re
from collections.abc import Iterator
from typing import Final

from ingest.imports.entries import Entry, LineError, Refused, station
from ingest.imports.reader import Line
from models.reasons import Reason
from models.record import Kind

_FRAME_LINE: Final = re.compile(rb'\s*[^\s\[\]{}",][^\[\]{}",]*?\s*:\s*\[\s*[2-6]\s*,\s*"')
_NAMED: Final = re.compile(rb"\s*([^\s\[\]{}\"][^\[\]{}\"]*?)\s*:\s*(?=\[)|\s*(\S.*?)\s+:\s+")


def recognises(content: bytes) -> bool:
    """Whether this line is one of ours: a name, a colon and an OCPP frame."""
    return _FRAME_LINE.match(content) is not None


def entries(lines: Iterator[Line]) -> Iterator[Entry | Refused]:
    """One entry for each line that is not blank; the ordinal is the line's number."""
    for line in lines:
        if line.content.strip():
            try:
                yield _entry(line)
            except LineError as error:
                yield Refused(line.number, Reason.UNREADABLE_LINE, str(error), line.content)
        elif line.cut:
            yield Refused(line.number, Reason.TOO_LARGE, "the line is longer than any frame we take", b"")


def _entry(line: Line) -> Entry:
    named = _NAMED.match(line.content)
    if named is None:
        raise LineError("the line is not `NAME : [frame]`")
    name = station(named[1] or named[2])
    return Entry(line.number, name, Kind.FRAME, None, None, None, line.content[named.end() :].strip())
