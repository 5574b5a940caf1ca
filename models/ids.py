"""Deterministic ids of facts: same log, same id, whatever its offsets, splits or readers. Not here: their use."""

import hashlib
import zlib

from models.record import Direction, Kind, Record

_LONGEST = 64
_FRAME, _OPEN = Kind.FRAME.value, Kind.OPEN.value
OFFLINE = "-1"
"""What a 1.6 station calls every transaction that it began offline (errata 3.18)."""
MAX_INT_IDS = frozenset({"2147483647", "4294967295", "9223372036854775807", "18446744073709551615"})
"""Largest integers, which some chargers send for "no transaction"."""


def digest(*parts: str | int | None) -> str:
    """32 hex digits of BLAKE2b over the parts; None differs from the empty text."""
    text = "\x1f".join("\x00" if part is None else str(part) for part in parts)
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).hexdigest()


def bounded(text: str | None) -> str | None:
    """The text, shortened with a digest of the whole where it is longer than 64 characters; None if empty."""
    if not text:
        return None
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - 17]}~{digest(text)[:16]}"


def mark(record: Record, received_us: int | None, key: bytes | None) -> str:
    """What names a frame for ever: its receipt and content; without a time of receipt, its line in the log.

    The content goes in under the key of the pseudonyms: a plain hash of a frame of which all but the card
    number is known gives that number away.
    """
    if received_us is None:
        return f"{record.source}:{record.ordinal}"
    content = hashlib.blake2b(record.payload, digest_size=8, key=(key or b"")[:64]).hexdigest()
    return f"{received_us}:{record.direction or '-'}:{content}"


def frame_hash(record: Record) -> int:
    """A small, stable number for (kind, direction, payload): tells equal frames of one instant apart from others."""
    payload = record.payload
    start = record.direction == Direction.CP_TO_CSMS if record.kind == _FRAME else 2 + (record.kind == _OPEN)
    return zlib.crc32(payload, start) | (len(payload) & 0x7FFFFFFF) << 32


def is_key(transaction_id: str | None) -> bool:
    """Whether a 1.6 transactionId names one transaction: -1, 0 and max-int are handed out to many (errata 3.18)."""
    if not transaction_id or transaction_id in MAX_INT_IDS:
        return False
    digits = transaction_id[1:] if transaction_id[0] == "-" else transaction_id
    return not digits.isdecimal() or int(transaction_id[:20]) > 0


def is_local(transaction_id: str | None) -> bool:
    """Whether a station made the id up for itself: negative, and not the -1 that stands for all of them."""
    return transaction_id is not None and transaction_id[:1] == "-" and transaction_id != OFFLINE


def session_id_16(station_id: str, connector_id: int | None, start: str, ordinal: int) -> str:
    """Id of a 1.6 session: station, connector, start as reported, ordinal of a collision (contract, section 5)."""
    return digest("1.6", station_id, connector_id, start, ordinal)


def session_id_2x(station_id: str, transaction_id: str) -> str:
    """Id of a 2.x session: station and transactionId (contract, section 5)."""
    return digest("2", station_id, transaction_id)


def short(fact_id: str) -> int:
    """The first 60 bits of a digest: enough to remember that an id was used, in nine bytes of state."""
    return int(fact_id[:15], 16)
