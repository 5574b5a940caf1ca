"""The pure step: one station's state and one record in, facts out. No I/O, no clock but the log's.

`step` reads a record's frame and hands the event to the part of the domain that folds it. Not here: which records
count (`order`), how a version writes events (`ocpp`), what they change (`sessions.v16`, `faults`, ...).
"""

import contextlib
from collections.abc import Callable
from typing import Any, cast

import msgspec

from models import anomalies, frames, times
from models.energy import habits
from models.events import (
    Alarm,
    Answer,
    AuthorizationAsked,
    Booted,
    ClockSet,
    EvseMetered,
    Metered,
    Notified,
    RemoteStartAsked,
    Started,
    StatusReported,
    Stopped,
    TransactionReported,
    UnusableError,
)
from models.facts import Fact
from models.faults import episodes, flow, rows
from models.frames import Call, CallError, CallResult, CallResultError, Frame, FrameError, Send
from models.ids import bounded
from models.moment import Context as Context
from models.moment import Moment
from models.ocpp import whole
from models.ocpp.operations import BY_STATION, BY_SYSTEM, OPERATIONS
from models.ocpp.versions import ADAPTERS, COMMANDS, READERS, V16, WITH_SENDS, Adapter, Reader
from models.ocpp.whole import MeterCall
from models.order import arrival
from models.reasons import Reason
from models.record import Direction, Kind, Record
from models.sessions import ends, lifecycle, samples, steady, v2x, v16
from models.state import MAX_CALLS, AuthorizationState, AwaitedCall, SessionState, StationState, trim
from models.state.faults import FaultState
from models.state.meter import HabitState
from models.state.parts import HourState, OperationState
from models.stations import boots, operations, rates, statuses, timing
from models.tokens import authorizations, forms, lookalikes


class Refusal(msgspec.Struct, frozen=True):
    """Why a record carries no fact although it is landed: becomes a dead letter."""

    reason: Reason
    detail: str


def step(state: StationState, record: Record, context: Context) -> Refusal | None:
    """Fold one record into `state`, in place. A record at or before the state's position is a no-op.

    Never raises on what a station sent; an exception out of here is a defect, for the worker to set aside.
    """
    # The next record of the file or connection that the last one came from, as nearly all are.
    offset, ordinal = record.offset, record.ordinal
    if (
        offset > state.offset
        and ordinal > state.ordinal
        and record.source == state.source
        and record.generation == state.generation
    ):
        state.offset, state.ordinal = offset, ordinal
    elif not arrival.is_new(state, record):
        return None
    return fold(state, record, context)


def fold(state: StationState, record: Record, context: Context) -> Refusal | None:
    """As `step`, for a record that is known to be new, whatever its position: for replays (`models.order.replay`)."""
    # What stands here is most of what most frames cost: answers and heartbeats.
    received_us, newest_us = record.received_at_us, state.received_at_us
    if record.kind != _FRAME:
        _connection(state, record, times.plausible(received_us))
        return None
    data, known = record.payload, state.protocol
    protocol = record.protocol or known or V16
    frame = whole.decode(protocol, data) if len(data) > whole.SHORTEST else frames.decode(data)
    # Not isinstance, which takes far longer for these.
    is_answer = type(frame) is CallResult and protocol == known
    refusal = None if is_answer else _refused(state, record, frame, protocol, context)
    if refusal is not None:
        return refusal
    if received_us is not None and newest_us is not None and newest_us < received_us < _LATEST_US:
        state.received_at_us, state.newest = received_us, record
    elif not arrival.counts(state, record, received_us := times.plausible(received_us)):
        return None
    if protocol != known or state.is_protocol_guessed:
        _guess(state, record, received_us, protocol)
    if state.faults or state.due_us is not None:
        _pass_time(state, record, received_us, protocol, context)
    if type(frame) is Call:
        return _called(state, frame, record, received_us, context)
    if type(frame) is MeterCall:
        return _sampled(state, frame, record, received_us, context)
    if (state.calls or state.operations) and (type(frame) is CallResult or type(frame) is CallError):
        # 2.1's types 5 and 6 may carry any id and answer no call.
        _answered(state, frame, record, received_us, context)
    return None


def drain(state: StationState) -> list[Fact]:
    """The facts that changed since the last drain, newest version of each id only."""
    _settle(state)
    arrival.settle(state)
    rates.settle_rising(state)
    drained = [_fact(state, *entry) for entry in state.changed.values()]
    if state.revision:
        for fact in drained:
            fact.version_revision = state.revision
    state.changed = {}
    return drained


def _settle(state: StationState) -> None:
    """Take up what waits, before anything else is folded or asked."""
    if state.queued:
        steady.settle(state)


def _guess(state: StationState, record: Record, received_us: int | None, protocol: str) -> None:
    """Take note of another version than before, or of one that only may be it."""
    if (state.is_protocol_guessed or state.protocol is None) and (state.is_protocol_guessed or record.protocol is None):
        arrival.learn_protocol(state, record, received_us)
    state.protocol = protocol


