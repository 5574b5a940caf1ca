"""Restating: each station that late frames marked is replayed once, over all its frames (ADR 0014).

Raw comes from the lake as far as it is landed, the rest from Kafka; so do the facts said so far, and only what
differs from them is said. Nothing is folded meanwhile, and nothing is kept but the state and what was said, so a crash
anywhere is done again with the same result. Not here: the replay (`models.order.replay`), what it changes
(`models.order.restatements`), or how that is sent (`writebehind`).
"""

import asyncio
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from models.facts import KINDS, Fact, topic
from models.log import FRAMES
from models.order import arrival
from models.order.replay import replay
from models.order.restatements import changes
from models.reasons import Reason
from models.record import MetaError, Record
from models.state import StationState
from models.step import Context, Refusal, drain
from pipelines.broker.errors import BrokerError
from pipelines.home import Home
from pipelines.lake import consume, history
from pipelines.lake.errors import FactUnreadableError, LakeError
from pipelines.lake.manifest import Manifest
from pipelines.streams import records
from pipelines.streams.states import PartitionStates, Restated
from pipelines.streams.writebehind import WriteBehind

_RETRY_S: Final = 10.0
_NEWLY_REFUSED: Final = frozenset({Reason.INVALID_PAYLOAD, Reason.STEP_FAILED})
"""Why a frame is refused only when it is folded; of a late one, nobody has said it yet."""
_decoders: Final = {topic(kind): msgspec.json.Decoder(kind) for kind in KINDS}

_log = logging.getLogger("laddstrom.worker")


class Restater:
    """Replays the marked stations of the open partitions once what marked them is landed."""

    def __init__(
        self,
        home: Home,
        bootstrap: str,
        context: Context,
        write_behind: WriteBehind,
        *,
        is_caught_up: Callable[[int], bool],
    ) -> None:
        """`is_caught_up` tells whether little of a partition's log is left to fold."""
        self._home = home
        self._bootstrap = bootstrap
        self._context = context
        self._write_behind = write_behind
        self._is_caught_up = is_caught_up
        self._stopped = threading.Event()
        self._not_before = 0.0
        self._manifest: Manifest | None = None
        self._failed: str | None = None
        self.error: str | None = None
        """Why the last attempt failed; it is tried again."""

    def stop(self) -> None:
        """End between two stations; what was not saved is done by the next worker."""
        self._stopped.set()

    async def look(self) -> None:
        """Replay what is due now."""
        if not self._write_behind.marked or time.monotonic() < self._not_before:
            return
        self._failed = None
        try:
            for number, states in list(self._write_behind.partitions.items()):
                if states.marked and self._is_caught_up(number):
                    await self._restate(states)
        except (LakeError, BrokerError, OSError) as error:
            # The facts stay as they are and the stations marked; the log itself must go on being folded.
            self.error, self._not_before = str(error), time.monotonic() + _RETRY_S
            self._manifest = None
            _log.warning("late frames are not folded yet: %s", error)
        else:
            self.error = self._failed
            self._not_before = time.monotonic() + (_RETRY_S if self._failed else 0.0)

    async def _restate(self, states: PartitionStates) -> None:
        for group in await asyncio.to_thread(self._due, states):
            async with self._write_behind.still():
                if self._stopped.is_set() or self._write_behind.partitions.get(states.partition) is not states:
                    return
                old = {name: state for name in group if (state := states.state_of(name.encode())) is not None}
                found = await asyncio.to_thread(self._replay, states, old)
                if self._write_behind.partitions.get(states.partition) is not states:
                    return
                for key, restated in found.items():
                    states.restated(key, restated)
            _log.info("%s[%d]: replayed %d stations after late frames", FRAMES, states.partition, len(found))

    def _read_manifest(self) -> Manifest:
        """As it is now; only what was added is read, since this is done over and over until a landing."""
        if self._manifest is None:
            self._manifest = Manifest(self._home)
        else:
            self._manifest.refresh()
        return self._manifest

    def _due(self, states: PartitionStates) -> list[list[str]]:
        """The marked stations whose late frames are all landed, in groups."""
        manifest = self._read_manifest()
        generation = states.log.generation
        landed = manifest.next_offset(FRAMES, generation, states.partition)
        names = [
            key.decode()
            for key, mark in list(states.marked.items())
            if mark.generation < generation or mark.offset < landed
        ]
        return list(history.groups(manifest, names)) if names else []

    def _replay(self, states: PartitionStates, old: Mapping[str, StationState]) -> dict[bytes, Restated]:
        """Each station of a group after its replay; the partition stands still."""
        manifest, group = self._read_manifest(), sorted(old)
        said = history.facts(manifest, group)
        with consume.connect(self._bootstrap) as log:
            tail = _Tail(log, manifest, states, old)
            for fact in tail.facts():
                history.keep_newest(said, fact)
            rest = tail.raw()
        found = {}
        landed = history.raw(manifest, group)
        for name, lines in _joined(landed, rest, group):
            if self._stopped.is_set():
                break
            try:
                found[name.encode()] = self._replay_one(old[name], lines, said.get(name, {}))
            except Exception as error:  # noqa: BLE001 - a defect with one station must not stop the others
                self._failed = f"a station cannot be replayed ({type(error).__name__}), its late frames are not folded"
                _log.error("%s", self._failed)
        return found

    def _replay_one(self, old: StationState, lines: list[Record], said: Mapping[history.FactKey, Fact]) -> Restated:
        position = old.generation, old.offset
        since = old.mark.since_us if old.mark is not None else 0
        refused: list[tuple[Record, Refusal]] = []

        def refuse(record: Record, refusal: Refusal) -> None:
            if refusal.reason in _NEWLY_REFUSED and (record.received_at_us or 0) >= since:
                refused.append((record, refusal))

        # The lake may hold what the worker has not folded yet.
        seen = [line for line in lines if (line.generation, line.offset) <= position]
        state = replay(
            old.station_id, seen, self._context, position=position, revision=old.revision + 1, refused=refuse
        )
        facts = drain(state)
        arrival.keep_lines(state, old)
        return Restated(state, changes(said, facts, state, old.mark), refused)


