"""Fixtures of the lake's tests: writing to a real log as the gateway, the importer and the worker do."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import polars as pl
import pytest

from ingest.producer import KafkaLogProducer
from models.facts import Fact, topic
from models.log import FRAMES, STATES_CHANGELOG
from models.record import Kind, Meta
from pipelines.broker import topics
from pipelines.home import Home
from pipelines.lake import files

FILE = "9f86d081884c7d65"


@dataclass
class Log:
    """A broker with our topics, and something to write to them."""

    address: str
    partitions: int = 4
    _producer: KafkaLogProducer = field(init=False)

    def __post_init__(self) -> None:
        topics.ensure(self.address, self.partitions)
        self._producer = KafkaLogProducer(self.address)

    def partition(self, station: str) -> int:
        return topics.partition_of(station.encode(), self.partitions)

    def frame(
        self, station: str, ordinal: int, payload: bytes = b'[2,"1","Heartbeat",{}]', *, source: str = FILE
    ) -> None:
        self.record(
            station, Meta(Kind.FRAME, "cp-to-csms", "ocpp1.6", 1_795_237_375_000_000, None, ordinal, source), payload
        )

    def record(self, station: str, meta: Meta, payload: bytes) -> None:
        self.send(FRAMES, station.encode(), payload, [("meta", meta.encode())])

    def fact(self, station: str, fact: Fact) -> None:
        self.send(topic(type(fact)), station.encode(), msgspec.json.encode(fact), partition=self.partition(station))

    def states(self, partition: int, states: dict[str, bytes], marker: tuple[int, ...] | None) -> None:
        for station, value in states.items():
            self.send(STATES_CHANGELOG, station.encode(), value, partition=partition)
        if marker is not None:
            self.send(STATES_CHANGELOG, b"\x00position", msgspec.msgpack.encode(marker), partition=partition)

    def send(
        self,
        name: str,
        key: bytes,
        value: bytes,
        headers: Sequence[tuple[str, bytes]] = (),
        partition: int | None = None,
    ) -> None:
        self._producer.send(name, key, value, headers, partition=partition)

    def flush(self) -> None:
        self._producer.flush()

    def close(self) -> None:
        self._producer.close()


@pytest.fixture
def open_log() -> Iterator[Callable[..., Log]]:
    """Opens a `Log` on an address; closed at the test's end."""
    opened: list[Log] = []

    def open_(address: str, partitions: int = 4) -> Log:
        opened.append(Log(address, partitions))
        return opened[-1]

    yield open_
    for log in opened:
        log.close()


@pytest.fixture
def log(broker: str, open_log: Callable[..., Log]) -> Log:
    """A log on each make of broker."""
    return open_log(broker)


@pytest.fixture
def embedded_log(embedded_broker: str, open_log: Callable[..., Log]) -> Log:
    """A log on the embedded broker only."""
    return open_log(embedded_broker)


@pytest.fixture
def rows() -> Callable[[Home, str], pl.DataFrame]:
    """All landed rows of a table, as a reader of the manifest sees them."""

    def read(home: Home, table: str) -> pl.DataFrame:
        return pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in files.paths(home, table)])

    return read


@pytest.fixture
def snapshot() -> Callable[[Home], dict[str, str]]:
    """Every landed file's name and digest, whether the manifest lists it or not."""

    def look(home: Home) -> dict[str, str]:
        paths: list[Path] = [path for path in home.lake.rglob("*") if path.is_file() and path != home.manifest]
        return {
            str(path.relative_to(home.lake)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths)
        }

    return look
