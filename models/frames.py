"""OCPP-J framing: one WebSocket message in, a typed frame or a typed error out, never another exception.

Types 2 (CALL), 3 (CALLRESULT), 4 (CALLERROR), and 2.1's 5 (CALLRESULTERROR) and 6 (SEND); OCPP-J 1.6 section 4.2,
OCPP 2.1 Part 4 section 4.2. Payloads stay undecoded (`msgspec.Raw`): see `models.ocpp` for what they mean.
Not here: which actions a version knows, pairing of calls and answers.
"""

import re
from typing import TypeAlias

import msgspec
from msgspec import Raw

from models.reasons import Reason

EMPTY_OBJECT = Raw(b"{}")


class Call(msgspec.Struct, array_like=True, tag=2, frozen=True, forbid_unknown_fields=True, gc=False):
    """A request: `[2, id, action, payload]`."""

    message_id: str
    action: str
    payload: Raw


class CallResult(msgspec.Struct, array_like=True, tag=3, frozen=True, forbid_unknown_fields=True, gc=False):
    """An answer: `[3, id, payload]`. It carries no action."""

    message_id: str
    payload: Raw


class CallError(msgspec.Struct, array_like=True, tag=4, frozen=True, forbid_unknown_fields=True, gc=False):
    """An error answer: `[4, id, code, description, details]`; what follows the id may be missing."""

    message_id: str
    code: str | None = None
    description: str | None = None
    details: Raw = EMPTY_OBJECT


class CallResultError(msgspec.Struct, array_like=True, tag=5, frozen=True, forbid_unknown_fields=True, gc=False):
    """An error about an answer: `[5, id, code, description, details]` (OCPP 2.1)."""

    message_id: str
    code: str | None = None
    description: str | None = None
    details: Raw = EMPTY_OBJECT


class Send(msgspec.Struct, array_like=True, tag=6, frozen=True, forbid_unknown_fields=True, gc=False):
    """An unanswered message: `[6, id, action, payload]` (OCPP 2.1)."""

    message_id: str
    action: str
    payload: Raw


class FrameError(msgspec.Struct, frozen=True, gc=False):
    """Why bytes are not a frame. `message_type` and `message_id` are set where they could still be read.

    `repaired` is the same message with `null` where a value is missing (`"transactionId":,`), or with its id as text
    where that is a number, if that makes it one.
    """

    reason: Reason
    detail: str
    message_type: int | None = None
    message_id: str | None = None
    repaired: bytes | None = None


Frame: TypeAlias = Call | CallResult | CallError | CallResultError | Send

_frame: msgspec.json.Decoder[Frame] = msgspec.json.Decoder(Frame)
_elements = msgspec.json.Decoder(list[Raw])
_text = msgspec.json.Decoder(str)
_TYPES = {b"2": 2, b"3": 3, b"4": 4, b"5": 5, b"6": 6}
_NUMBER = re.compile(rb"-?[0-9]{1,64}")
_TAGS: dict[type[Frame], int] = {Call: 2, CallResult: 3, CallError: 4, CallResultError: 5, Send: 6}
_MISSING = re.compile(rb":\s*+[,}\]]")
_MEMBER = re.compile(rb'("(?:[^"\\]++|\\.)*+(?:"|\Z))(\s*+:(?=\s*+[,}\]]))?', re.DOTALL)
"""A text, and the colon after it where no value follows. Takes an unclosed text to the end: linear on any input."""


def decode(data: bytes) -> Frame | FrameError:
    """Read one WebSocket message. Every input gives a result; nothing is raised.

    JSON inside the payload is checked for syntax, not read; invalid UTF-8 anywhere in the message is an error.
    """
    try:
        # msgspec passes over strings that nobody reads, so their UTF-8 is checked here.
        if not data.isascii():
            data.decode("utf-8")
        return _frame.decode(data)
    except UnicodeDecodeError:
        return FrameError(Reason.INVALID_UTF8, "The message is not valid UTF-8.")
    except msgspec.ValidationError:
        return _misshapen(data)
    except RecursionError:
        return FrameError(Reason.NOT_JSON, "The message is nested too deeply to be read.")
    except ValueError:
        return _repaired(data) or FrameError(Reason.NOT_JSON, "The message is not JSON.")


def _repaired(data: bytes) -> FrameError | None:
    """The error of a message that lacks values, and is whole with `null` in their places; None for any other."""
    if _MISSING.search(data) is None:
        return None
    whole = _MEMBER.sub(lambda found: found[0] + b"null" if found[2] else found[0], data)
    try:
        frame = _frame.decode(whole)
    except (ValueError, RecursionError):
        return None
    message_type = _TAGS[type(frame)]
    return FrameError(
        Reason.NOT_JSON, "The message is not JSON: a value is missing.", message_type, frame.message_id, whole
    )


def _misshapen(data: bytes) -> FrameError:
    """Say what is wrong with JSON that is no OCPP-J message, and keep its id for an error answer."""
    try:
        elements = _elements.decode(data)
    except (ValueError, RecursionError):
        return FrameError(Reason.NOT_OCPP, "The message is not a JSON array.")
    if not elements:
        return FrameError(Reason.NOT_OCPP, "The message is an empty array.")
    message_type = _TYPES.get(bytes(elements[0]))
    if message_type is None:
        return FrameError(Reason.NOT_OCPP, "The message's type is none of 2, 3, 4, 5 and 6.")
    try:
        message_id = _text.decode(elements[1])
    except (ValueError, IndexError):
        return _with_id(elements) or FrameError(
            Reason.NOT_OCPP, "The message has no id that is a string.", message_type
        )
    return FrameError(
        Reason.NOT_OCPP, "The message has too few, too many or mistyped elements.", message_type, message_id
    )


def _with_id(elements: list[Raw]) -> FrameError | None:
    """The error of a message whose id is a whole number, and which is whole with that number's text; else None."""
    if len(elements) < 2 or _NUMBER.fullmatch(bytes(elements[1])) is None:
        return None
    whole = b'[%b,"%b",%b]' % (bytes(elements[0]), bytes(elements[1]), b",".join(map(bytes, elements[2:])))
    try:
        frame = _frame.decode(whole)
    except (ValueError, RecursionError):
        return None
    detail = "The message's id is a number, not a string."
    return FrameError(Reason.NOT_OCPP, detail, _TAGS[type(frame)], repaired=whole)
