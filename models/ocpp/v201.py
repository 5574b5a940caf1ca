"""OCPP 2.0.1: payloads to canonical events. Its readers serve 2.1 too. Not here: framing, sessions."""

from collections.abc import Callable
from decimal import Decimal
from typing import ClassVar

import msgspec
from msgspec import Raw

from models import times, wording
from models.energy import readings
from models.events import (
    Answer,
    AuthorizationAsked,
    Booted,
    Event,
    EvseMetered,
    Notified,
    RemoteStartAsked,
    StatusReported,
    TransactionReported,
    UnusableError,
)
from models.ids import bounded
from models.ocpp import alarms, v16, vendor_data
from models.ocpp.lenient import Payload, small
from models.tokens.lookalikes import hidden, hidden_name
from models.tokens.pseudonyms import Token, shown

BOTH_ACTIONS = frozenset({"DataTransfer"})
CP_ACTIONS = BOTH_ACTIONS | {
    "Authorize",
    "BootNotification",
    "ClearedChargingLimit",
    "FirmwareStatusNotification",
    "Get15118EVCertificate",
    "GetCertificateStatus",
    "Heartbeat",
    "LogStatusNotification",
    "MeterValues",
    "NotifyChargingLimit",
    "NotifyCustomerInformation",
    "NotifyDisplayMessages",
    "NotifyEVChargingNeeds",
    "NotifyEVChargingSchedule",
    "NotifyEvent",
    "NotifyMonitoringReport",
    "NotifyReport",
    "PublishFirmwareStatusNotification",
    "ReportChargingProfiles",
    "ReservationStatusUpdate",
    "SecurityEventNotification",
    "SignCertificate",
    "StatusNotification",
    "TransactionEvent",
}
CSMS_ACTIONS = BOTH_ACTIONS | {
    "CancelReservation",
    "CertificateSigned",
    "ChangeAvailability",
    "ClearCache",
    "ClearChargingProfile",
    "ClearDisplayMessage",
    "ClearVariableMonitoring",
    "CostUpdated",
    "CustomerInformation",
    "DeleteCertificate",
    "GetBaseReport",
    "GetChargingProfiles",
    "GetCompositeSchedule",
    "GetDisplayMessages",
    "GetInstalledCertificateIds",
    "GetLocalListVersion",
    "GetLog",
    "GetMonitoringReport",
    "GetReport",
    "GetTransactionStatus",
    "GetVariables",
    "InstallCertificate",
    "PublishFirmware",
    "RequestStartTransaction",
    "RequestStopTransaction",
    "ReserveNow",
    "Reset",
    "SendLocalList",
    "SetChargingProfile",
    "SetDisplayMessage",
    "SetMonitoringBase",
    "SetMonitoringLevel",
    "SetNetworkProfile",
    "SetVariableMonitoring",
    "SetVariables",
    "TriggerMessage",
    "UnlockConnector",
    "UnpublishFirmware",
    "UpdateFirmware",
}
SENDS: frozenset[str] = frozenset()

_PHASES = {"started": "Started", "updated": "Updated", "ended": "Ended"}


class _Station(msgspec.Struct, rename="camel", gc=False):
    vendor_name: str | None = None
    model: str | None = None
    serial_number: str | None = None
    firmware_version: str | None = None


class _Boot(msgspec.Struct, rename="camel", gc=False):
    charging_station: _Station | None = None


class _IdToken(msgspec.Struct, rename="camel", gc=False):
    id_token: str | None = None
    type: str | None = None


class _Authorize(msgspec.Struct, rename="camel", gc=False):
    id_token: _IdToken | None = None


class _Status(msgspec.Struct, rename="camel", gc=False):
    evse_id: int | None = None
    connector_id: int | None = None
    connector_status: str | None = None
    timestamp: str | None = None


class _Unit(msgspec.Struct, rename="camel", gc=False):
    unit: str | None = None
    multiplier: int | None = None


class _Signed(msgspec.Struct, rename="camel", gc=False):
    signed_meter_data: str | None = None


class _Sampled(msgspec.Struct, rename="camel", gc=False):
    value: Decimal | None = None
    measurand: str | None = None
    unit_of_measure: _Unit | None = None
    context: str | None = None
    phase: str | None = None
    location: str | None = None
    signed_meter_value: _Signed | None = None

    @property
    def unit(self) -> str | None:
        """Unit of the value."""
        return self.unit_of_measure.unit if self.unit_of_measure else None

    @property
    def multiplier(self) -> int:
        """Power of ten by which the value is to be multiplied."""
        return (self.unit_of_measure.multiplier or 0) if self.unit_of_measure else 0

    format: ClassVar[None] = None
    """2.x has none."""


class _MeterValue(msgspec.Struct, rename="camel", gc=False):
    timestamp: str | None = None
    sampled_value: list[_Sampled] | None = None


class _MeterValues(msgspec.Struct, rename="camel", gc=False):
    evse_id: int | None = None
    meter_value: list[_MeterValue] | None = None


class _Evse(msgspec.Struct, rename="camel", gc=False):
    id: int | None = None
    connector_id: int | None = None


class _Info(msgspec.Struct, rename="camel", gc=False):
    transaction_id: str | None = None
    charging_state: str | None = None
    stopped_reason: str | None = None
    remote_start_id: int | None = None


class Transaction(msgspec.Struct, rename="camel", gc=False):
    """A TransactionEvent."""

    event_type: str | None = None
    timestamp: str | None = None
    transaction_info: _Info | None = None
    evse: _Evse | None = None
    id_token: _IdToken | None = None
    meter_value: list[_MeterValue] | None = None
    offline: bool | None = None
    seq_no: int | None = None
    trigger_reason: str | None = None


