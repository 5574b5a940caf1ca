"""Every landed table: its name, Arrow schema, column COMMENTs and where it comes from. The single source.

Fact tables are read off their structs (`facts`); raw tables are declared here. Parquet folders, DuckDB
COMMENTs, Dagster assets, the data dictionary and the quality suites all start from here. Not here: the
tables that a warehouse build computes (`catalogue`).
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
import pyarrow as pa

from models.facts import KINDS, REGISTERS, Fact

TIMESTAMP = pa.timestamp("us", tz="UTC")
REGISTER = pa.decimal128(38, 14)
"""Registers in Wh, exact: a sum of floats in kWh, as some chargers send it, has 14 decimals of a Wh."""
_ARROW: dict[Any, pa.DataType] = {
    msgspec.inspect.StrType: pa.string(),
    msgspec.inspect.IntType: pa.int64(),
    msgspec.inspect.FloatType: pa.float64(),
    msgspec.inspect.BoolType: pa.bool_(),
    msgspec.inspect.BytesType: pa.binary(),
    msgspec.inspect.DateTimeType: TIMESTAMP,
    msgspec.inspect.DecimalType: pa.decimal128(18, 4),
}


class Origin(StrEnum):
    """How a table comes to be."""

    RAW = "raw"
    """Landed verbatim from a raw topic; in the restricted folder."""
    FACT = "fact"
    """Said by the step, landed from `charging.<kind>`."""
    DERIVED = "derived"
    """Computed at build time from landed raw or facts."""
    REPORT = "report"
    """Computed at build time for people."""


class Column(msgspec.Struct, frozen=True):
    """A column: Arrow type (null where the SQL model decides), COMMENT, nullability."""

    name: str
    comment: str
    arrow: pa.DataType | None = None
    nullable: bool = True


class Table(msgspec.Struct, frozen=True):
    """A table: one name for table, asset, Parquet folder and suite."""

    name: str
    comment: str
    origin: Origin
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of its Parquet files; only for landed tables."""
        return pa.schema([pa.field(c.name, c.arrow, c.nullable) for c in self.columns if c.arrow is not None])


def columns_of(row: type[msgspec.Struct]) -> tuple[Column, ...]:
    """The columns of a struct whose fields carry `facts.doc`: names, Arrow types, COMMENTs."""
    columns = []
    for field in msgspec.inspect.type_info(row).fields:  # type: ignore[attr-defined]
        kind_of, extra, comment = field.type, {}, ""
        if isinstance(kind_of, msgspec.inspect.Metadata):
            extra = kind_of.extra or {}
            comment = (kind_of.extra_json_schema or {}).get("description", "")
            kind_of = kind_of.type
        nullable = False
        if isinstance(kind_of, msgspec.inspect.UnionType):
            nullable = True
            kind_of = next(t for t in kind_of.types if not isinstance(t, msgspec.inspect.NoneType))
        alias = extra.get("arrow")
        arrow = REGISTER if alias == REGISTERS else pa.type_for_alias(alias) if alias else _ARROW[type(kind_of)]
        columns.append(Column(field.name, comment, arrow, nullable))
    return tuple(columns)


