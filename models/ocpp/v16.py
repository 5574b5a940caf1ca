"""OCPP 1.6J, security extensions included: payloads to canonical events. Not here: 2.x, framing, sessions."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
from msgspec import Raw

from models import energy, times
from models.events import (
    Answer,
    AuthorizationAsked,
    Booted,
    Event,
    Metered,
    Started,
    StatusReported,
    Stopped,
    UnusableError,
)
from models.ids import bounded
from models.ocpp.lenient import Payload, present, small
from models.tokens import pseudonym

BOTH_ACTIONS = frozenset({"DataTransfer"})
CP_ACTIONS = BOTH_ACTIONS | {
    "Authorize",
    "BootNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "LogStatusNotification",
    "MeterValues",
    "SecurityEventNotification",
    "SignCertificate",
    "SignedFirmwareStatusNotification",
    "StartTransaction",
    "StatusNotification",
    "StopTransaction",
}
CSMS_ACTIONS = BOTH_ACTIONS | {
    "CancelReservation",
    "CertificateSigned",
    "ChangeAvailability",
    "ChangeConfiguration",
    "ClearCache",
    "ClearChargingProfile",
    "DeleteCertificate",
    "ExtendedTriggerMessage",
    "GetCompositeSchedule",
    "GetConfiguration",
    "GetDiagnostics",
    "GetInstalledCertificateIds",
    "GetLocalListVersion",
    "GetLog",
    "InstallCertificate",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "ReserveNow",
    "Reset",
    "SendLocalList",
    "SetChargingProfile",
    "SignedUpdateFirmware",
    "TriggerMessage",
    "UnlockConnector",
    "UpdateFirmware",
}
SENDS: frozenset[str] = frozenset()


class _Boot(msgspec.Struct, rename="camel", gc=False):
    charge_point_vendor: str | None = None
    charge_point_model: str | None = None
    charge_point_serial_number: str | None = None
    charge_box_serial_number: str | None = None
    firmware_version: str | None = None


class _Authorize(msgspec.Struct, rename="camel", gc=False):
    id_tag: str | None = None


class _Status(msgspec.Struct, rename="camel", gc=False):
    connector_id: int | None = None
    status: str | None = None
    error_code: str | None = None
    vendor_error_code: str | None = None
    timestamp: str | None = None


class _Sampled(msgspec.Struct, rename="camel", gc=False):
    value: str | int | float | None = None
    measurand: str | None = None
    unit: str | None = None
    context: str | None = None
    phase: str | None = None
    location: str | None = None
    format: str | None = None

    @property
    def multiplier(self) -> int:
        """1.6 has none."""
        return 0


class _MeterValue(msgspec.Struct, rename="camel", gc=False):
    timestamp: str | None = None
    sampled_value: list[_Sampled] | None = None


class _MeterValues(msgspec.Struct, rename="camel", gc=False):
    connector_id: int | None = None
    transaction_id: int | str | None = None
    meter_value: list[_MeterValue] | None = None


class _Start(msgspec.Struct, rename="camel", gc=False):
    connector_id: int | None = None
    id_tag: str | None = None
    meter_start: Decimal | None = None
    timestamp: str | None = None


class _Stop(msgspec.Struct, rename="camel", gc=False):
    transaction_id: int | str | None = None
    id_tag: str | None = None
    meter_stop: Decimal | None = None
    timestamp: str | None = None
    reason: str | None = None
    transaction_data: list[_MeterValue] | None = None


class _TagInfo(msgspec.Struct, rename="camel", gc=False):
    status: str | None = None


class _Answered(msgspec.Struct, rename="camel", gc=False):
    transaction_id: int | str | None = None
    id_tag_info: _TagInfo | None = None


_boot = Payload(_Boot)
_authorize = Payload(_Authorize)
_status = Payload(_Status)
_meter_values = Payload(_MeterValues)
_start = Payload(_Start)
_stop = Payload(_Stop)
_answered = Payload(_Answered)


def read_boot(payload: Raw, key: bytes | None) -> Booted:
    """BootNotification; a charge box serial number (deprecated) stands in for the charge point's."""
    boot = _boot.read(payload)
    return Booted(
        bounded(boot.charge_point_vendor),
        bounded(boot.charge_point_model),
        bounded(boot.charge_point_serial_number or boot.charge_box_serial_number),
        bounded(boot.firmware_version),
    )