class _Notify(msgspec.Struct, rename="camel", gc=False):
    event_data: list[alarms.EventData] | None = None


class _TokenInfo(msgspec.Struct, rename="camel", gc=False):
    status: str | None = None


class _Answered(msgspec.Struct, rename="camel", gc=False):
    id_token_info: _TokenInfo | None = None


_boot = Payload(_Boot)
_authorize = Payload(_Authorize)
_status = Payload(_Status)
_meter_values = Payload(_MeterValues)
_transaction = Payload(Transaction)
_notify = Payload(_Notify)
_answered = Payload(_Answered)


def read_boot(payload: Raw, key: bytes | None) -> Booted:
    """BootNotification."""
    station = _boot.read(payload).charging_station or _Station()
    return Booted(
        hidden_name(station.vendor_name, key),
        hidden_name(station.model, key),
        hidden_name(station.serial_number, key),
        hidden_name(station.firmware_version, key),
    )


def read_authorize(payload: Raw, key: bytes | None) -> AuthorizationAsked:
    """Authorize."""
    token = _token(_authorize.read(payload).id_token, key)
    return AuthorizationAsked(_token_id(token), token)


def read_status(payload: Raw, key: bytes | None) -> StatusReported:
    """StatusNotification; 2.x carries no error code in it."""
    report = _status.read(payload)
    status = wording.word_shown(report.connector_status)
    if status is None:
        raise UnusableError("A StatusNotification without a connectorStatus.")
    at_us = times.parse(report.timestamp)
    told = times.told(report.timestamp, at_us)
    return StatusReported(small(report.evse_id), small(report.connector_id), status, at_us, told=told)


def read_transaction(payload: Raw, key: bytes | None) -> TransactionReported:
    """TransactionEvent; usable with a transactionId. An unknown eventType counts as Updated, its case as nothing.

    Some stations name a transaction by the card that began it: such an id is its pseudonym from here on.
    """
    event = _transaction.read(payload)
    info = event.transaction_info or _Info()
    if not info.transaction_id:
        raise UnusableError("A TransactionEvent without a transactionId.")
    evse = event.evse or _Evse()
    token, at_us = _token(event.id_token, key), times.parse(event.timestamp)
    return TransactionReported(
        _PHASES.get((event.event_type or "").strip().casefold(), "Updated"),
        hidden(info.transaction_id, key),
        at_us,
        small(evse.id),
        small(evse.connector_id),
        _token_id(token),
        wording.word_shown(info.charging_state),
        wording.word_shown(info.stopped_reason),
        _readings(event.meter_value),
        told=times.told(event.timestamp, at_us),
        shown=token,
        is_offline=event.offline is True,
        is_remote=info.remote_start_id is not None,
        number=event.seq_no,
        trigger=wording.word_shown(event.trigger_reason),
        remote_start_id=None if info.remote_start_id is None else str(info.remote_start_id)[:64],
    )


def read_meter_values(payload: Raw, key: bytes | None) -> EvseMetered | None:
    """MeterValues of an EVSE, outside of TransactionEvents; None where no value is energy or power."""
    values = _meter_values.read(payload)
    readings = _readings(values.meter_value)
    return EvseMetered(small(values.evse_id), readings) if readings else None


def read_notify(payload: Raw, key: bytes | None) -> Notified | None:
    """NotifyEvent: alarms raised and cleared, availability reported; None where no entry is either."""
    events = _notify.read(payload).event_data or []
    for event in events:
        if event.transaction_id:
            event.transaction_id = hidden(event.transaction_id, key)
    entries = tuple(alarms.entries(events))
    return Notified(entries) if entries else None


def read_answer(payload: Raw) -> Answer:
    """The answer to Authorize."""
    info = _answered.read(payload).id_token_info
    return Answer(status=wording.word_shown(info.status) if info else None)


def read_remote_start(payload: Raw, key: bytes | None) -> RemoteStartAsked:
    """RequestStartTransaction."""
    token = _token(_authorize.read(payload).id_token, key)
    return RemoteStartAsked(_token_id(token), token)


def _token(id_token: _IdToken | None, key: bytes | None) -> Token | None:
    return shown(id_token.id_token, key, id_token.type) if id_token else None


def _token_id(token: Token | None) -> str | None:
    return bounded(token.token_id) if token else None


def _readings(values: list[_MeterValue] | None) -> tuple[readings.Reading, ...]:
    return readings.read(values, times.parse, _signed_record) if values else ()


def _signed_record(sampled: _Sampled) -> str | None:
    """The signed record beside a number."""
    return sampled.signed_meter_value.signed_meter_data if sampled.signed_meter_value else None


READERS: dict[str, Callable[[Raw, bytes | None], Event | None]] = {
    "Authorize": read_authorize,
    "BootNotification": read_boot,
    "DataTransfer": vendor_data.read_data_transfer,
    "MeterValues": read_meter_values,
    "NotifyEvent": read_notify,
    "SecurityEventNotification": v16.read_security,
    "StatusNotification": read_status,
    "TransactionEvent": read_transaction,
}
COMMANDS: dict[str, Callable[[Raw, bytes | None], Event | None]] = {"RequestStartTransaction": read_remote_start}
ANSWERS: dict[str, Callable[[Raw], Answer]] = {
    "Authorize": read_answer,
    "BootNotification": v16.read_boot_answer,
    "TransactionEvent": read_answer,
}
