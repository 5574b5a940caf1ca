"""Text lines `NAME : [frame]`. Not here: times and versions, which such a log does not have."""

import re
from collections.abc import Iterator
from typing import Final

from ingest.imports.entries import Entry, LineError, Refused, by_line, station
from ingest.imports.reader import Line
from models.record import Kind

_FRAME_LINE: Final = re.compile(rb'\s*[^\s\[\]{}",][^\[\]{}",]*?\s*:\s*\[\s*[2-6]\s*,\s*"')
_NAMED: Final = re.compile(rb"\s*([^\s\[\]{}\"][^\[\]{}\"]*?)\s*:\s*(?=\[)|\s*(\S.*?)\s+:\s+")


def recognises(content: bytes) -> bool:
    """Whether this line is one of ours: a name, a colon and an OCPP frame."""
    return _FRAME_LINE.match(content) is not None


def entries(lines: Iterator[Line]) -> Iterator[Entry | Refused]:
    """One entry for each line that is not blank; the ordinal is the line's number."""
    return by_line(lines, _entry)


def _entry(line: Line) -> Entry:
    named = _NAMED.match(line.content)
    if named is None:
        raise LineError("the line is not `NAME : [frame]`")
    name = station(named[1] or named[2])
    return Entry(line.number, name, Kind.FRAME, None, None, None, line.content[named.end() :].strip())
