"""OCPP 2.0.1: payloads to canonical events. Its readers serve 2.1 too. Not here: framing, sessions."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import msgspec
from msgspec import Raw

from models import energy, times
from models.events import (
    Alarm,
    Answer,
    AuthorizationAsked,
    Booted,
    Event,
    Notified,
    StatusReported,
    TransactionReported,
    UnusableError,
)
from models.ids import bounded
from models.ocpp.lenient import Payload, present, small
from models.tokens import pseudonym

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

PHASES = frozenset({"Started", "Updated", "Ended"})
FAULT_VARIABLES = frozenset({"Problem", "Tripped", "Overload", "Fallback"})
"""Variables whose `true` is a fault in itself (OCPP 2.1 Part 2 appendices, chapter 3); others need an alert."""


class _Station(msgspec.Struct, rename="camel", gc=False):
    vendor_name: str | None = None
    model: str | None = None
    serial_number: str | None = None
    firmware_version: str | None = None


class _Boot(msgspec.Struct, rename="camel", gc=False):
    charging_station: _Station | None = None


class _IdToken(msgspec.Struct, rename="camel", gc=False):
    id_token: str | None = None


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


class _Sampled(msgspec.Struct, rename="camel", gc=False):
    value: Decimal | None = None
    measurand: str | None = None
    unit_of_measure: _Unit | None = None
    context: str | None = None
    phase: str | None = None
    location: str | None = None

    @property
    def unit(self) -> str | None:
        """Unit of the value."""
        return self.unit_of_measure.unit if self.unit_of_measure else None

    @property
    def multiplier(self) -> int:
        """Power of ten by which the value is to be multiplied."""
        return (self.unit_of_measure.multiplier or 0) if self.unit_of_measure else 0


class _MeterValue(msgspec.Struct, rename="camel", gc=False):
    timestamp: str | None = None
    sampled_value: list[_Sampled] | None = None


class _Evse(msgspec.Struct, rename="camel", gc=False):
    id: int | None = None
    connector_id: int | None = None


class _Info(msgspec.Struct, rename="camel", gc=False):
    transaction_id: str | None = None
    charging_state: str | None = None
    stopped_reason: str | None = None


class _Transaction(msgspec.Struct, rename="camel", gc=False):
    event_type: str | None = None
    timestamp: str | None = None
    transaction_info: _Info | None = None
    evse: _Evse | None = None
    id_token: _IdToken | None = None
    meter_value: list[_MeterValue] | None = None


class _Named(msgspec.Struct, rename="camel", gc=False):
    name: str | None = None
    evse: _Evse | None = None


class _EventData(msgspec.Struct, rename="camel", gc=False):
    timestamp: str | None = None
    trigger: str | None = None
    actual_value: str | None = None
    tech_code: str | None = None
    cleared: bool | None = None
    component: _Named | None = None
    variable: _Named | None = None


class _Notify(msgspec.Struct, rename="camel", gc=False):
    event_data: list[_EventData] | None = None


class _TokenInfo(msgspec.Struct, rename="camel", gc=False):
    status: str | None = None


class _Answered(msgspec.Struct, rename="camel", gc=False):
    id_token_info: _TokenInfo | None = None


_boot = Payload(_Boot)
_authorize = Payload(_Authorize)
_status = Payload(_Status)
_transaction = Payload(_Transaction)
_notify = Payload(_Notify)
_answered = Payload(_Answered)


def read_boot(payload: Raw, key: bytes | None) -> Booted:
    """BootNotification."""
    station = _boot.read(payload).charging_station or _Station()
    return Booted(
        bounded(station.vendor_name),
        bounded(station.model),
        bounded(station.serial_number),
        bounded(station.firmware_version),
    )


def read_authorize(payload: Raw, key: bytes | None) -> AuthorizationAsked:
    """Authorize."""
    return AuthorizationAsked(_token(_authorize.read(payload).id_token, key))


def read_status(payload: Raw, key: bytes | None) -> StatusReported:
    """StatusNotification; 2.x carries no error code in it."""
    report = _status.read(payload)
    status = bounded(report.connector_status)
    if status is None:
        raise UnusableError("A StatusNotification without a connectorStatus.")
    return StatusReported(small(report.evse_id), small(report.connector_id), status, times.parse(report.timestamp))


def read_transaction(payload: Raw, key: bytes | None) -> TransactionReported:
    """TransactionEvent; usable with a transactionId. An unknown eventType counts as Updated."""
    event = _transaction.read(payload)
    info = event.transaction_info or _Info()
    transaction_id = bounded(info.transaction_id)
    if transaction_id is None:
        raise UnusableError("A TransactionEvent without a transactionId.")
    evse = event.evse or _Evse()
    return TransactionReported(
        event.event_type if event.event_type in PHASES else "Updated",
        transaction_id,
        times.parse(event.timestamp),
        small(evse.id),
        small(evse.connector_id),
        _token(event.id_token, key),
        bounded(info.charging_state),
        bounded(info.stopped_reason),
        _readings(event.meter_value),
    )


def read_notify(payload: Raw, key: bytes | None) -> Notified | None:
    """NotifyEvent: alarms raised and cleared, availability reported; None where no entry is either."""
    entries = tuple(_entries(_notify.read(payload).event_data or []))
    return Notified(entries) if entries else None


def read_answer(payload: Raw) -> Answer:
    """The answer to Authorize."""
    info = _answered.read(payload).id_token_info
    return Answer(status=bounded(info.status) if info else None)


def _token(id_token: _IdToken | None, key: bytes | None) -> str | None:
    return bounded(pseudonym(id_token.id_token, key)) if id_token else None


def _entries(events: list[_EventData]) -> Iterator[Alarm | StatusReported]:
    for event in events:
        component, variable = event.component or _Named(), event.variable or _Named()
        evse = component.evse or _Evse()
        at_us = times.parse(event.timestamp)
        if variable.name == "AvailabilityState" and event.actual_value:
            status = bounded(event.actual_value) or ""
            yield StatusReported(small(evse.id), small(evse.connector_id), status, at_us)
            continue
        is_raised = _is_raised(event, variable.name)
        if is_raised is not None:
            origin = bounded(f"{component.name or '-'}.{variable.name or '-'}") or "-"
            code = bounded(present(event.tech_code))
            yield Alarm(small(evse.id), small(evse.connector_id), code, origin, is_raised, at_us)


def _is_raised(event: _EventData, variable: str | None) -> bool | None:
    """True: raises a fault; False: clears one; None: says nothing about faults.

    A `true` of any other variable (`Connector.Enabled`, `EVSE.Available`) is news, not a fault, unless the
    station alerts about it or names a techCode.
    """
    value = (event.actual_value or "").strip().casefold()
    if event.cleared or value in ("false", "0"):
        return False
    if event.trigger == "Alerting":
        return True
    if value in ("true", "1") and (present(event.tech_code) or variable in FAULT_VARIABLES):
        return True
    return None


def _readings(values: list[_MeterValue] | None) -> tuple[energy.Reading, ...]:
    found = []
    for value in values or ():
        wanted = [sampled for sampled in value.sampled_value or () if sampled.measurand in energy.WANTED]
        if wanted:
            reading = energy.reading(times.parse(value.timestamp), wanted)
            if reading is not None:
                found.append(reading)
    return tuple(found)


READERS: dict[str, Callable[[Raw, bytes | None], Event | None]] = {
    "Authorize": read_authorize,
    "BootNotification": read_boot,
    "NotifyEvent": read_notify,
    "StatusNotification": read_status,
    "TransactionEvent": read_transaction,
}
ANSWERS: dict[str, Callable[[Raw], Answer]] = {"Authorize": read_answer}