def _connection(state: StationState, record: Record, received_us: int | None) -> None:
    if arrival.counts(state, record, received_us):
        boots.connect(state, record.kind, received_us)


def _sampled(
    state: StationState, call: MeterCall, record: Record, received_us: int | None, context: Context
) -> Refusal | None:
    """Let samples wait that can, if nobody waits for an answer that their message id may name."""
    may_wait = not state.calls and not state.operations and record.direction != _CSMS_TO_CP
    if may_wait and steady.queue(state, call, record, received_us, context):
        return None
    return _called(state, call.as_call(), record, received_us, context)


def _called(
    state: StationState, call: Call, record: Record, received_us: int | None, context: Context
) -> Refusal | None:
    if state.operations and record.direction is not None:
        operations.shadow(state, call.message_id, is_system=record.direction == _CSMS_TO_CP)
    if call.action in OPERATIONS:
        _operation(state, call, record, received_us, context)
    if record.direction == _CSMS_TO_CP:
        return _asked(state, call, record, received_us, context)
    if state.calls:
        # A message id used again belongs to the newer call: the older one's answer is not coming.
        state.calls.pop(_key(call.message_id), None)
    reader = READERS[state.protocol or V16][call.action]
    return None if reader is None else _told(state, call, reader, record, received_us, context)


def _pass_time(state: StationState, record: Record, received_us: int | None, protocol: str, context: Context) -> None:
    """Let the time pass for what waits for it: open faults, ends to be inferred."""
    if state.faults:
        rates.pass_time(state, received_us)
    if state.due_us is not None and received_us is not None and received_us >= state.due_us:
        _settle(state)
        ends.expire(state, received_us, Moment(record, received_us, protocol, "", context.token_key))


def _operation(state: StationState, call: Call, record: Record, received_us: int | None, context: Context) -> None:
    """Fold what is done to the station, or what it says of itself; without a direction, the action tells."""
    is_system = record.direction == _CSMS_TO_CP or (record.direction is None and call.action not in BY_STATION)
    if call.action in (BY_SYSTEM if is_system else BY_STATION):
        moment = Moment(record, received_us, state.protocol or V16, call.message_id, context.token_key)
        operations.take(state, call, moment, is_system=is_system)


def _repaired(state: StationState, record: Record, error: FrameError, context: Context) -> Refusal:
    """Fold a message that `frames` made whole (a value missing, an id that is a number); a dead letter all the same."""
    if error.repaired is None:
        return Refusal(error.reason, error.detail)
    whole = msgspec.structs.replace(record, payload=error.repaired)
    refusal = fold(state, whole, context)
    if refusal is not None:
        return refusal
    received_us = times.plausible(record.received_at_us)
    moment = Moment(whole, received_us, state.protocol or V16, error.message_id or "", context.token_key)
    is_id = error.reason is Reason.NOT_OCPP
    detail = f"{error.detail} Read {'as its text' if is_id else 'with null in its place'}."
    # Ids that are numbers are a habit: one row.
    anomalies.say(state, anomalies.Kind.FRAME_REPAIRED, moment, detail=detail, subject="id" if is_id else None)
    return Refusal(Reason.REPAIRED, detail)


def _refused(
    state: StationState, record: Record, frame: Frame | FrameError | MeterCall, protocol: str, context: Context
) -> Refusal | None:
    """Why a frame cannot be read in its version; None if it can."""
    if type(frame) is MeterCall or (type(frame) is Call and frame.action in READERS.get(protocol, _NONE)):
        return None
    if isinstance(frame, FrameError):
        return _repaired(state, record, frame, context)
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


def _told(
    state: StationState, call: Call, reader: Reader, record: Record, received_us: int | None, context: Context
) -> Refusal | None:
    try:
        event: Any = reader(call.payload, context.token_key)
    except UnusableError as error:
        return Refusal(Reason.INVALID_PAYLOAD, str(error))
    if event is None:
        return None
    _settle(state)
    protocol = state.protocol or V16
    moment = Moment(record, received_us, protocol, call.message_id, context.token_key, knowledge=context.knowledge)
    event = timing.tell(state, event, moment)
    kind = type(event)
    if kind in _SHOWING and event.shown is not None:
        forms.show(state, event.shown, moment)
    awaited = _FOLDS[kind](state, event, moment)
    if state.faults and kind in flow.WITNESSES:
        flow.witness(state, event, moment)
    if awaited is not None:
        state.calls[_key(call.message_id)] = awaited
        trim(state.calls, MAX_CALLS)
    return None


def _asked(
    state: StationState, call: Call, record: Record, received_us: int | None, context: Context
) -> Refusal | None:
    """Fold a call of the system's."""
    if state.calls and (waiting := state.calls.get(_key(call.message_id))) is not None:
        waiting.newer += 1
    return _command(state, call, record, received_us, context) if call.action in COMMANDS else None


