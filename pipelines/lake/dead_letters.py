"""Dead letters to rows of their table. Not here: who writes them (the importer, the gateway, the worker)."""

from collections.abc import Iterable

import polars as pl
import pyarrow as pa

from models.dead_letters import DeadLetter
from models.log import DEAD_LETTERS as TOPIC
from models.reasons import Reason
from models.record import Meta
from models.tables.landed import DEAD_LETTERS, as_utc
from pipelines.lake import parquet
from pipelines.lake.consume import Chunk
from pipelines.lake.raw import Place

TABLE = DEAD_LETTERS.name
KEY = ("dead_letter_id", "source", "ordinal")
_SCHEMA = pl.DataFrame(parquet.empty(DEAD_LETTERS.schema)).schema
IS_REFUSED = pl.col("topic").is_null()
"""A dead letter that names no raw record stands for a line or message that was never landed."""


def rows_of(chunk: Chunk, place: Place) -> pl.DataFrame:
    """One row for each dead letter, whoever wrote it."""
    letters = [
        _decode(offset, key, value, headers, place)
        for offset, key, value, headers in zip(chunk.offsets, chunk.keys, chunk.values, chunk.headers, strict=True)
    ]
    return frame_of(letters)


def frame_of(letters: Iterable[DeadLetter]) -> pl.DataFrame:
    """One row for each dead letter, in the order given."""
    return pl.DataFrame([_row(letter) for letter in letters], schema=_SCHEMA)


def table_of(rows: pl.DataFrame) -> pa.Table:
    """Deduplicated rows as their Arrow table."""
    return rows.to_arrow().cast(DEAD_LETTERS.schema)


def _decode(
    offset: int, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]], place: Place
) -> DeadLetter:
    try:
        letter = DeadLetter.decode(key, value, {name: word for name, word in headers if word is not None})
        _check_numbers(letter)
        return letter
    except (ValueError, KeyError, AttributeError):
        # Some other program writes there: kept, named by its own place, and seen in the report.
        return DeadLetter(
            reason=Reason.INVALID_META,
            detail="A record of the dead-letters topic that this version cannot read.",
            station_id=None,
            meta=Meta("frame", None, None, None, None, offset, f"{place.log_id}/{place.partition}"),
            payload=value or b"",
            topic=TOPIC,
            log_id=place.log_id,
            partition=place.partition,
            offset=offset,
        )


def _check_numbers(letter: DeadLetter) -> None:
    for number, bits in ((letter.meta.ordinal, 63), (letter.offset, 63), (letter.partition, 31)):
        if number is not None and not -(2**bits) <= number < 2**bits:
            raise ValueError("a number too large for its column")


def _row(letter: DeadLetter) -> dict[str, object]:
    try:
        received_at = as_utc(letter.meta.received_at_us)
    except OverflowError:
        received_at = None
    return {
        "dead_letter_id": letter.dead_letter_id,
        "reason": str(letter.reason),
        "detail": letter.detail,
        "station_id": letter.station_id,
        "protocol": letter.meta.protocol,
        "direction": letter.meta.direction,
        "received_at": received_at,
        "source": letter.meta.source,
        "ordinal": letter.meta.ordinal,
        "topic": letter.topic,
        "log_id": letter.log_id,
        "partition": letter.partition,
        "offset": letter.offset,
        "payload": letter.payload,
    }
