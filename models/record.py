"""One record of a raw topic and its `meta` header. Not here: what the payload means (see `frames`)."""

from enum import StrEnum
from urllib.parse import quote

import msgspec

_NOT_SEVEN = "a raw record's `meta` header is not seven ASCII words"


class Kind(StrEnum):
    """What a raw record is. OCPI records carry the HTTP method instead of `frame`."""

    FRAME = "frame"
    OPEN = "open"
    CLOSE = "close"
    PUT = "put"
    PATCH = "patch"
    POST = "post"
    DELETE = "delete"


class Direction(StrEnum):
    """Who spoke."""

    CP_TO_CSMS = "cp-to-csms"
    CSMS_TO_CP = "csms-to-cp"


class MetaError(ValueError):
    """A record header that is not seven ASCII words as the contract orders them."""


class Meta(msgspec.Struct, frozen=True, gc=False):
    """The one header of a raw record (contract, section 3).

    `received_at_us` is the receiver's clock in microseconds since the Unix epoch, UTC; null where a log
    file has no times. `source` and `ordinal` name the line or the connection's message for ever.
    """

    kind: str
    direction: str | None
    protocol: str | None
    received_at_us: int | None
    connection: str | None
    ordinal: int
    source: str

    def encode(self) -> bytes:
        """The header's bytes: seven ASCII words, one space between, unknown = `-`."""
        return " ".join(
            (
                self.kind,
                self.direction or "-",
                _word(self.protocol),
                "-" if self.received_at_us is None else str(self.received_at_us),
                _word(self.connection),
                str(self.ordinal),
                _word(self.source),
            )
        ).encode("ascii")

    @classmethod
    def decode(cls, header: bytes) -> "Meta":
        """Read a header back; raises `MetaError`, and nothing else, on anything that is not one."""
        try:
            kind, direction, protocol, received, connection, ordinal, source = header.decode("ascii").split(" ")
            return cls(
                kind,
                None if direction == "-" else direction,
                None if protocol == "-" else protocol,
                None if received == "-" else int(received),
                None if connection == "-" else connection,
                int(ordinal),
                source,
            )
        except ValueError as error:
            raise MetaError(_NOT_SEVEN) from error


def _word(value: str | None) -> str:
    return quote(value, safe="!#$&'()*+,./:;=?@[]~_") if value and value != "-" else "-"


class Record(msgspec.Struct, gc=False):
    """One raw record at its place in the log: what the step takes.

    `generation` numbers the topic's identity (contract, section 3); `(generation, offset)` rises within
    one partition, so within one station.
    """

    station_id: str
    kind: str
    direction: str | None
    protocol: str | None
    received_at_us: int | None
    source: str
    ordinal: int
    payload: bytes
    generation: int
    partition: int
    offset: int

    @classmethod
    def read(
        cls, header: bytes, station_id: str, payload: bytes, generation: int, partition: int, offset: int
    ) -> "Record":
        """The record with this `meta` header; raises `MetaError` as `Meta.decode` does, and takes half its time."""
        try:
            kind, direction, protocol, received, _, ordinal, source = header.decode("ascii").split(" ")
            return cls(
                station_id,
                kind,
                None if direction == "-" else direction,
                None if protocol == "-" else protocol,
                None if received == "-" else int(received),
                source,
                int(ordinal),
                payload,
                generation,
                partition,
                offset,
            )
        except ValueError as error:
            raise MetaError(_NOT_SEVEN) from error
