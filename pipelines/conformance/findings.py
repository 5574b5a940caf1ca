"""Everything by which a payload breaks its schema: rule and path, each counted. Never a value: it may be a card.

A compiler of the part of JSON Schema (drafts 4 and 6) that OCPP uses; the rules are JSON Schema's own words.
Unlike `ingest.gateway.schemas`, which stops at the first violation to answer it, this finds them all. Not here:
the quick way for payloads that break nothing (`shapes`).
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, Final

import msgspec

from pipelines.conformance.schemas import FORMATS, Schema, load

Found = Counter[tuple[str, str]]
"""How often each (rule, path) was broken in one payload."""
Check = Callable[[Any, str, Found], None]

UNREADABLE: Final = "unreadable"
"""Our own rule: the payload holds what no JSON reader takes in (half a character, nesting without end)."""
ROOT: Final = "$"
ANY_NAME: Final = "*"
_NAME: Final = re.compile(r"(?=.*[g-z])[A-Za-z][A-Za-z_]{0,49}")
"""An unknown field's name is published if it looks like one: letters, and not those of a hex number alone."""

_OBJECT: Final = frozenset({"properties", "required", "additionalProperties"})
_DIGITS: Final = 64
_TYPES: Final[dict[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
}


def find(protocol: str, message: str, action: str, payload: msgspec.Raw | bytes) -> Found:
    """What the payload breaks of its schema; nothing where the version has no schema for it."""
    found: Found = Counter()
    check = _check(protocol, message, action)
    if check is None:
        return found
    try:
        check(_read(payload), "", found)
    except (ValueError, RecursionError):
        return Counter({(UNREADABLE, ROOT): 1})
    return found


def _read(payload: msgspec.Raw | bytes) -> Any:
    try:
        return msgspec.json.decode(payload)
    except msgspec.ValidationError:
        # A number of 5,000 digits is a number all the same.
        return json.loads(bytes(payload), parse_int=lambda digits: int(digits[:_DIGITS]))


@cache
def _check(protocol: str, message: str, action: str) -> Check | None:
    schema = load(protocol, message, action)
    return None if schema is None else _compile(schema, schema.get("definitions", {}), {})


def _compile(schema: Schema, definitions: Schema, compiled: dict[str, Check]) -> Check:
    reference = schema.get("$ref")
    if reference is not None:
        name = str(reference).removeprefix("#/definitions/")
        if name not in compiled:
            # A definition may hold itself: it is looked up when used.
            compiled[name] = lambda value, path, found: compiled[f"{name}!"](value, path, found)
            compiled[f"{name}!"] = _compile(definitions[name], definitions, compiled)
        return compiled[name]
    is_type = _TYPES.get(str(schema.get("type")))
    checks = [make(schema) for keywords, make in _MAKERS if not keywords.isdisjoint(schema)]
    if not _OBJECT.isdisjoint(schema):
        checks.append(_object(schema, definitions, compiled))
    if "items" in schema:
        checks.append(_array(schema, definitions, compiled))

    def check_all(value: Any, path: str, found: Found) -> None:
        if is_type is not None and not is_type(value):
            # What else is wrong with a value of the wrong type says nothing.
            found["type", path or ROOT] += 1
            return
        for check in checks:
            check(value, path, found)

    return check_all


def _enum(schema: Schema) -> Check:
    allowed = frozenset(schema["enum"])

    def check(value: Any, path: str, found: Found) -> None:
        if isinstance(value, dict | list) or value not in allowed:
            found["enum", path or ROOT] += 1

    return check


def _text(schema: Schema) -> Check:
    longest = schema.get("maxLength")
    pattern = re.compile(FORMATS[schema["format"]]) if schema.get("format") in FORMATS else None

    def check(value: Any, path: str, found: Found) -> None:
        if not isinstance(value, str):
            return
        if longest is not None and len(value) > longest:
            found["maxLength", path or ROOT] += 1
        if pattern is not None and pattern.match(value) is None:
            found["format", path or ROOT] += 1

    return check


def _number(schema: Schema) -> Check:
    least, most, step = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    exact = None if step is None else Decimal(str(step))

    def check(value: Any, path: str, found: Found) -> None:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return
        if least is not None and value < least:
            found["minimum", path or ROOT] += 1
        if most is not None and value > most:
            found["maximum", path or ROOT] += 1
        if exact is not None and not _is_multiple(value, exact):
            found["multipleOf", path or ROOT] += 1

    return check


def _is_multiple(value: float, step: Decimal) -> bool:
    """By the digits as written: 6.3 is a multiple of 0.1, though not as floats."""
    if abs(value) >= 1e15:
        return isinstance(value, int) or value.is_integer()
    return Decimal(str(value)) % step == 0


def _object(schema: Schema, definitions: Schema, compiled: dict[str, Check]) -> Check:
    fields = {name: _compile(sub, definitions, compiled) for name, sub in schema.get("properties", {}).items()}
    required = tuple(schema.get("required", ()))
    is_closed = schema.get("additionalProperties", True) is False

    def check(value: Any, path: str, found: Found) -> None:
        if not isinstance(value, dict):
            return
        before = f"{path}." if path else ""
        for name in required:
            if name not in value:
                found["required", before + name] += 1
        for name, content in value.items():
            field = fields.get(name)
            if field is not None:
                field(content, before + name, found)
            elif is_closed:
                found["additionalProperties", before + (name if _NAME.fullmatch(name) else ANY_NAME)] += 1

    return check


def _array(schema: Schema, definitions: Schema, compiled: dict[str, Check]) -> Check:
    item, least, most = _compile(schema["items"], definitions, compiled), schema.get("minItems"), schema.get("maxItems")

    def check(value: Any, path: str, found: Found) -> None:
        if not isinstance(value, list):
            return
        if least is not None and len(value) < least:
            found["minItems", path or ROOT] += 1
        if most is not None and len(value) > most:
            found["maxItems", path or ROOT] += 1
        for content in value:
            item(content, f"{path}[]", found)

    return check


_MAKERS: Final[tuple[tuple[frozenset[str], Callable[[Schema], Check]], ...]] = (
    (frozenset({"enum"}), _enum),
    (frozenset({"maxLength", "format"}), _text),
    (frozenset({"minimum", "maximum", "multipleOf"}), _number),
)
