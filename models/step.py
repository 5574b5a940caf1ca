"""The pure step: one station's state and one record in, facts out. No I/O, no clock but the log's.

`step` reads a record's frame and hands the event to the part of the domain that folds it. Not here: which records
count (`order`), how a version writes events (`ocpp`), what they change (`sessions_v16`, `faults`, ...).
"""

import contextlib
from collections.abc import Callable
from typing import Any, cast

import msgspec

from models import authorizations, faults, order, rates, sessions, sessions_v2x, sessions_v16, stations, statuses, times
from models.events import (
    Alarm,
    Answer,
    AuthorizationAsked,
    Booted,
    Metered,
    Notified,
    Started,
    StatusReported,
    Stopped,
    TransactionReported,
    UnusableError,
)
from models.facts import Fact
from models.frames import Call, CallError, CallResult, CallResultError, Frame, FrameError, Send
from models.frames import decode as decode_frame
from models.ids import bounded
from models.moment import Moment
from models.ocpp.versions import ADAPTERS, READERS, V16, WITH_SENDS, Adapter, Reader
from models.reasons import Reason
from models.record import Direction, Kind, Record
from models.state import MAX_CALLS, AwaitedCall, FaultState, HourState, SessionState, StationState, trim


class Context(msgspec.Struct, frozen=True):
    """Values the step is handed, never looks up.

    `token_key` keys the pseudonym of card numbers; null leaves tokens in clear (a setting).
    """

    token_key: bytes | None = None


class Refusal(msgspec.Struct, frozen=True):
    """Why a record carries no fact although it is landed: becomes a dead letter."""

    reason: Reason
    detail: str


def step(state: StationState, record: Record, context: Context) -> Refusal | None:
    """Fold one record into `state`, in place. A record at or before the state's position is a no-op.

    Never raises on what a station sent; an exception out of here is a defect, for the worker to set aside.
    """
    if not order.is_new(state, record):
        return None
    state.station_id = record.station_id
    received_us = times.plausible(record.received_at_us)
    if record.kind == _FRAME:
        return _frame(state, record, received_us, context)
    stations.connect(state, record.kind, received_us)
    return None


def drain(state: StationState) -> list[Fact]:
    """The facts that changed since the last drain, newest version of each id only."""
    order.settle(state)
    drained = [_fact(state, *entry) for entry in state.changed.values()]
    state.changed = {}
    return drained


def _frame(state: StationState, record: Record, received_us: int | None, context: Context) -> Refusal | None:
    frame = decode_frame(record.payload)
    protocol = record.protocol or state.protocol or V16
    readers = READERS.get(protocol, _NONE)
    # Not isinstance: these few look-ups are a third of what most frames cost.
    is_known = frame.action in readers if type(frame) is Call else type(frame) is CallResult and readers is not _NONE
    refusal = None if is_known else _refused(frame, protocol)
    if refusal is not None or not order.counts(state, record, received_us):
        return refusal
    state.protocol = protocol
    if state.faults:
        rates.pass_time(state, received_us)
    if type(frame) is Call:
        if record.direction != _CSMS_TO_CP:
            return _call(state, frame, readers[frame.action], record, received_us, context)
    elif state.calls and (type(frame) is CallResult or type(frame) is CallError) and record.direction != _CP_TO_CSMS:
        # 2.1's types 5 and 6 may carry any id and answer no call.
        _answer(state, frame, ADAPTERS[protocol], Moment(record, received_us, protocol, frame.message_id))
    return None


