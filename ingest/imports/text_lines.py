"""Text lines `NAME : [frame]`, with or without a time before the name. Not here: versions, which they do not say."""

import re
from collections.abc import Iterator
from typing import Final

from ingest.imports.entries import Entry, LineError, Refused, by_line, receipt, station
from ingest.imports.reader import Line
from models.record import Kind

_CLOCK: Final = rb"\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d(?::?\d\d)?))?"
_TIMED: Final = re.compile(
    rb"\s*\[?(?:(\d{4}[-/.]\d\d[-/.]\d\d[T ]" + _CLOCK + rb"|\d\d\.\d\d\.\d{4} " + _CLOCK + rb")"
    rb"|(?:[A-Z][a-z]{2} [ \d]\d )?" + _CLOCK + rb")\]?[\s,;|-]+"
)
"""A time that says its year, or one that does not and says nothing."""
_FRAME_LINE: Final = re.compile(rb'\s*([^\s\[\]{}",][^\[\]{}",]*?)\s*:\s*\[\s*[2-6]\s*,\s*"')
_NAMED: Final = re.compile(rb"\s*([^\s\[\]{}\"][^\[\]{}\"]*?)\s*:\s*(?=\[)|\s*(\S.*?)\s+:\s+")
_WAY: Final = rb"(?:recv|received?|receiving|sen[dt]|sending|<-+|-+>|<<|>>|<=|=>)"
_LEVEL: Final = rb"(?:trace|debug|info|notice|warn(?:ing)?|error)"
_LOGGED: Final = re.compile(_LEVEL + rb"[\s:]+", re.IGNORECASE)
_ROUND_A_NAME: Final = re.compile(rb"(?:" + _WAY + rb"\s+)?(.*?)(?:\s+" + _WAY + rb")?", re.IGNORECASE)
_NO_NAME: Final = re.compile(
    rb"(?:" + _WAY + rb"|" + _LEVEL + rb"|in|out|rx|tx|incoming|outgoing|request|response|message|frame)?",
    re.IGNORECASE,
)
"""What a program writes before a frame in place of the charger's name."""
_NAME_MAX_BYTES: Final = 300


def recognises(content: bytes) -> bool:
    """Whether this line is one of ours: a name, a colon and an OCPP frame."""
    start, _ = _begun(content)
    match = _FRAME_LINE.match(content, start)
    return match is not None and bool(_bare(match[1]))


def entries(lines: Iterator[Line]) -> Iterator[Entry | Refused]:
    """One entry for each line that is not blank; the ordinal is the line's number."""
    return by_line(lines, _entry)


def _entry(line: Line) -> Entry:
    start, time = _begun(line.content)
    named = _NAMED.match(line.content, start)
    if named is None:
        raise LineError("the line is not `NAME : [frame]`")
    name = _bare(named[1] or named[2])
    if not name:
        raise LineError("the line names no charger before its frame")
    received_at_us, is_zoneless = receipt(time)
    frame = line.content[named.end() :].strip()
    return Entry(line.number, station(name), Kind.FRAME, None, None, received_at_us, frame, is_zoneless)


def _begun(content: bytes) -> tuple[int, bytes]:
    """Where the name begins, and the time that stands before it."""
    timed = _TIMED.match(content)
    if timed is None:
        return 0, b""
    logged = _LOGGED.match(content, timed.end())
    return (logged or timed).end(), timed[1] or b""


def _bare(name: bytes) -> bytes:
    """The charger's name without the words that say which way the frame went; empty where nothing else is there."""
    if len(name) <= _NAME_MAX_BYTES and (match := _ROUND_A_NAME.fullmatch(name)):
        name = match[1].strip()
    return b"" if _NO_NAME.fullmatch(name) else name
