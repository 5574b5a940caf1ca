"""Checks payloads against the official OCPP schemas, as the `ocpp` package ships them. Not here: what to answer.

A small compiler of the subset of JSON Schema that OCPP uses, because the answer needs the *kind* of a
violation, not only that there is one, and because it runs on every call: over ten times as fast as the
`jsonschema` package. Formats are not checked: a clock with an odd zone must not cost a charger its session.
"""

import importlib.util
import json
from collections.abc import Callable, Mapping
from enum import Enum, auto
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

JSON = dict[str, Any]


class Kind(Enum):
    """What is wrong, in the words of OCPP's error codes."""

    FORMAT = auto()
    """Not an object, or a field that the schema does not know."""
    TYPE = auto()
    OCCURRENCE = auto()
    """Missing, too few or too many."""
    PROPERTY = auto()
    """The right type, but not an allowed value."""


class Violation(msgspec.Struct, frozen=True):
    """One violation and where it is; never the value, which may be a card number."""

    kind: Kind
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where or 'payload'}: {self.what}"


Check = Callable[[Any, str], Violation | None]

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
}


@cache
def folder(version: str) -> Path:
    """Where the schemas of `v16`, `v201` or `v21` are, without importing the package that ships them."""
    spec = importlib.util.find_spec("ocpp")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            "the package `ocpp`, which ships the OCPP schemas, is not installed; run `make setup`"
        )
    return Path(spec.submodule_search_locations[0]) / version / "schemas"


@cache
def actions(version: str) -> frozenset[str]:
    """Every action that has a request schema, in either direction."""
    suffix = "" if version == "v16" else "Request"
    names = {path.stem for path in folder(version).glob("*.json")}
    return frozenset(name.removesuffix(suffix) for name in names if name.endswith(suffix) and "Response" not in name)


@cache
def request(version: str, action: str) -> Check:
    """The check of an action's request payload."""
    return _load(version, action if version == "v16" else f"{action}Request")


@cache
def response(version: str, action: str) -> Check:
    """The check of an action's response payload."""
    return _load(version, f"{action}Response")


def _load(version: str, name: str) -> Check:
    schema = json.loads((folder(version) / f"{name}.json").read_text(encoding="utf-8-sig"))
    return _compile(schema, schema.get("definitions", {}), {})


def _compile(schema: JSON, definitions: JSON, compiled: dict[str, Check]) -> Check:
    reference = schema.get("$ref")
    if reference is not None:
        name = str(reference).removeprefix("#/definitions/")
        if name not in compiled:
            # a definition may hold itself: look it up when called
            compiled[name] = lambda value, where: compiled[f"{name}!"](value, where)
            compiled[f"{name}!"] = _compile(definitions[name], definitions, compiled)
        return compiled[name]
    checks = [check for make in (_type, _values) if (check := make(schema)) is not None]
    if "properties" in schema or "required" in schema:
        checks.append(_object(schema, definitions, compiled))
    if "items" in schema:
        checks.append(_array(schema, definitions, compiled))

    def check_all(value: Any, where: str) -> Violation | None:
        for check in checks:
            if (violation := check(value, where)) is not None:
                return violation
        return None

    return check_all


def _type(schema: JSON) -> Check | None:
    name = schema.get("type")
    if name is None:
        return None
    is_type, kind = _TYPES[name], Kind.TYPE
    what = f"must be {'an' if name[0] in 'aio' else 'a'} {name}"
    return lambda value, where: None if is_type(value) else Violation(kind, where, what)


def _values(schema: JSON) -> Check | None:
    allowed = frozenset(schema["enum"]) if "enum" in schema else None
    longest, least, most = schema.get("maxLength"), schema.get("minimum"), schema.get("maximum")
    if allowed is None and longest is None and least is None and most is None:
        return None

    def check(value: Any, where: str) -> Violation | None:
        if allowed is not None and value not in allowed:
            return Violation(Kind.PROPERTY, where, "is not one of the allowed values")
        if longest is not None and isinstance(value, str) and len(value) > longest:
            return Violation(Kind.PROPERTY, where, f"is longer than {longest} characters")
        if isinstance(value, int | float):
            if least is not None and value < least:
                return Violation(Kind.PROPERTY, where, f"is below {least}")
            if most is not None and value > most:
                return Violation(Kind.PROPERTY, where, f"is above {most}")
        return None

    return check


def _object(schema: JSON, definitions: JSON, compiled: dict[str, Check]) -> Check:
    fields = {name: _compile(sub, definitions, compiled) for name, sub in schema.get("properties", {}).items()}
    required = tuple(schema.get("required", ()))
    closed = schema.get("additionalProperties", True) is False

    def check(value: JSON, where: str) -> Violation | None:
        for name in required:
            if name not in value:
                return Violation(Kind.OCCURRENCE, f"{where}/{name}", "is missing")
        for name, content in value.items():
            field = fields.get(name)
            if field is None:
                if closed:
                    return Violation(Kind.FORMAT, where, "has a field that OCPP does not know")
            elif (violation := field(content, f"{where}/{name}")) is not None:
                return violation
        return None

    return check


def _array(schema: JSON, definitions: JSON, compiled: dict[str, Check]) -> Check:
    item, least, most = _compile(schema["items"], definitions, compiled), schema.get("minItems"), schema.get("maxItems")

    def check(value: list[Any], where: str) -> Violation | None:
        if least is not None and len(value) < least:
            return Violation(Kind.OCCURRENCE, where, f"needs at least {least}")
        if most is not None and len(value) > most:
            return Violation(Kind.OCCURRENCE, where, f"takes at most {most}")
        for index, content in enumerate(value):
            if (violation := item(content, f"{where}/{index}")) is not None:
                return violation
        return None

    return check
