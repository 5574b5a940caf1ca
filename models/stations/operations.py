"""What was done to a station and what it said of itself, each with its answer. Not here: how it is read off the wire.

These rows tell a fault from an operator's action: a Faulted after a Reset, an end after a RemoteStop.
"""

from models import anomalies, ids
from models.events import Operation
from models.facts import StationEvent
from models.frames import Call, CallError, CallResult
from models.moment import Moment
from models.ocpp.operations import read_operation, read_outcome
from models.ocpp.versions import V16
from models.record import Direction
from models.state import MAX_OPERATIONS, StationState, trim
from models.state.parts import OperationState
from models.times import as_utc
from models.tokens import lookalikes

MAX_A_DAY = 256
"""Rows of one action that a station gets per day of the log: some vendors send their telemetry by DataTransfer."""
SYSTEM, STATION = "system", "station"
ERROR = "error"
_ANSWERS = {False: Direction.CSMS_TO_CP.value, True: Direction.CP_TO_CSMS.value}
"""Where answers to the station's calls go, and to the system's."""


def take(state: StationState, call: Call, moment: Moment, *, is_system: bool) -> None:
    """Fold a command or a message of the station; its answer is waited for."""
    if not anomalies.allows(state, call.action, moment, MAX_A_DAY):
        return
    event = read_operation(call.payload, moment.token_key)
    asked_by = SYSTEM if is_system else STATION
    operation = OperationState(
        ids.digest("event", state.station_id, call.action, asked_by, moment.mark),
        call.action,
        asked_by,
        moment.protocol,
        event.evse_id,
        event.connector_id,
        _transaction_id(event, moment),
        event.token,
        event.at_us,
        moment.received_us,
        event.detail,
    )
    state.operations.pop(_key(call.message_id, is_system=is_system), None)
    state.operations[_key(call.message_id, is_system=is_system)] = operation
    trim(state.operations, MAX_OPERATIONS)
    state.touch(operation.event_id, operation)


def shadow(state: StationState, message_id: str, *, is_system: bool) -> None:
    """Take note of a call, of the system's or the station's: whatever waits under its id is older.

    A message id used again belongs to the newer call: the answer to that side's older one is not coming.
    """
    state.operations.pop(_key(message_id, is_system=is_system), None)
    waiting = state.operations.get(_key(message_id, is_system=not is_system))
    if waiting is not None:
        waiting.newer += 1


def direction_of(state: StationState, message_id: str) -> str | None:
    """The direction of an answer that does not tell it: it is the newest call's that waits (`order.unsaid`)."""
    asked = {side: state.operations.get(_key(message_id, is_system=side)) for side in (False, True)}
    for is_system, operation in asked.items():
        if operation is not None and not operation.newer:
            return _ANSWERS[is_system]
    return next((_ANSWERS[not is_system] for is_system, operation in asked.items() if operation is not None), None)


def _transaction_id(event: Operation, moment: Moment) -> str | None:
    """The id that the session has."""
    if event.transaction_id is None:
        return None
    hide = lookalikes.hidden_number if moment.protocol == V16 else lookalikes.hidden
    return hide(event.transaction_id, moment.token_key) or None


def answered(
    state: StationState, frame: CallResult | CallError, received_us: int | None, direction: str | None
) -> None:
    """Fold an answer to the other side's call; one without a direction answers none."""
    if not state.operations or direction is None:
        return
    is_system = direction == Direction.CP_TO_CSMS
    operation = state.operations.pop(_key(frame.message_id, is_system=is_system), None)
    older = state.operations.get(_key(frame.message_id, is_system=not is_system))
    if older is not None and older.newer:
        older.newer -= 1
    if operation is None:
        return
    operation.outcome = read_outcome(frame.payload) if isinstance(frame, CallResult) else ERROR
    operation.answered_us = received_us
    state.touch(operation.event_id, operation)


def fact(state: StationState, operation: OperationState, generation: int, offset: int) -> StationEvent:
    """The event as a fact."""
    return StationEvent(
        version_generation=generation,
        version_offset=offset,
        event_id=operation.event_id,
        station_id=state.station_id,
        evse_id=operation.evse_id,
        connector_id=operation.connector_id,
        protocol=operation.protocol,
        action=operation.action,
        asked_by=operation.asked_by,
        transaction_id=operation.transaction_id,
        token_id=operation.token,
        happened_at=as_utc(operation.at_us if operation.received_us is None else operation.received_us),
        reported_at=as_utc(operation.at_us),
        answered_at=as_utc(operation.answered_us),
        outcome=operation.outcome,
        detail=operation.detail,
    )


def _key(message_id: str, *, is_system: bool) -> str:
    """Each side numbers its own calls."""
    return f"{'<' if is_system else '>'}{ids.bounded(message_id) or ''}"
