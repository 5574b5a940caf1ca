"""Fact records to rows of their table, every version of each fact. Not here: which version is the newest (SQL)."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa

from models.facts import KINDS, Fact, topic
from models.tables import LANDED
from pipelines.lake.consume import Chunk
from pipelines.lake.errors import FactUnreadableError
from pipelines.lake.raw import Place

KIND_OF: dict[str, type[Fact]] = {topic(kind): kind for kind in KINDS}
_decoders: dict[str, msgspec.json.Decoder[Any]] = {name: msgspec.json.Decoder(kind) for name, kind in KIND_OF.items()}


def table_of(chunk: Chunk, place: Place) -> pa.Table:
    """The chunk's facts in the landed schema of their kind, in offset order.

    Raises:
        FactUnreadableError: a record is not a fact of this kind; nothing is skipped.
    """
    kind = KIND_OF[place.topic]
    decode = _decoders[place.topic].decode
    facts: list[Any] = []
    try:
        facts.extend(decode(value or b"") for value in chunk.values)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FactUnreadableError(place.topic, place.partition, chunk.offsets[len(facts)], str(error)) from error
    schema = LANDED[kind.table].schema
    try:
        return pa.table([_column(facts, field) for field in schema], schema=schema)
    except (pa.ArrowInvalid, OverflowError) as error:
        raise FactUnreadableError(place.topic, place.partition, chunk.offsets[0], str(error)) from error


def by_station(rows: pa.Table) -> pa.Table:
    """Sorted by station where the kind has one, else by its first column; facts of one keep their order."""
    order = pa.array(range(rows.num_rows), pa.int64())
    column = "station_id" if "station_id" in rows.schema.names else rows.schema.names[0]
    return rows.append_column("_order", order).sort_by([(column, "ascending"), ("_order", "ascending")]).drop("_order")


def _column(facts: list[Any], field: "pa.Field[Any]") -> "pa.Array[Any]":
    values = [getattr(fact, field.name) for fact in facts]
    if pa.types.is_timestamp(field.type):
        values = [_utc(value) for value in values]
    return pa.array(values, field.type)  # type: ignore[no-any-return]


def _utc(value: datetime | None) -> datetime | None:
    """A time without a zone would be read as local: the log knows only UTC."""
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value
