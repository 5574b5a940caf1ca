"""The stations of one partition: states decoded while in use, bytes otherwise, and what is still to be said.

Everything here is synchronous: a batch is folded between two awaits. Not here: Kafka, timing, rules of the domain.
"""

import logging
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final, NamedTuple

import msgspec

from models import facts, step
from models.dead_letters import DeadLetter
from models.log import FRAMES, MAX_PAYLOAD_BYTES
from models.order.restatements import Changes
from models.reasons import Reason
from models.record import Meta, MetaError, Record
from models.state import Mark, StationState, decode, encode, mark_of
from models.step import Context, Refusal
from pipelines.lake.states import Marker
from pipelines.streams import records
from pipelines.streams.chunks import RawRecord

POSITION_KEY: Final = b"\x00position"
"""Key of a partition's position marker in the changelog; no station id may begin with a NUL."""

_FULL_BYTES: Final = 64 << 20
_FULL_STATIONS: Final = 20_000
_RECORD_BYTES: Final = 256

_log = logging.getLogger("laddstrom.worker")
_json = msgspec.json.Encoder()


class Log(NamedTuple):
    """Which `ocpp.frames` the records are of: its topic id and that id's number."""

    log_id: str
    generation: int
    edition: int = 0
    """Which replay of the lake the states go on from."""


class Position(NamedTuple):
    """The newest record whose effects the saved states hold."""

    generation: int
    offset: int
    edition: int = 0

    def encode(self) -> bytes:
        """The marker's value."""
        return msgspec.msgpack.encode(Marker(*self))

    @classmethod
    def decode(cls, data: bytes) -> "Position":
        """Read a marker back; raises `msgspec.MsgspecError` on another program's bytes."""
        return cls(*msgspec.structs.astuple(msgspec.msgpack.decode(data, type=Marker)))


class Said(NamedTuple):
    """What one flush has to send for a partition, and the marker that may follow it."""

    facts: list[tuple[str, bytes, bytes]]
    letters: list[DeadLetter]
    states: Mapping[bytes, bytes | None]
    next_offset: int
    history: list[tuple[str, bytes, bytes]]
    """Facts that must be acknowledged before the others are sent: what a replay changes."""


class Restated(NamedTuple):
    """A station after its replay."""

    state: StationState
    changes: Changes
    refused: list[tuple[Record, Refusal]]


