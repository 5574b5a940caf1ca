"""What is done to a station, and what it says of itself: commands, firmware, logs, security, vendors' own messages.

In 2.1 also payments, alarms of the grid, streams of values and swapped batteries. One reader for every version, since
the fields differ in name and never in meaning; nothing in these payloads is required. Not here: tokens in clear, the
data of a DataTransfer (it may hold anything), and whatever names a payer (references, receipts, VAT numbers).
"""

from decimal import Decimal

import msgspec
from msgspec import Raw

from models import times, wording
from models.events import Operation, UnusableError
from models.ids import bounded
from models.ocpp.lenient import Payload, small
from models.tokens.pseudonyms import pseudonym

BY_SYSTEM = frozenset(
    {
        *("RemoteStartTransaction", "RequestStartTransaction", "RemoteStopTransaction", "RequestStopTransaction"),
        *("Reset", "UnlockConnector", "ChangeAvailability", "TriggerMessage", "ExtendedTriggerMessage"),
        *("UpdateFirmware", "SignedUpdateFirmware", "ChangeConfiguration", "SetVariables"),
        *("ReserveNow", "CancelReservation", "ClearCache", "DataTransfer", "RequestBatterySwap"),
    }
)
BY_STATION = frozenset(
    {
        *("BootNotification", "FirmwareStatusNotification", "SignedFirmwareStatusNotification"),
        *("DiagnosticsStatusNotification", "LogStatusNotification", "PublishFirmwareStatusNotification"),
        *("SecurityEventNotification", "ReservationStatusUpdate", "DataTransfer"),
        *("NotifySettlement", "NotifyWebPaymentStarted", "NotifyDERAlarm", "OpenPeriodicEventStream", "BatterySwap"),
    }
)
OPERATIONS = BY_SYSTEM | BY_STATION
_TOLD = (
    *("type", "operational_status", "status", "reason", "requested_message", "key", "vendor_id", "message_id"),
    *("control_type", "grid_event_fault", "alarm_ended", "settlement_amount", "event_type"),
)
_MOST_VARIABLES = 8


class _Named(msgspec.Struct, gc=False):
    name: str | None = None


class _Variable(msgspec.Struct, gc=False):
    component: _Named | None = None
    variable: _Named | None = None


class _Evse(msgspec.Struct, rename="camel", gc=False):
    id: int | None = None
    connector_id: int | None = None


class _IdToken(msgspec.Struct, rename="camel", gc=False):
    id_token: str | None = None


class _Body(msgspec.Struct, rename="camel", gc=False):
    connector_id: int | None = None
    evse_id: int | None = None
    evse: _Evse | None = None
    transaction_id: int | str | None = None
    id_tag: str | None = None
    id_token: _IdToken | None = None
    timestamp: str | None = None
    type: str | None = None
    operational_status: str | None = None
    status: str | None = None
    reason: str | None = None
    requested_message: str | None = None
    key: str | None = None
    vendor_id: str | None = None
    message_id: str | None = None
    set_variable_data: list[_Variable] | None = None
    control_type: str | None = None
    grid_event_fault: str | None = None
    alarm_ended: bool | None = None
    settlement_amount: Decimal | None = None
    settlement_time: str | None = None
    event_type: str | None = None


class _Answer(msgspec.Struct, gc=False):
    status: str | None = None


_body = Payload(_Body)
_answer = Payload(_Answer)


def read_operation(payload: Raw, key: bytes | None) -> Operation:
    """Any of `OPERATIONS`; a payload that is no object says nothing, but the message was sent."""
    try:
        body = _body.read(payload)
    except UnusableError:
        body = _Body()
    evse = body.evse or _Evse()
    token = body.id_tag or (body.id_token.id_token if body.id_token else None)
    return Operation(
        small(evse.id if body.evse_id is None else body.evse_id),
        small(evse.connector_id if body.connector_id is None else body.connector_id),
        None if body.transaction_id is None else str(body.transaction_id),
        bounded(pseudonym(token, key)),
        times.parse(body.timestamp or body.settlement_time),
        _detail(body),
    )


def read_outcome(payload: Raw) -> str | None:
    """The status of an answer."""
    try:
        return wording.word_shown(_answer.read(payload).status)
    except UnusableError:
        return None


def _detail(body: _Body) -> str | None:
    told = [f"{name}={text}" for name in _TOLD if (text := _text(getattr(body, name)))]
    for pair in (body.set_variable_data or [])[:_MOST_VARIABLES]:
        component, variable = pair.component or _Named(), pair.variable or _Named()
        names = (wording.word_shown(component.name) or "-", wording.word_shown(variable.name) or "-")
        told.append("variable=" + ".".join(names))
    return ", ".join(told) or None


def _text(value: str | bool | Decimal | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, Decimal) else wording.word_shown(value)
