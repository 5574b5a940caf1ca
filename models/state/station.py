"""What the step remembers of one station: flat, versioned, bounded. Not here: how it changes (`step` and its parts).

Bounds, so that a station's state stays at a few kilobytes whatever it sends: see the `MAX_` names. What falls
out is remembered as a number (`retired`) where it must never come back; texts are cut by `ids.bounded`.
New fields go to the end of a struct, with a default: states of older versions stay readable.
"""

from decimal import Decimal
from typing import Any

import msgspec

from models.state.clock import ClockState, FarState
from models.state.faults import FaultState
from models.state.meter import HabitState, MeterState, PortMeter
from models.state.parts import ConnectorState, HourState, OperationState, SaidStatus
from models.state.sessions import Bound, Due, Numbers, Sighting, WaitingStop

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
MAX_UNSTOPPED = 16
"""Sessions whose end was inferred, kept whole: for the stop that comes after all."""
MAX_OPERATIONS = 16
"""Commands and the like whose answer is waited for."""
MAX_RETIRED = 128
"""Ids of sessions that fell out: no event opens them again."""
MAX_TRANSACTION_IDS = 8
"""TransactionIds that lead to one session."""
MAX_CONNECTORS = 128
MAX_SAID_STATUSES = 32
"""Statuses that wait for their clock to be known."""
MAX_FAULTS = 64
"""Open fault episodes."""
MAX_RECENT_FAULTS = 8
"""Closed fault episodes that may still go on (`statuses.DWELL_US`)."""
MAX_PRESENTED = 8
"""Requests that may still lead to a session."""
MAX_REMOTE_STARTS = 8
MAX_TOKENS = 128
"""Tokens whose other forms were said already."""
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
    is_shadowed: bool = False
    """No longer written: see `newer`."""
    newer: int = 0
    """Newer calls of the system's with the same id: an answer that does not tell whose it is, is the newest one's."""


class AuthorizationState(msgspec.Struct, array_like=True, gc=False):
    """One request and what came of it: what its newest fact is made from."""

    authorization_id: str
    protocol: str | None = None
    token: str | None = None
    kind: str | None = None
    asked_us: int | None = None
    answered_us: int | None = None
    status: str | None = None
    purpose: str | None = None
    session_id: str | None = None
    start_status: str | None = None
    is_energised: bool = False


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
    started_reported_us: int | None = None
    """As the station's clock told it; `started_us` is corrected."""
    started_received_us: int | None = None
    ended_reported_us: int | None = None
    ended_received_us: int | None = None
    clock_us: int = 0
    """What was added to the session's reported times; where the clock was set meanwhile, to the newest."""
    token_kind: str | None = None
    authorization_id: str | None = None
    """The request by which its token was presented."""
    start_status: str | None = None
    """What the answer to the start says of the token."""
    meter: MeterState | None = None
    """What its samples said, beyond the registers above."""
    last_seen_us: int | None = None
    """Newest sign of the session by the charger's clock: where an inferred end is put."""
    end_kind: str | None = None
    inferred_cause: str | None = None
    end_confidence: float | None = None
    due: Due | None = None
    over_us: int | None = None
    """When the evidence of an inferred end was seen."""
    follows: str | None = None
    """The session that this one's start ended."""
    status_at_start: str | None = None
    """1.6: what the connector had last reported."""
    local_id: str | None = None
    """1.6: the negative transactionId that the station uses for itself."""
    charging_points: list[tuple[int, int, bool]] = []
    """Sequence number (or -1), time, charging from then on: see `charging`."""
    charging_folded: bool = False
    """Older points have been added to `charging_us`."""
    numbers: Numbers | None = None
    start_trigger: str | None = None
    remote_start_id: str | None = None
    is_offline: bool = False
    """Some of it was queued while the station was offline."""
    charging_registers: list[tuple[int, int, Decimal]] = []
    """Number, time and register of the newest points that have one: see `charging`."""
    charging_from_us: int | None = None
    """Since when the first point counts, once older ones were added up."""
    faulted_us: int | None = None
    """1.6: since when it is said to be faulted."""
    faulted_wh: Decimal | None = None
    faulted_wh_us: int | None = None
    """The newest register before or since, and its time."""
    faulted_idle_us: int | None = None
    """The newest sample since that showed no energy."""
    bound: Bound | None = None
    """The stop that ended it was only thought to be its own."""
    refused: list[str] = []
    """Stops that were found not to be its own."""
    is_again: bool = False
    """1.6: an ended session began with the same start, and its stop has come again since."""
    is_over_by_receipt: bool = False
    """`over_us` is a time of receipt."""


class Rising(msgspec.Struct, array_like=True, gc=False):
    """An open session whose energy only rises with its register, up to a ceiling (`sessions.rising`)."""

    session: SessionState
    hour: int
    base_wh: Decimal
    """The register at begin, less half a Wh: whole Wh above it are the energy."""
    ceiling_wh: Decimal
    energy_wh: int
    position: tuple[int, int]
    """Generation and offset of the record that raised it last."""
    queued: list[Any] = []
    """Samples that wait to be taken up together (`sessions.steady`)."""
    until_us: int = 0
    """Samples from then on do not wait."""
    layout: Any = None
    """How those that wait are written."""
    clock: Any = None
    """The clock that tells their times, and the least lag by it."""
    least_us: int = 0


