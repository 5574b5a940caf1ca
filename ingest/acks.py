"""Awaiting Kafka's acknowledgement on an event loop. Not here: what is recorded, or how Kafka is written to."""

import asyncio
import contextlib
import queue
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from ingest.producer import Producer, RecordTooLargeError

MAX_OUTSTANDING_BYTES = 64 << 20


class LogUnavailableError(RuntimeError):
    """The log did not acknowledge in time, or refused; whoever waits must be turned away, not answered."""


class AckedLog:
    """Sends records in order and gives a future for each, done once Kafka has acknowledged it.

    One thread of its own calls the producer, because a producer may block (no metadata, full buffer)
    and the event loop must not. Acknowledgements come back from the client's thread in batches.

    Args:
        producer: Where records go; whoever made it closes it.
        timeout_s: How long `settle` waits before the log counts as unavailable.
        max_outstanding_bytes: Most unacknowledged bytes; above it a send fails at once.
    """

    def __init__(
        self, producer: Producer, *, timeout_s: float = 10.0, max_outstanding_bytes: int = MAX_OUTSTANDING_BYTES
    ) -> None:
        self._producer = producer
        self._timeout_s = timeout_s
        self._max_outstanding_bytes = max_outstanding_bytes
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._done: deque[tuple[_Job, Exception | None]] = deque()
        self._waking = False
        self._outstanding = 0
        self._outstanding_bytes = 0
        self._healthy = True
        self._thread = threading.Thread(target=self._send_all, name="kafka-sender", daemon=True)
        self._thread.start()

    @property
    def admits(self) -> bool:
        """Whether new work may come in: the last outcome was good, or nothing is on its way that could tell."""
        return self._healthy or self._outstanding == 0

    def send(
        self,
        topic: str,
        key: bytes,
        value: bytes,
        headers: Sequence[tuple[str, bytes]],
        *,
        partition: int | None = None,
    ) -> "asyncio.Future[None]":
        """Hand over one record; the future ends with None or with `LogUnavailableError`."""
        future: asyncio.Future[None] = self._loop.create_future()
        # awaited by `settle`; a connection that ends first must not leave a warning behind
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        job = _Job(topic, key, value, headers, partition, future)
        if self._outstanding_bytes + job.size > self._max_outstanding_bytes:
            self._healthy = False
            future.set_exception(LogUnavailableError("too much waits for Kafka's acknowledgement"))
            return future
        self._outstanding += 1
        self._outstanding_bytes += job.size
        self._jobs.put(job)
        return future

    async def settle(self, futures: Iterable["asyncio.Future[None]"]) -> None:
        """Wait until all are acknowledged; raises `LogUnavailableError` on refusal or after the time allowed."""
        try:
            async with asyncio.timeout(self._timeout_s):
                for future in futures:
                    await asyncio.shield(future)
        except TimeoutError:
            self._healthy = False
            raise LogUnavailableError(f"Kafka acknowledged nothing for {self._timeout_s:g} s") from None

    async def close(self, timeout_s: float = 30.0) -> None:
        """Wait for what is on its way, at most so long, then end the thread."""
        deadline = self._loop.time() + timeout_s
        while self._outstanding and self._loop.time() < deadline:
            await asyncio.sleep(0.02)
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join, max(0.1, deadline - self._loop.time()))

    def _send_all(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                self._producer.send(
                    job.topic,
                    job.key,
                    job.value,
                    job.headers,
                    partition=job.partition,
                    on_done=partial(self._report, job),
                )
            except Exception as error:  # noqa: BLE001 - the thread must outlive any refusal; it becomes the future's
                self._report(job, error)

    def _report(self, job: "_Job", error: Exception | None) -> None:
        self._done.append((job, error))
        if not self._waking:
            self._waking = True
            with contextlib.suppress(RuntimeError):  # the loop has ended; nobody waits any more
                self._loop.call_soon_threadsafe(self._take_reports)

    def _take_reports(self) -> None:
        self._waking = False
        while self._done:
            job, error = self._done.popleft()
            self._outstanding -= 1
            self._outstanding_bytes -= job.size
            # a record that is too large says nothing about Kafka's health
            self._healthy = error is None or (self._healthy and isinstance(error, RecordTooLargeError))
            if job.future.done():
                continue
            if error is None:
                job.future.set_result(None)
            else:
                job.future.set_exception(LogUnavailableError(f"Kafka refused a record: {type(error).__name__}"))


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]
    partition: int | None
    future: "asyncio.Future[None]"

    @property
    def size(self) -> int:
        return len(self.key) + len(self.value)
