"""The tap: a transparent listener between chargers and an existing CSMS. Not here: our own answers.

Each message is recorded first, forwarded unchanged once Kafka has acknowledged it, and only then: so nothing
is answered upstream that the log does not hold, and what a charger is told stands in the log before it hears
it. Text stays text and binary stays binary. Pings and compression are each hop's own. The upstream CSMS
decides who may connect, which subprotocol is spoken and what a second connection means.
"""

import asyncio
import contextlib
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.http11 import Request, Response

from ingest.acks import AckedLog, LogUnavailableError
from ingest.gateway.admission import PREFIX, Admission, RefusedError
from ingest.gateway.closing import Ending, close_with, ending, record_last
from ingest.gateway.config import GatewayConfig
from ingest.gateway.outbox import Outbox
from ingest.gateway.recording import Closed, ConnectionLog, Opened, Run
from models.record import Direction

FORWARDED: Final = ("Authorization", "User-Agent")
RETURNED: Final = ("WWW-Authenticate", "Retry-After")
CONNECT_SHARE: Final = 0.8
"""Of the handshake's time: the charger must still hear that upstream was too slow."""
CLOSE_S: Final = 5.0
UPSTREAM_STOPPING: Final = Closed(1001, "the charger's connection is going away", "gateway")


class UpstreamRefusedError(RefusedError):
    """The CSMS refused; its status, words and challenge go back to the charger."""

    def __init__(self, refusal: Response) -> None:
        try:
            status = HTTPStatus(refusal.status_code)
        except ValueError:
            status = HTTPStatus.BAD_GATEWAY
        super().__init__(status, f"the CSMS refused with HTTP {refusal.status_code}")
        self.refusal = refusal

    def response(self, connection: ServerConnection) -> Response:
        """The refusal as the CSMS worded it."""
        words = bytes(self.refusal.body or b"").decode("utf-8", "replace")
        response = connection.respond(self.status, words)
        for name in RETURNED:
            for value in self.refusal.headers.get_all(name):
                response.headers[name] = value
        return response


class Tap:
    """Opens the way upstream for each charger that connects."""

    def __init__(self, config: GatewayConfig, log: AckedLog, run: Run) -> None:
        self._config = config
        self._log = log
        self._run = run

    async def connect(self, station: ServerConnection, request: Request, admission: Admission) -> "Tapped":
        """Connect upstream as the charger would; raises `RefusedError` with what the charger should hear."""
        uri = f"{(self._config.upstream or '').rstrip('/')}/{request.path.removeprefix(PREFIX)}"
        headers = [(name, value) for name in FORWARDED for value in request.headers.get_all(name)]
        try:
            upstream = await connect(
                uri,
                subprotocols=admission.offered or None,
                additional_headers=headers,
                user_agent_header=None,
                proxy=None,
                open_timeout=self._config.handshake_s * CONNECT_SHARE,
                close_timeout=CLOSE_S,
                max_size=self._config.max_frame_bytes,
            )
        except InvalidStatus as refused:
            raise UpstreamRefusedError(refused.response) from refused
        except InvalidURI as error:
            raise RefusedError(HTTPStatus.NOT_FOUND, "this path cannot be forwarded") from error
        except TimeoutError as error:
            raise RefusedError(HTTPStatus.GATEWAY_TIMEOUT, "the CSMS did not answer", retry=True) from error
        except (OSError, InvalidHandshake) as error:
            raise RefusedError(HTTPStatus.BAD_GATEWAY, "the CSMS cannot be reached", retry=True) from error
        agreed = replace(admission, subprotocol=upstream.subprotocol)
        records = ConnectionLog(self._log, self._run, agreed.station_id, agreed.subprotocol)
        return Tapped(station, upstream, self._log, records, agreed, self._config)


class Tapped:
    """One charger's connection and its continuation upstream."""

    def __init__(
        self,
        station: ServerConnection,
        upstream: ClientConnection,
        log: AckedLog,
        records: ConnectionLog,
        admission: Admission,
        config: GatewayConfig,
    ) -> None:
        self.admission = admission
        self._station = station
        self._upstream = upstream
        self._log = log
        self._records = records
        self._config = config
        self._stop = asyncio.Event()
        # a handshake that fails after this never reaches `run`; its way upstream must not stay open
        self._abandoned = asyncio.create_task(self._close_when_abandoned())

    async def run(self, opened: Opened) -> None:
        """Forward until either side ends; the other side ends the same way."""
        self._abandoned.cancel()
        note = Ending.FAILED
        try:
            async with Outbox(self._upstream, self._log) as up, Outbox(self._station, self._log) as down:
                await up.put([self._records.opened(opened)], None)
                note = await self._forward(up, down)
        finally:
            self._records.closed(note)

    def stop(self) -> None:
        """Close both sides."""
        self._stop.set()

    async def _forward(self, up: Outbox, down: Outbox) -> Closed:
        from_station = asyncio.create_task(self._pump(self._station, up, Direction.CP_TO_CSMS))
        from_csms = asyncio.create_task(self._pump(self._upstream, down, Direction.CSMS_TO_CP))
        stopped = asyncio.create_task(self._stop.wait())
        tasks = (from_station, from_csms, stopped)
        try:
            await _first(tasks, (up.task, down.task))
            if from_station.done():
                from_csms.cancel()  # before it sees the end that we pass on and takes it for one of its own
                return await self._pass_on(from_station.result(), up, self._upstream)
            if from_csms.done():
                from_station.cancel()
                return await self._pass_on(from_csms.result(), down, self._station)
            return await self._end_both(Ending.STOPPING)
        except LogUnavailableError:
            return await self._end_both(Ending.UNAVAILABLE)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(self, source: Connection, outbox: Outbox, direction: Direction) -> Closed:
        peer = "station" if direction is Direction.CP_TO_CSMS else "csms"
        while True:
            try:
                message = await source.recv()
            except ConnectionClosed as closed:
                record_last(self._records, direction, closed, self._config.max_frame_bytes)
                return ending(closed, peer)
            frame = message.encode() if isinstance(message, str) else message
            await outbox.put([self._records.frame(direction, frame)], message)

    async def _pass_on(self, note: Closed, outbox: Outbox, other: Connection) -> Closed:
        """Deliver what was said before the end, then end the other side likewise."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._config.drain_s):
                await outbox.drain()
        await close_with(other, note)
        return note

    async def _end_both(self, note: Closed) -> Closed:
        await asyncio.gather(close_with(self._station, note), close_with(self._upstream, UPSTREAM_STOPPING))
        return note

    async def _close_when_abandoned(self) -> None:
        await self._station.wait_closed()
        await self._upstream.close()


async def _first(
    tasks: "tuple[asyncio.Task[Closed] | asyncio.Task[bool], ...]", outboxes: "tuple[asyncio.Task[None], ...]"
) -> None:
    """Return when a task ends; raises what ended an outbox. One that ended quietly lost its peer: a task is next."""
    waiting: set[asyncio.Task[Closed] | asyncio.Task[bool] | asyncio.Task[None]] = {*tasks, *outboxes}
    while not any(task.done() for task in tasks):
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for outbox in outboxes:
            if outbox in done:
                outbox.result()
