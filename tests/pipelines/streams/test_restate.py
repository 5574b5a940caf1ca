"""Replaying marked stations out of the lake and the log: when, from what, and what happens where it fails."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ingest.producer import KafkaLogProducer
from models.facts import KINDS, topic
from models.log import FRAMES, META_HEADER
from models.record import Meta
from models.state import decode, mark_of
from models.step import Context
from pipelines.broker import topics
from pipelines.home import Home
from pipelines.lake import consume, files, generations
from pipelines.lake.land import land
from pipelines.lake.manifest import Manifest
from pipelines.streams.chunks import Chunk
from pipelines.streams.restate import Restater
from pipelines.streams.states import Log, PartitionStates
from pipelines.streams.writebehind import Out, WriteBehind

START_US = 1_795_237_375_000_000
STATIONS = ("CP-1", "CP-2")


class Raw:
    """A record as it was read back."""

    def __init__(self, offset: int, key: bytes | None, value: bytes | None, headers: Any) -> None:
        self.offset, self.key, self.value, self.headers = offset, key, value, headers


class Records(list[Raw]):
    @property
    def next_offset(self) -> int:
        return self[-1].offset + 1


class Line:
    """One partition, a real log, and the write-behind of a worker, driven by hand."""

    def __init__(self, home: Home, address: str) -> None:
        topics.ensure(address, 1)
        self.home, self.address = home, address
        self.saved: dict[bytes, bytes] = {}
        self.ordinals: dict[str, int] = {}
        self.producer = KafkaLogProducer(address)
        log_id = topics.topic_id(address, FRAMES)
        log = Log(log_id, generations.resolve(home, FRAMES, log_id))
        self.states = PartitionStates(0, log, Context(b"k"), self.saved)
        self.write_behind = WriteBehind(self)
        self.write_behind.open({0: self.states})
        self.is_caught_up = True
        self.restater = Restater(
            home, address, Context(b"k"), self.write_behind, is_caught_up=lambda partition: self.is_caught_up
        )

    async def deliver(self, messages: Iterable[Out]) -> None:
        for message in messages:
            key, value = message.key or b"", message.value or b""
            self.producer.send(message.topic, key, value, message.headers or (), partition=message.partition)
        self.producer.flush()

    async def verify(self) -> None:
        pass

    async def earliest(self, partition: int) -> int:
        return 0

    async def commit(self) -> None:
        pass

    def status(self, seconds: float, status: str, *, source: str = "a" * 16, station: str = "CP-1") -> None:
        """One StatusNotification in the log."""
        ordinal = self.ordinals[source] = self.ordinals.get(source, -1) + 1
        meta = Meta("frame", "cp-to-csms", "ocpp1.6", START_US + round(seconds * 1e6), None, ordinal, source)
        frame = [2, str(ordinal), "StatusNotification", {"connectorId": 1, "status": status, "errorCode": "NoError"}]
        self.producer.send(FRAMES, station.encode(), json.dumps(frame).encode(), [(META_HEADER, meta.encode())])
        self.producer.flush()

    async def fold(self) -> None:
        """What is in the log and not folded."""
        records = Records()
        with consume.connect(self.address) as log:
            (source,) = log.find([FRAMES]).values()
            end = log.ends([source])[FRAMES, 0]
            for chunk in log.read(source, 0, self.states.next_offset, end):
                columns = (chunk.offsets, chunk.keys, chunk.values, chunk.headers)
                records += [Raw(*row) for row in zip(*columns, strict=True)]
        if records:
            await self.write_behind.fold(0, Chunk(records[0].offset, records.next_offset, [records]))
        await self.write_behind.flush()

    def land(self) -> None:
        land(self.home, self.address)

    def said(self) -> dict[str, list[dict[str, Any]]]:
        """Every fact in the log by kind, in order."""
        found: dict[str, list[dict[str, Any]]] = {}
        with consume.connect(self.address) as log:
            sources = log.find([topic(kind) for kind in KINDS])
            ends = log.ends(sources.values())
            for name, source in sources.items():
                for chunk in log.read(source, 0, 0, ends[name, 0]):
                    found.setdefault(name.removeprefix("charging."), []).extend(
                        json.loads(value or b"") for value in chunk.values
                    )
        return found


@pytest.fixture
def line(home: Home, embedded_broker: str) -> Line:
    return Line(home, embedded_broker)


async def late(line: Line) -> None:
    """Two stations with statuses at 10 and 20, and then one at 15 of another file."""
    for station in STATIONS:
        line.status(10, "Available", station=station)
        line.status(20, "Charging", station=station)
    await line.fold()
    line.land()
    for station in STATIONS:
        line.status(15, "Preparing", source="b" * 16, station=station)
    await line.fold()


def test_marked_stations_are_replayed_once_their_late_frames_are_landed(line: Line) -> None:
    async def run() -> None:
        await late(line)
        assert line.write_behind.marked == 2
        await line.restater.look()
        assert line.write_behind.marked == 2, "not landed yet"
        line.land()
        line.is_caught_up = False
        await line.restater.look()
        assert line.write_behind.marked == 2, "the partition lags"
        line.is_caught_up = True
        await line.restater.look()
        assert line.write_behind.marked == 0
        await line.restater.look()

    asyncio.run(run())
    said = line.said()
    assert [row["status"] for row in said["statuses"] if row["station_id"] == "CP-1"].count("Preparing") == 1
    assert [(row["station_id"], row["late_frames"], row["facts_added"]) for row in said["replays"]] == [
        ("CP-1", 1, 1),
        ("CP-2", 1, 1),
    ]
    state = decode(line.saved[b"CP-1"])
    assert (state.revision, state.mark, state.late, state.source) == (1, None, 1, "b" * 16)
    assert mark_of(line.saved[b"CP-1"]) is None


def test_what_was_folded_since_the_landing_takes_part(line: Line) -> None:
    async def run() -> None:
        await late(line)
        line.land()
        line.status(30, "Finishing")
        await line.fold()
        line.status(40, "Available")  # in the log, not folded
        await line.restater.look()
        await line.fold()

    asyncio.run(run())
    statuses = [row for row in line.said()["statuses"] if row["station_id"] == "CP-1"]
    assert sorted(row["status"] for row in statuses) == ["Available", "Available", "Charging", "Finishing", "Preparing"]
    assert decode(line.saved[b"CP-1"]).mark is None


def test_a_worker_that_starts_anew_knows_who_is_marked(line: Line) -> None:
    async def run() -> None:
        await late(line)

    asyncio.run(run())
    again = PartitionStates(0, line.states.log, Context(b"k"), line.saved)
    assert set(again.marked) == {b"CP-1", b"CP-2"}
    again.replace({b"CP-1": line.saved[b"CP-1"]})
    assert set(again.marked) == {b"CP-1"}


def test_a_damaged_landed_file_leaves_the_stations_marked_and_says_why(line: Line) -> None:
    async def run() -> None:
        await late(line)
        line.land()
        for path in _raw(line.home):
            path.write_bytes(b"damaged")
        await line.restater.look()
        assert line.write_behind.marked == 2
        assert "cannot be read" in (line.restater.error or "")
        line.status(30, "Finishing")
        await line.fold()
        assert decode(line.saved[b"CP-1"]).received_at_us == START_US + 30_000_000, "folding goes on"

    asyncio.run(run())


def _raw(home: Home) -> list[Path]:
    return [home.lake / file.path for file in Manifest(home).files["raw_ocpp__frames"]]


def test_a_station_that_cannot_be_replayed_costs_only_itself(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.streams import restate

    real = restate.replay

    def defective(station_id: str, *arguments: Any, **options: Any) -> object:
        if station_id == "CP-1":
            raise OverflowError("4111111111111111")
        return real(station_id, *arguments, **options)

    async def run() -> None:
        await late(line)
        line.land()
        monkeypatch.setattr(restate, "replay", defective)
        await line.restater.look()

    asyncio.run(run())
    assert set(line.states.marked) == {b"CP-1"}
    assert "OverflowError" in (line.restater.error or "")
    assert "4111" not in (line.restater.error or "")


def test_a_stopped_restater_leaves_what_is_left_to_the_next_worker(line: Line) -> None:
    async def run() -> None:
        await late(line)
        line.land()
        line.restater.stop()
        await line.restater.look()

    asyncio.run(run())
    assert line.write_behind.marked == 2
    assert files.verify(line.home) == []
