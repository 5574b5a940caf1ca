"""Runs the OCPI receiver on uvicorn, with the deadlines that uvicorn lacks. Not here: its endpoints (`app`)."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ingest.ocpi.app import create_app
from ingest.ocpi.config import OcpiConfig
from ingest.producer import Producer

KEEP_ALIVE_S = 30
STOP_S = 15
HEAD_BYTES = 16 << 10


async def serve(config: OcpiConfig, producer: Producer, *, ready: Callable[[str], None]) -> None:
    """Run the receiver until cancelled; calls `ready` with its base URL. Whoever made the producer closes it.

    Raises:
        OcpiConfigError: It would be unsafe to start.
        OSError: The address cannot be listened on.
    """
    config.check()
    app = create_app(config, producer)
    listening = _listen(config.host, config.port)
    server = _Server(
        uvicorn.Config(
            app,
            http=_deadlined(config.head_s),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=config.max_requests,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=STOP_S,
            h11_max_incomplete_event_size=HEAD_BYTES,
        )
    )
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started and not running.done():
            await asyncio.sleep(0.01)
        if server.started:
            port = listening.getsockname()[1]
            ready(f"http://{f'[{config.host}]' if ':' in config.host else config.host}:{port}")
        await asyncio.shield(running)
    finally:
        server.should_exit = True
        await running


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever runs us; being cancelled is what ends this server."""
        yield


def _deadlined(head_s: float) -> type[asyncio.Protocol]:
    """The HTTP protocol of uvicorn, hanging up on connections whose request head does not arrive in time.

    Without it a client that sends half a head stays for ever, and enough of them take every slot.
    """

    class Deadlined(H11Protocol):
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._arm()

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._disarm()
            elif self._deadline is None:
                self._arm()

        def _arm(self) -> None:
            self._deadline = self.loop.call_later(head_s, lambda: self.transport.abort())

        def _disarm(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

    return Deadlined


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named TCP, since asyncio turns Nagle's algorithm off only where it sees that: 44 ms a request otherwise
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening
