"""One station's connection to our own CSMS, from its open record to its close record. Not here: handshakes, answers."""

import asyncio
import contextlib
import logging
import traceback
from collections.abc import AsyncIterator

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConcurrencyError, ConnectionClosed

from ingest.acks import AckedLog, LogUnavailableError
from ingest.gateway.closing import Ending, close_with, ending, record_last
from ingest.gateway.csms import Csms
from ingest.gateway.journal import JournalError
from ingest.gateway.outbox import Outbox
from ingest.gateway.recording import Closed, ConnectionLog, Opened
from models.record import Direction

WAIT_ENDED_S = 2.0
logger = logging.getLogger("laddstrom.gateway")


class Session:
    """Reads frames, records them, has them answered; answers leave once Kafka holds call and answer.

    Nothing a station sends ends its connection but what breaks the WebSocket protocol itself.

    Args:
        connection: The open WebSocket.
        log: Where its records go.
        records: Its records.
        csms: Answers its calls.
        protocol: The OCPP version spoken, as a subprotocol.
        max_frame_bytes: Said where a larger frame ends it.
        drain_s: How long its end waits for answers under way.
    """

    def __init__(
        self,
        connection: ServerConnection,
        log: AckedLog,
        records: ConnectionLog,
        csms: Csms,
        *,
        protocol: str,
        max_frame_bytes: int,
        drain_s: float,
    ) -> None:
        self._connection = connection
        self._log = log
        self._records = records
        self._csms = csms
        self._protocol = protocol
        self._max_frame_bytes = max_frame_bytes
        self._drain_s = drain_s
        self._reader: asyncio.Task[Closed] | None = None
        self._receiving = False
        self._ended = asyncio.Event()
        self._stopping = False

    async def run(self, opened: Opened) -> None:
        """Serve until the connection ends; the close record is written whatever ended it."""
        note = Ending.FAILED
        try:
            async with Outbox(self._connection, self._log) as outbox:
                await outbox.put([self._records.opened(opened)], None)
                self._reader = asyncio.create_task(self._read(outbox))
                note = await self._end(self._reader, outbox)
        finally:
            # not awaited: the log sends in order, and stops only once everything is settled
            self._records.closed(note)
            self._ended.set()

    def stop(self) -> None:
        """Read no further; what was read is still answered, then the socket closes with 1012."""
        self._stopping = True
        if self._receiving and self._reader is not None:
            self._reader.cancel()

    async def answers_ping(self, timeout_s: float) -> bool:
        """Whether the station answers a ping in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await (await self._connection.ping())
        except (TimeoutError, ConnectionClosed):
            return False
        return True

    def abort(self) -> None:
        """Drop the socket."""
        self._connection.transport.abort()

    async def wait_ended(self) -> None:
        """Return once the close record is on its way to Kafka, or after a short while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT_ENDED_S):
                await self._ended.wait()

    async def _read(self, outbox: Outbox) -> Closed:
        while not self._stopping:
            try:
                self._receiving = True
                message = await self._connection.recv()
            except ConnectionClosed as closed:
                record_last(self._records, Direction.CP_TO_CSMS, closed, self._max_frame_bytes)
                return ending(closed, "station")
            finally:
                self._receiving = False
            frame = message.encode() if isinstance(message, str) else message
            acks = [self._records.frame(Direction.CP_TO_CSMS, frame)]
            answer = await self._answer(frame)
            if answer is not None:
                acks.append(self._records.frame(Direction.CSMS_TO_CP, answer))
            await outbox.put(acks, None if answer is None else answer.decode())
        return Ending.STOPPING

    async def _answer(self, frame: bytes) -> bytes | None:
        try:
            return await self._csms.answer(self._records.station_id, self._protocol, frame)
        except JournalError:
            raise
        except Exception as error:  # noqa: BLE001 - see below
            # a defect of ours must not end a station's connection; its frame is recorded, and it will ask again.
            # The error's own words are left out: they may quote a card number.
            where = "".join(traceback.format_tb(error.__traceback__))
            kind = type(error).__name__
            logger.error("answering a frame failed; connection %s: %s at\n%s", self._records.source, kind, where)
            return None

    async def _end(self, reader: "asyncio.Task[Closed]", outbox: Outbox) -> Closed:
        """Wait for whatever ends the connection first, end it in good order, and say how."""
        await asyncio.wait((reader, outbox.task), return_when=asyncio.FIRST_COMPLETED)
        try:
            if outbox.task.done():
                outbox.task.result()
            if not reader.done():
                # the outbox ends by itself only when the peer is gone, which the reader is about to notice
                await asyncio.wait((reader,))
            note = Ending.STOPPING if reader.cancelled() else reader.result()
            if note is Ending.STOPPING:
                async with asyncio.timeout(self._drain_s):
                    await outbox.drain()
        except (LogUnavailableError, JournalError):
            note = Ending.UNAVAILABLE
        except TimeoutError:
            note = Ending.STOPPING
        finally:
            reader.cancel()
        if note.by == "gateway":
            async with _discarding(self._connection):
                await close_with(self._connection, note)
        return note


@contextlib.asynccontextmanager
async def _discarding(connection: ServerConnection) -> AsyncIterator[None]:
    """Read and drop what still comes: a socket closed with unread data is reset, and our last answers with it."""

    async def read() -> None:
        with contextlib.suppress(ConnectionClosed, ConcurrencyError):
            while True:
                await connection.recv()

    reading = asyncio.create_task(read())
    try:
        yield
    finally:
        reading.cancel()
