"""Who is connected, and what happens when one station id connects twice. Not here: what stations say."""

import asyncio
from typing import Protocol


class Member(Protocol):
    """A live connection as the registry sees it."""

    async def answers_ping(self, timeout_s: float) -> bool:
        """Whether the other end answers a ping in time."""
        ...

    def abort(self) -> None:
        """Drop the connection without a closing handshake."""
        ...

    async def wait_ended(self) -> None:
        """Return once everything about the connection is recorded."""
        ...


class Registry:
    """At most one live connection per station id.

    A newcomer never displaces a connection that still answers; one that does not is replaced. So one of
    the two always works, and an id alone is not enough to throw a station out.
    """

    def __init__(self, probe_s: float) -> None:
        self._probe_s = probe_s
        self._live: dict[str, Member] = {}
        self._probes: dict[str, asyncio.Task[bool]] = {}

    async def claim(self, station_id: str, newcomer: Member) -> bool:
        """Register the newcomer, or return False because the incumbent lives."""
        while (incumbent := self._live.get(station_id)) is not None:
            if await self._answers(station_id, incumbent):
                return False
            if self._live.get(station_id) is incumbent:
                self._live[station_id] = newcomer
                incumbent.abort()
                await incumbent.wait_ended()
                return True
        self._live[station_id] = newcomer
        return True

    def release(self, station_id: str, member: Member) -> None:
        """Forget a connection, unless another one has taken its place meanwhile."""
        if self._live.get(station_id) is member:
            del self._live[station_id]

    async def _answers(self, station_id: str, incumbent: Member) -> bool:
        # newcomers share one ping: a crowd of them must not make the incumbent answer a crowd of pings
        probe = self._probes.get(station_id)
        if probe is None:
            probe = asyncio.create_task(incumbent.answers_ping(self._probe_s))
            self._probes[station_id] = probe
            probe.add_done_callback(lambda _: self._probes.pop(station_id, None))
        return await asyncio.shield(probe)
