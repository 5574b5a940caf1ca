"""The chunked transport on real brokers: few events, whole batches, resuming where the states end."""

import asyncio
from collections.abc import Callable
from typing import Any

from kafka import KafkaProducer

from ingest.producer import KafkaLogProducer
from models.log import FRAMES, META_HEADER
from models.record import Meta
from models.step import Context
from pipelines.broker import topics
from pipelines.home import Home
from pipelines.streams.app import WorkerApp

PARTITIONS = 4


def _heartbeats(count: int) -> list[tuple[bytes, bytes, bytes]]:
    return [
        (
            f"ST-{number % 50:02d}".encode(),
            b'[2,"%d","Heartbeat",{}]' % number,
            Meta("frame", "cp-to-csms", "ocpp1.6", 1_795_237_375_000_000 + number, None, number, "test").encode(),
        )
        for number in range(count)
    ]


def _feed(bootstrap: str, count: int) -> None:
    producer = KafkaLogProducer(bootstrap)
    for key, value, meta in _heartbeats(count):
        producer.send(FRAMES, key, value, [(META_HEADER, meta)])
    producer.flush()
    producer.close()


async def _run_until(app: WorkerApp, done: Callable[[], bool]) -> int:
    """Run the app until done; returns up to where it has folded all partitions together."""
    app.sensors.add(app.monitor)
    starting = asyncio.create_task(app.start())
    async with asyncio.timeout(60):
        while not done():
            if starting.done():
                starting.result()
            assert not app.crashed, app.crash_reason
            await asyncio.sleep(0.05)
    await app.write_behind.flush()
    folded = _folded(app)
    await app.stop()
    await asyncio.wait([starting])
    return folded


def _app(home: Home, bootstrap: str, ready: list[Any]) -> WorkerApp:
    return WorkerApp(home, bootstrap, Context(), on_ready=lambda: ready.append(1), after_flush=lambda: None)


def _folded(app: WorkerApp) -> int:
    return sum(app.write_behind.next_offset(number) or 0 for number in range(PARTITIONS))


def test_ten_thousand_waiting_records_arrive_in_at_most_a_hundred_events(broker: str, home: Home) -> None:
    topics.ensure(broker, PARTITIONS)
    _feed(broker, 10_000)

    async def scenario() -> int:
        app = _app(home, broker, [])
        await _run_until(app, lambda: _folded(app) == 10_000)
        return int(app.monitor.messages_received_by_topic[FRAMES])

    events = asyncio.run(scenario())
    assert 0 < events <= 100
    assert sum(topics.lag(broker, topics=[FRAMES]).values()) == 0


def test_a_worker_goes_on_where_the_states_end_and_not_at_the_groups_offsets(broker: str, home: Home) -> None:
    topics.ensure(broker, PARTITIONS)
    _feed(broker, 1_000)

    async def first() -> None:
        app = _app(home, broker, [])
        await _run_until(app, lambda: _folded(app) == 1_000)

    asyncio.run(first())
    with topics.admin(broker) as client:
        client.delete_groups(["laddstrom-worker"])

    async def second() -> tuple[int, int]:
        ready: list[Any] = []
        app = _app(home, broker, ready)
        folded = await _run_until(app, lambda: bool(ready))
        return folded, int(app.monitor.messages_received_by_topic[FRAMES])

    assert asyncio.run(second()) == (1_000, 0)


def test_a_record_larger_than_a_fetch_arrives(broker: str, home: Home) -> None:
    topics.ensure(broker, PARTITIONS)
    meta = Meta("frame", "cp-to-csms", "ocpp1.6", None, None, 0, "test").encode()
    producer = KafkaProducer(bootstrap_servers=broker, acks="all", max_request_size=10 << 20)
    value = b'[2,"1","DataTransfer",{"data":"' + b"x" * (8_000_000) + b'"}]'
    producer.send(FRAMES, value, key=b"ST-1", headers=[(META_HEADER, meta)], partition=0).get(30)
    producer.close()

    async def scenario() -> None:
        app = _app(home, broker, [])
        await _run_until(app, lambda: _folded(app) == 1)

    asyncio.run(scenario())
