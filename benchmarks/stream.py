"""The stream processor's speed: Faust as shipped against this project's worker, same step, same broker, same run.

    .venv/bin/python benchmarks/stream.py [--broker embedded|apache|host:port] [--rounds 3]

Each round writes fresh traffic of one fleet, then measures each in a process of its own, from the first record
received to the last state and fact acknowledged; start-up is not in it. A round's facts are compared with what the
generator planted. Prints the medians and their ratio, and the result as JSON with `--json FILE`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop
from fleet import Truth, traffic
from kafka import KafkaConsumer, TopicPartition
from stock import FACTS, Clock, topics_of
from stock import app as stock_app

from ingest.producer import KafkaLogProducer
from models.log import FRAMES, META_HEADER
from models.step import Context
from pipelines.broker import apache, embedded, topics
from pipelines.home import Home
from pipelines.streams.app import WorkerApp
from pipelines.streams.garbage import Garbage

PARTITIONS = 4
STATIONS = 1_000
_CHILD_S = 300


def main() -> None:
    arguments = _arguments()
    if arguments.child:
        print(json.dumps(_measure(arguments)))
        return
    with tempfile.TemporaryDirectory() as folder, _broker(arguments.broker, Path(folder)) as bootstrap:
        topics.ensure(bootstrap, PARTITIONS)
        with topics.admin(bootstrap) as client:
            extra = (FACTS, *(name for number in range(arguments.rounds) for name in topics_of(number)))
            client.create_topics({name: {"num_partitions": PARTITIONS, "replication_factor": 1} for name in extra})
        result = _rounds(arguments, bootstrap, Path(folder))
    _tell(result)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


def _rounds(arguments: argparse.Namespace, bootstrap: str, folder: Path) -> dict[str, Any]:
    runs: dict[str, list[dict[str, float]]] = {"stock": [], "ours": []}
    planted = {"stock": Truth(), "ours": Truth()}
    for number in range(arguments.rounds):
        for name, topic, frames in (("stock", topics_of(number)[0], arguments.stock), ("ours", FRAMES, arguments.ours)):
            _say(f"round {number + 1} of {arguments.rounds}, {name}: writing {frames:,} frames")
            _feed(bootstrap, topic, frames, number, planted[name])
            command = [sys.executable, __file__, "--child", name, "--bootstrap", bootstrap, "--folder", str(folder)]
            command += ["--frames", str(frames), "--number", str(number)]
            said = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=_CHILD_S).stdout
            runs[name].append(json.loads(said))
            _check(bootstrap, name, planted[name])
            _say(f"  {runs[name][-1]['per_s']:,.0f} records/s")
    medians = {name: statistics.median(run["per_s"] for run in of) for name, of in runs.items()}
    return {
        "broker": arguments.broker,
        "python": platform.python_version(),
        "stations": STATIONS,
        "partitions": PARTITIONS,
        "runs": runs,
        "median_per_s": medians,
        "cpu_s_per_million": {
            name: statistics.median(run["cpu_s"] / run["records"] * 1e6 for run in of) for name, of in runs.items()
        },
        "ratio": medians["ours"] / medians["stock"],
        "sessions_checked": {name: truth.closed for name, truth in planted.items()},
    }


def _measure(arguments: argparse.Namespace) -> dict[str, float]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if arguments.child == "ours" else None) as runner:
        return runner.run(_ours(arguments) if arguments.child == "ours" else _stock(arguments))


async def _stock(arguments: argparse.Namespace) -> dict[str, float]:
    clock = Clock(arguments.frames)
    app = stock_app(arguments.bootstrap, arguments.folder / "stock", arguments.number, clock)
    await app.start()
    await clock.done.wait()
    await app.producer.flush()
    result = clock.result()
    await app.commit(None)
    await app.stop()
    return result


async def _ours(arguments: argparse.Namespace) -> dict[str, float]:
    clock = Clock(arguments.frames)
    garbage = Garbage()
    garbage.off()
    home = Home(arguments.folder / "ours").create()
    app = WorkerApp(home, arguments.bootstrap, Context(b"k" * 32), on_ready=_nothing, after_flush=garbage.collect)
    fold = app.write_behind.fold

    async def timed(partition: int, chunk: Any) -> None:
        clock.began()
        before = app.write_behind.next_offset(partition) or 0
        await fold(partition, chunk)
        clock.count((app.write_behind.next_offset(partition) or 0) - before)

    app.write_behind.fold = timed  # type: ignore[method-assign]
    starting = asyncio.create_task(app.start())
    while not clock.done.is_set():
        await asyncio.wait([asyncio.ensure_future(clock.done.wait())], timeout=1.0)
        await app.write_behind.flush()
    result = clock.result()
    await app.stop()
    await asyncio.wait([starting])
    return result


def _feed(bootstrap: str, topic: str, frames: int, number: int, truth: Truth) -> None:
    producer = KafkaLogProducer(bootstrap)
    # The days of the rounds follow each other, so that no frame is late.
    for frame in traffic(STATIONS, frames, number, truth, source=f"round{number}", day=number):
        producer.send(topic, frame.key, frame.value, [(META_HEADER, frame.meta)])
    producer.flush()
    producer.close()


def _check(bootstrap: str, name: str, truth: Truth) -> None:
    newest: dict[str, tuple[tuple[int, int, int], dict[str, Any]]] = {}
    for value in _values(bootstrap, FACTS if name == "stock" else "charging.sessions"):
        topic, row = json.loads(value) if name == "stock" else ("charging.sessions", json.loads(value))
        version = row["version_generation"], row["version_offset"], row.get("version_revision", 0)
        if topic == "charging.sessions" and version >= newest.get(row["session_id"], (version, None))[0]:
            newest[row["session_id"]] = version, row
    # What a round leaves open ends by inference in the next one, which is not planted.
    closed = [row for _, row in newest.values() if row["end_kind"] == "reported"]
    found = len(closed), sum(row["energy_wh"] for row in closed)
    if found != (truth.closed, truth.energy_wh):
        sys.exit(f"{name}: {found} sessions and Wh, planted {(truth.closed, truth.energy_wh)}")


def _values(bootstrap: str, topic: str) -> Iterator[bytes]:
    ends = {TopicPartition(*place): end for place, end in topics.end_offsets(bootstrap, [topic]).items() if end}
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    consumer.assign(list(ends))
    while any(consumer.position(place) < end for place, end in ends.items()):
        for records in consumer.poll(500).values():
            yield from (record.value for record in records)
    consumer.close()


@contextmanager
def _broker(name: str, folder: Path) -> Iterator[str]:
    if ":" in name:
        yield name
        return
    start: Callable[[], Any] = {
        "embedded": lambda: embedded.start(Home(folder / "broker")),
        "apache": lambda: apache.start(folder / "broker"),
    }[name]
    broker = start()
    try:
        yield broker.address
    finally:
        broker.stop()


def _tell(result: dict[str, Any]) -> None:
    for name in ("stock", "ours"):
        rate, cpu, runs = result["median_per_s"][name], result["cpu_s_per_million"][name], len(result["runs"][name])
        print(f"{name:>6}: {rate:>10,.0f} records/s, {cpu:7.1f} CPU s per million (medians of {runs})")
    print(f" ratio: {result['ratio']:>10.1f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--broker", default="embedded", help="embedded, apache, or host:port of an empty Kafka")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stock", type=int, default=20_000, help="frames for Faust as shipped, each round")
    parser.add_argument("--ours", type=int, default=400_000, help="frames for the worker, each round")
    parser.add_argument("--json", type=Path)
    for name, of in (("--child", str), ("--bootstrap", str), ("--folder", Path), ("--frames", int), ("--number", int)):
        parser.add_argument(name, type=of, help=argparse.SUPPRESS)
    return parser.parse_args()


def _nothing() -> None:
    return None


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
