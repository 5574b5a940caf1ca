"""Sends to one peer, in order, each message only once Kafka has what it rests on. Not here: what is sent."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed

from ingest.acks import AckedLog
from ingest.gateway.recording import Ack

IN_FLIGHT = 16
"""Most messages of one connection that wait for Kafka; then its socket is not read any further."""
SEND_TIMEOUT_S = 30.0

Entry = tuple[Sequence[Ack], str | bytes | None]


class Outbox:
    """A bounded queue of messages with the acknowledgements they wait for, and the task that empties it.

    `task` ends when the peer is gone, when `drain` is through, or with `LogUnavailableError`.
    """

    def __init__(self, peer: Connection, log: AckedLog) -> None:
        self._peer = peer
        self._log = log
        self._queue: asyncio.Queue[Entry | None] = asyncio.Queue(IN_FLIGHT)
        self.task: asyncio.Task[None] = asyncio.create_task(self._deliver())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def put(self, acks: Sequence[Ack], message: str | bytes | None) -> None:
        """Queue a message (None: only wait for the acknowledgements); waits while the queue is full."""
        await self._enqueue((acks, message))

    async def drain(self) -> None:
        """Return once everything queued was sent, or the task has ended; raises what ended it."""
        await self._enqueue(None)
        await self.task

    async def _enqueue(self, entry: Entry | None) -> None:
        if not self._queue.full():
            self._queue.put_nowait(entry)
            return
        waiting = asyncio.ensure_future(self._queue.put(entry))
        try:
            # a task that has ended empties the queue no more
            await asyncio.wait((waiting, self.task), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()

    async def _deliver(self) -> None:
        while (entry := await self._queue.get()) is not None:
            acks, message = entry
            await self._log.settle(acks)
            if message is None:
                continue
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._peer.send(message)
            except TimeoutError:
                # a peer that does not read must not hold memory; nothing less than this ends a blocked write
                self._peer.transport.abort()
                return
            except ConnectionClosed:
                return