def _refused(frame: Frame | FrameError, protocol: str) -> Refusal | None:
    """Why a frame cannot be read in its version; None if it can."""
    if isinstance(frame, FrameError):
        return Refusal(frame.reason, frame.detail)
    if protocol not in ADAPTERS:
        return Refusal(Reason.UNSUPPORTED_PROTOCOL, "The protocol is none of ocpp1.6, ocpp2.0.1 and ocpp2.1.")
    if isinstance(frame, Call):
        return Refusal(Reason.UNKNOWN_ACTION, f"No action of this name in {protocol} (names are case-sensitive).")
    if isinstance(frame, Send):
        if protocol not in WITH_SENDS:
            return Refusal(Reason.NOT_OCPP, f"Messages of type 6 do not exist in {protocol}.")
        if frame.action not in ADAPTERS[protocol].SENDS:
            return Refusal(Reason.UNKNOWN_ACTION, f"No unanswered message of this name in {protocol}.")
    elif isinstance(frame, CallResultError) and protocol not in WITH_SENDS:
        return Refusal(Reason.NOT_OCPP, f"Messages of type 5 do not exist in {protocol}.")
    return None


def _call(
    state: StationState, call: Call, reader: Reader | None, record: Record, received_us: int | None, context: Context
) -> Refusal | None:
    if state.calls:
        # A message id used again belongs to the newer call: the older one's answer is not coming.
        state.calls.pop(_key(call.message_id), None)
    if reader is None:
        return None
    try:
        event = reader(call.payload, context.token_key)
    except UnusableError as error:
        return Refusal(Reason.INVALID_PAYLOAD, str(error))
    if event is None:
        return None
    protocol = state.protocol or V16
    moment = Moment(record, received_us, protocol, call.message_id, context.token_key)
    awaited = _FOLDS[type(event)](state, event, moment)
    if awaited is not None:
        state.calls[_key(call.message_id)] = awaited
        trim(state.calls, MAX_CALLS)
    return None


def _answer(state: StationState, frame: CallResult | CallError, adapter: Adapter, moment: Moment) -> None:
    """Pair an answer with the call that waits for it; an error answer ends the waiting."""
    call = state.calls.pop(_key(frame.message_id), None)
    if call is None:
        return
    answer = Answer()
    if isinstance(frame, CallResult) and call.action in adapter.ANSWERS:
        # An answer that says nothing usable is still an answer, like an error.
        with contextlib.suppress(UnusableError):
            answer = adapter.ANSWERS[call.action](frame.payload)
    if call.action == "Authorize":
        authorizations.answer(state, call, answer, moment)
    else:
        sessions_v16.answered(state, call, answer)


def _key(message_id: str) -> str:
    return message_id if len(message_id) <= 64 else bounded(message_id) or ""


_FRAME, _CP_TO_CSMS, _CSMS_TO_CP = Kind.FRAME.value, Direction.CP_TO_CSMS.value, Direction.CSMS_TO_CP.value
"""Plain texts: looking a member up takes longer than comparing it, and this is done for every frame."""
_NONE: dict[str, Reader | None] = {}


def _status(state: StationState, event: StatusReported, moment: Moment) -> None:
    statuses.report(state, event, moment)
    faults.report(state, event, moment)
    if moment.protocol == V16:
        sessions_v16.status(state, event, moment)


def _notified(state: StationState, event: Notified, moment: Moment) -> None:
    for entry in event.entries:
        if isinstance(entry, Alarm):
            faults.alarm(state, entry, moment)
        else:
            _status(state, entry, moment)


_FOLDS: dict[type, Callable[[StationState, Any, Moment], AwaitedCall | None]] = {
    AuthorizationAsked: authorizations.ask,
    Booted: stations.boot,
    Metered: sessions_v16.meter,
    Notified: _notified,
    Started: sessions_v16.start,
    StatusReported: _status,
    Stopped: sessions_v16.stop,
    TransactionReported: sessions_v2x.report,
}


def _fact(state: StationState, entity: object, generation: int, offset: int) -> Fact:
    if isinstance(entity, SessionState):
        return sessions.fact(state, entity, generation, offset)
    if isinstance(entity, FaultState):
        return faults.fact(state, entity, generation, offset)
    if isinstance(entity, HourState):
        return rates.fact(state, entity, generation, offset)
    return cast(Fact, entity)


__all__ = ["Context", "Refusal", "drain", "step"]
