"""The official OCPP schemas, as the `ocpp` package ships them, by version and message. Not here: checking."""

import json
from enum import StrEnum
from functools import cache
from typing import Any, Final

from ingest.gateway.schemas import folder
from models.ocpp.versions import ACTIONS, ADAPTERS, V16, V21, V201

Schema = dict[str, Any]

DATE_TIME: Final = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)"
    r"(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])\Z"
)
"""RFC 3339 section 5.6: without a zone, or with `+0100`, it is no date-time."""
URI: Final = r"^[A-Za-z][A-Za-z0-9+.-]*:\S*\Z"
FORMATS: Final = {"date-time": DATE_TIME, "uri": URI}

_FOLDERS: Final = {V16: "v16", V201: "v201", V21: "v21"}


class Message(StrEnum):
    """What a frame is, as far as schemas go."""

    REQUEST = "request"
    ANSWER = "answer"
    SEND = "send"
    """Unanswered (OCPP 2.1, type 6)."""


@cache
def load(protocol: str, message: str, action: str) -> Schema | None:
    """The schema of an action's message; null where the version has none."""
    if protocol not in ADAPTERS:
        return None
    # An action is whatever a station sent: only a known one may become part of a path.
    known = ADAPTERS[protocol].SENDS if message == Message.SEND else ACTIONS[protocol]
    if action not in known:
        return None
    path = folder(_FOLDERS[protocol]) / f"{_name(protocol, message, action)}.json"
    if not path.exists():
        return None
    found: Schema = json.loads(path.read_text(encoding="utf-8-sig"))
    return found


def answerable(protocol: str, caller: str) -> list[str]:
    """The actions whose answers a caller (`cp-to-csms` or `csms-to-cp`) waits for, in order of name."""
    adapter = ADAPTERS.get(protocol)
    if adapter is None:
        return []
    return sorted(adapter.CP_ACTIONS if caller == "cp-to-csms" else adapter.CSMS_ACTIONS)


def _name(protocol: str, message: str, action: str) -> str:
    if message == Message.ANSWER:
        return f"{action}Response"
    return action if protocol == V16 or message == Message.SEND else f"{action}Request"