def _command(
    state: StationState, call: Call, record: Record, received_us: int | None, context: Context
) -> Refusal | None:
    """Fold a call of the system's: it waits for no answer here, and its ids are not the station's."""
    protocol = state.protocol or V16
    try:
        event = ADAPTERS[protocol].COMMANDS[call.action](call.payload, context.token_key)
    except UnusableError as error:
        return Refusal(Reason.INVALID_PAYLOAD, str(error))
    _settle(state)
    _FOLDS[type(event)](state, event, Moment(record, received_us, protocol, call.message_id, context.token_key))
    return None


def _answered(
    state: StationState, frame: CallResult | CallError, record: Record, received_us: int | None, context: Context
) -> None:
    if record.direction != _CSMS_TO_CP:
        record = _directed(state, frame, record)
    operations.answered(state, frame, received_us, record.direction)
    if record.direction != _CP_TO_CSMS:
        protocol = state.protocol or V16
        moment = Moment(record, received_us, protocol, frame.message_id, context.token_key)
        _answer(state, frame, ADAPTERS[protocol], moment)


def _directed(state: StationState, frame: CallResult | CallError, record: Record) -> Record:
    """The answer with its direction, where its call is waited for: a log may be cut between the two."""
    call, direction = state.calls.get(_key(frame.message_id)), record.direction
    if direction is None and call is None:
        direction = operations.direction_of(state, frame.message_id)
    elif call is not None:
        is_older = call.newer > 0 or call.is_shadowed
        direction = direction or (_CP_TO_CSMS if is_older else _CSMS_TO_CP)
        if is_older:
            call.newer, call.is_shadowed = max(0, call.newer - 1), False
    return record if direction == record.direction else msgspec.structs.replace(record, direction=direction)


def _answer(state: StationState, frame: CallResult | CallError, adapter: Adapter, moment: Moment) -> None:
    """Pair an answer with the call that waits for it; an error answer ends the waiting."""
    call = state.calls.pop(_key(frame.message_id), None)
    if call is None:
        return
    _settle(state)
    answer = Answer()
    if isinstance(frame, CallResult) and call.action in adapter.ANSWERS:
        # An answer that says nothing usable is still an answer, like an error.
        with contextlib.suppress(UnusableError):
            answer = adapter.ANSWERS[call.action](frame.payload)
    if answer.transaction_id is not None:
        named = lookalikes.hidden_number(answer.transaction_id, moment.token_key)
        answer = msgspec.structs.replace(answer, transaction_id=named)
    if call.action == "Authorize":
        authorizations.answer(state, call, answer, moment)
    elif call.action == "BootNotification":
        timing.judge(state, answer.at_us, moment)
    else:
        if call.action == "StartTransaction":
            v16.answered(state, call, answer, moment)
        authorizations.started(state, call, answer, moment)


def _key(message_id: str) -> str:
    return message_id if len(message_id) <= 64 else bounded(message_id) or ""


_FRAME, _CP_TO_CSMS, _CSMS_TO_CP = Kind.FRAME.value, Direction.CP_TO_CSMS.value, Direction.CSMS_TO_CP.value
"""Plain texts: looking a member up takes longer than comparing it, and this is done for every frame."""
_NONE: dict[str, Reader | None] = {}
_EARLIEST_US, _LATEST_US = times.EARLIEST_US, times.LATEST_US


def _status(state: StationState, event: StatusReported, moment: Moment) -> None:
    if state.open_sessions:
        ends.report(state, event, moment)
    statuses.report(state, event, moment)
    episodes.report(state, event, moment)
    if moment.protocol == V16:
        v16.status(state, event, moment)


def _notified(state: StationState, event: Notified, moment: Moment) -> None:
    for entry in event.entries:
        if isinstance(entry, Alarm):
            episodes.alarm(state, entry, moment)
        else:
            _status(state, entry, moment)


_FOLDS: dict[type, Callable[[StationState, Any, Moment], AwaitedCall | None]] = {
    AuthorizationAsked: authorizations.ask,
    Booted: boots.boot,
    ClockSet: timing.was_set,
    EvseMetered: samples.meter_evse,
    Metered: v16.meter,
    Notified: _notified,
    RemoteStartAsked: authorizations.remote,
    Started: v16.start,
    StatusReported: _status,
    Stopped: v16.stop,
    TransactionReported: v2x.report,
}
_SHOWING = frozenset(kind for kind in _FOLDS if "shown" in kind.__annotations__)
"""Events that may hold a token."""


def _fact(state: StationState, entity: object, generation: int, offset: int) -> Fact:
    if isinstance(entity, SessionState):
        return lifecycle.fact(state, entity, generation, offset)
    if isinstance(entity, FaultState):
        return rows.fact(state, entity, generation, offset)
    if isinstance(entity, AuthorizationState):
        return authorizations.fact(state, entity, generation, offset)
    if isinstance(entity, OperationState):
        return operations.fact(state, entity, generation, offset)
    if isinstance(entity, HabitState):
        return habits.fact(state, entity, generation, offset)
    if isinstance(entity, HourState):
        return rates.fact(state, entity, generation, offset)
    return cast(Fact, entity)


__all__ = ["Context", "Refusal", "drain", "step"]
