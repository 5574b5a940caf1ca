"""Canonical events: what a frame says, the same for every OCPP version. They never hold a card number.

`token` is a pseudonym already, times are microseconds since the epoch (None where the charger's clock is no
evidence), registers exact Wh. Not here: how a version writes them (`models.ocpp`), what they change (`step`).
"""

from decimal import Decimal
from typing import TypeAlias

import msgspec

from models.energy import Reading


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


class StatusReported(msgspec.Struct, frozen=True, gc=False):
    """StatusNotification; also 2.x NotifyEvent of `AvailabilityState`. `error_code` is null in 2.x."""

    evse_id: int | None
    connector_id: int | None
    status: str
    at_us: int | None
    error_code: str | None = None
    vendor_error_code: str | None = None


class Started(msgspec.Struct, frozen=True, gc=False):
    """1.6 StartTransaction. `start` is the reported start as text, for ids and for telling a retry."""

    connector_id: int | None
    token: str | None
    meter_wh: Decimal | None
    at_us: int | None
    start: str


class Stopped(msgspec.Struct, frozen=True, gc=False):
    """1.6 StopTransaction."""

    transaction_id: str | None
    token: str | None
    meter_wh: Decimal | None
    at_us: int | None
    reason: str
    readings: tuple[Reading, ...]


class Metered(msgspec.Struct, frozen=True, gc=False):
    """1.6 MeterValues."""

    connector_id: int | None
    transaction_id: str | None
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


class Alarm(msgspec.Struct, frozen=True, gc=False):
    """One 2.x NotifyEvent entry that raises or clears a fault; `origin` is `Component.Variable`."""

    evse_id: int | None
    connector_id: int | None
    code: str | None
    origin: str
    is_raised: bool
    at_us: int | None


class Notified(msgspec.Struct, frozen=True, gc=False):
    """2.x NotifyEvent: its alarms and statuses, in order."""

    entries: tuple[Alarm | StatusReported, ...]


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What an awaited CALLRESULT says: a 1.6 transactionId as text, an authorization status."""

    transaction_id: str | None = None
    status: str | None = None


Event: TypeAlias = (
    Booted | AuthorizationAsked | StatusReported | Started | Stopped | Metered | TransactionReported | Notified
)
