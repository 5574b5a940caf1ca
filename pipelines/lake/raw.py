"""Raw records to the rows of their tables: the `meta` header read, nothing of the payload looked at.

A record whose key or header cannot be read is counted, never landed: the worker sets it aside as a dead letter.
Not here: which rows were landed before (`known`).
"""

from typing import Final

import msgspec
import polars as pl
import pyarrow as pa

from models.log import FRAMES, META_HEADER, OBJECTS
from models.record import Kind, Meta, MetaError
from models.tables.landed import LANDED, RAW_CONNECTIONS, RAW_FRAMES, RAW_OBJECTS
from pipelines.lake import parquet
from pipelines.lake.consume import Chunk

TABLES: Final = {FRAMES: (RAW_FRAMES.name, RAW_CONNECTIONS.name), OBJECTS: (RAW_OBJECTS.name,)}
"""The tables each raw topic lands into; one range of offsets fills all of them together."""
KINDS: Final = {
    FRAMES: (Kind.FRAME, Kind.OPEN, Kind.CLOSE),
    OBJECTS: (Kind.PUT, Kind.PATCH, Kind.POST, Kind.DELETE),
}
PAIR: Final = ("station_id", "source", "ordinal")
"""Rows with these equal are one row."""

_REGULAR: Final = r"^[!-~]+ [!-~]+ [!-~]+ (?:-|-?[0-9]{1,18}) [!-~]+ -?[0-9]{1,18} [!-~]+$"
"""A header as ours are written: read by column. A chunk with any other goes through `Meta.decode` row by row."""
_COLUMNS: Final = {
    "kind": pl.String,
    "direction": pl.String,
    "protocol": pl.String,
    "received_at_us": pl.Int64,
    "connection": pl.String,
    "ordinal": pl.Int64,
    "source": pl.String,
}
_UNKNOWN: Final = ("direction", "protocol", "received_at_us", "connection")
"""Words in which `-` stands for unknown."""
_INT64: Final = 2**63


class Place(msgspec.Struct, frozen=True):
    """The partition that is being landed."""

    topic: str
    log_id: str
    generation: int
    partition: int


def rows_of(chunk: Chunk, place: Place) -> pl.DataFrame:
    """The chunk's readable records, one row each, with `kind` beside the columns of their tables."""
    metas = [_meta(headers) for headers in chunk.headers]
    stations = {key: _text(key) for key in set(chunk.keys)}
    frame = pl.DataFrame(
        {
            "offset": chunk.offsets,
            "station_id": [stations[key] for key in chunk.keys],
            "payload": [value or b"" for value in chunk.values],
        },
        schema={"offset": pl.Int64, "station_id": pl.String, "payload": pl.Binary},
    )
    words = pl.Series("meta", [_text(meta) for meta in metas], pl.String)
    is_regular = bool(words.str.contains(_REGULAR).fill_null(False).all())
    frame = frame.hstack(_by_column(words) if is_regular else _by_row(metas))
    # Exactly what the worker folds: what it calls unreadable becomes a dead letter there and no row here.
    is_ours = (
        pl.col("kind").is_in(list(KINDS[place.topic]))
        & (pl.col("ordinal") >= 0)
        & pl.col("station_id").str.contains(r"^[^\x00]")
    )
    if place.topic == OBJECTS:
        is_ours &= pl.col("station_id").str.contains("^[^/]+/[^/]+/(?s:.)+$")
    return frame.filter(is_ours)


def tables_of(rows: pl.DataFrame, place: Place) -> dict[str, pa.Table]:
    """Deduplicated rows as the Arrow tables of their topic, sorted for reading by station; empty ones left out."""
    found = {}
    for name in TABLES[place.topic]:
        part = rows
        if name == RAW_FRAMES.name:
            part = rows.filter(pl.col("kind") == Kind.FRAME)
        elif name == RAW_CONNECTIONS.name:
            part = rows.filter(pl.col("kind") != Kind.FRAME)
        if part.height:
            found[name] = _arrow(part, name, place)
    return found


def landed(tables: dict[str, pa.Table]) -> pl.DataFrame:
    """The frames among a range's tables, of which there may be none."""
    return pl.DataFrame(tables.get(RAW_FRAMES.name, parquet.empty(RAW_FRAMES.schema)))


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Sorted for reading by station, or by object, whose key landed rows hold in parts."""
    parts = pl.concat_str("party", "module", "object_id", separator="/") if "party" in rows.columns else "station_id"
    return rows.sort(parts, "offset")


def _arrow(rows: pl.DataFrame, name: str, place: Place) -> pa.Table:
    rows = in_order(rows).with_columns(
        pl.lit(place.log_id).alias("log_id"),
        pl.lit(place.topic).alias("topic"),
        pl.lit(place.generation, pl.Int32).alias("generation"),
        pl.lit(place.partition, pl.Int32).alias("partition"),
        pl.from_epoch("received_at_us", "us").dt.replace_time_zone("UTC").alias("received_at"),
    )
    if name == RAW_OBJECTS.name:
        words = pl.col("station_id").str.splitn("/", 3).struct
        rows = rows.with_columns(
            words.field("field_0").alias("party"),
            words.field("field_1").alias("module"),
            words.field("field_2").alias("object_id"),
            pl.col("kind").alias("method"),
        )
    schema = LANDED[name].schema
    return rows.select(schema.names).to_arrow().cast(schema)


def _meta(headers: list[tuple[str, bytes | None]]) -> bytes | None:
    for name, value in headers:
        if name == META_HEADER and value is not None:
            return value
    return None


def _text(data: bytes | None) -> str | None:
    try:
        return None if data is None else data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _by_column(metas: pl.Series) -> pl.DataFrame:
    words = pl.col("meta").str.splitn(" ", len(_COLUMNS)).struct
    texts = {name: words.field(f"field_{index}") for index, name in enumerate(_COLUMNS)}
    read = {name: pl.when(text != "-").then(text) if name in _UNKNOWN else text for name, text in texts.items()}
    return metas.to_frame().select(read[name].cast(kind).alias(name) for name, kind in _COLUMNS.items())


def _by_row(metas: list[bytes | None]) -> pl.DataFrame:
    """As `_by_column`, for chunks in which some other program wrote; slower, and never fails."""
    read = [_decode(meta) for meta in metas]
    return pl.DataFrame(
        {name: [None if meta is None else getattr(meta, name) for meta in read] for name in _COLUMNS}, schema=_COLUMNS
    )


def _decode(header: bytes | None) -> Meta | None:
    if header is None:
        return None
    try:
        meta = Meta.decode(header)
    except MetaError:
        return None
    return meta if 0 <= meta.ordinal < _INT64 and abs(meta.received_at_us or 0) < _INT64 else None
