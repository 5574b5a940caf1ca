"""OCPP 1.6J, security extensions included: payloads to canonical events. Not here: 2.x, framing, sessions."""

from collections.abc import Callable
from decimal import Decimal
from typing import ClassVar

import msgspec
from msgspec import Raw

from models import times, wording
from models.energy import arithmetic, readings
from models.events import (
    Answer,
    AuthorizationAsked,
    Booted,
    ClockSet,
    Event,
    Metered,
    RemoteStartAsked,
    Started,
    StatusReported,
    Stopped,
    UnusableError,
)
from models.ids import bounded
from models.ocpp import vendor_data
from models.ocpp.lenient import Payload, present, small
from models.tokens.lookalikes import hidden_name, hidden_number
from models.tokens.pseudonyms import Token, shown

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

FAULTED, NO_ERROR = "Faulted", "NoError"
_LONGEST_LIST = 500
"""Characters of a vendorErrorCode, which may be a list."""
CLOCK_SET = "SettingSystemTime"
"""Security event of both versions: the station's clock was set."""


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
    info: str | None = None
    vendor_id: str | None = None
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
    multiplier: ClassVar[int] = 0
    signed_meter_value: ClassVar[None] = None
    """1.6 has neither; a signed record stands in `value`, and `format` says so."""


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


class _Security(msgspec.Struct, rename="camel", gc=False):
    type: str | None = None


class _BootAnswered(msgspec.Struct, rename="camel", gc=False):
    status: str | None = None
    current_time: str | None = None


_boot = Payload(_Boot)
_boot_answered = Payload(_BootAnswered)
_security = Payload(_Security)
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
        hidden_name(boot.charge_point_vendor, key),
        hidden_name(boot.charge_point_model, key),
        hidden_name(boot.charge_point_serial_number or boot.charge_box_serial_number, key),
        hidden_name(boot.firmware_version, key),
    )


def read_authorize(payload: Raw, key: bytes | None) -> AuthorizationAsked:
    """Authorize."""
    token = shown(_authorize.read(payload).id_tag, key)
    return AuthorizationAsked(_token_id(token), token)


def read_status(payload: Raw, key: bytes | None) -> StatusReported:
    """StatusNotification; empty texts and words for nothing are NoError, a vendor's code of that kind is null."""
    report = _status.read(payload)
    status = wording.word_shown(report.status)
    if status is None:
        raise UnusableError("A StatusNotification without a status.")
    at_us = times.parse(report.timestamp)
    connector_id, told = small(report.connector_id), times.told(report.timestamp, at_us)
    error_code = wording.word_shown(present(report.error_code)) or NO_ERROR
    if error_code == NO_ERROR and status != FAULTED:
        return StatusReported(None, connector_id, status, at_us, error_code, told=told)
    return StatusReported(
        None,
        connector_id,
        status,
        at_us,
        error_code,
        (present(report.vendor_error_code) or "")[:_LONGEST_LIST] or None,
        told,
        vendor_id=wording.id_shown(present(report.vendor_id)),
        info=wording.shown(present(report.info)),
    )


def read_meter_values(payload: Raw, key: bytes | None) -> Metered | None:
    """MeterValues; None where no value is a register or power."""
    values = _meter_values.read(payload)
    found = readings.read(values.meter_value, times.parse, _signed)
    return Metered(small(values.connector_id), _transaction_id(values.transaction_id, key), found) if found else None


def read_start(payload: Raw, key: bytes | None) -> Started:
    """StartTransaction; usable with a connector or a register."""
    start = _start.read(payload)
    connector_id = small(start.connector_id)
    meter_wh, refused_wh = _register(start.meter_start)
    if connector_id is None and meter_wh is None:
        raise UnusableError("A StartTransaction with neither connector nor meter.")
    at_us = times.parse(start.timestamp)
    reported = str(at_us) if at_us is not None else bounded(start.timestamp) or ""
    token, told = shown(start.id_tag, key), times.told(start.timestamp, at_us)
    return Started(connector_id, _token_id(token), meter_wh, at_us, reported, told, token, refused_wh)


def read_stop(payload: Raw, key: bytes | None) -> Stopped:
    """StopTransaction; an omitted reason means Local (OCPP 1.6 section 4.10)."""
    stop = _stop.read(payload)
    meter_wh, refused_wh = _register(stop.meter_stop)
    transaction_id = _transaction_id(stop.transaction_id, key)
    if transaction_id is None and meter_wh is None:
        raise UnusableError("A StopTransaction with neither transaction nor meter.")
    token, at_us = shown(stop.id_tag, key), times.parse(stop.timestamp)
    return Stopped(
        transaction_id,
        _token_id(token),
        meter_wh,
        at_us,
        wording.word_shown(stop.reason) or "Local",
        _readings(stop.transaction_data),
        times.told(stop.timestamp, at_us),
        token,
        refused_wh,
    )


def read_answer(payload: Raw) -> Answer:
    """The answer to Authorize or StartTransaction; its transactionId as it stands, neither cut nor hidden yet."""
    answer = _answered.read(payload)
    info, said = answer.id_tag_info, answer.transaction_id
    transaction_id = None if said is None else str(said).strip() or None
    return Answer(transaction_id, wording.word_shown(info.status) if info else None)


def read_remote_start(payload: Raw, key: bytes | None) -> RemoteStartAsked:
    """RemoteStartTransaction."""
    token = shown(_authorize.read(payload).id_tag, key)
    return RemoteStartAsked(_token_id(token), token)


def read_security(payload: Raw, key: bytes | None) -> ClockSet | None:
    """SecurityEventNotification (security whitepaper, section 5.11); None but for a clock that was set."""
    return ClockSet() if _security.read(payload).type == CLOCK_SET else None


def read_boot_answer(payload: Raw) -> Answer:
    """The answer to BootNotification: the system's clock."""
    answer = _boot_answered.read(payload)
    return Answer(status=wording.word_shown(answer.status), at_us=times.parse(answer.current_time))


def _token_id(token: Token | None) -> str | None:
    return bounded(token.token_id) if token else None


def _register(meter: Decimal | None) -> tuple[Decimal | None, Decimal | None]:
    """A register in whole Wh, and what stands in its place without being one: below zero."""
    meter_wh = arithmetic.watt_hours(meter)
    return (None, meter_wh) if meter_wh is not None and meter_wh < 0 else (meter_wh, None)


def _transaction_id(value: int | str | None, key: bytes | None) -> str | None:
    if value is None:
        return None
    return bounded(str(value)) if type(value) is int else hidden_number(str(value).strip(), key) or None


def _readings(values: list[_MeterValue] | None) -> tuple[readings.Reading, ...]:
    return readings.read(values, times.parse, _signed) if values else ()


def _signed(sampled: _Sampled) -> str | None:
    """The signed record that stands in place of a number."""
    return str(sampled.value) if sampled.format == readings.SIGNED else None


READERS: dict[str, Callable[[Raw, bytes | None], Event | None]] = {
    "Authorize": read_authorize,
    "BootNotification": read_boot,
    "DataTransfer": vendor_data.read_data_transfer,
    "MeterValues": read_meter_values,
    "SecurityEventNotification": read_security,
    "StartTransaction": read_start,
    "StatusNotification": read_status,
    "StopTransaction": read_stop,
}
COMMANDS: dict[str, Callable[[Raw, bytes | None], Event | None]] = {"RemoteStartTransaction": read_remote_start}
ANSWERS: dict[str, Callable[[Raw], Answer]] = {
    "Authorize": read_answer,
    "BootNotification": read_boot_answer,
    "StartTransaction": read_answer,
}
