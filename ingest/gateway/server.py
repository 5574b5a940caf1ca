"""The OCPP gateway: accepts stations, gives each its session, stops in good order. Not here: the rules of either."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Final

from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as listen
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from ingest.acks import AckedLog
from ingest.gateway.admission import Admission, RefusedError, admit, note_of, pick_version
from ingest.gateway.closing import Ending, close_with
from ingest.gateway.config import GatewayConfig
from ingest.gateway.csms import Csms
from ingest.gateway.journal import Journal
from ingest.gateway.recording import ConnectionLog, Run
from ingest.gateway.registry import Registry
from ingest.gateway.session import Session
from ingest.gateway.tap import Tap, Tapped
from ingest.producer import Producer

PING_S: Final = 60.0
PONG_S: Final = 30.0
CLOSE_S: Final = 5.0
logger = logging.getLogger("laddstrom.gateway")
wire_logger = logging.getLogger("laddstrom.gateway.wire")
# at DEBUG websockets logs whole frames, card numbers included
wire_logger.setLevel(logging.INFO)


class StationConnection(ServerConnection):
    """A server connection that remembers what its handshake established."""

    admission: Admission | None = None
    tapped: Tapped | None = None


class Gateway:
    """The stations that are connected, and what they share."""

    def __init__(self, config: GatewayConfig, log: AckedLog, csms: Csms) -> None:
        self._config = config
        self._log = log
        self._csms = csms
        self._run = Run()
        self._registry = Registry(config.probe_s)
        self._tap = Tap(config, log, self._run) if config.upstream is not None else None
        self._sessions: set[Session | Tapped] = set()
        self._stopping = False

    async def process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        """Admit or refuse a handshake."""
        assert isinstance(connection, StationConnection)
        try:
            admission = admit(self._config, request)
            if self._stopping or not self._log.admits:
                raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "the log is not available", retry=True)
            if len(self._sessions) >= self._config.max_connections:
                raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "too many stations are connected", retry=True)
            if self._tap is None:
                connection.admission = pick_version(self._config, admission)
            else:
                connection.tapped = await self._tap.connect(connection, request, admission)
                connection.admission = connection.tapped.admission
        except RefusedError as refused:
            return refused.response(connection)
        return None

    def select_subprotocol(self, connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """The subprotocol that `process_request` settled."""
        assert isinstance(connection, StationConnection)
        return None if connection.admission is None else connection.admission.subprotocol

    async def handle(self, connection: ServerConnection) -> None:
        """Serve one open connection until it ends."""
        assert isinstance(connection, StationConnection)
        assert connection.admission is not None
        if connection.tapped is not None:
            with self._counted(connection.tapped):
                await connection.tapped.run(note_of(connection, connection.admission))
        else:
            await self._serve(connection, connection.admission)

    def stop(self) -> None:
        """Let every station finish what it said, then close its socket."""
        self._stopping = True
        for session in tuple(self._sessions):
            session.stop()

    async def _serve(self, connection: ServerConnection, admission: Admission) -> None:
        station_id, protocol = admission.station_id, admission.subprotocol or "ocpp1.6"
        session = Session(
            connection,
            self._log,
            ConnectionLog(self._log, self._run, station_id, protocol),
            self._csms,
            protocol=protocol,
            max_frame_bytes=self._config.max_frame_bytes,
            drain_s=self._config.drain_s,
        )
        try:
            if not await self._registry.claim(station_id, session):
                logger.warning("refused a second connection of a live station from %s", connection.remote_address)
                await close_with(connection, Ending.TAKEN)
                return
            with self._counted(session):
                await session.run(note_of(connection, admission))
        finally:
            self._registry.release(station_id, session)

    @contextlib.contextmanager
    def _counted(self, session: Session | Tapped) -> Iterator[None]:
        self._sessions.add(session)
        if self._stopping:
            session.stop()
        try:
            yield
        finally:
            self._sessions.discard(session)


async def serve(config: GatewayConfig, producer: Producer, *, ready: Callable[[str], None]) -> None:
    """Run the gateway until cancelled; calls `ready` with the URL that a charger's station id is appended to.

    When cancelled it stops accepting, lets every answer under way go out, closes stations with 1012, writes
    their close records and waits until Kafka has acknowledged everything. Whoever made the producer closes it.

    Raises:
        GatewayConfigError: It would be unsafe to start.
        JournalError: The journal cannot be opened.
        OSError: The address cannot be listened on.
    """
    config.check()
    journal = Journal(config.journal, config.token_key)
    log = AckedLog(producer, timeout_s=config.ack_timeout_s)
    tokens = None if config.accepts_all_tokens else config.tokens or frozenset()
    gateway = Gateway(config, log, Csms(heartbeat_s=config.heartbeat_s, tokens=tokens, transactions=journal))
    try:
        server = await _listen(config, gateway)
        try:
            ready(url_of(config.host, server))
            await asyncio.get_running_loop().create_future()
        finally:
            server.close(close_connections=False)
            gateway.stop()
            await server.wait_closed()
    finally:
        await log.close(config.drain_s)
        await journal.close()


def url_of(host: str, server: Server) -> str:
    """What to type into a charger, without its station id."""
    port = server.sockets[0].getsockname()[1]
    return f"ws://{f'[{host}]' if ':' in host else host}:{port}/ocpp"


async def _listen(config: GatewayConfig, gateway: Gateway) -> Server:
    return await listen(
        gateway.handle,
        config.host,
        config.port,
        select_subprotocol=gateway.select_subprotocol,
        process_request=gateway.process_request,
        create_connection=StationConnection,
        # small windows without memory between messages: 10,000 stations must not cost 64 KiB each, and
        # `max_size` bounds what one message may inflate to
        compression=None,
        extensions=[
            ServerPerMessageDeflateFactory(
                server_no_context_takeover=True,
                client_no_context_takeover=True,
                server_max_window_bits=11,
                client_max_window_bits=11,
                compress_settings={"memLevel": 4},
            )
        ],
        server_header="Laddstrom",
        open_timeout=config.handshake_s,
        ping_interval=PING_S,
        ping_timeout=PONG_S,
        close_timeout=CLOSE_S,
        max_size=config.max_frame_bytes,
        logger=wire_logger,
    )
