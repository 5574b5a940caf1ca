"""Who is replayed by whom: stations in groups that fit into memory, groups dealt to processes. Not here: reading rows.

A group is neighbours by name of one partition: landed files hold a partition, sorted by station, so a group is
read from few row groups of few files.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Final

import msgspec
import polars as pl

from models.facts import KINDS, topic
from models.log import DEAD_LETTERS, FRAMES
from models.tables.landed import DEAD_LETTERS as LETTERS
from models.tables.landed import RAW_CONNECTIONS, RAW_FRAMES
from pipelines.broker.topics import partition_of
from pipelines.home import Home
from pipelines.lake import files
from pipelines.lake.errors import FileDamagedError, LakeError
from pipelines.lake.manifest import LandedFile, Manifest

GROUP_ROWS: Final = 200_000
GROUP_BYTES: Final = 64 << 20
"""A group ends with the station that goes beyond either: a station is never cut."""
SHARE_ROWS: Final = 50_000
"""A process for fewer frames takes longer to start than to work."""
RAW: Final = frozenset({RAW_FRAMES.name, RAW_CONNECTIONS.name})


class UnknownStationError(LakeError):
    """Nothing of this station was landed."""


class Source(msgspec.Struct, frozen=True):
    """A landed file and its partition; a replay's file holds stations of any (-1)."""

    file: LandedFile
    partition: int


class Group(msgspec.Struct):
    """Stations in order of their name, and how many raw rows they have."""

    partition: int
    stations: list[str]
    rows: int


class Plan(msgspec.Struct):
    """What there is to do; `partitions` null: stations moved, so a partition says nothing about a station."""

    sources: list[Source]
    shares: list[list[Group]]
    partitions: int | None
    log_ids: dict[int, str]
    """Of the raw log's generations."""

    @property
    def rows(self) -> int:
        """Raw rows to replay."""
        return sum(group.rows for group in self.groups)

    @property
    def groups(self) -> list[Group]:
        """The groups of all processes."""
        return [group for share in self.shares for group in share]

    @property
    def stations(self) -> int:
        """How many stations are replayed."""
        return sum(len(group.stations) for group in self.groups)


def make(
    manifest: Manifest, stations: Collection[str] | None, processes: int, *, checked: Callable[[int, int], None]
) -> Plan:
    """Look at which stations there are and deal them out; `checked` is told how many files are looked at.

    Raises:
        FileDamagedError: a landed file is missing or not as it was written; nothing may be made from the others.
        UnknownStationError: one of the chosen `stations` has nothing landed.
    """
    counts = {manifest.partitions(FRAMES, line.generation) for line in manifest.ranges[FRAMES]}
    partitions = counts.pop() if len(counts) == 1 else None
    sources = list(_sources(manifest))
    for done, source in enumerate(sources):
        checked(done, len(sources))
        if said := files.wrong(manifest.home, source.file):
            raise FileDamagedError(f"{said}; nothing was replayed")
    found = _stations(manifest.home, sources, stations, partitions)
    if missing := set(stations or ()) - set(found["station_id"]):
        raise UnknownStationError(
            f'nothing of station {min(missing)!r} was landed; `laddstrom sql "select distinct station_id from '
            'raw_ocpp__frames"` lists those that were'
        )
    groups = sorted(_groups(found), key=lambda group: -group.rows)
    rows = sum(group.rows for group in groups)
    shares: list[list[Group]] = [[] for _ in range(max(1, min(processes, len(groups), -(-rows // SHARE_ROWS))))]
    for group in groups:
        min(shares, key=lambda share: sum(one.rows for one in share)).append(group)
    log_ids = {line.generation: line.log_id for line in manifest.ranges[FRAMES]}
    return Plan(sources, shares, partitions, log_ids)


def _sources(manifest: Manifest) -> Iterator[Source]:
    for name in (FRAMES, DEAD_LETTERS, *(topic(kind) for kind in KINDS)):
        for line in manifest.ranges[name]:
            for file in line.files:
                yield Source(file, line.partition)
    for replay in manifest.replays:
        for file in replay.files:
            yield Source(file, -1)


def _stations(
    home: Home, sources: list[Source], stations: Collection[str] | None, partitions: int | None
) -> pl.DataFrame:
    """Each station with its partition, raw rows and bytes; those with facts only have none."""
    schema = {"station_id": pl.String, "rows": pl.Int64, "bytes": pl.Int64}
    counted = [pl.DataFrame(schema=schema)]
    for source in sources:
        if source.file.table == LETTERS.name:
            continue
        names = pl.DataFrame(files.read(home, source.file, ["station_id"]))
        if stations is not None:
            names = names.filter(pl.col("station_id").is_in(list(stations)))
        is_raw = source.file.table in RAW
        size = (source.file.memory_bytes or 10 * source.file.bytes) // max(1, source.file.rows)
        rows = pl.len().cast(pl.Int64) if is_raw else pl.lit(0, pl.Int64)
        counted.append(names.group_by("station_id").agg(rows.alias("rows")).with_columns(bytes=pl.col("rows") * size))
    found = pl.concat(counted).group_by("station_id").agg(pl.col("rows").sum(), pl.col("bytes").sum())
    places = [0 if partitions is None else partition_of(name.encode(), partitions) for name in found["station_id"]]
    return found.with_columns(pl.Series("partition", places, pl.Int32)).sort("partition", "station_id")


def _groups(stations: pl.DataFrame) -> Iterator[Group]:
    group, size = Group(-1, [], 0), 0
    for name, partition, rows, taken in stations.select("station_id", "partition", "rows", "bytes").iter_rows():
        if group.stations and (group.partition != partition or group.rows >= GROUP_ROWS or size >= GROUP_BYTES):
            yield group
            group, size = Group(-1, [], 0), 0
        group.partition = partition
        group.stations.append(name)
        group.rows += rows
        size += taken
    if group.stations:
        yield group
