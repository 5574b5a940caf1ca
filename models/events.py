"""Canonical events: what a frame says, the same for every OCPP version. They never hold a card number.

`token` is a pseudonym already, times are microseconds since the epoch (None where the charger's clock is no
evidence), registers exact Wh. `told` is how the event's own time was written (`times.told`), `shown` what else is
known of the token (`tokens`). Not here: how a version writes them (`models.ocpp`), what they change (`step`).
"""

from decimal import Decimal
from typing import TypeAlias

import msgspec

from models.energy.readings import Reading
from models.tokens.pseudonyms import Token


class UnusableError(ValueError):
    """A known action whose payload says nothing that can be used; the text says what is missing."""


class Booted(msgspec.Struct, frozen=True, gc=False):
    """BootNotification."""

    vendor: str | None
    model: str | None
    serial_number: str | None
    firmware: str | None


class AuthorizationAsked(msgspec.Struct, frozen=True, gc=False):
    """Authorize."""

    token: str | None
    shown: Token | None = None


class StatusReported(msgspec.Struct, frozen=True, gc=False):
    """StatusNotification; also 2.x NotifyEvent of `AvailabilityState`. `error_code` is null in 2.x."""

    evse_id: int | None
    connector_id: int | None
    status: str
    at_us: int | None
    error_code: str | None = None
    vendor_error_code: str | None = None
    told: int = 0
    vendor_id: str | None = None
    info: str | None = None
    """Free text, cut and cleaned (`wording.shown`); both only beside a fault."""


class Started(msgspec.Struct, frozen=True, gc=False):
    """1.6 StartTransaction. `start` is the reported start as text, for ids and for telling a retry."""

    connector_id: int | None
    token: str | None
    meter_wh: Decimal | None
    at_us: int | None
    start: str
    told: int = 0
    shown: Token | None = None
    refused_wh: Decimal | None = None
    """A meterStart below zero: no register."""


class Stopped(msgspec.Struct, frozen=True, gc=False):
    """1.6 StopTransaction."""

    transaction_id: str | None
    token: str | None
    meter_wh: Decimal | None
    at_us: int | None
    reason: str
    readings: tuple[Reading, ...]
    told: int = 0
    shown: Token | None = None
    refused_wh: Decimal | None = None
    """A meterStop below zero: no register."""


class Metered(msgspec.Struct, frozen=True, gc=False):
    """1.6 MeterValues."""

    connector_id: int | None
    transaction_id: str | None
    readings: tuple[Reading, ...]


class EvseMetered(msgspec.Struct, frozen=True, gc=False):
    """2.x MeterValues: samples of an EVSE, in a transaction or not; 0 is the main meter."""

    evse_id: int | None
    readings: tuple[Reading, ...]


class TransactionReported(msgspec.Struct, frozen=True, gc=False):
    """2.x TransactionEvent; `phase` is Started, Updated or Ended."""

    phase: str
    transaction_id: str
    at_us: int | None
    evse_id: int | None
    connector_id: int | None
    token: str | None
    charging_state: str | None
    stop_reason: str | None
    readings: tuple[Reading, ...]
    told: int = 0
    shown: Token | None = None
    is_offline: bool = False
    """Queued while the station was offline."""
    is_remote: bool = False
    """It names the request that started it."""
    number: int | None = None
    """seqNo."""
    trigger: str | None = None
    remote_start_id: str | None = None


class Alarm(msgspec.Struct, frozen=True, gc=False):
    """One 2.x NotifyEvent entry that raises or clears a fault; `origin` is `Component.Variable`."""

    evse_id: int | None
    connector_id: int | None
    code: str | None
    origin: str
    is_raised: bool
    at_us: int | None
    instance: str = ""
    """Of the component or the variable, where it has several."""
    info: str | None = None
    severity: int | None = None
    """2.1 only: 0 (danger) to 9 (debug)."""
    transaction_id: str | None = None
    vendor_id: str | None = None
    """Of a DataTransfer."""


class Notified(msgspec.Struct, frozen=True, gc=False):
    """2.x NotifyEvent: its alarms and statuses, in order."""

    entries: tuple[Alarm | StatusReported, ...]


class ClockSet(msgspec.Struct, frozen=True, gc=False):
    """SecurityEventNotification of type SettingSystemTime: the station's clock was set."""


class RemoteStartAsked(msgspec.Struct, frozen=True, gc=False):
    """RemoteStartTransaction or RequestStartTransaction: the system asks for a start."""

    token: str | None
    shown: Token | None = None


class Operation(msgspec.Struct, frozen=True, gc=False):
    """A command of the system's, or what a station says of itself (`ocpp.operations`)."""

    evse_id: int | None
    connector_id: int | None
    transaction_id: str | None
    token: str | None
    at_us: int | None
    detail: str | None


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What an awaited CALLRESULT says: a 1.6 transactionId as text, an authorization status."""

    transaction_id: str | None = None
    status: str | None = None
    at_us: int | None = None
    """The system's clock, in the answer to a BootNotification."""


Event: TypeAlias = (
    Booted
    | AuthorizationAsked
    | StatusReported
    | Started
    | Stopped
    | Metered
    | EvseMetered
    | TransactionReported
    | Notified
    | ClockSet
    | RemoteStartAsked
)
