"""JSON lines with a `raw` frame each, also as one array with an object a line. Not here: the frame's own JSON.

`raw` keeps its bytes: where the line holds invalid UTF-8 or lone surrogates, so does the frame. It is a string; an
array in its place, a frame that somebody decoded, is taken as it is written.
"""

import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final, NamedTuple

import msgspec

from ingest.imports.entries import (
    Entry,
    LineError,
    Refused,
    by_line,
    kind_and_direction,
    protocol,
    receipt,
    station,
    station_of_path,
)
from ingest.imports.reader import Line


class _Said(NamedTuple):
    """What a line says, as bytes."""

    raw: bytes | None
    station: bytes
    direction: bytes
    version: bytes
    time: bytes


class _Plain(msgspec.Struct):
    """An ordinary line: every field that we read is a string, null or absent."""

    raw: str
    chargePointId: str | None = None  # noqa: N815 - the names of the files
    path: str | None = None
    device: str | None = None
    subprotocol: str | None = None
    ocppVersion: str | None = None  # noqa: N815
    ocpp: str | None = None
    direction: str | None = None
    timestamp: str | None = None
    logged_at: str | None = None


class _Odd(msgspec.Struct):
    """Any other line: the fields as they are written."""

    raw: msgspec.Raw = msgspec.Raw()
    chargePointId: msgspec.Raw = msgspec.Raw()  # noqa: N815
    path: msgspec.Raw = msgspec.Raw()
    device: msgspec.Raw = msgspec.Raw()
    subprotocol: msgspec.Raw = msgspec.Raw()
    ocppVersion: msgspec.Raw = msgspec.Raw()  # noqa: N815
    ocpp: msgspec.Raw = msgspec.Raw()
    direction: msgspec.Raw = msgspec.Raw()
    timestamp: msgspec.Raw = msgspec.Raw()
    logged_at: msgspec.Raw = msgspec.Raw()


_decode_plain: Final = msgspec.json.Decoder(_Plain).decode
_decode_odd: Final = msgspec.json.Decoder(_Odd).decode
_text: Final = msgspec.json.Decoder(str).decode
_NAMES: Final = _Odd.__struct_fields__
_MEMBER: Final = re.compile(rb"\[\s*\{")
_FRAME: Final = re.compile(rb"\[\s*[2-6]\s*,")
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
    """Whether this line is one of ours: a JSON object with a `raw` frame and its charger's name."""
    said = _said_if_ours(content)
    return said is not None and bool(said.station)


def names_no_charger(content: bytes) -> bool:
    """Whether this line would be one of ours if it named its charger."""
    said = _said_if_ours(content)
    return said is not None and not said.station


def _said_if_ours(content: bytes) -> _Said | None:
    try:
        said = _said(_member(content))
    except LineError:
        return None
    return None if said.raw is None else said


def entries(lines: Iterator[Line]) -> Iterator[Entry | Refused]:
    """One entry for each line that is not blank; the ordinal is the line's number."""
    return by_line(_members(lines), _entry)


def _members(lines: Iterator[Line]) -> Iterator[Line]:
    """The lines, without the brackets and commas where the whole file is one array."""
    for line in lines:
        begun = line.content.strip()
        if begun == b"[" or begun.endswith(b"},") or _MEMBER.match(begun):
            yield from (part._replace(content=_member(part.content)) for part in chain((line,), lines))
        else:
            yield line
            if begun:
                yield from lines


def _member(content: bytes) -> bytes:
    """An object of an array that has one a line, or nothing for a line of brackets; any other line as it is."""
    bare = content.strip()
    if bare in (b"[", b"]", b","):
        return b""
    if _MEMBER.match(bare):
        bare = bare[1:].lstrip()
    return bare.removesuffix(b",").removesuffix(b"]").rstrip() if bare.startswith(b"{") else content


def _entry(line: Line) -> Entry:
    said = _said(line.content)
    if said.raw is None:
        raise LineError("the line has no `raw` string")
    if not said.station:
        raise LineError("the line names no charger (chargePointId, path or device)")
    kind, direction = kind_and_direction(said.direction)
    received_at_us, is_zoneless = receipt(said.time)
    return Entry(
        line.number,
        station(said.station),
        kind,
        direction,
        protocol(said.version),
        received_at_us,
        said.raw,
        is_zoneless,
    )


def _said(content: bytes) -> _Said:
    try:
        plain = _decode_plain(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _said_oddly(_fields(content))
    except RecursionError:
        raise LineError("the line's JSON is nested too deeply") from None
    name = (plain.chargePointId or "").strip().encode("utf-8")
    return _Said(
        plain.raw.encode("utf-8"),
        name or station_of_path((plain.path or "").encode("utf-8")) or (plain.device or "").encode("utf-8"),
        (plain.direction or "").encode("utf-8"),
        (plain.subprotocol or plain.ocppVersion or plain.ocpp or "").encode("utf-8"),
        (plain.timestamp or plain.logged_at or "").encode("utf-8"),
    )


def _said_oddly(fields: dict[str, bytes]) -> _Said:
    name = (
        _first(fields, "chargePointId").strip() or station_of_path(_first(fields, "path")) or _first(fields, "device")
    )
    version, time = _first(fields, "subprotocol", "ocppVersion", "ocpp"), _first(fields, "timestamp", "logged_at")
    raw = _string(fields, "raw")
    if raw is None and _FRAME.match(fields.get("raw", b"")):
        raw = fields["raw"]
    return _Said(raw, name, _first(fields, "direction"), version, time)


def _first(fields: dict[str, bytes], *names: str) -> bytes:
    return next((value for name in names if (value := _string(fields, name) or _number(fields, name))), b"")


def _fields(content: bytes) -> dict[str, bytes]:
    """The JSON value of each field, as it is written; raises `LineError`."""
    try:
        envelope = _decode_odd(content)
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
