"""The records of what partners push. Not here: whether a push is sound (`objects`)."""

import asyncio
from typing import Final

from kafka.partitioner.default import murmur2

from ingest.acks import AckedLog
from ingest.gateway.recording import Run
from ingest.ocpi.objects import Target
from models.dead_letters import DeadLetter
from models.log import DEAD_LETTERS, META_HEADER, OBJECTS
from models.reasons import Reason
from models.record import Kind, Meta

PROTOCOL: Final = "ocpi2.2.1"
CONNECTION: Final = "ocpi"


class ObjectLog:
    """Writes one record for each push, numbered over the whole process."""

    def __init__(self, log: AckedLog, partitions: int) -> None:
        self._log = log
        self._partitions = partitions
        self._run = Run()
        self._source = f"live-{self._run.name}-{CONNECTION}"
        self._ordinal = 0

    async def push(self, target: Target, kind: Kind, body: bytes) -> None:
        """Record a push; returns once Kafka has it, else raises `LogUnavailableError`."""
        partition = (murmur2(target.root_key.encode()) & 0x7FFFFFFF) % self._partitions
        headers = [(META_HEADER, self._next_meta(kind).encode())]
        await self._settle(self._log.send(OBJECTS, target.key.encode(), body, headers, partition=partition))

    async def refused(self, where: str, kind: Kind, reason: Reason, detail: str, body: bytes) -> None:
        """Keep a push that was refused, so that an operator can see what a partner sends."""
        letter = DeadLetter(
            reason=reason,
            detail=detail,
            station_id=where,
            meta=self._next_meta(kind),
            payload=body,
            topic=OBJECTS,
        )
        await self._settle(self._log.send(DEAD_LETTERS, where.encode(), letter.payload, letter.headers()))

    async def _settle(self, ack: "asyncio.Future[None]") -> None:
        await self._log.settle([ack])

    def _next_meta(self, kind: Kind) -> Meta:
        ordinal, self._ordinal = self._ordinal, self._ordinal + 1
        return Meta(kind, None, PROTOCOL, self._run.now_us(), CONNECTION, ordinal, self._source)
