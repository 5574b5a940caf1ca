"""What the step remembers of one station: flat, versioned, bounded. Not here: how it changes (`step` and its parts).

Bounds, so that a station's state stays at a few kilobytes whatever it sends: see the `MAX_` names. What falls
out is remembered as a number (`retired`) where it must never come back; texts are cut by `ids.bounded`.
New fields go to the end of a struct, with a default: states of older versions stay readable.
"""

from decimal import Decimal
from typing import Any

import msgspec

STATE_VERSION = 1

MAX_SOURCES = 32
"""Recent sources whose last ordinal is known, the newest apart."""
MAX_INSTANT = 64
"""Frames at one instant of receipt that are told apart."""
MAX_CALLS = 64
"""Calls waiting for their answer."""
MAX_OPEN_SESSIONS = 64
MAX_CLOSED_SESSIONS = 8
"""Closed sessions kept whole: for retries and late answers."""
MAX_RETIRED = 128
"""Ids of sessions that fell out: no event opens them again."""
MAX_TRANSACTION_IDS = 8
"""TransactionIds that lead to one session."""
MAX_CONNECTORS = 128
MAX_FAULTS = 64
"""Open fault episodes."""
MAX_HOURS = 26
"""Hours that can still change."""


class UndrainedError(RuntimeError):
    """A state was to be encoded before its changes were handed out as facts."""


class AwaitedCall(msgspec.Struct, array_like=True, gc=False):
    """A station's call whose answer carries a fact; `target` is a session's or an authorization's id."""

    action: str
    target: str
    token: str | None = None
    asked_us: int | None = None


class SessionState(msgspec.Struct, array_like=True, gc=False):
    """One session: what its newest fact is made from. Registers are Wh, times microseconds."""

    session_id: str
    protocol: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    transaction_id: str | None = None
    transaction_ids: list[str] = []
    """1.6: every id that leads here; only ids that are keys."""
    content: str = ""
    """1.6: digest of connector, token, start and meterStart; equal means a retry."""
    token: str | None = None
    started_us: int | None = None
    is_start_seen: bool = False
    meter_start: Decimal | None = None
    register_first: Decimal | None = None
    register_last: Decimal | None = None
    meter_stop: Decimal | None = None
    ended_us: int | None = None
    stop_reported_us: int | None = None
    stop_reason: str | None = None
    is_open: bool = True
    charging_us: int | None = None
    charging_since_us: int | None = None
    power_max_w: int | None = None
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    counted_hour: int | None = None
    """Hour of receipt in which the session was counted as started."""
    hours_wh: dict[int, int] = {}
    """Energy counted per hour of receipt, as far as it can still be taken back."""
    counted_wh: int = 0
    """Energy counted in all hours; the session's energy, where possible."""
    stop_reported_id: str | None = None
    """1.6: the transactionId in the stop, which may be -1 although the start's answer gave another."""
    register_first_us: int | None = None
    register_last_us: int | None = None
    is_kilo: bool = False
    """The last register that named its unit was in kWh."""


class FaultState(msgspec.Struct, array_like=True, gc=False):
    """One fault episode. `origin` is 2.x's `Component.Variable`, else empty."""

    fault_id: str
    code: str
    protocol: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    origin: str = ""
    vendor_error_code: str | None = None
    opened_us: int | None = None
    closed_us: int | None = None
    is_open: bool = True
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None


class HourState(msgspec.Struct, array_like=True, gc=False):
    """One hour of receipt, numbered since the epoch."""

    hour: int
    energy_wh: int = 0
    sessions: int = 0
    faults: int = 0
    fault_us: int = 0


class ConnectorState(msgspec.Struct, array_like=True, gc=False):
    """A connector's newest status."""

    status: str
    error_code: str | None = None


class StationState(msgspec.Struct, array_like=True):
    """One station's memory; `(generation, offset)` is the newest record it has seen.

    `late` counts frames that were received before the newest one and came from another source, `orphan_stops`
    stops without a known start, `repeated` frames already known from another source.
    """

    version: int = STATE_VERSION
    station_id: str = ""
    generation: int = 0
    offset: int = -1

    source: str = ""
    ordinal: int = -1
    sources: dict[str, int] = {}
    received_at_us: int | None = None
    received_source: str = ""
    instant: dict[int, str] = {}
    """Frames at `received_at_us` by `ids.frame_hash`, and the source that brought each."""
    late: int = 0
    repeated: int = 0
    orphan_stops: int = 0

    connection: str | None = None
    """The newest connection record: `open` or `close`."""
    connection_us: int | None = None
    protocol: str | None = None
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None

    calls: dict[str, AwaitedCall] = {}
    open_sessions: dict[str, SessionState] = {}
    closed_sessions: dict[str, SessionState] = {}
    retired: list[int] = []
    connectors: dict[str, ConnectorState] = {}
    faults: dict[str, FaultState] = {}
    fault_clock_us: int | None = None
    """Up to here the open faults' time is counted."""
    hours: dict[int, HourState] = {}
    hours_floor: int = 0
    """Hours before this one are final."""

    changed: dict[str | int, Any] = {}
    """What changed since the last drain: (entity, generation, offset) by fact id. Always empty when encoded."""
    newest: Any = None
    """The record that set `received_at_us`, until it is in `instant` (`order.settle`). Always empty when encoded."""

    def touch(self, fact_id: str | int, entity: object) -> None:
        """Mark an entity as changed by the record being handled; an hour's id is its number."""
        self.changed[fact_id] = (entity, self.generation, self.offset)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(StationState)


def encode(state: StationState) -> bytes:
    """The state as bytes, for the changelog and the lake's snapshots; raises `UndrainedError` on undrained ones."""
    if state.changed or state.newest is not None:
        raise UndrainedError("Drain a station's state before encoding it: its facts would be lost.")
    return _encoder.encode(state)


def decode(data: bytes) -> StationState:
    """Read a state back; raises `msgspec.DecodeError` on bytes that are not one."""
    return _decoder.decode(data)


def trim(kept: dict[Any, Any], limit: int) -> Any | None:
    """Drop the oldest entry of a dict above its limit and return it."""
    return kept.pop(next(iter(kept))) if len(kept) > limit else None
