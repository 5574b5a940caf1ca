"""The OCPP versions that are read, by WebSocket subprotocol, and their actions. Not here: framing, folding."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias, cast

from msgspec import Raw

from models.events import Answer, Event
from models.ocpp import v16, v21, v201
from models.record import Direction

Reader: TypeAlias = Callable[[Raw, bytes | None], Event | None]
"""Reads a payload; the bytes are the key of token pseudonyms. Raises `UnusableError`."""


class Adapter(Protocol):
    """What a version's module offers."""

    CP_ACTIONS: frozenset[str]
    CSMS_ACTIONS: frozenset[str]
    SENDS: frozenset[str]
    READERS: Mapping[str, Reader]
    COMMANDS: Mapping[str, Reader]
    ANSWERS: Mapping[str, Callable[[Raw], Answer]]


V16, V201, V21 = "ocpp1.6", "ocpp2.0.1", "ocpp2.1"
ADAPTERS: dict[str, Adapter] = {V16: cast(Adapter, v16), V201: cast(Adapter, v201), V21: cast(Adapter, v21)}
"""`ocpp2.0` is none of them: its messages differ, and nobody ships it."""
ACTIONS = {protocol: adapter.CP_ACTIONS | adapter.CSMS_ACTIONS for protocol, adapter in ADAPTERS.items()}
"""Actions that can be called, by either side."""
READERS: dict[str, dict[str, Reader | None]] = {
    protocol: {action: ADAPTERS[protocol].READERS.get(action) for action in actions}
    for protocol, actions in ACTIONS.items()
}
"""How each action is read; None for those that change nothing in a state."""
COMMANDS = frozenset(action for adapter in ADAPTERS.values() for action in adapter.COMMANDS)
"""Calls of the system that change a state."""
WITH_SENDS = frozenset({V21})
"""Versions that know the message types 5 and 6."""


def infer_direction(action: str, protocol: str) -> Direction | None:
    """Who sends an action; None where both do, or nobody in this version."""
    adapter = ADAPTERS.get(protocol)
    if adapter is None:
        return None
    is_cp = action in adapter.CP_ACTIONS or action in adapter.SENDS
    if is_cp == (action in adapter.CSMS_ACTIONS):
        return None
    return Direction.CP_TO_CSMS if is_cp else Direction.CSMS_TO_CP
