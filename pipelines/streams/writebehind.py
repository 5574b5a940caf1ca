"""The write-behind: facts acknowledged, then states, then the marker; only then may an offset be committed.

A crash anywhere in between makes the next worker send the same facts, with the same ids, once more. A flush
that fails ends the worker: nothing more is folded, said or committed. Not here: Faust, Kafka clients.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol

from aiokafka.errors import KafkaError

from models.log import DEAD_LETTERS, FRAMES, STATES_CHANGELOG
from pipelines.streams.chunks import Chunk
from pipelines.streams.states import POSITION_KEY, PartitionStates, Position, Said

_log = logging.getLogger("laddstrom.worker")


class FlushError(RuntimeError):
    """What was folded could not be saved; nothing of it is committed."""


class LostRecordsError(RuntimeError):
    """Between two chunks of a partition records are missing that Kafka still has."""


class Out(NamedTuple):
    """A message to produce."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]] | None = None


class Outlet(Protocol):
    """What the write-behind needs of Kafka."""

    async def deliver(self, messages: Iterable[Out]) -> None:
        """Return once all are acknowledged; raise if one is not."""

    async def verify(self) -> None:
        """Raise if `ocpp.frames` is no longer the topic that was read."""

    async def earliest(self, partition: int) -> int:
        """The oldest offset of `ocpp.frames` that the broker still holds."""

    async def commit(self) -> None:
        """Commit what is committable."""


