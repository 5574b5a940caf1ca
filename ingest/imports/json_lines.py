"""JSON lines with a `raw` frame each. Not here: the frame's own JSON, which may be anything.

`raw` keeps its bytes: where the line holds invalid UTF-8 or lone surrogates, so does the frame.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ingest.imports.entries import (
    Entry,
    LineError,
    Refused,
    kind_and_direction,
    microseconds,
    protocol,
    station,
    station_of_path,
)
from ingest.imports.reader import Line
from models.reasons import Reason


class _Envelope(msgspec.Struct):
    raw: msgspec.Raw = msgspec.Raw()
    chargePointId: msgspec.Raw = msgspec.Raw()  # noqa: N815 - the names of the files
    path: msgspec.Raw = msgspec.Raw()
    device: msgspec.Raw = msgspec.Raw()
    subprotocol: msgspec.Raw = msgspec.Raw()
    ocppVersion: msgspec.Raw = msgspec.Raw()  # noqa: N815
    ocpp: msgspec.Raw = msgspec.Raw()
    direction: msgspec.Raw = msgspec.Raw()
    timestamp: msgspec.Raw = msgspec.Raw()
    logged_at: msgspec.Raw = msgspec.Raw()


_decode: Final = msgspec.json.Decoder(_Envelope).decode
_text: Final = msgspec.json.Decoder(str).decode
_NAMES: Final = _Envelope.__struct_fields__
_ESCAPE: Final = re.compile(rb"\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|([\s\S]))")
_SIMPLE: Final = {
    b'"': b'"',
    b"\\": b"\\",
    b"/": b"/",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
}


def recognises(content: bytes) -> bool:
    """Whether this line is one of ours: a JSON object with a `raw` string."""
    try:
        return _string(_fields(content), "raw") is not None
    except LineError:
        return False


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
    fields = _fields(line.content)
    frame = _string(fields, "raw")
    if frame is None:
        raise LineError("the line has no `raw` string")
    kind, direction = kind_and_direction(_string(fields, "direction"))
    return Entry(
        line.number,
        _station(fields),
        kind,
        direction,
        protocol(_first(fields, "subprotocol", "ocppVersion", "ocpp")),
        microseconds(_first(fields, "timestamp", "logged_at")),
        frame,
    )


def _station(fields: dict[str, bytes]) -> str:
    name = _first(fields, "chargePointId") or station_of_path(_first(fields, "path") or b"")
    name = name or _first(fields, "device") or b""
    if not name:
        raise LineError("the line names no charger (chargePointId, path or device)")
    return station(name)


def _first(fields: dict[str, bytes], *names: str) -> bytes | None:
    return next((value for name in names if (value := _string(fields, name) or _number(fields, name))), None)


def _fields(content: bytes) -> dict[str, bytes]:
    """The JSON value of each field, as it is written; raises `LineError`."""
    try:
        envelope = _decode(content)
    except msgspec.ValidationError:
        raise LineError("the line is no JSON object") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _tolerant_fields(content)
    except RecursionError:
        raise LineError("the line's JSON is nested too deeply") from None
    return {name: bytes(value) for name in _NAMES if (value := getattr(envelope, name))}


def _tolerant_fields(content: bytes) -> dict[str, bytes]:
    # Lone surrogates and control characters are no JSON for msgspec, yet logs hold them. One character a
    # byte (latin-1) and escapes kept as text leave each string exactly as it stands in the file.
    kept = _ESCAPE.sub(_kept_escape, content).decode("latin-1")
    try:
        line: Any = json.loads(kept, strict=False, parse_int=_Number, parse_float=_Number)
    except (ValueError, RecursionError):
        raise LineError("the line is not JSON") from None
    if not isinstance(line, dict):
        raise LineError("the line is no JSON object")
    return {
        name: str(value).encode("latin-1") if isinstance(value, _Number) else b'"' + value.encode("latin-1") + b'"'
        for name, value in line.items()
        if name in _NAMES and isinstance(value, str)
    }


class _Number(str):
    """A number as it is written."""


def _kept_escape(match: re.Match[bytes]) -> bytes:
    return match[0].replace(b"\\", b"\\\\").replace(b'"', b"\\u0022")


def _number(fields: dict[str, bytes], name: str) -> bytes | None:
    value = fields.get(name, b"")
    return value if value[:1].isdigit() else None


def _string(fields: dict[str, bytes], name: str) -> bytes | None:
    value = fields.get(name, b"")
    if not value.startswith(b'"'):
        return None
    if b"\\" not in value:
        return value[1:-1]
    try:
        return _text(value).encode("utf-8")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _ESCAPE.sub(_unescaped, value[1:-1])


def _unescaped(match: re.Match[bytes]) -> bytes:
    high, low, simple = match.groups()
    if simple is not None:
        if simple not in _SIMPLE:
            raise LineError("the line has an escape that JSON does not know")
        return _SIMPLE[simple]
    first = int(high, 16)
    if low is None:
        return chr(first).encode("utf-8", "surrogatepass")
    second = int(low, 16)
    if 0xD800 <= first < 0xDC00:
        return chr(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)).encode("utf-8")
    return (chr(first) + chr(second)).encode("utf-8", "surrogatepass")
