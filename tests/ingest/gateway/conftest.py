"""A real gateway in a thread of its own, on a real broker."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvloop
from kafka import KafkaConsumer, TopicPartition
from websockets.sync.client import ClientConnection, connect

from ingest.gateway.config import GatewayConfig, GatewayConfigError
from ingest.gateway.server import serve
from ingest.producer import KafkaLogProducer
from models.dead_letters import DeadLetter
from models.log import DEAD_LETTERS, FRAMES
from models.record import Meta
from pipelines.broker import embedded, topics
from pipelines.home import Home

PARTITIONS = 8


@dataclass
class Entry:
    """One record of a station."""

    meta: Meta
    value: bytes

    @property
    def note(self) -> dict[str, Any]:
        return json.loads(self.value)


class Log:
    """Reads what a station left in Kafka."""

    def __init__(self, address: str) -> None:
        self.address = address

    def station(self, station_id: str) -> list[Entry]:
        return [
            Entry(Meta.decode(dict(record.headers)["meta"]), record.value)
            for record in self._read(FRAMES)
            if record.key == station_id.encode()
        ]

    def wait_for_close(self, station_id: str, count: int = 1) -> list[Entry]:
        """The station's records once so many connections have their close record."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = self.station(station_id)
            if sum(entry.meta.kind == "close" for entry in found) >= count:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{station_id} has no {count} close records: {[e.meta.kind for e in found]}")

    def dead_letters(self, station_id: str) -> list[DeadLetter]:
        return [
            DeadLetter.decode(record.key, record.value, dict(record.headers))
            for record in self._read(DEAD_LETTERS)
            if record.key == station_id.encode()
        ]

    def _read(self, topic: str) -> list[Any]:
        ends = topics.end_offsets(self.address, [topic])
        consumer = KafkaConsumer(bootstrap_servers=self.address, enable_auto_commit=False)
        try:
            wanted = {TopicPartition(*place): end for place, end in ends.items() if end > 0}
            if not wanted:
                return []
            consumer.assign(list(wanted))
            consumer.seek_to_beginning()
            found = []
            while any(consumer.position(place) < end for place, end in wanted.items()):
                for records in consumer.poll(timeout_ms=200).values():
                    found += records
            return found
        finally:
            consumer.close()


class LiveGateway:
    """`serve` in a thread; `stop` cancels it as a SIGTERM would."""

    def __init__(self, config: GatewayConfig, address: str, **producer: Any) -> None:
        self.producer = KafkaLogProducer(address, **producer)
        self.url = ""
        self._ready: Future[str] = Future()
        self._thread = threading.Thread(target=self._run, args=(config,), daemon=True)
        self._thread.start()
        try:
            self.url = self._ready.result(15)
        except GatewayConfigError:
            self.producer.close()
            raise

    def _run(self, config: GatewayConfig) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve(config))
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the test that started it
            if not self._ready.done():
                self._ready.set_exception(error)

    async def _serve(self, config: GatewayConfig) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        try:
            await serve(config, self.producer, ready=self._ready.set_result)
        except asyncio.CancelledError:
            return

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(60)
            assert not self._thread.is_alive(), "the gateway did not stop"
            self.producer.close()

    @staticmethod
    def call(station: ClientConnection, action: str, payload: Any, message_id: str = "1") -> list[Any]:
        """Send a CALL and return the answer as a list."""
        station.send(json.dumps([2, message_id, action, payload]))
        answer: list[Any] = json.loads(station.recv(15))
        return answer

    def connect(self, station_id: str, protocol: str | None = "ocpp1.6", **options: Any) -> ClientConnection:
        subprotocols = None if protocol is None else [protocol]
        return connect(f"{self.url}/{station_id}", subprotocols=subprotocols, proxy=None, legacy=True, **options)


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    broker = embedded.start(Home(tmp_path_factory.mktemp("gateway-broker")))
    topics.ensure(broker.address, PARTITIONS)
    yield Log(broker.address)
    broker.stop()


@pytest.fixture
def start(tmp_path: Path, log: Log) -> Iterator[Callable[..., LiveGateway]]:
    """Starts gateways with the settings a test wants."""
    started: list[LiveGateway] = []

    def begin(*, address: str | None = None, producer: dict[str, Any] | None = None, **settings: Any) -> LiveGateway:
        settings.setdefault("journal", tmp_path / "journal")
        config = GatewayConfig(token_key=b"k" * 32, **{"port": 0, **settings})
        started.append(LiveGateway(config, address or log.address, **(producer or {})))
        return started[-1]

    yield begin
    for gateway in started:
        gateway.stop()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, log: Log) -> Iterator[LiveGateway]:
    """One gateway for a file's tests; each uses station ids of its own."""
    config = GatewayConfig(journal=tmp_path_factory.mktemp("journal"), token_key=b"k" * 32, port=0, probe_s=1.0)
    running = LiveGateway(config, log.address)
    yield running
    running.stop()