_POSITION = (
    Column("log_id", "Identity of the topic (Kafka's topic id).", pa.string(), False),
    Column("generation", "Number of that identity within this home, from 1.", pa.int32(), False),
    Column("topic", "Kafka topic.", pa.string(), False),
    Column("partition", "Partition.", pa.int32(), False),
    Column("offset", "Offset.", pa.int64(), False),
)
_LINE = (
    Column("source", "The log file (sha256, 16 hex digits) or the live connection.", pa.string(), False),
    Column("ordinal", "0-based line of the file, or count on the connection.", pa.int64(), False),
)
_STATION = (
    Column("received_at", "Receiver's clock, UTC; null where the log has no times.", TIMESTAMP),
    Column("station_id", "Charging station, as in its connection URL.", pa.string(), False),
    Column("protocol", "WebSocket subprotocol, as agreed or as the log says.", pa.string()),
    Column("direction", "cp-to-csms or csms-to-cp.", pa.string()),
    Column("connection", "Live connection, where known.", pa.string()),
)
RAW_FRAMES = Table(
    "raw_ocpp__frames",
    "OCPP frames verbatim, both directions. Holds card numbers: restricted.",
    Origin.RAW,
    (*_POSITION, *_STATION, *_LINE, Column("payload", "The frame, byte for byte.", pa.binary(), False)),
)
RAW_CONNECTIONS = Table(
    "raw_ocpp__connections",
    "Opened and closed connections, in the order of the frames.",
    Origin.RAW,
    (
        *_POSITION,
        *_STATION,
        *_LINE,
        Column("kind", "open or close.", pa.string(), False),
        Column("payload", "What was noted about it, as JSON.", pa.binary(), False),
    ),
)
RAW_OBJECTS = Table(
    "raw_ocpi__objects",
    "OCPI objects verbatim as partners pushed them. Holds card numbers: restricted.",
    Origin.RAW,
    (
        *_POSITION,
        Column("received_at", "Receiver's clock, UTC.", TIMESTAMP),
        Column("party", "country_code and party_id of the owner, such as NL-TNM.", pa.string(), False),
        Column("module", "OCPI module: locations, sessions, cdrs, tariffs, tokens.", pa.string(), False),
        Column("object_id", "Id, with sub-object ids after slashes (location/evse/connector).", pa.string(), False),
        Column("method", "put, patch, post or delete.", pa.string(), False),
        Column("protocol", "OCPI version, such as ocpi2.2.1.", pa.string()),
        *_LINE,
        Column("payload", "The body, byte for byte.", pa.binary(), False),
    ),
)
DEAD_LETTERS = Table(
    "core__dead_letters",
    "Records refused or set aside, each with a typed reason.",
    Origin.RAW,
    (
        Column("dead_letter_id", "Same line or message and reason: same id.", pa.string(), False),
        Column("reason", "Typed reason.", pa.string(), False),
        Column("detail", "The reason as a sentence; never quotes the payload.", pa.string(), False),
        Column("station_id", "Station, where known.", pa.string()),
        Column("protocol", "Protocol, where known.", pa.string()),
        Column("direction", "Direction, where known.", pa.string()),
        Column("received_at", "Receiver's clock, UTC, where known.", TIMESTAMP),
        *_LINE,
        Column("topic", "Topic of the raw record, if it was landed.", pa.string()),
        Column("log_id", "Log of the raw record, if it was landed.", pa.string()),
        Column("partition", "Partition of the raw record.", pa.int32()),
        Column("offset", "Offset of the raw record.", pa.int64()),
        Column("payload", "Raw bytes; restricted, only in the lake.", pa.binary(), False),
    ),
)

VIOLATIONS = Table(
    "stg_ocpp__violations",
    "What the schema check found, landed beside the frames. An answer whose call was not near it in the log stands "
    "here once for each action it may answer; core__violations keeps the right one.",
    Origin.DERIVED,
    (
        *_POSITION,
        *(column for column in _STATION if column.name != "connection"),
        *_LINE,
        Column("message", "request, answer, or send (unanswered, OCPP 2.1).", pa.string(), False),
        Column("action", "OCPP action; of an answer that of its call.", pa.string(), False),
        Column("rule", "What is broken, in JSON Schema's words (required, enum, ...).", pa.string(), False),
        Column("path", "Where, such as meterValue[].timestamp; $ is the whole payload.", pa.string(), False),
        Column("violations", "How often in this frame.", pa.int64(), False),
    ),
)
FACT_TABLES: tuple[Table, ...] = tuple(Table(kind.table, kind.comment, Origin.FACT, columns_of(kind)) for kind in KINDS)
LANDED: dict[str, Table] = {
    t.name: t for t in (RAW_FRAMES, RAW_CONNECTIONS, RAW_OBJECTS, DEAD_LETTERS, VIOLATIONS, *FACT_TABLES)
}
"""Tables with a Parquet folder of their own."""

VERSION_COLUMNS = ("version_generation", "version_offset", "version_revision", "deleted")
"""Columns of a landed fact that its core table leaves out."""
HIDDEN_COLUMNS = ("energy_candidates",)
"""Those that stand in a table of their own instead (`stg_ocpp__session_candidates`)."""


def rows_of(kind: type[Fact], facts: list[Fact]) -> pa.Table:
    """Facts as an Arrow table in their landed schema; the caller has them in one kind."""
    schema = LANDED[kind.table].schema
    return pa.Table.from_pylist([msgspec.structs.asdict(fact) for fact in facts], schema=schema)


def as_utc(us: int | None) -> datetime | None:
    """Microseconds since the epoch as an aware UTC time."""
    from datetime import UTC, timedelta

    return None if us is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
