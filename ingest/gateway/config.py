"""What the gateway is told, checked before it listens. Not here: reading settings (`pipelines.settings`)."""

import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from models.log import MAX_FRAME_BYTES, MAX_PAYLOAD_BYTES


class GatewayConfigError(ValueError):
    """The gateway cannot start as configured; the message says what to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """Plain values for one gateway.

    Attributes:
        journal: Folder of the journal of open 1.6 transactions.
        token_key: Keys the hashes of card numbers in that journal.
        host: Address to listen on.
        port: Port to listen on; 0 picks a free one.
        stations: Ids let in; None lets every id in, on loopback only.
        tokens: Card numbers accepted; None accepts all on loopback and none elsewhere.
        allow_no_subprotocol: Chargers that offer no subprotocol come in as OCPP 1.6.
        heartbeat_s: Interval answered to BootNotification.
        max_frame_bytes: A larger frame closes its connection with 1009.
        upstream: `ws://` or `wss://` prefix of an existing CSMS: the gateway is then a tap before it.
        ack_timeout_s: How long Kafka may take before a connection is closed with 1013.
        probe_s: How long a live connection may take to answer the ping of a takeover.
        handshake_s: Longest opening handshake.
        drain_s: How long a shutdown waits for answers under way.
        max_connections: Further ones are refused with 503.
    """

    journal: Path
    token_key: bytes
    host: str = "127.0.0.1"
    port: int = 9000
    stations: frozenset[str] | None = None
    tokens: frozenset[str] | None = None
    allow_no_subprotocol: bool = False
    heartbeat_s: int = 300
    max_frame_bytes: int = MAX_FRAME_BYTES
    upstream: str | None = None
    ack_timeout_s: float = 10.0
    probe_s: float = 5.0
    handshake_s: float = 10.0
    drain_s: float = 5.0
    max_connections: int = 20_000

    def check(self) -> None:
        """Raise `GatewayConfigError` with a sentence where starting would be unsafe or cannot work."""
        if self.stations is None and not is_loopback(self.host):
            raise GatewayConfigError(
                f"the gateway would let anyone in at {self.host}: list the station ids in "
                "LADDSTROM_GATEWAY__STATIONS, or listen on 127.0.0.1"
            )
        if not 1024 <= self.max_frame_bytes <= MAX_PAYLOAD_BYTES:
            raise GatewayConfigError(
                f"LADDSTROM_GATEWAY__MAX_FRAME_BYTES must lie between 1024 and {MAX_PAYLOAD_BYTES}, "
                f"not {self.max_frame_bytes}"
            )
        if self.upstream is not None:
            parts = urlsplit(self.upstream)
            if parts.scheme not in ("ws", "wss") or not parts.hostname or parts.query or parts.fragment:
                raise GatewayConfigError(
                    f"the upstream must look like ws://host:port/path or wss://host/path, not {self.upstream!r}"
                )

    @property
    def accepts_all_tokens(self) -> bool:
        """Whether every card number is good: nothing listed, and nobody but this machine can connect."""
        return self.tokens is None and is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether every address that `host` stands for is this machine's own; an unknown name is not."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM) if host else []
    except OSError:
        return False
    return bool(found) and all(ipaddress.ip_address(str(item[4][0]).split("%")[0]).is_loopback for item in found)
