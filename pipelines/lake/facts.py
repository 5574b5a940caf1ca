"""Fact records to rows of their table, every version of each fact. Not here: which version is the newest (SQL)."""

from collections.abc import Sequence
from typing import Any

import msgspec
import polars as pl
import pyarrow as pa

from models.facts import KINDS, Fact, topic
from models.tables.landed import LANDED
from pipelines.lake import parquet
from pipelines.lake.consume import Chunk
from pipelines.lake.errors import FactUnreadableError
from pipelines.lake.raw import Place

KIND_OF: dict[str, type[Fact]] = {topic(kind): kind for kind in KINDS}
_decoders: dict[str, msgspec.json.Decoder[Any]] = {name: msgspec.json.Decoder(kind) for name, kind in KIND_OF.items()}
_schemas: dict[str, pl.Schema] = {
    name: pl.DataFrame(parquet.empty(LANDED[kind.table].schema)).schema for name, kind in KIND_OF.items()
}


def rows_of(chunk: Chunk, place: Place) -> pl.DataFrame:
    """The chunk's facts by column, in offset order.

    Raises:
        FactUnreadableError: a record is not a fact of this kind; nothing is skipped.
    """
    decode = _decoders[place.topic].decode
    facts: list[Any] = []
    try:
        facts.extend(decode(value or b"") for value in chunk.values)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FactUnreadableError(place.topic, place.partition, chunk.offsets[len(facts)], str(error)) from error
    try:
        return frame_of(KIND_OF[place.topic], facts)
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        raise FactUnreadableError(place.topic, place.partition, chunk.offsets[0], "a value too large") from error


def frame_of(kind: type[Fact], facts: Sequence[Fact]) -> pl.DataFrame:
    """Facts of one kind by column, in the order given; raises what Polars does on a value too large."""
    schema = _schemas[topic(kind)]
    return pl.DataFrame({name: [getattr(fact, name) for fact in facts] for name in schema}, schema=schema)


def table_of(rows: pl.DataFrame, place: Place) -> pa.Table:
    """The rows in the landed schema of their kind."""
    return in_order(rows).to_arrow().cast(LANDED[KIND_OF[place.topic].table].schema)


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Sorted by station; versions of a fact keep their order."""
    column = "station_id" if "station_id" in rows.columns else rows.columns[0]
    return rows.sort(column, maintain_order=True)
