"""A schema as a msgspec decoder: says in under a microsecond that a payload keeps it. Not here: what one breaks.

Built once per schema from its structs, texts and enumerations; nearly every message of a fleet passes here. What
it refuses is looked at by `findings`, so it may refuse what is right (1.0 for an integer), never the reverse.
"""

from collections.abc import Callable
from functools import cache
from types import GenericAlias
from typing import Annotated, Any, Final, Literal

import msgspec

from pipelines.conformance.schemas import FORMATS, Schema, load

Accepts = Callable[[msgspec.Raw], Any]
"""Returns something for a payload that keeps the schema, raises ValueError or RecursionError for any other."""
_SILENT: Final = frozenset({"description", "title", "comment", "javaType", "default", "$schema", "$id", "id"})
"""Keywords that forbid nothing."""


class _NoShapeError(Exception):
    """The schema says something that msgspec cannot check."""


@cache
def shape(protocol: str, message: str, action: str) -> Accepts | None:
    """The decoder of a message's payload; null where its schema has no shape (or it has no schema)."""
    schema = load(protocol, message, action)
    if schema is None:
        return None
    try:
        kind = _Shapes(schema.get("definitions", {})).of(schema)
    except _NoShapeError:
        return None
    return msgspec.json.Decoder(kind, dec_hook=_check_tenths).decode


class _Tenths:
    """A number of at most one decimal: the only multiples that OCPP asks for."""


_TENTHS: Final = _Tenths()


def _check_tenths(kind: type, value: object) -> _Tenths:
    """Raise ValueError unless it is such a number; not by msgspec's division: 6.3 would be no multiple of 0.1."""
    if type(value) is int or (type(value) is float and round(value, 1) == value):
        return _TENTHS
    raise ValueError


class _Shapes:
    """The types of one schema file; a definition becomes one type however often it is named."""

    def __init__(self, definitions: Schema) -> None:
        self._definitions = definitions
        self._made: dict[str, Any] = {}

    def of(self, schema: Schema) -> Any:
        if "$ref" in schema:
            return self._definition(schema["$ref"].removeprefix("#/definitions/"))
        if "multipleOf" in schema:
            if schema["multipleOf"] != 0.1 or not _SILENT.issuperset(schema.keys() - {"type", "multipleOf"}):
                raise _NoShapeError
            return _Tenths
        if "enum" in schema:
            return Literal[tuple(schema["enum"])]
        kind = schema.get("type")
        if kind is None and _SILENT.issuperset(schema):
            return msgspec.Raw
        make = {
            "string": self._text,
            "integer": lambda it: _bounded(int, {"ge": _whole(it.get("minimum")), "le": _whole(it.get("maximum"))}),
            "number": lambda it: _bounded(float, {"ge": it.get("minimum"), "le": it.get("maximum")}),
            "boolean": lambda it: bool,
            "array": self._list,
            "object": self._struct,
        }.get(str(kind))
        if make is None:
            raise _NoShapeError
        return make(schema)

    def _definition(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = None
            self._made[name] = self.of(self._definitions[name])
        if self._made[name] is None:
            # It holds itself: no schema of OCPP's does so far.
            raise _NoShapeError
        return self._made[name]

    def _text(self, schema: Schema) -> Any:
        return _bounded(str, {"max_length": schema.get("maxLength"), "pattern": FORMATS.get(str(schema.get("format")))})

    def _list(self, schema: Schema) -> Any:
        items: Any = self.of(schema["items"])
        return _bounded(
            GenericAlias(list, (items,)), {"min_length": schema.get("minItems"), "max_length": schema.get("maxItems")}
        )

    def _struct(self, schema: Schema) -> Any:
        properties, required = schema.get("properties", {}), frozenset(schema.get("required", ()))
        if not required <= properties.keys():
            raise _NoShapeError
        fields = []
        for number, (name, member) in enumerate(properties.items()):
            kind = self.of(member)
            if name in required:
                fields.append((f"field_{number}", kind, msgspec.field(name=name)))
            else:
                optional = kind | msgspec.UnsetType
                fields.append((f"field_{number}", optional, msgspec.field(default=msgspec.UNSET, name=name)))
        is_closed = schema.get("additionalProperties") is False
        return msgspec.defstruct("Shape", fields, kw_only=True, forbid_unknown_fields=is_closed, gc=False)


def _bounded(kind: Any, limits: dict[str, Any]) -> Any:
    given = {name: limit for name, limit in limits.items() if limit is not None}
    return Annotated[kind, msgspec.Meta(**given)] if given else kind


def _whole(limit: float | None) -> int | None:
    if limit is not None and limit != int(limit):
        raise _NoShapeError
    return None if limit is None else int(limit)
