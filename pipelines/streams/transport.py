"""Faust's aiokafka transport, changed so that one event carries one fetched chunk of one partition.

Groups, tables, rebalances, pausing and flow control stay Faust's. Chunked are `ocpp.frames` and the states'
changelog (recovery would otherwise handle one event per state). Offsets of `ocpp.frames` are never acked per
event: only what the write-behind has covered is committed, and reading resumes where the states end.
`ocpi.objects` is not consumed: OCPI tables are derived from landed raw at build. Not here: folding.
"""

import asyncio
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Any, Protocol

from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage, ack_lock
from mode.utils.futures import notify

from models.log import FRAMES, STATES_CHANGELOG
from pipelines.streams.chunks import Chunk, deliver_whole

CHUNKED = frozenset({FRAMES, STATES_CHANGELOG})

FETCH_MAX_WAIT_MS = 10
"""Faust hard-codes 1500: a fetch of the empty partitions then holds back the full ones behind it."""


class Progress(Protocol):
    """Where the states of each partition stand."""

    def next_offset(self, partition: int) -> int | None:
        """Where reading goes on; null while the partition is not open here."""

    def committable(self) -> Mapping[int, int]:
        """For each partition the offset after the last one whose states are acknowledged."""


class ConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """The thread that talks to Kafka: whole batches, short fetch waits."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT_MS  # read by aiokafka when the consumer starts
        return consumer

    async def _fetch_records(
        self, consumer: Any, active_partitions: set[TP], timeout: float | None = None, max_records: int | None = None
    ) -> Mapping[TP, list[Any]]:
        if not self.consumer.flow_active:
            return {}
        fetcher = consumer._fetcher
        deadline = monotonic() + (timeout or 0.0)
        with fetcher._subscriptions.fetch_context():
            while True:
                if consumer._closed or fetcher._closed:
                    raise driver.ConsumerStoppedError
                for tp, result in fetcher._records.items():
                    if tp.topic in CHUNKED:
                        deliver_whole(result)
                # With timeout 0 it drains what is there; a chunk is never cut, so no record limit.
                fetched: Mapping[TP, list[Any]] = await fetcher.fetched_records(active_partitions, timeout=0)
                remaining = deadline - monotonic()
                if fetched or remaining <= 0:
                    return fetched
                waiter = fetcher._create_fetch_waiter()
                await asyncio.wait([waiter], timeout=remaining)
                if waiter.done():
                    waiter.result()  # raises what the coordinator met, such as a refused authorization
                else:
                    waiter.cancel()

    async def leave(self) -> None:
        """Leave the group, and wait for it."""
        if self._consumer is None:
            return
        coordinator = self._consumer._coordinator
        if coordinator.generation == 0:
            # The embedded broker counts from 0, which aiokafka takes for "in no group": it would not leave,
            # and the next worker would wait 8 s for this one.
            coordinator.generation = 1
        await self.call_thread(self._consumer.stop)


class Consumer(driver.Consumer):  # type: ignore[misc]
    """Faust's consumer with chunks for records and the write-behind's progress for acks."""

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def _progress(self) -> Progress:
        progress: Progress = self.app.write_behind
        return progress

    def _to_message(self, tp: TP, record: Any) -> Any:
        if not isinstance(record, Chunk):
            return super()._to_message(tp, record)
        # The event stands at its last record: recovery and Faust's read position compare with the end.
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            record.end - 1,
            0.0,
            0,
            [],
            None,
            record,
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    def ack(self, message: Any) -> bool:
        """Take note that the event is done; for frames this says nothing about what may be committed."""
        if message.topic != FRAMES:
            acked: bool = super().ack(message)
            return acked
        with ack_lock:
            if message.acked:
                return False
            message.acked = True
            self._unacked_messages.discard(message)
            notify(self._waiting_for_ack)
            return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        if tp.topic not in CHUNKED:  # between two chunks there is always a "gap"
            await super()._add_gap(tp, offset_from, offset_to)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        for partition in self._progress.committable():
            tp = TP(FRAMES, partition)
            if topics is None or tp in topics or FRAMES in topics:
                yield tp
        for tp in super()._filter_tps_with_pending_acks(topics):
            if tp.topic != FRAMES:
                yield tp

    def _new_offset(self, tp: TP) -> int | None:
        if tp.topic == FRAMES:
            return self._progress.committable().get(tp.partition)
        offset: int | None = super()._new_offset(tp)
        return offset

    def _should_commit(self, tp: TP, offset: int) -> bool:
        if tp.topic == FRAMES:
            # The group's offset may be a deleted topic's of this name, and higher: Kafka forgets those only later.
            return bool(offset != self._committed_offset[tp])
        should: bool = super()._should_commit(tp, offset)
        return should

    async def on_stop(self) -> None:
        """Commit, then leave the group: left to the thread, the process may end first and the next worker waits."""
        await super().on_stop()
        await self._thread.leave()

    async def perform_seek(self) -> None:
        """Go on where the states end, whatever the group's offsets say: they may be another topic's."""
        # Faust lets the flow go on after this, and empties every stream's queue as it does: a chunk fetched
        # any earlier would be gone, and if it is the partition's last, nothing after it shows the gap.
        self.stop_flow()
        await super().perform_seek()
        places = {
            tp: offset
            for tp in self.assignment()
            if tp.topic == FRAMES and (offset := self._progress.next_offset(tp.partition)) is not None
        }
        if places:
            await self.seek_wait(places)


class Transport(driver.Transport):  # type: ignore[misc]
    """Faust's transport with this consumer.

    The producer stays as it is, not idempotent: the embedded broker refuses aiokafka's InitProducerId. aiokafka
    has one batch of a partition in flight, so a retry can double a record but not reorder; doubles are upserts.
    """

    Consumer = Consumer