class WriteBehind:
    """The open partitions of this worker, folded into and flushed."""

    def __init__(self, outlet: Outlet, *, after_flush: Callable[[], object] = lambda: None) -> None:
        """`after_flush` runs once per flush that had something to say."""
        self._outlet = outlet
        self._after_flush = after_flush
        self._open: dict[int, PartitionStates] = {}
        self._committable: dict[int, int] = {}
        self._lock = asyncio.Lock()
        self._folding = asyncio.Lock()
        self._broken = False
        self._chunks = 0

    @property
    def partitions(self) -> Mapping[int, PartitionStates]:
        """The open partitions."""
        return self._open

    @property
    def marked(self) -> int:
        """How many stations of the open partitions wait for a replay, as of the last flush."""
        return sum(len(states.marked) for states in self._open.values())

    def next_offset(self, partition: int) -> int | None:
        """Where reading goes on; null while the partition is not open here."""
        states = self._open.get(partition)
        return None if states is None else states.next_offset

    def committable(self) -> Mapping[int, int]:
        """For each partition the offset after the last one whose states are acknowledged."""
        return self._committable

    def open(self, partitions: Mapping[int, PartitionStates]) -> None:
        """Begin folding these; their markers are acknowledged already."""
        self._open = dict(partitions)
        self._committable = {number: states.next_offset for number, states in partitions.items()}

    async def fold(self, partition: int, chunk: Chunk) -> None:
        """Take a chunk through the step. Records of a partition closed meanwhile are read again by its next owner."""
        states = self._open.get(partition)
        if states is None or self._broken:
            return
        self._chunks += 1
        if chunk.start != states.next_offset:
            await self._look_at_seam(partition, states.next_offset, chunk.start)
        for batch in chunk.batches:
            async with self._folding:
                if self._open.get(partition) is not states or self._broken:
                    return
                states.fold(batch)
                states.next_offset = max(states.next_offset, batch.next_offset)
                if states.is_full:
                    await self.flush()
            await asyncio.sleep(0)
        if self._open.get(partition) is states:
            states.next_offset = max(states.next_offset, chunk.end)

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Nothing is folded meanwhile, and all that was said before is acknowledged; what is put in is saved."""
        async with self._folding:
            await self.flush()
            yield
            await self.flush()

    async def flush(self) -> None:
        """Save and commit what the open partitions have folded; raises `FlushError`."""
        async with self._lock:
            await self._flush(list(self._open.values()))
        await self._outlet.commit()

    async def close(self) -> None:
        """Stop folding, save, commit, forget: the partitions are about to be somebody else's."""
        closing, self._open = list(self._open.values()), {}
        async with self._lock:
            await self._flush(closing)
        await self._outlet.commit()
        if not self._open:
            self._committable = {}

    async def save(self, states: PartitionStates, marker: Position | None) -> None:
        """Send what the states have to say, then the marker if any; nothing is committed. For restoring."""
        await self._send([(states, states.take(), marker)])

    async def _flush(self, partitions: list[PartitionStates]) -> None:
        if self._broken:
            raise FlushError("an earlier flush failed; nothing after it is saved or committed")
        news = [states for states in partitions if states.has_news]
        if not news:
            return
        try:
            await self._outlet.verify()
            taken = [(states, states.take()) for states in news]
            await self._send(
                [
                    (states, said, Position(states.log.generation, said.next_offset - 1, states.log.edition))
                    for states, said in taken
                ]
            )
        except BaseException as error:
            # Also when cancelled: what was taken is gone from memory, so nothing may follow it.
            self._broken = True
            if isinstance(error, Exception):
                raise FlushError(
                    f"the worker cannot save what it folded ({_words(error)}); nothing of it is committed"
                ) from error
            raise
        self._committable.update({states.partition: said.next_offset for states, said in taken})
        self._tell(taken)
        self._after_flush()

    async def _send(self, taken: list[tuple[PartitionStates, Said, Position | None]]) -> None:
        # What a replay changes is told first: said again after a crash, the facts would not differ any more.
        history = [
            Out(topic, states.partition, key, value) for states, said, _ in taken for topic, key, value in said.history
        ]
        if history:
            await self._outlet.deliver(history)
        await self._outlet.deliver(out for states, said, _ in taken for out in _said(states.partition, said))
        await self._outlet.deliver(
            Out(STATES_CHANGELOG, states.partition, key, data)
            for states, said, _ in taken
            for key, data in said.states.items()
        )
        # A marker must not be there without its states, so it waits for them.
        markers = [(states, marker) for states, _, marker in taken if marker is not None]
        await self._outlet.deliver(
            Out(STATES_CHANGELOG, states.partition, POSITION_KEY, marker.encode()) for states, marker in markers
        )
        for states, said, _ in taken:
            states.kept(said)
        for states, marker in markers:
            states.mark(marker)

    async def _look_at_seam(self, partition: int, expected: int, start: int) -> None:
        await self._outlet.verify()
        if start <= expected:
            return  # the same records once more, which the states know
        if await self._outlet.earliest(partition) <= expected:
            raise LostRecordsError(
                f"{FRAMES}[{partition}]: offset {expected} was to follow, but {start} came; restart the worker"
            )
        _log.warning(
            "%s[%d]: Kafka no longer holds offsets %d to %d, which this worker has not seen",
            FRAMES,
            partition,
            expected,
            start - 1,
        )

    def _tell(self, taken: list[tuple[PartitionStates, Said]]) -> None:
        records = sum(states.records for states, _ in taken)
        for states, _ in taken:
            states.records = 0
        chunks, self._chunks = self._chunks, 0
        _log.info(
            "flushed %d records of %d chunks: %d facts, %d dead letters, %d states",
            records,
            chunks,
            sum(len(said.facts) for _, said in taken),
            sum(len(said.letters) for _, said in taken),
            sum(len(said.states) for _, said in taken),
        )


def _said(partition: int, said: Said) -> Iterable[Out]:
    for topic, key, value in said.facts:
        yield Out(topic, partition, key, value)
    for letter in said.letters:
        station = letter.station_id.encode() if letter.station_id else None
        yield Out(DEAD_LETTERS, partition, station, letter.payload, letter.headers())


def _words(error: Exception) -> str:
    # Only errors of Kafka and of ours: others might quote what they choked on.
    known = isinstance(error, KafkaError | RuntimeError | OSError)
    return (str(error) if known else "") or type(error).__name__
