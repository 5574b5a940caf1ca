"""What one line of a log says about one record, whatever the format. Not here: the formats themselves."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote

from models.reasons import Reason
from models.record import Direction, Kind

STATION_MAX_BYTES: Final = 255
PROTOCOL_MAX_CHARS: Final = 64
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_BARE_VERSION: Final = re.compile(r"(\d[\d.]*)j?", re.IGNORECASE)
_DIRECTIONS: Final = frozenset(Direction)
_CONNECTIONS: Final = {"open": Kind.OPEN, "close": Kind.CLOSE}


class Entry(NamedTuple):
    """A line that could be read: a record of `ocpp.frames`, if its frame is small enough."""

    ordinal: int
    station_id: str
    kind: Kind
    direction: str | None
    protocol: str | None
    received_at_us: int | None
    payload: bytes


class Refused(NamedTuple):
    """A line that becomes a dead letter only; `content` is empty where it was too long to keep."""

    ordinal: int
    reason: Reason
    detail: str
    content: bytes
    station_id: str | None = None


class LineError(ValueError):
    """A line's envelope cannot be read; the message is a sentence that quotes nothing of it."""


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
    """`1.6`, `OCPP1.6` and `1.6J` are `ocpp1.6`; what is no version we know stays as written."""
    text = version.decode("utf-8", "replace").strip().lower()
    if not text:
        return None
    if len(text) > PROTOCOL_MAX_CHARS:
        raise LineError(f"the OCPP version is longer than {PROTOCOL_MAX_CHARS} characters")
    bare = _BARE_VERSION.fullmatch(text.removeprefix("ocpp"))
    return f"ocpp{bare[1]}" if bare else text


@lru_cache(maxsize=256)
def kind_and_direction(word: bytes) -> tuple[Kind, str | None]:
    """What the log's direction says; an unknown word is no direction."""
    text = word.decode("utf-8", "replace").strip().lower()
    return _CONNECTIONS.get(text, Kind.FRAME), text if text in _DIRECTIONS else None


def microseconds(timestamp: bytes) -> int | None:
    """A log's time in microseconds since the epoch; without a zone it is UTC, unreadable it is null."""
    if not timestamp:
        return None
    try:
        moment = datetime.fromisoformat(timestamp.decode("ascii").strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None
