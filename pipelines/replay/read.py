"""What a replay reads of the lake: a group's raw records by station, and the newest landed version of its facts.

Not here: which stations form a group (`plan`), or what is made of them (`share`).
"""

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from models.facts import Fact
from models.record import Kind, Record
from models.tables import DEAD_LETTERS, LANDED, RAW_FRAMES, VERSION_COLUMNS
from pipelines.home import Home
from pipelines.lake import parquet
from pipelines.lake.errors import FileDamagedError
from pipelines.replay.plan import RAW, Group, Plan, Source

VERSION: Final = tuple(name for name in VERSION_COLUMNS if name != "deleted")
"""What decides between two rows of one fact."""
_RECORD: Final = (
    *("station_id", "kind", "direction", "protocol", "received_at", "source", "ordinal", "payload"),
    *("generation", "partition", "offset"),
)


def records(home: Home, plan: Plan, group: Group) -> Iterator[tuple[str, list[Record]]]:
    """Each station's landed records in the order of the log; only one station's are Python objects at a time."""
    parts = []
    for source in _holding(plan, group, RAW):
        rows = _rows(home, source, group, [name for name in _RECORD if name != "kind" or not _is_frames(source)])
        if _is_frames(source):
            rows = rows.with_columns(pl.lit(str(Kind.FRAME)).alias("kind"))
        parts.append(rows.select(_RECORD))
    if not parts:
        return
    found = pl.concat(parts).sort("station_id", "generation", "partition", "offset")
    parts.clear()
    found = found.with_columns(pl.col("received_at").dt.epoch("us"))
    for station, rows_of in groupby(found.iter_rows(), key=itemgetter(0)):
        yield station, [Record(*row) for row in rows_of]


def newest(home: Home, plan: Plan, group: Group, kind: type[Fact]) -> pl.DataFrame:
    """The newest landed version of each fact of these stations, also where that one takes the fact back."""
    empty = pl.DataFrame(parquet.empty(LANDED[kind.table].schema))
    parts = [empty]
    for source in _holding(plan, group, {kind.table}):
        rows = _rows(home, source, group, None)
        # Files of an older version may lack a column; a null differs from what the step says now.
        lacking = [pl.lit(None, dtype).alias(name) for name, dtype in empty.schema.items() if name not in rows.columns]
        parts.append(rows.with_columns(lacking).select(empty.columns).cast(empty.schema))
    rows = pl.concat(parts).with_columns(pl.col(VERSION).fill_null(0))
    return rows.sort(VERSION, maintain_order=True).unique(subset=kind.id_column, keep="last", maintain_order=True)


def fact_of(kind: type[Fact], row: dict[str, Any]) -> Fact:
    """A landed row as the fact it was; where its file knew no such column, it has the default."""
    required = _required(kind)
    return kind(**{name: value for name, value in row.items() if value is not None or name in required})


@cache
def _required(kind: type[Fact]) -> frozenset[str]:
    return frozenset(field.name for field in msgspec.structs.fields(kind) if field.required)


def dead_letters(home: Home, plan: Plan, group: Group) -> pl.Series:
    """The ids of the landed dead letters of these stations."""
    columns = ["dead_letter_id", "station_id"]
    parts = [_rows(home, source, group, columns) for source in _holding(plan, group, {DEAD_LETTERS.name})]
    return pl.concat([pl.Series("dead_letter_id", [], pl.String), *(part["dead_letter_id"] for part in parts)])


def _is_frames(source: Source) -> bool:
    return source.file.table == RAW_FRAMES.name


def _holding(plan: Plan, group: Group, tables: set[str] | frozenset[str]) -> Iterator[Source]:
    for source in plan.sources:
        is_elsewhere = plan.partitions is not None and source.partition not in (-1, group.partition)
        if source.file.table in tables and not is_elsewhere:
            yield source


def _rows(home: Home, source: Source, group: Group, columns: list[str] | None) -> pl.DataFrame:
    """The group's rows of one file, out of the row groups that may hold any."""
    path = home.lake / source.file.path
    try:
        with pq.ParquetFile(path) as opened:
            chosen = list(_row_groups(opened.metadata, group))
            table = opened.read_row_groups(chosen, columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise FileDamagedError(f"{path} cannot be read ({type(error).__name__}); restore it from a copy") from error
    return pl.DataFrame(table).filter(pl.col("station_id").is_in(group.stations))


def _row_groups(metadata: Any, group: Group) -> Iterator[int]:
    place = metadata.schema.names.index("station_id")
    for number in range(metadata.num_row_groups):
        said = metadata.row_group(number).column(place).statistics
        known = said is not None and said.has_min_max
        if not known or (said.min <= group.stations[-1] and said.max >= group.stations[0]):
            yield number
