"""What one line of a log says about one record, whatever the format. Not here: the formats themselves."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote

from ingest.imports.reader import Line
from models import times
from models.reasons import Reason
from models.record import Direction, Kind

STATION_MAX_BYTES: Final = 255
PROTOCOL_MAX_CHARS: Final = 64
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_VERSION: Final = re.compile(r"(?:ocpp)?[ _/-]?(?:j[ _-])?v?([0-9])\.?([0-9])(?:\.?([0-9]))?[ _-]?(?:j|json)?")
_LIST: Final = re.compile(r"\s*[,;|]\s*")
_NOTHING: Final = frozenset({"", "-", "none", "null", "unknown"})
_JOINT: Final = re.compile(r"[^a-z0-9]+")
_DIRECTIONS: Final = frozenset(Direction)
_STATION: Final = "(?:cp|cs|charge-?point|charging-?station|charger|station|evse)"
_SYSTEM: Final = "(?:csms|central-?system|cms|backend|server)"
_TO_SYSTEM: Final = re.compile(f"{_STATION}-?(?:to-?|2-?)?{_SYSTEM}|cp-to-cs")
_TO_STATION: Final = re.compile(f"{_SYSTEM}-?(?:to-?|2-?)?{_STATION}|cs-to-cp")
"""Words that name both ends. `in`, `sent` and the like depend on who wrote the log: no direction."""
_CONNECTIONS: Final = {"open": Kind.OPEN, "opened": Kind.OPEN, "close": Kind.CLOSE, "closed": Kind.CLOSE}


class Entry(NamedTuple):
    """A line that could be read: a record of `ocpp.frames`, if its frame is small enough."""

    ordinal: int
    station_id: str
    kind: Kind
    direction: str | None
    protocol: str | None
    received_at_us: int | None
    payload: bytes
    is_zoneless: bool = False
    """The time of receipt is without a zone, and given as if it were UTC (`zones`)."""


class Refused(NamedTuple):
    """A line that becomes a dead letter only; `content` is empty where it was too long to keep."""

    ordinal: int
    reason: Reason
    detail: str
    content: bytes
    station_id: str | None = None


class LineError(ValueError):
    """A line's envelope cannot be read; the message is a sentence that quotes nothing of it."""


def by_line(lines: Iterable[Line], entry: Callable[[Line], Entry]) -> Iterator[Entry | Refused]:
    """One entry for each line that is not blank; the ordinal is the line's number. `entry` may raise `LineError`."""
    for line in lines:
        if line.content.strip():
            try:
                yield entry(line)
            except LineError as error:
                yield Refused(line.number, Reason.UNREADABLE_LINE, str(error), line.content)
        elif line.cut:
            yield Refused(line.number, Reason.TOO_LARGE, "the line is longer than any frame we take", b"")


@lru_cache(maxsize=4096)
def station(name: bytes) -> str:
    """A station id as the log's key; raises `LineError` where it cannot be one."""
    try:
        text = name.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise LineError("the charger's id is not valid UTF-8") from None
    if not text or len(name) > STATION_MAX_BYTES or _CONTROL.search(text):
        raise LineError(f"the charger's id is empty, longer than {STATION_MAX_BYTES} bytes or has control characters")
    return text


def station_of_path(path: bytes) -> bytes:
    """The last segment of a connection's path, percent-decoded."""
    segments = [part for part in path.split(b"?", 1)[0].split(b"/") if part]
    return (
        unquote(segments[-1].decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape") if segments else b""
    )


@lru_cache(maxsize=256)
def protocol(version: bytes) -> str | None:
    """The version as a WebSocket subprotocol: `1.6`, `OCPP1.6`, `ocpp16` and `1.6J` are `ocpp1.6`.

    What is no version we know stays as written. A list is what a station offered, not what was agreed: it says
    nothing, as a word for nothing does.
    """
    text = version.decode("utf-8", "replace").strip().lower()
    if len(text) > PROTOCOL_MAX_CHARS:
        raise LineError(f"the OCPP version is longer than {PROTOCOL_MAX_CHARS} characters")
    spoken = {_subprotocol(word) for word in _LIST.split(text)} - _NOTHING
    return spoken.pop() if len(spoken) == 1 else None


def _subprotocol(word: str) -> str:
    written = _VERSION.fullmatch(word)
    if written is None:
        return word
    major, minor, patch = written.groups()
    return f"ocpp{major}.{minor}" + (f".{patch}" if patch and patch != "0" else "")


@lru_cache(maxsize=256)
def kind_and_direction(word: bytes) -> tuple[Kind, str | None]:
    """What the log's direction says, however its words are joined; an unknown word is no direction."""
    text = _JOINT.sub("-", word.decode("utf-8", "replace").strip().lower())
    kind = _CONNECTIONS.get(text, Kind.FRAME)
    if text in _DIRECTIONS:
        return kind, text
    if _TO_SYSTEM.fullmatch(text):
        return kind, Direction.CP_TO_CSMS.value
    return kind, Direction.CSMS_TO_CP.value if _TO_STATION.fullmatch(text) else None


def receipt(timestamp: bytes) -> tuple[int | None, bool]:
    """A log's time in microseconds since the epoch, unreadable null; and whether it lacks a zone, then read as UTC."""
    text = timestamp.decode("ascii", "replace").strip()
    received_at_us = times.microseconds(text)
    return received_at_us, not text.endswith("Z") and times.told(text, received_at_us) == times.ZONELESS
