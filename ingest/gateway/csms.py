"""A minimal, correct CSMS: one frame in, at most one answer out. Not here: sockets, recording, sessions.

What it promises (contract, section 4): every CALL whose id can be read is answered; what a charger would
discard when refused is answered with its CALLRESULT whenever the little that matters can be read; the rest
is checked against the official schemas and refused in OCPP's own words, never with InternalError.
"""

import contextlib
import inspect
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from ingest.gateway import schemas
from ingest.gateway.answers import v16, v21, v201
from ingest.gateway.answers.desk import JSON, Answerer, Desk, Transactions, Version
from models import frames
from models.reasons import Reason
from models.tokens.pseudonyms import canonical

VERSIONS: Final = {"ocpp1.6": v16.VERSION, "ocpp2.0.1": v201.VERSION, "ocpp2.1": v21.VERSION}
"""The subprotocols that are spoken, newest last."""

MAX_DESCRIPTION: Final = 255
UNREADABLE_ID: Final = "-1"
_CALL: Final = 2
_TYPE = re.compile(rb"\s*\[\s*(-?[0-9]{1,9})\s*[,\]]")
_BROKEN_CALL = re.compile(rb'\s*\[\s*2\s*,\s*("[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*")\s*,')
"""The start of a CALL whose rest is not JSON: chargers do send `"transactionId":,` and wait for an answer."""
_RESULT: Final = 3
_ERROR: Final = 4


class CallRefusedError(Exception):
    """A CALL that is answered with CALLERROR."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description[:MAX_DESCRIPTION]


class Csms:
    """Answers stations. Holds nothing about them but the open 1.6 transactions.

    Args:
        heartbeat_s: Interval answered to BootNotification.
        tokens: Card numbers accepted; None accepts all.
        transactions: Hands out 1.6 transaction ids.
        now: The clock, for tests.
    """

    def __init__(
        self,
        *,
        heartbeat_s: int,
        tokens: frozenset[str] | None,
        transactions: Transactions,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._heartbeat_s = heartbeat_s
        self._tokens = None if tokens is None else {canonical(token) for token in tokens} - {None}
        self._transactions = transactions
        self._now = now

    async def answer(self, station_id: str, protocol: str, frame: bytes) -> bytes | None:
        """The answer to one frame, or None where none is due. Raises only what `Transactions` raises."""
        version = VERSIONS[protocol]
        read = frames.decode(frame)
        if isinstance(read, frames.FrameError) and read.repaired is not None and read.reason is Reason.NOT_JSON:
            # What the facts take from it, the station must not be refused. An id that is no string has no answer.
            read = frames.decode(read.repaired)
        if isinstance(read, frames.FrameError):
            return _answer_unreadable(version, read, frame)
        if not isinstance(read, frames.Call):
            return None
        try:
            result = await self._result(version, station_id, read)
        except CallRefusedError as refused:
            return _encode_error(read.message_id, refused)
        return msgspec.json.encode([_RESULT, read.message_id, result])

    async def _result(self, version: Version, station_id: str, call: frames.Call) -> JSON:
        answerer = version.answers.get(call.action)
        if answerer is None:
            raise _unknown(version, call.action)
        payload, complete = _payload(version, call)
        readable = version.readable.get(call.action)
        if readable is None or not readable(payload):
            if not complete:
                raise CallRefusedError(version.format_violation, "the payload holds a value that cannot be read")
            violation = schemas.request(version.schemas, call.action)(payload, "")
            if violation is not None:
                raise CallRefusedError(_code(version, violation.kind), str(violation))
        return await _call(answerer, payload, self._desk(station_id))

    def _desk(self, station_id: str) -> Desk:
        now = self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return Desk(station_id, now, self._heartbeat_s, self._accepts, self._transactions)

    def _accepts(self, token: str) -> bool:
        return self._tokens is None or canonical(token) in self._tokens


async def _call(answerer: Answerer, payload: JSON, desk: Desk) -> JSON:
    result = answerer(payload, desk)
    return await result if inspect.isawaitable(result) else result


def _payload(version: Version, call: frames.Call) -> tuple[JSON, bool]:
    """The payload, and whether all of it could be read: what can stays, such as beside a 5,000-digit integer."""
    try:
        payload: Any = msgspec.json.decode(call.payload)
    except (ValueError, RecursionError):
        return _members(version, call), False
    if not isinstance(payload, dict):
        raise CallRefusedError(version.format_violation, "the payload must be an object")
    return payload, True


def _members(version: Version, call: frames.Call) -> JSON:
    try:
        members = msgspec.json.decode(call.payload, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        raise CallRefusedError(version.format_violation, "the payload cannot be read as a JSON object") from None
    payload = {}
    for name, content in members.items():
        with contextlib.suppress(ValueError, RecursionError):
            payload[name] = msgspec.json.decode(content)
    return payload


def _unknown(version: Version, action: str) -> CallRefusedError:
    if action in schemas.actions(version.schemas):
        return CallRefusedError("NotSupported", f"{action} is not a message that a station sends")
    return CallRefusedError("NotImplemented", "no such action; names are case-sensitive")


def _code(version: Version, kind: schemas.Kind) -> str:
    match kind:
        case schemas.Kind.FORMAT:
            return version.format_violation
        case schemas.Kind.TYPE:
            return "TypeConstraintViolation"
        case schemas.Kind.OCCURRENCE:
            return version.occurrence_violation
        case schemas.Kind.PROPERTY:
            return "PropertyConstraintViolation"


def _answer_unreadable(version: Version, error: frames.FrameError, frame: bytes) -> bytes | None:
    message_type, message_id = error.message_type, error.message_id
    if message_id is None and (broken := _BROKEN_CALL.match(frame)) is not None:
        message_type, message_id = _CALL, _text(broken[1])
    if message_id is not None:
        # answers are never answered, not even misshapen ones
        refused = CallRefusedError(version.format_violation, error.detail)
        return _encode_error(message_id, refused) if message_type == _CALL else None
    if not version.answers_unreadable or _has_other_type(frame):
        return None
    return _encode_error(UNREADABLE_ID, CallRefusedError("RpcFrameworkError", error.detail))


def _has_other_type(frame: bytes) -> bool:
    """Whether it says of itself that it is no CALL: an answer, or a type of a later version (to be ignored)."""
    found = _TYPE.match(frame)
    return found is not None and int(found[1]) != _CALL


def _text(quoted: bytes) -> str | None:
    try:
        return msgspec.json.decode(quoted, type=str)
    except ValueError:
        return None


def _encode_error(message_id: str, refused: CallRefusedError) -> bytes:
    return msgspec.json.encode([_ERROR, message_id, refused.code, refused.description, {}])
