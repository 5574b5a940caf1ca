"""What a replay reads of the lake: a group's raw records by station, and the newest landed version of its facts.

Not here: which stations form a group (`plan`), or what is made of them (`share`).
"""

from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from models.facts import Fact
from models.record import Record
from models.tables.landed import DEAD_LETTERS, LANDED, VERSION_COLUMNS
from pipelines.home import Home
from pipelines.lake import history, parquet
from pipelines.lake.manifest import LandedFile
from pipelines.replay.plan import RAW, Group, Plan

VERSION: Final = tuple(name for name in VERSION_COLUMNS if name != "deleted")
"""What decides between two rows of one fact."""


def records(home: Home, plan: Plan, group: Group) -> Iterator[tuple[str, list[Record]]]:
    """Each station's landed records in the order of the log; only one station's are Python objects at a time."""
    return history.raw_in(home, _holding(plan, group, RAW), group.stations)


def newest(home: Home, plan: Plan, group: Group, kind: type[Fact]) -> pl.DataFrame:
    """The newest landed version of each fact of these stations, also where that one takes the fact back."""
    empty = pl.DataFrame(parquet.empty(LANDED[kind.table].schema))
    parts = [empty]
    for file in _holding(plan, group, {kind.table}):
        rows = history.rows_in(home, file, group.stations)
        # Files of an older version may lack a column; a null differs from what the step says now.
        lacking = [pl.lit(None, dtype).alias(name) for name, dtype in empty.schema.items() if name not in rows.columns]
        parts.append(rows.with_columns(lacking).select(empty.columns).cast(empty.schema))
    rows = pl.concat(parts).with_columns(pl.col(VERSION).fill_null(0))
    return rows.sort(VERSION, maintain_order=True).unique(subset=kind.id_column, keep="last", maintain_order=True)


def fact_of(kind: type[Fact], row: dict[str, Any]) -> Fact:
    """A row of `newest` as the fact it was; where its file knew no such column, it has the default."""
    return history.fact_of(kind, {name: value for name, value in row.items() if value is not None})


def dead_letters(home: Home, plan: Plan, group: Group) -> pl.Series:
    """The ids of the landed dead letters of these stations."""
    columns = ["dead_letter_id", "station_id"]
    landed = _holding(plan, group, {DEAD_LETTERS.name})
    parts = [history.rows_in(home, file, group.stations, columns) for file in landed]
    return pl.concat([pl.Series("dead_letter_id", [], pl.String), *(part["dead_letter_id"] for part in parts)])


def _holding(plan: Plan, group: Group, tables: set[str] | frozenset[str]) -> Iterator[LandedFile]:
    for source in plan.sources:
        is_elsewhere = plan.partitions is not None and source.partition not in (-1, group.partition)
        if source.file.table in tables and not is_elsewhere:
            yield source.file
