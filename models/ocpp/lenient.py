"""Decoding that forgives: a broken optional field is left out, the rest is kept. Not here: any action."""

import functools
import types
import typing
from decimal import Decimal
from typing import Any, Generic, TypeVar, cast

import msgspec
from msgspec import Raw

from models.events import UnusableError

T = TypeVar("T", bound=msgspec.Struct)

_MAX_INT32 = 2_147_483_647
_members = msgspec.json.Decoder(dict[str, Raw])
_elements = msgspec.json.Decoder(list[Raw])
_ABSENT: Any = object()


class Payload(Generic[T]):
    """A decoder of one action's payload; every field of `T` must have a default."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._strict = msgspec.json.Decoder(kind)

    def read(self, payload: Raw) -> T:
        """The payload as a struct; raises `UnusableError`, and nothing else, where it is no JSON object."""
        if type(payload) is not Raw:
            # Its frame was read in one pass (`whole`).
            return cast(T, payload)
        try:
            return self._strict.decode(payload)
        except (ValueError, RecursionError):
            return self._salvage(payload)

    def _salvage(self, payload: Raw) -> T:
        salvaged = _struct(self._kind, payload)
        if salvaged is _ABSENT:
            raise UnusableError("The payload is not a JSON object.")
        return cast(T, salvaged)


@functools.cache
def _fields(kind: type[msgspec.Struct]) -> list[tuple[str, str, Any]]:
    hints = typing.get_type_hints(kind)
    return [(field.name, field.encode_name, hints[field.name]) for field in msgspec.structs.fields(kind)]


def _struct(kind: type[msgspec.Struct], raw: Raw) -> Any:
    try:
        members = _members.decode(raw)
    except (ValueError, RecursionError):
        return _ABSENT
    values = {}
    for name, encode_name, hint in _fields(kind):
        if encode_name in members:
            value = _value(hint, members[encode_name])
            if value is not _ABSENT:
                values[name] = value
    return kind(**values)


def _value(hint: Any, raw: Raw) -> Any:
    """The value if it can be read as the hint, loosely (numbers in strings, texts that are numbers); else absent."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            return _struct(option, raw)
        if typing.get_origin(option) is list:
            return _list(typing.get_args(option)[0], raw)
    try:
        return msgspec.json.decode(raw, type=hint, strict=False)
    except (ValueError, RecursionError):
        pass
    return _text(raw) if str in options else _ABSENT


def _text(raw: Raw) -> Any:
    """The text of a number or a truth value that stands where a text should."""
    text = bytes(raw).strip()
    if text in (b"true", b"false"):
        return text.decode("ascii")
    try:
        return str(msgspec.json.decode(text, type=Decimal))[:64]
    except ValueError:
        return _ABSENT


def _list(hint: Any, raw: Raw) -> Any:
    try:
        elements = _elements.decode(raw)
    except (ValueError, RecursionError):
        return _ABSENT
    values = (_value(hint, element) for element in elements)
    return [value for value in values if value is not _ABSENT]


def small(number: int | None) -> int | None:
    """A connector or EVSE number, or None where it cannot be one."""
    return number if number is not None and 0 <= number <= _MAX_INT32 else None


_NULLS = frozenset({"", "null", "none", "noerror", "0x0000", "n/a"})


def present(text: str | None) -> str | None:
    """The text, or None where chargers write a word for nothing (`null`, `none`, `0x0000`)."""
    return None if text is None or text.strip().casefold() in _NULLS else text
