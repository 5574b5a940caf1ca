"""What the lake holds of a few stations: their raw records, and the newest version of each of their facts.

Landed files are sorted by station, so only the row groups that may hold one of them are read. Not here: what waits
in Kafka, or what is made of it (`pipelines.streams.restate`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from models.facts import KINDS, Fact, topic
from models.log import FRAMES
from models.record import Kind, Record
from models.tables.landed import RAW_FRAMES
from pipelines.broker.topics import partition_of
from pipelines.home import Home
from pipelines.lake.errors import FileDamagedError
from pipelines.lake.manifest import LandedFile, Manifest, Range

FactKey = tuple[str, str]
"""Kind and id of a fact."""
_RECORD: Final = (
    *("station_id", "kind", "direction", "protocol", "received_at", "source", "ordinal", "payload"),
    *("generation", "partition", "offset"),
)
"""The columns in the order of a `Record`."""
_GROUP_ROWS: Final = 200_000


def groups(manifest: Manifest, stations: Iterable[str]) -> Iterator[list[str]]:
    """The stations in groups whose raw records fit into memory, neighbours by name together."""
    names = sorted(stations)
    rows: Counter[str] = Counter()
    for _, file in _raw_files(manifest, names):
        for station, count in rows_in(manifest.home, file, names, ["station_id"])["station_id"].value_counts().rows():
            rows[station] += count
    group, size = [], 0
    for name in names:
        group.append(name)
        size += rows[name]
        if size >= _GROUP_ROWS:
            yield group
            group, size = [], 0
    if group:
        yield group


def raw(manifest: Manifest, stations: Sequence[str]) -> Iterator[tuple[str, list[Record]]]:
    """Every landed record of each station that has any; only one station's are Python objects at a time.

    Raises:
        FileDamagedError: a landed file cannot be read.
    """
    yield from raw_in(manifest.home, [file for _, file in _raw_files(manifest, stations)], stations)


def raw_in(home: Home, landed: Iterable[LandedFile], stations: Sequence[str]) -> Iterator[tuple[str, list[Record]]]:
    """As `raw`, out of these files of the raw tables."""
    parts = []
    for file in landed:
        is_frames = file.table == RAW_FRAMES.name
        rows = rows_in(home, file, stations, [name for name in _RECORD if name != "kind" or not is_frames])
        if is_frames:
            rows = rows.with_columns(pl.lit(str(Kind.FRAME)).alias("kind"))
        parts.append(rows.select(_RECORD))
    if not parts:
        return
    found = pl.concat(parts).sort("station_id", "generation", "offset")
    parts.clear()
    found = found.with_columns(pl.col("received_at").dt.epoch("us"))
    for station, rows_of in groupby(found.iter_rows(), key=itemgetter(0)):
        yield station, [Record(*row) for row in rows_of]


def facts(manifest: Manifest, stations: Sequence[str]) -> dict[str, dict[FactKey, Fact]]:
    """The newest landed version of each fact of each station, also where that one takes the fact back.

    Raises:
        FileDamagedError: a landed file cannot be read.
    """
    found: dict[str, dict[FactKey, Fact]] = defaultdict(dict)
    for kind in KINDS:
        for file in _fact_files(manifest, kind, stations):
            for row in rows_in(manifest.home, file, stations).iter_rows(named=True):
                keep_newest(found, fact_of(kind, row))
    return found


def keep_newest(found: dict[str, dict[FactKey, Fact]], fact: Fact) -> None:
    """Take a fact in, unless a newer version of it is there."""
    of_station = found[fact.station_id]  # type: ignore[attr-defined]  # every kind has one
    known = of_station.get((fact.kind, fact.fact_id))
    if known is None or fact.version >= known.version:
        of_station[fact.kind, fact.fact_id] = fact


def fact_of(kind: type[Fact], row: dict[str, Any]) -> Fact:
    """A landed row as the fact it was; columns that its file does not know have their default."""
    return kind(**{name: row[name] for name in kind.__struct_fields__ if name in row})


def _raw_files(manifest: Manifest, stations: Sequence[str]) -> Iterator[tuple[Range, LandedFile]]:
    for line in manifest.ranges[FRAMES]:
        if _may_hold(manifest, FRAMES, line.generation, line.partition, stations):
            yield from ((line, file) for file in line.files)


def _fact_files(manifest: Manifest, kind: type[Fact], stations: Sequence[str]) -> Iterator[LandedFile]:
    name = topic(kind)
    for line in manifest.ranges[name]:
        if _may_hold(manifest, name, line.generation, line.partition, stations):
            yield from line.files
    for replay in manifest.replays:
        yield from (file for file in replay.files if file.table == kind.table)


def _may_hold(manifest: Manifest, name: str, generation: int, partition: int, stations: Iterable[str]) -> bool:
    count = manifest.partitions(name, generation)
    return count is None or any(partition_of(station.encode(), count) == partition for station in stations)


def rows_in(
    home: Home, file: LandedFile, stations: Sequence[str], columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """The stations' rows of one file of a table that is sorted by station, in its order.

    Raises:
        FileDamagedError: the file cannot be read.
    """
    path = home.lake / file.path
    try:
        with pq.ParquetFile(path) as opened:
            chosen = list(_row_groups(opened.metadata, min(stations), max(stations)))
            table = opened.read_row_groups(chosen, columns=None if columns is None else list(columns))
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        raise FileDamagedError(f"{path} cannot be read ({type(error).__name__}); restore it from a copy") from error
    return pl.DataFrame(table).filter(pl.col("station_id").is_in(list(stations)))


def _row_groups(metadata: Any, first: str, last: str) -> Iterator[int]:
    place = metadata.schema.names.index("station_id")
    for number in range(metadata.num_row_groups):
        said = metadata.row_group(number).column(place).statistics
        if said is None or not said.has_min_max or (said.min <= last and said.max >= first):
            yield number
