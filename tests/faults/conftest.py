"""A worker as a process of its own, a fleet's traffic in the log, and the facts that came of it."""

import importlib.util
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from ingest.producer import KafkaLogProducer
from models import facts
from models.log import FRAMES, META_HEADER
from pipelines.broker import topics
from pipelines.home import Home

PARTITIONS = 4
ROOT = Path(__file__).parents[2]
_RUN = """
import sys
from pathlib import Path
from pipelines.home import Home
from pipelines.streams.worker import run
run(Home(Path(sys.argv[1])), sys.argv[2], token_key=b"k" * 32, flush_s=float(sys.argv[3]))
"""


def load_fleet() -> Any:
    """The benchmark's generator; benchmarks are no package."""
    name = "laddstrom_benchmark_fleet"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / "fleet.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


class Worker:
    """A worker process and what it wrote on stderr."""

    def __init__(self, home: Home, bootstrap: str, log: Path, flush_s: float, prelude: str = "") -> None:
        self.log = log
        with log.open("ab") as stderr:
            arguments = [sys.executable, "-c", prelude + _RUN, str(home.root), bootstrap, str(flush_s)]
            self.process = subprocess.Popen(arguments, stderr=stderr, stdin=subprocess.DEVNULL)

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_ready(self, timeout_s: float = 40) -> "Worker":
        self.wait_said("worker ready", timeout_s)
        return self

    def wait_said(self, words: str, timeout_s: float = 40) -> None:
        wait_until(lambda: words in self.said or not self.alive, timeout_s, lambda: f"{words!r} in:\n{self.said}")
        assert words in self.said, self.said

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def run_for(self, seconds: float) -> None:
        """Let it go on for a moment, then hold it, so that looking at Kafka takes none of its time."""
        self.process.send_signal(signal.SIGCONT)
        time.sleep(seconds)
        self.hold()

    def hold(self) -> None:
        """Hold it where it is."""
        self.process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout_s: float = 45) -> int:
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)


def wait_until(true: Callable[[], bool], timeout_s: float, what: Callable[[], str]) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what()}"
        time.sleep(0.02)


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Start workers; each ends with the test."""
    started: list[Worker] = []

    def start(home: Home, bootstrap: str, *, flush_s: float = 0.2, prelude: str = "") -> Worker:
        worker = Worker(home, bootstrap, tmp_path / f"worker-{len(started)}.log", flush_s, prelude)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        if worker.alive:
            worker.kill()


@pytest.fixture
def log(broker: str) -> str:
    """A broker of each make with our topics."""
    topics.ensure(broker, PARTITIONS)
    return broker


@pytest.fixture
def apache_log(apache_broker: str) -> str:
    """Apache Kafka with our topics."""
    topics.ensure(apache_broker, PARTITIONS)
    return apache_broker


class Log:
    """Writing to and reading from the topics."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def feed(self, stations: int, frames: int, *, seed: int = 7, skip: int = 0, day: int = 0) -> Any:
        """A fleet's traffic of a day, less its first `skip` frames; returns what was planted in all of it."""
        fleet = load_fleet()
        truth = fleet.Truth()
        producer = KafkaLogProducer(self.bootstrap)
        traffic = fleet.traffic(stations, frames, seed, truth, source=f"day{day}", day=day)
        for key, value, meta in islice(traffic, skip, None):
            producer.send(FRAMES, key, value, [(META_HEADER, meta)])
        producer.flush()
        producer.close()
        return truth

    def send(self, key: bytes | None, value: bytes | None, *headers: tuple[str, bytes], partition: int = 0) -> None:
        """One record as any program might write it."""
        from kafka import KafkaProducer

        producer = KafkaProducer(bootstrap_servers=self.bootstrap, acks="all", max_request_size=10 << 20)
        producer.send(FRAMES, value, key=key, headers=list(headers), partition=partition).get(30)
        producer.close()

    def read(self, *names: str) -> list[Any]:
        """Every record of these topics."""
        ends = {place: end for place, end in topics.end_offsets(self.bootstrap, names).items() if end}
        if not ends:
            return []
        consumer = KafkaConsumer(
            bootstrap_servers=self.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
        )
        consumer.assign([TopicPartition(*place) for place in ends])
        records: list[Any] = []
        deadline = time.monotonic() + 60
        while any(consumer.position(TopicPartition(*place)) < end for place, end in ends.items()):
            assert time.monotonic() < deadline
            records += [record for batch in consumer.poll(500).values() for record in batch]
        consumer.close()
        return records

    def facts(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The newest version of each fact, leaving the version out."""
        newest: dict[tuple[str, str], tuple[tuple[int, int, int], dict[str, Any]]] = {}
        kinds = {facts.topic(kind): kind for kind in facts.KINDS}
        for record in self.read(*kinds):
            row = json.loads(record.value)
            version = row.pop("version_generation"), row.pop("version_offset"), row.pop("version_revision")
            name = record.topic, row[kinds[record.topic].id_column]
            if name not in newest or version >= newest[name][0]:
                newest[name] = version, row
        return {name: row for name, (_, row) in newest.items()}

    def committed(self) -> int:
        """How many frames the group has committed, of all partitions."""
        ends = sum(topics.end_offsets(self.bootstrap, [FRAMES]).values())
        return ends - sum(topics.lag(self.bootstrap, topics=[FRAMES]).values())

    def wait_covered(self, timeout_s: float = 60) -> None:
        """Wait until the group has committed everything."""
        wait_until(
            lambda: not any(topics.lag(self.bootstrap, topics=[FRAMES]).values()),
            timeout_s,
            lambda: f"the group to catch up: {topics.lag(self.bootstrap, topics=[FRAMES])}",
        )


@pytest.fixture(scope="session")
def open_log() -> Callable[[str], Log]:
    """Wrap an address."""
    return Log


@pytest.fixture(scope="session")
def new_worker() -> Callable[..., Worker]:
    """For fixtures that outlive a test; whoever calls it ends it."""
    return Worker
