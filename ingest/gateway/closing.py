"""How connections end, and what of their last message is still worth a record. Not here: when to end them."""

import contextlib
from typing import Final

from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from ingest.gateway.recording import Ack, Closed, ConnectionLog
from models.record import Direction

MAX_REASON_BYTES: Final = 123
"""What a close frame has room for (RFC 6455, 5.5)."""


class Ending:
    """Why we end a connection ourselves."""

    UNAVAILABLE: Final = Closed(CloseCode.TRY_AGAIN_LATER, "the log is not available; try again later", "gateway")
    TAKEN: Final = Closed(CloseCode.POLICY_VIOLATION, "this station is connected already", "gateway")
    FAILED: Final = Closed(CloseCode.INTERNAL_ERROR, "a defect of the gateway", "gateway")
    STOPPING: Final = Closed(CloseCode.SERVICE_RESTART, "the gateway is restarting", "gateway")


def ending(closed: ConnectionClosed, peer: str) -> Closed:
    """The note of a connection whose other end is `peer`."""
    if closed.rcvd is not None and (closed.sent is None or closed.rcvd_then_sent):
        return Closed(closed.rcvd.code, closed.rcvd.reason, peer)
    if closed.sent is not None:
        return Closed(closed.sent.code, closed.sent.reason, "gateway")
    return Closed(CloseCode.ABNORMAL_CLOSURE, "", "network")


def record_last(log: ConnectionLog, direction: Direction, closed: ConnectionClosed, limit: int) -> list[Ack]:
    """Record a message that ended its connection: one that is too large, or a text that is not UTF-8."""
    if isinstance(closed.__cause__, UnicodeDecodeError):
        return [log.frame(direction, bytes(closed.__cause__.object))]
    if closed.sent is not None and closed.sent.code == CloseCode.MESSAGE_TOO_BIG and not closed.rcvd_then_sent:
        return [log.too_large(direction, limit)]
    return []


async def close_with(connection: Connection, note: Closed) -> None:
    """Close with the same code and reason; codes that must not travel (RFC 6455, 7.4.1) become a dropped socket."""
    if note.code == CloseCode.NO_STATUS_RCVD:
        # `close` cannot send a close frame without a code
        with contextlib.suppress(ConnectionClosed):
            async with connection.send_context():
                connection.protocol.send_close()
    elif note.code in (CloseCode.ABNORMAL_CLOSURE, CloseCode.TLS_HANDSHAKE):
        connection.transport.abort()
    else:
        await connection.close(note.code, _fitting(note.reason))


def _fitting(reason: str) -> str:
    return reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
