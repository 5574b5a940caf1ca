"""The agent: one chunk in, one call out. Not here: anything else."""

from typing import Any

from models.log import FRAMES
from pipelines.streams.table import RawSchema


def declare(app: Any) -> None:
    """Add the agent of `ocpp.frames` to the app."""

    # One at a time: with more, Faust 0.15.3 can lose the order of a partition (its issue 606).
    @app.agent(app.topic(FRAMES, schema=RawSchema()), name="frames", concurrency=1)  # type: ignore[untyped-decorator]
    async def frames(chunks: Any) -> None:
        async for event in chunks.events():
            await app.guard(app.write_behind.fold(event.message.partition, event.value))
