"""One connection's records: open, every frame in both directions, close. Not here: who is connected or why."""

import asyncio
import itertools
import secrets
import time
from collections.abc import Iterator

import msgspec

from ingest.acks import AckedLog
from models.dead_letters import DeadLetter
from models.log import DEAD_LETTERS, FRAMES, META_HEADER
from models.reasons import Reason
from models.record import Direction, Kind, Meta

Ack = asyncio.Future[None]


class Run:
    """One start of a receiver: names its connections so that no two records ever share source and ordinal.

    It also keeps the time of all of them.
    """

    def __init__(self) -> None:
        self.name = secrets.token_hex(4)
        self._counter: Iterator[int] = itertools.count(1)
        self._time_us = 0

    def next_connection(self) -> str:
        """The next connection's name within the run."""
        return f"c{next(self._counter):x}"

    def now_us(self) -> int:
        """The wall clock in microseconds, but rising with every call.

        A clock set back thus makes no frame late, and no two frames are of one instant (contract, section 2).
        """
        self._time_us = max(self._time_us + 1, time.time_ns() // 1000)
        return self._time_us


class Opened(msgspec.Struct, frozen=True):
    """The note of an `open` record."""

    remote: str
    subprotocols: list[str]
    user_agent: str | None


class Closed(msgspec.Struct, frozen=True):
    """The note of a `close` record; `by` says who ended it: station, csms, gateway or network."""

    code: int
    reason: str
    by: str


class ConnectionLog:
    """Writes the records of one connection, in order, numbered from 0."""

    def __init__(self, log: AckedLog, run: Run, station_id: str, protocol: str | None) -> None:
        self.station_id = station_id
        self.protocol = protocol
        self.connection = run.next_connection()
        self.source = f"live-{run.name}-{self.connection}"
        self._log = log
        self._run = run
        self._key = station_id.encode()
        self._ordinal = 0

    def opened(self, note: Opened) -> Ack:
        """Record that the connection opened."""
        return self._record(Kind.OPEN, None, msgspec.json.encode(note))

    def closed(self, note: Closed) -> Ack:
        """Record that the connection closed."""
        return self._record(Kind.CLOSE, None, msgspec.json.encode(note))

    def frame(self, direction: Direction, payload: bytes) -> Ack:
        """Record one frame, byte for byte."""
        return self._record(Kind.FRAME, direction, payload)

    def too_large(self, direction: Direction, limit: int) -> Ack:
        """Say that a frame above the limit was not taken. Its bytes were never read, so none are kept."""
        letter = DeadLetter(
            reason=Reason.TOO_LARGE,
            detail=f"the frame was larger than {limit} bytes; the connection was closed with 1009",
            station_id=self.station_id,
            meta=self._next_meta(Kind.FRAME, direction),
            payload=b"",
            topic=FRAMES,
        )
        return self._log.send(DEAD_LETTERS, self._key, letter.payload, letter.headers())

    def _record(self, kind: Kind, direction: Direction | None, payload: bytes) -> Ack:
        meta = self._next_meta(kind, direction)
        return self._log.send(FRAMES, self._key, payload, [(META_HEADER, meta.encode())])

    def _next_meta(self, kind: Kind, direction: Direction | None) -> Meta:
        ordinal, self._ordinal = self._ordinal, self._ordinal + 1
        return Meta(kind, direction, self.protocol, self._run.now_us(), self.connection, ordinal, self.source)