class _Tail:
    """What of some stations is in Kafka and not in the lake."""

    def __init__(
        self, log: consume.Log, manifest: Manifest, states: PartitionStates, stations: Mapping[str, StationState]
    ) -> None:
        self._log = log
        self._manifest = manifest
        self._states = states
        self._keys = {name.encode(): name for name in stations}

    def raw(self) -> dict[str, list[Record]]:
        """Records of `ocpp.frames` up to where the partition stands still."""
        found: dict[str, list[Record]] = defaultdict(list)
        for source in self._log.find([FRAMES]).values():
            for chunk in self._chunks(source, self._states.next_offset):
                for offset, key, value, headers in zip(
                    chunk.offsets, chunk.keys, chunk.values, chunk.headers, strict=True
                ):
                    name = self._keys.get(key or b"")
                    if name is not None and (record := self._record(name, headers, value, offset)) is not None:
                        found[name].append(record)
        return found

    def facts(self) -> Iterator[Fact]:
        """Facts of every kind."""
        sources = self._log.find(_decoders)
        ends = self._log.ends(sources.values())
        for source in sources.values():
            decode = _decoders[source.name].decode
            for chunk in self._chunks(source, ends.get((source.name, self._states.partition), 0)):
                for offset, key, value in zip(chunk.offsets, chunk.keys, chunk.values, strict=True):
                    if key in self._keys:
                        try:
                            fact = decode(value or b"")
                        except (msgspec.DecodeError, UnicodeDecodeError) as error:
                            place = source.name, self._states.partition, offset
                            raise FactUnreadableError(*place, str(error)) from error
                        yield fact

    def _chunks(self, source: consume.Topic, end: int) -> Iterator[consume.Chunk]:
        known = self._manifest.generations.get((source.name, source.log_id))
        partition = self._states.partition
        start = 0 if known is None else self._manifest.next_offset(source.name, known.generation, partition)
        if start < end:
            yield from self._log.read(source, partition, start, end)

    def _record(
        self, name: str, headers: list[tuple[str, bytes | None]], value: bytes | None, offset: int
    ) -> Record | None:
        try:
            return records.read(name, headers, value, self._states.log.generation, self._states.partition, offset)
        except MetaError:
            return None  # a dead letter since it was folded


def _joined(
    landed: Iterator[tuple[str, list[Record]]], rest: Mapping[str, list[Record]], group: list[str]
) -> Iterator[tuple[str, list[Record]]]:
    """Each station's records, landed or not."""
    left = dict.fromkeys(group)
    for name, lines in landed:
        left.pop(name, None)
        yield name, lines + rest.get(name, [])
    for name in left:
        yield name, rest.get(name, [])