class Mark(msgspec.Struct, array_like=True, gc=False):
    """Why a station must be replayed: records whose place is before ones that were folded (ADR 0014)."""

    since_us: int
    """Earliest time of receipt among them."""
    source: str
    """The file or connection of the first one."""
    frames: int = 0
    generation: int = 0
    offset: int = -1
    """Place of the last one: once it is landed, all are."""


class StationState(msgspec.Struct, array_like=True):
    """One station's memory; `(generation, offset)` is the newest record it has seen.

    `late` counts records that came after ones of a later place in the canonical order, `orphan_stops` stops without
    a known start, `repeated` records already known at the newest instant.
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
    """Records at `received_at_us` by `ids.frame_hash`, in their order, and the source that brought each."""
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
    """Up to here the faults' time is counted."""
    hours: dict[int, HourState] = {}
    hours_floor: int = 0
    """Hours before this one are final."""

    changed: dict[str | int, Any] = {}
    """What changed since the last drain: (entity, generation, offset) by fact id. Always empty when encoded."""
    newest: Any = None
    """The record that set `received_at_us`, until it is in `instant` (`order.settle`). Always empty when encoded."""
    anomalies: dict[str, tuple[int, int]] = {}
    """Per kind of anomaly: the newest day of the log on which it was said, and how often on that day."""

    revision: int = 0
    """How often the station was replayed: part of its facts' version."""
    mark: Mark | None = None
    """Set while records wait for a replay, being late."""
    is_replay: bool = False
    """The records come in canonical order, each once. Never when encoded."""
    second_source: str = ""
    """Another source of the newest instant's records, and the place of its last one among them."""
    second_place: int = -1

    recent_faults: dict[str, FaultState] = {}

    clock: ClockState = msgspec.field(default_factory=ClockState)
    zoneless_clock: ClockState = msgspec.field(default_factory=ClockState)
    """As `clock`, for times written without a zone, read as UTC."""
    told: int = 0
    """How the newest event's time was written (`times.told`)."""
    is_zoneless: bool = False
    """The newest event with a time told it without a zone."""
    is_receipt_doubted: bool = False
    """The system's clock contradicts the log's times of receipt."""
    serial_number: str | None = None
    booted_us: int | None = None
    is_booted: bool = False
    clock_said: tuple[str | None, int | None, int] = (None, None, 0)
    """What the station's newest fact says of its clock."""
    presented: dict[str, AuthorizationState] = {}
    """The newest requests, by id."""
    remote_starts: dict[str, int] = {}
    """When the system asked to start with a token."""
    tokens: dict[int, bool] = {}
    """Tokens whose forms were said, by a digest; the longest unused go first."""

    habits: dict[str, HabitState] = {}
    """How it meters, by firmware."""
    ports: dict[str, PortMeter] = {}
    """Registers as they stood after each port's last session."""
    boots: int = 0
    unstopped: dict[str, SessionState] = {}
    """Sessions whose end was inferred."""
    due_us: int | None = None
    """The log's time at which the next end is to be inferred, or earlier."""
    operations: dict[str, OperationState] = {}
    sightings: dict[str, Sighting] = {}
    """1.6: samples of ids that lead to no session, by connector and id."""
    live_us: int | None = None
    """The newest receipt that is known to be right (`stations.doubts`)."""
    far: FarState | None = None
    """The newest messages told times years from their receipt."""
    said_statuses: list[SaidStatus] = []
    """The newest ones, until the clock is known."""
    ended: bytes = b""
    """1.6: sessions that fell out of `closed_sessions` (`sessions.ended`)."""
    is_protocol_guessed: bool = False
    """No frame has told its version yet."""

    rising: dict[str, Rising] = {}
    """Open sessions whose energy is counted later (`sessions.rising`). Always empty when encoded."""
    waiting_stops: list[WaitingStop] = []
    """1.6: stops that may yet turn out to be a session's (`sessions.waiting`)."""
    queued: dict[tuple[int, int | None], Rising] = {}
    """Those of them for which samples wait, by connector and transactionId. Always empty when encoded."""

    def touch(self, fact_id: str | int, entity: object) -> None:
        """Mark an entity as changed by the record being handled; an hour's id is its number."""
        self.changed[fact_id] = (entity, self.generation, self.offset)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(StationState)


def encode(state: StationState) -> bytes:
    """The state as bytes, for the changelog and the lake's snapshots; raises `UndrainedError` on undrained ones."""
    if state.changed or state.queued or state.newest is not None:
        raise UndrainedError("Drain a station's state before encoding it: its facts would be lost.")
    return _encoder.encode(state)


def decode(data: bytes) -> StationState:
    """Read a state back; raises `msgspec.DecodeError` on bytes that are not one."""
    return _decoder.decode(data)


def mark_of(data: bytes) -> Mark | None:
    """The mark of an encoded state, the rest left unread; raises `msgspec.DecodeError` on bytes that are no state."""
    found: Mark | None = _glance.decode(data).mark
    return found


_before_mark = StationState.__struct_fields__[: StationState.__struct_fields__.index("mark")]
_glance: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(
    msgspec.defstruct(
        "_Glance",
        [*((name, msgspec.Raw, msgspec.Raw()) for name in _before_mark), ("mark", Mark | None, None)],
        array_like=True,
    )
)


def trim(kept: dict[Any, Any], limit: int) -> Any | None:
    """Drop the oldest entry of a dict above its limit and return it."""
    return kept.pop(next(iter(kept))) if len(kept) > limit else None
