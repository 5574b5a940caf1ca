"""Every field of OCPP's own schemas, one by one: messages in which it holds another text. Not here: what that text is.

Driven by the schemas, so that a field nobody thought of is among them.
"""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

from models.ocpp.versions import ADAPTERS
from pipelines.conformance.schemas import Message, load

Path = tuple[str | int, ...]
_DEEPEST = 9


class Text(NamedTuple):
    """A text or number of a message, and the whole message around it."""

    protocol: str
    action: str
    message: Message
    is_station: bool
    """A call of the station's."""
    path: Path
    payload: dict[str, Any]

    def with_text(self, text: str) -> dict[str, Any]:
        """The message, this one text replaced."""
        changed = copy.deepcopy(self.payload)
        at: Any = changed
        for key in self.path[:-1]:
            at = at[key]
        at[self.path[-1]] = text
        return changed

    @property
    def is_number(self) -> bool:
        """A number belongs there."""
        at: Any = self.payload
        for key in self.path:
            at = at[key]
        return not isinstance(at, str)

    @property
    def name(self) -> str:
        """For whoever reads what failed."""
        place = ".".join(str(key) for key in self.path)
        return f"{self.protocol} {self.action} {self.message.value} {place}"


def texts(protocol: str) -> Iterator[Text]:
    """All text fields of all calls and answers of a version, enumerations and numbers included.

    Stations write what they like.
    """
    adapter = ADAPTERS[protocol]
    for action in sorted(adapter.CP_ACTIONS | adapter.CSMS_ACTIONS):
        for message in (Message.REQUEST, Message.ANSWER):
            schema = load(protocol, message, action)
            if schema is None:
                continue
            payload = _value(schema, schema.get("definitions", {}), action, 0)
            for path in _paths(payload):
                yield Text(protocol, action, message, action in adapter.CP_ACTIONS, path, payload)


def _value(schema: dict[str, Any], definitions: dict[str, Any], name: str, depth: int) -> Any:
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[-1]]
    if "enum" in schema:
        return _USUAL.get(name) if _USUAL.get(name) in schema["enum"] else schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        fields = schema.get("properties", {}) if depth < _DEEPEST else {}
        return {
            key: _value(field, definitions, key, depth + 1)
            for key, field in fields.items()
            if key not in ("customData", "cleared")
        }
    if kind == "array":
        return [_value(schema["items"], definitions, name, depth + 1)]
    if kind == "string":
        return "2023-11-14T22:13:20Z" if schema.get("format") == "date-time" else _USUAL.get(name, "text")
    return {"boolean": True, "integer": 1, "number": 1.0}[kind]


_USUAL = {
    "actualValue": "true",
    "connectorStatus": "Occupied",
    "errorCode": "OtherError",
    "eventType": "Started",
    "format": "Raw",
    "status": "Faulted",
    "trigger": "Alerting",
    "value": "1",
}
"""Words that make the engine look at the rest of a message."""


def _paths(value: Any, before: Path = ()) -> Iterator[Path]:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        yield before
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _paths(child, (*before, key))
