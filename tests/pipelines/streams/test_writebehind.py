"""The order of saving, and what happens when Kafka does not take it: seen at the seam to Kafka."""

import asyncio
from collections.abc import Iterable

import pytest

from models.log import STATES_CHANGELOG
from models.record import Meta
from models.step import Context
from pipelines.streams.chunks import Chunk
from pipelines.streams.states import POSITION_KEY, Log, PartitionStates, Position
from pipelines.streams.writebehind import FlushError, LostRecordsError, Out, WriteBehind

LOG = Log("11111111-2222-3333-4444-555555555555", 1)


class Seam:
    """Kafka's side: remembers what came in which order, refuses on demand."""

    def __init__(self) -> None:
        self.delivered: list[list[Out]] = []
        self.commits = 0
        self.refuse_after: int | None = None
        self.oldest = 0
        self.verified = 0

    async def deliver(self, messages: Iterable[Out]) -> None:
        batch = list(messages)
        await asyncio.sleep(0)
        if self.refuse_after is not None and len(self.delivered) >= self.refuse_after:
            raise ConnectionError("broker gone")
        self.delivered.append(batch)

    async def verify(self) -> None:
        self.verified += 1

    async def earliest(self, partition: int) -> int:
        return self.oldest

    async def commit(self) -> None:
        self.commits += 1


class Raw:
    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.key = b"ST-1"
        self.value = b'[2,"%d","BootNotification",{"chargePointVendor":"V","chargePointModel":"M%d"}]' % (
            offset,
            offset,
        )
        meta = Meta("frame", "cp-to-csms", "ocpp1.6", 1_795_237_375_000_000 + offset, None, offset, "live-0-1")
        self.headers = [("meta", meta.encode())]


class Records(list[Raw]):
    """A record batch."""

    @property
    def next_offset(self) -> int:
        return self[-1].offset + 1


def _chunk(first: int, last: int) -> Chunk:
    batches = [Records([Raw(offset)]) for offset in range(first, last + 1)]
    return Chunk(first, last + 1, batches)  # type: ignore[arg-type]


def _open(seam: Seam) -> tuple[WriteBehind, dict[bytes, bytes]]:
    saved: dict[bytes, bytes] = {}
    write_behind = WriteBehind(seam)
    write_behind.open({2: PartitionStates(2, LOG, Context(), saved)})
    return write_behind, saved


def test_facts_then_states_then_the_marker_then_the_commit() -> None:
    async def scenario() -> None:
        seam = Seam()
        write_behind, saved = _open(seam)
        await write_behind.fold(2, _chunk(0, 9))
        assert write_behind.committable() == {2: 0}
        await write_behind.flush()
        facts, states, markers = seam.delivered
        assert {out.topic for out in facts} == {"charging.stations", "charging.events"}
        assert [(out.topic, out.key) for out in states] == [(STATES_CHANGELOG, b"ST-1")]
        assert [(out.key, out.value) for out in markers] == [(POSITION_KEY, Position(1, 9).encode())]
        assert {out.partition for out in facts + states + markers} == {2}
        assert (seam.commits, seam.verified) == (1, 1)
        assert write_behind.committable() == {2: 10}
        assert saved[POSITION_KEY] == Position(1, 9).encode()

    asyncio.run(scenario())


@pytest.mark.parametrize("refuse_after", [0, 1, 2])
def test_whatever_is_refused_nothing_is_committable_and_nothing_follows(refuse_after: int) -> None:
    async def scenario() -> None:
        seam = Seam()
        write_behind, saved = _open(seam)
        seam.refuse_after = refuse_after
        await write_behind.fold(2, _chunk(0, 9))
        with pytest.raises(FlushError, match="broker gone"):
            await write_behind.flush()
        assert write_behind.committable() == {2: 0}
        assert (seam.commits, saved) == (0, {})
        seam.refuse_after = None
        await write_behind.fold(2, _chunk(10, 19))
        with pytest.raises(FlushError):
            await write_behind.close()
        assert len(seam.delivered) == refuse_after
        assert seam.commits == 0

    asyncio.run(scenario())


def test_closing_saves_and_a_chunk_still_under_way_stops() -> None:
    async def scenario() -> None:
        seam = Seam()
        write_behind, saved = _open(seam)
        folding = asyncio.create_task(write_behind.fold(2, _chunk(0, 99)))
        for _ in range(10):
            await asyncio.sleep(0)
        await write_behind.close()
        await folding
        covered = Position.decode(saved[POSITION_KEY]).offset
        assert 0 <= covered < 99
        assert write_behind.next_offset(2) is None
        assert seam.commits == 1

    asyncio.run(scenario())


def test_a_lost_chunk_is_noticed() -> None:
    async def scenario() -> None:
        write_behind, _ = _open(Seam())
        await write_behind.fold(2, _chunk(0, 9))
        with pytest.raises(LostRecordsError, match="offset 10 was to follow, but 20 came"):
            await write_behind.fold(2, _chunk(20, 29))

    asyncio.run(scenario())


def test_records_that_kafka_has_deleted_are_said_and_passed(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        seam = Seam()
        write_behind, _ = _open(seam)
        seam.oldest = 20
        await write_behind.fold(2, _chunk(20, 29))
        assert write_behind.next_offset(2) == 30

    asyncio.run(scenario())
    assert "no longer holds offsets 0 to 19" in caplog.text


def test_a_flush_without_news_sends_nothing() -> None:
    async def scenario() -> None:
        seam = Seam()
        write_behind, _ = _open(seam)
        await write_behind.flush()
        assert (seam.delivered, seam.verified) == ([], 0)

    asyncio.run(scenario())


def test_a_chunk_of_a_closed_partition_is_left_to_its_next_owner() -> None:
    async def scenario() -> None:
        write_behind, saved = _open(Seam())
        await write_behind.close()
        await write_behind.fold(2, _chunk(0, 9))
        await write_behind.flush()
        assert saved == {}

    asyncio.run(scenario())