class PartitionStates:
    """Folds records into states; hands out what changed; keeps at most `cached` clean states decoded."""

    def __init__(
        self,
        partition: int,
        log: Log,
        context: Context,
        saved: dict[bytes, bytes],
        *,
        next_offset: int = 0,
        cached: int = 10_000,
    ) -> None:
        """`saved` is the table's own mapping of this partition; `kept` writes to it what was acknowledged."""
        self.partition = partition
        self.log = log
        self.next_offset = next_offset
        self.records = 0
        self._context = context
        self._saved = saved
        self._cached = cached
        self._live: OrderedDict[bytes, StationState] = OrderedDict()
        self._changed: dict[bytes, Record] = {}
        self._replaced: dict[bytes, bytes | None] = {}
        self._restated: dict[bytes, Restated] = {}
        self._letters: list[DeadLetter] = []
        self._held_bytes = 0
        self._told = next_offset
        self.marked = dict(_marks(saved))
        """Stations that wait for a replay, as of the last flush."""

    @property
    def has_news(self) -> bool:
        """Whether there is anything to flush."""
        return bool(
            self._told != self.next_offset or self._changed or self._letters or self._replaced or self._restated
        )

    @property
    def is_full(self) -> bool:
        """Whether to flush before the interval is over, so that memory stays bounded."""
        return self._held_bytes > _FULL_BYTES or len(self._changed) > _FULL_STATIONS

    def fold(self, batch: Iterable[RawRecord]) -> None:
        """Take the records of a batch through the step; those before `next_offset` are in the states already."""
        for raw in batch:
            offset = raw.offset
            if offset < self.next_offset:
                continue
            self.records += 1
            key = raw.key
            state = (self._live.get(key) or self._load(key)) if key else None
            if key is None or state is None:
                self._unreadable(raw, None, "the record's key is not a station id")
            elif (record := self._record(raw, state.station_id)) is not None:
                self._step(key, state, record)
            self.next_offset = offset + 1

    def replay(self, record: Record) -> None:
        """Take a landed record through the step; its place is another log's, so `next_offset` stays."""
        key = record.station_id.encode()
        state = self._live.get(key) or self._load(key)
        if state is not None:
            self._step(key, state, record)

    def replace(self, states: Mapping[bytes, bytes]) -> None:
        """Forget every saved state and go on from these; the flush writes the difference to the changelog."""
        self._live.clear()
        self._changed.clear()
        self.marked = dict(_marks(states))
        self._replaced = {**dict.fromkeys(key for key in self._saved if key != POSITION_KEY), **states}

    def state_of(self, key: bytes) -> StationState | None:
        """A station's state; whoever asks does not change it."""
        return self._live.get(key) or self._load(key)

    def restated(self, key: bytes, restated: Restated) -> None:
        """Go on from a replayed state, and say what it changes; nothing was folded since its position."""
        self._live[key] = restated.state
        self._restated[key] = restated
        for record, refusal in restated.refused:
            self._refuse(record, refusal)

    def take(self) -> Said:
        """Everything said since the last call; a state that cannot be said becomes a dead letter."""
        said: list[tuple[str, bytes, bytes]] = []
        states: dict[bytes, bytes | None] = self._replaced
        for key, record in self._changed.items():
            try:
                state = self._live[key]
                news = [_message(fact, key) for fact in step.drain(state)]
                states[key] = encode(state)
            except Exception as error:  # noqa: BLE001 - a defect with one station must not stop the others
                self._give_up(key, record, error)
            else:
                said += news
                self._note_mark(key, state)
        history = []
        for key, restated in self._restated.items():
            states[key] = encode(restated.state)
            history += [_message(fact, key) for fact in restated.changes.history]
            said += [_message(fact, key) for fact in restated.changes.facts]
            self._note_mark(key, restated.state)
        taken = Said(said, self._letters, states, self.next_offset, history)
        self._changed, self._letters, self._held_bytes, self._replaced = {}, [], 0, {}
        self._restated = {}
        self._told = self.next_offset
        return taken

    def kept(self, said: Said) -> None:
        """The changelog has acknowledged these states: remember their bytes, let go of states long unused."""
        for key, data in said.states.items():
            if data is None:
                self._saved.pop(key, None)
            else:
                self._saved[key] = data
                if key in self._live:
                    self._live.move_to_end(key)
        self._evict()

    def mark(self, position: Position) -> None:
        """The changelog has acknowledged this marker."""
        self._saved[POSITION_KEY] = position.encode()

    def _note_mark(self, key: bytes, state: StationState) -> None:
        if state.mark is not None:
            self.marked[key] = state.mark
        else:
            self.marked.pop(key, None)

    def _evict(self) -> None:
        surplus = len(self._live) - self._cached
        if surplus > 0:
            # Oldest first: `kept` moves what was used to the end.
            clean = (key for key in self._live if key not in self._changed)
            for key in [key for key, _ in zip(clean, range(surplus), strict=False)]:
                del self._live[key]

    def _load(self, key: bytes) -> StationState | None:
        if key[0] == 0:
            return None
        data = self._replaced[key] if key in self._replaced else self._saved.get(key)
        try:
            state = StationState(station_id=key.decode()) if data is None else decode(data)
        except UnicodeDecodeError:
            return None
        except msgspec.MsgspecError:
            _log.error("the saved state of a station cannot be read; it starts anew")
            state = StationState(station_id=key.decode())
        self._live[key] = state
        return state

    def _record(self, raw: RawRecord, station_id: str) -> Record | None:
        try:
            return records.read(station_id, raw.headers, raw.value, self.log.generation, self.partition, raw.offset)
        except MetaError as error:
            self._unreadable(raw, station_id, str(error))
            return None

    def _step(self, key: bytes, state: StationState, record: Record) -> None:
        try:
            refusal = step.step(state, record, self._context)
        except Exception as error:  # noqa: BLE001 - a defect of the step must not stop the partition
            refusal = Refusal(Reason.STEP_FAILED, type(error).__name__)
            state.generation, state.offset = record.generation, record.offset
        self._changed[key] = record
        self._held_bytes += len(record.payload) + _RECORD_BYTES
        if refusal is not None:
            self._refuse(record, refusal)

    def _give_up(self, key: bytes, record: Record, error: Exception) -> None:
        _log.error("a station's facts cannot be said (%s); it goes on from its last saved state", type(error).__name__)
        self._live.pop(key, None)
        state = self._load(key)
        if state is not None:
            state.generation, state.offset = record.generation, record.offset
        self._refuse(record, Refusal(Reason.STEP_FAILED, type(error).__name__))

    def _refuse(self, record: Record, refusal: Refusal) -> None:
        own = record.generation == self.log.generation
        self._letter(
            DeadLetter.of_record(
                record, refusal.reason, refusal.detail, topic=FRAMES, log_id=self.log.log_id if own else "-"
            )
        )

    def _unreadable(self, raw: RawRecord, station_id: str | None, detail: str) -> None:
        # Nothing names this record but its place, so its place is its source.
        meta = Meta("unknown", None, None, None, None, raw.offset, f"{self.log.log_id}-{self.partition}")
        self._letter(
            DeadLetter(
                reason=Reason.INVALID_META,
                detail=detail,
                station_id=station_id,
                meta=meta,
                payload=raw.value or b"",
                topic=FRAMES,
                log_id=self.log.log_id,
                partition=self.partition,
                offset=raw.offset,
            )
        )

    def _letter(self, letter: DeadLetter) -> None:
        if len(letter.payload) > MAX_PAYLOAD_BYTES:
            detail = f"{letter.detail} ({len(letter.payload)} bytes, kept in the raw log only)"
            letter = msgspec.structs.replace(letter, payload=b"", detail=detail)
        self._letters.append(letter)
        self._held_bytes += len(letter.payload) + _RECORD_BYTES


def _message(fact: facts.Fact, key: bytes) -> tuple[str, bytes, bytes]:
    return facts.topic(type(fact)), key, _json.encode(fact)


def _marks(states: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, Mark]]:
    for key, data in states.items():
        # One that cannot be read starts anew when it is next used.
        with suppress(msgspec.MsgspecError):
            if key != POSITION_KEY and (mark := mark_of(data)) is not None:
                yield key, mark
