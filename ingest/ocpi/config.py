"""What the OCPI receiver is told, checked before it listens. Not here: reading settings (`pipelines.settings`)."""

from dataclasses import dataclass
from pathlib import Path

from models.log import DEFAULT_PARTITIONS, MAX_PAYLOAD_BYTES


class OcpiConfigError(ValueError):
    """The receiver cannot start as configured; the message says what to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OcpiConfig:
    """Plain values for one receiver.

    Attributes:
        tokens: Credentials tokens of partners; at least one.
        registrations: File of the partners that registered with `credentials` (it holds their tokens).
        partitions: Partitions of the objects' topic.
        host: Address to listen on.
        port: Port to listen on; 0 picks a free one.
        public_url: Where partners reach us, such as `https://ocpi.example.com`; None: as they called us.
        country_code: Our country in `credentials`.
        party_id: Our party id in `credentials`.
        name: Our name in `credentials`.
        max_body_bytes: Larger bodies are refused with 413.
        body_s: How long a body may take to arrive.
        head_s: How long a request's head may take to arrive.
        ack_timeout_s: How long Kafka may take before a push is refused with 503.
        max_requests: Requests and connections at once; further ones are refused with 503.
    """

    tokens: frozenset[str]
    registrations: Path
    partitions: int = DEFAULT_PARTITIONS
    host: str = "127.0.0.1"
    port: int = 9001
    public_url: str | None = None
    country_code: str = "SE"
    party_id: str = "LAD"
    name: str = "Laddström"
    max_body_bytes: int = 4 << 20
    body_s: float = 10.0
    head_s: float = 10.0
    ack_timeout_s: float = 10.0
    max_requests: int = 256

    def check(self) -> None:
        """Raise `OcpiConfigError` with a sentence where starting would be unsafe or cannot work."""
        if not self.tokens or not all(token.isascii() and token.strip() == token != "" for token in self.tokens):
            raise OcpiConfigError(
                "set LADDSTROM_OCPI__TOKENS to the credentials tokens of your partners: ASCII, without blanks"
            )
        if not 1024 <= self.max_body_bytes <= MAX_PAYLOAD_BYTES:
            raise OcpiConfigError(f"the largest body must lie between 1024 and {MAX_PAYLOAD_BYTES} bytes")
