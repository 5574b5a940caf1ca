"""The Faust app of the worker: its settings, and where Faust's life cycle meets the write-behind.

Not here: the process around it (see `worker`).
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import faust
from faust.types import TP

from models.log import DEAD_LETTERS_MAX_BYTES, FRAMES, WORKER_ID
from models.step import Context
from pipelines.home import Home
from pipelines.streams import agents, restore, table
from pipelines.streams.outlet import KafkaOutlet
from pipelines.streams.restate import Restater
from pipelines.streams.states import PartitionStates
from pipelines.streams.transport import Transport
from pipelines.streams.writebehind import WriteBehind

SESSION_TIMEOUT_S = 6.0
"""Kafka's least. The embedded broker lets a group wait about half of it before it joins."""
CAUGHT_UP_RECORDS = 5_000
"""A partition with no more than these left to fold is caught up: live ones never stand still."""


class WorkerApp(faust.App):  # type: ignore[misc]
    """Faust with chunked transport, write-behind and restored states."""

    def __init__(
        self,
        home: Home,
        bootstrap: str,
        context: Context,
        *,
        on_ready: Callable[[], None],
        after_flush: Callable[[], object],
    ) -> None:
        """`on_ready` is called after each rebalance, once the assigned partitions are recovered."""
        super().__init__(WORKER_ID, **_settings(home, bootstrap))
        self.home = home
        self.context = context
        self.outlet = KafkaOutlet(self, bootstrap)
        self.write_behind = WriteBehind(self.outlet, after_flush=after_flush)
        self.restater = Restater(home, bootstrap, context, self.write_behind, is_caught_up=self._is_caught_up)
        self.stations = table.declare(self, self._recovered)
        self._on_ready = on_ready
        self._opening = asyncio.Lock()
        self.assigned = asyncio.Event()
        """Set once Kafka has given this worker its first assignment."""
        agents.declare(self)

    async def guard(self, work: Awaitable[None]) -> None:
        """Await work whose failure must end the worker: Faust would only log it and go on."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - whatever it is, going on would lose records
            await self.crash(error)

    def on_rebalance_end(self) -> None:
        """Partitions are assigned and recovered."""
        super().on_rebalance_end()
        self._on_ready()

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> Transport:
        return Transport(self.conf.broker_producer, self)

    async def _consumer_wait_empty(self, consumer: Any, logger: Any) -> None:
        # Called with the flow stopped and the queues empty, on revocation and on stop.
        if not self.crashed:
            await self.write_behind.close()

    async def _recovered(self) -> None:
        self.assigned.set()
        # Faust drops what a recovery callback raises.
        await self.guard(self._open())

    async def _open(self) -> None:
        epoch = self.consumer_generation_id
        async with self._opening:
            if self.consumer_generation_id != epoch:
                return
            log = await restore.current_log(self.home, await self.outlet.identify())
            numbers = sorted(tp.partition for tp in self.consumer.assignment() if tp.topic == FRAMES)
            found: dict[int, PartitionStates] = {}
            lacking: dict[int, PartitionStates] = {}
            for number in numbers:
                saved = self.stations.partition(number)
                states = restore.recovered(number, log, self.context, saved)
                if states is None:
                    lacking[number] = PartitionStates(number, log, self.context, saved)
                else:
                    found[number] = states
            if lacking:
                await restore.from_lake(
                    self.home,
                    lacking,
                    await self._partitions(),
                    self.write_behind,
                    still_ours=lambda: self.consumer_generation_id == epoch,
                )
            if self.consumer_generation_id == epoch:
                self.write_behind.open({**found, **lacking})

    def _is_caught_up(self, partition: int) -> bool:
        end = self.consumer.highwater(TP(FRAMES, partition))
        return end is None or end - (self.write_behind.next_offset(partition) or 0) <= CAUGHT_UP_RECORDS

    async def _partitions(self) -> int:
        known = await self.producer._producer.partitions_for(FRAMES)
        return len(known)


def _settings(home: Home, bootstrap: str) -> dict[str, Any]:
    return {
        "broker": [f"kafka://{address.strip()}" for address in bootstrap.split(",")],
        "broker_client_id": WORKER_ID,
        "broker_session_timeout": SESSION_TIMEOUT_S,
        "broker_heartbeat_interval": SESSION_TIMEOUT_S / 3,
        "broker_request_timeout": 30.0,
        "broker_commit_interval": 1.0,
        "consumer_max_fetch_size": 4 << 20,
        "consumer_auto_offset_reset": "earliest",
        "producer_acks": -1,
        "producer_compression_type": "lz4",
        "producer_max_batch_size": 256 << 10,
        "producer_max_request_size": DEAD_LETTERS_MAX_BYTES,
        "producer_request_timeout": 30.0,
        "processing_guarantee": "at_least_once",
        "store": "memory://",
        "datadir": str(home.run / "faust"),
        # An event is a chunk of up to 4 MiB compressed: a few are plenty.
        "stream_buffer_maxsize": 8,
        "stream_wait_empty": False,
        "table_standby_replicas": 0,
        "topic_disable_leader": True,
        "topic_allow_declare": False,
        "web_enabled": False,
        "web_tables_enabled": False,
        "canonical_url": f"http://127.0.0.1/{os.getpid()}",
    }
