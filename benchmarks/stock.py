"""Faust as shipped, with the same step: one event, one table write, its facts sent at once. For comparison only.

Same pure step, same state bytes, same messages, at-least-once, in-memory store with a changelog, raw keys and values.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import faust
import msgspec

from models import facts, step
from models.record import Meta, Record
from models.state import StationState, decode, encode
from models.step import Context

FACTS = "bench.facts"


def topics_of(number: int) -> tuple[str, str]:
    """The frames and the changelog of a round: each round is an app of its own and starts from nothing."""
    return f"bench.frames-{number}", f"laddstrom-stock-{number}-stations-changelog"


def app(bootstrap: str, folder: Path, number: int, clock: Clock) -> Any:
    """The app; `clock` is told of each event."""
    stock = faust.App(
        f"laddstrom-stock-{number}",
        broker=f"kafka://{bootstrap}",
        datadir=str(folder),
        store="memory://",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=2.0,
        broker_request_timeout=30.0,
        consumer_auto_offset_reset="earliest",
        producer_compression_type="lz4",
    )
    frames = stock.topic(
        topics_of(number)[0], key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )
    out = stock.topic(FACTS, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    table = stock.Table("stations", key_type=bytes, value_type=bytes)
    context = Context(b"k" * 32)
    to_json = msgspec.json.Encoder().encode

    @stock.agent(frames)
    async def fold(stream: Any) -> None:
        async for event in stream.events():
            clock.began()
            message = event.message
            meta = Meta.decode(dict(message.headers)["meta"])
            station = event.key.decode()
            saved = table.get(event.key)
            state = StationState(station_id=station) if saved is None else decode(saved)
            record = Record(
                station,
                meta.kind,
                meta.direction,
                meta.protocol,
                meta.received_at_us,
                meta.source,
                meta.ordinal,
                event.value,
                1,
                message.partition,
                message.offset,
            )
            step.step(state, record, context)
            for fact in step.drain(state):
                await out.send(
                    key=event.key, value=to_json([facts.topic(type(fact)), fact]), partition=message.partition
                )
            table[event.key] = encode(state)
            clock.count(1)

    return stock


class Clock:
    """From the first record received to the last one done and acknowledged."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.done = asyncio.Event()
        self.folded = 0
        self.start: tuple[float, float] | None = None

    def began(self) -> None:
        if self.start is None:
            self.start = time.monotonic(), time.process_time()

    def count(self, records: int) -> None:
        self.folded += records
        if self.folded >= self.target:
            self.done.set()

    def result(self) -> dict[str, float]:
        assert self.start is not None
        seconds, cpu = time.monotonic() - self.start[0], time.process_time() - self.start[1]
        return {"records": self.folded, "seconds": seconds, "cpu_s": cpu, "per_s": self.folded / seconds}
