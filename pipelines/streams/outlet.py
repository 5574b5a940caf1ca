"""How the write-behind reaches Kafka: the app's producer and consumer, and kafka-python for what they cannot ask.

Not here: what is sent when (see `writebehind`).
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from faust.types import TP

from models.log import FRAMES
from pipelines.broker import topics
from pipelines.streams.writebehind import Out


class TopicRecreatedError(RuntimeError):
    """`ocpp.frames` was deleted and made anew while it was being read."""


class KafkaOutlet:
    """Produces and commits through a Faust app."""

    def __init__(self, app: Any, bootstrap: str) -> None:
        """`bootstrap` is also where the topic's identity is asked for."""
        self._app = app
        self._bootstrap = bootstrap
        self._log_id: str | None = None

    async def identify(self) -> str:
        """Ask for the id of `ocpp.frames` and hold on to it: `verify` compares with it from now on."""
        self._log_id = await self._ask()
        return self._log_id

    async def deliver(self, messages: Iterable[Out]) -> None:
        """Return once all are acknowledged; raise what the first failing one met."""
        producer = self._app.producer
        pending = [
            await producer.send(out.topic, out.key, out.value, out.partition, None, out.headers) for out in messages
        ]
        # All of them are waited for, so that none is left behind unretrieved.
        for result in await asyncio.gather(*pending, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def verify(self) -> None:
        """Raise if the topic has another id than at the start; all that was read before is of one topic."""
        if await self._ask() != self._log_id:
            raise TopicRecreatedError(f"{FRAMES} was deleted and made anew; restart the worker, it restores its states")

    async def earliest(self, partition: int) -> int:
        """The oldest offset of `ocpp.frames` that the broker still holds."""
        tp = TP(FRAMES, partition)
        found = await self._app.consumer.earliest_offsets(tp)
        return int(found[tp])

    async def commit(self) -> None:
        """Commit what is committable."""
        await self._app.consumer.commit()

    async def _ask(self) -> str:
        return await asyncio.to_thread(topics.topic_id, self._bootstrap, FRAMES)
