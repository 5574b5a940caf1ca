"""A record that was refused or set aside, and how it travels in `dead-letters`.

The value is the raw bytes; everything said about them stands in headers, so that they can be replayed.
`detail` is a sentence for people and must never quote the payload: it reaches reports and logs.
"""

import hashlib

import msgspec

from models.reasons import Reason
from models.record import Meta, Record

REASON_HEADER = "reason"
"""`reason topic log_id partition offset`, ASCII, unknown = `-`."""
DETAIL_HEADER = "detail"
"""The sentence, UTF-8."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One refused record with its typed reason and where it came from."""

    reason: Reason
    detail: str
    station_id: str | None
    meta: Meta
    payload: bytes
    topic: str | None = None
    log_id: str | None = None
    partition: int | None = None
    offset: int | None = None

    @property
    def dead_letter_id(self) -> str:
        """Same line or message, same reason: same id, however often it is sent."""
        text = f"{self.meta.source}\x00{self.meta.ordinal}\x00{self.station_id or ''}\x00{self.reason}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def headers(self) -> list[tuple[str, bytes]]:
        """The Kafka headers, `meta` first."""
        where = (self.reason, self.topic, self.log_id, self.partition, self.offset)
        return [
            ("meta", self.meta.encode()),
            (REASON_HEADER, " ".join("-" if part is None else str(part) for part in where).encode("ascii")),
            (DETAIL_HEADER, self.detail.encode("utf-8")),
        ]

    @classmethod
    def of_record(cls, record: Record, reason: Reason, detail: str, *, topic: str, log_id: str) -> "DeadLetter":
        """A dead letter for a record that is in the raw log."""
        meta = Meta(
            record.kind,
            record.direction,
            record.protocol,
            record.received_at_us,
            None,
            record.ordinal,
            record.source,
        )
        return cls(
            reason=reason,
            detail=detail,
            station_id=record.station_id,
            meta=meta,
            payload=record.payload,
            topic=topic,
            log_id=log_id,
            partition=record.partition,
            offset=record.offset,
        )

    @classmethod
    def decode(cls, key: bytes | None, value: bytes | None, headers: dict[str, bytes]) -> "DeadLetter":
        """Read one back from its topic; raises ValueError or KeyError on what another program wrote."""
        reason, topic, log_id, partition, offset = (
            None if word == "-" else word for word in headers[REASON_HEADER].decode("ascii").split(" ")
        )
        return cls(
            reason=Reason(reason or "-"),
            detail=headers[DETAIL_HEADER].decode("utf-8"),
            station_id=key.decode("utf-8", "replace") if key else None,
            meta=Meta.decode(headers["meta"]),
            payload=value or b"",
            topic=topic,
            log_id=log_id,
            partition=None if partition is None else int(partition),
            offset=None if offset is None else int(offset),
        )