def read_authorize(payload: Raw, key: bytes | None) -> AuthorizationAsked:
    """Authorize."""
    return AuthorizationAsked(bounded(pseudonym(_authorize.read(payload).id_tag, key)))


def read_status(payload: Raw, key: bytes | None) -> StatusReported:
    """StatusNotification; empty texts and words for nothing are NoError, a vendor's code of that kind is null."""
    report = _status.read(payload)
    status = bounded(report.status)
    if status is None:
        raise UnusableError("A StatusNotification without a status.")
    return StatusReported(
        None,
        small(report.connector_id),
        status,
        times.parse(report.timestamp),
        bounded(present(report.error_code)) or "NoError",
        bounded(present(report.vendor_error_code)),
    )


def read_meter_values(payload: Raw, key: bytes | None) -> Metered | None:
    """MeterValues; None where no value is a register or power."""
    values = _meter_values.read(payload)
    readings = _readings(values.meter_value)
    if not readings:
        return None
    return Metered(small(values.connector_id), _transaction_id(values.transaction_id), readings)


def read_start(payload: Raw, key: bytes | None) -> Started:
    """StartTransaction; usable with a connector or a register."""
    start = _start.read(payload)
    connector_id = small(start.connector_id)
    meter_wh = energy.watt_hours(start.meter_start)
    if connector_id is None and meter_wh is None:
        raise UnusableError("A StartTransaction with neither connector nor meter.")
    at_us = times.parse(start.timestamp)
    reported = str(at_us) if at_us is not None else bounded(start.timestamp) or ""
    return Started(connector_id, bounded(pseudonym(start.id_tag, key)), meter_wh, at_us, reported)


def read_stop(payload: Raw, key: bytes | None) -> Stopped:
    """StopTransaction; an omitted reason means Local (OCPP 1.6 section 4.10)."""
    stop = _stop.read(payload)
    meter_wh = energy.watt_hours(stop.meter_stop)
    transaction_id = _transaction_id(stop.transaction_id)
    if transaction_id is None and meter_wh is None:
        raise UnusableError("A StopTransaction with neither transaction nor meter.")
    return Stopped(
        transaction_id,
        bounded(pseudonym(stop.id_tag, key)),
        meter_wh,
        times.parse(stop.timestamp),
        bounded(stop.reason) or "Local",
        _readings(stop.transaction_data),
    )


def read_answer(payload: Raw) -> Answer:
    """The answer to Authorize or StartTransaction."""
    answer = _answered.read(payload)
    info = answer.id_tag_info
    return Answer(_transaction_id(answer.transaction_id), bounded(info.status) if info else None)


def _transaction_id(value: int | str | None) -> str | None:
    return None if value is None else bounded(str(value).strip())


def _readings(values: list[_MeterValue] | None) -> tuple[energy.Reading, ...]:
    found = []
    for value in values or ():
        wanted = [s for s in value.sampled_value or () if s.measurand in energy.WANTED and s.format != "SignedData"]
        if wanted:
            reading = energy.reading(times.parse(value.timestamp), wanted)
            if reading is not None:
                found.append(reading)
    return tuple(found)


READERS: dict[str, Callable[[Raw, bytes | None], Event | None]] = {
    "Authorize": read_authorize,
    "BootNotification": read_boot,
    "MeterValues": read_meter_values,
    "StartTransaction": read_start,
    "StatusNotification": read_status,
    "StopTransaction": read_stop,
}
ANSWERS: dict[str, Callable[[Raw], Answer]] = {"Authorize": read_answer, "StartTransaction": read_answer}
