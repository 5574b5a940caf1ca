"""A record of `ocpp.frames` as it came from Kafka, read. Not here: what is done with one that cannot be read."""

from collections.abc import Iterable
from typing import Final

from models.log import META_HEADER
from models.record import Kind, MetaError, Record

_KINDS: Final = frozenset({Kind.FRAME, Kind.OPEN, Kind.CLOSE})
_INT64: Final = 1 << 63


def read(
    station_id: str,
    headers: Iterable[tuple[str, bytes | None]],
    value: bytes | None,
    generation: int,
    partition: int,
    offset: int,
) -> Record:
    """The record with its `meta` header; raises `MetaError` where that is missing or does not belong here."""
    header = None
    for name, word in headers:
        if name == META_HEADER:
            header = word
            break
    if header is None:
        raise MetaError("the record has no `meta` header")
    record = Record.read(header, station_id, value or b"", generation, partition, offset)
    # Wider integers could not be saved with the state.
    if record.kind in _KINDS and 0 <= record.ordinal < _INT64 and abs(record.received_at_us or 0) < _INT64:
        return record
    raise MetaError("the `meta` header's kind or numbers do not belong here")
