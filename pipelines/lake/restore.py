"""What a worker needs to go on after the log was lost: the newest landed states, and the raw records after them.

Not here: folding the records (the worker does), or Faust's own recovery from the changelog.
"""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec
import polars as pl

from models.log import FRAMES
from models.record import Kind, Record
from models.tables.landed import RAW_CONNECTIONS
from pipelines.home import Home
from pipelines.lake import files, states
from pipelines.lake.manifest import Manifest, Range

_TRIES: Final = 3
_COLUMNS: Final = [
    "station_id",
    "direction",
    "protocol",
    "received_at",
    "source",
    "ordinal",
    "payload",
    "offset",
]


class Snapshot(msgspec.Struct):
    """States as landed, and the raw offset up to which they certainly have seen each partition.

    A state may have seen more than `covered` says: it holds its own position, so a record it knows is a no-op.
    """

    states: dict[str, bytes]
    covered: dict[tuple[int, int], int]
    """(generation, partition) of `ocpp.frames` to its last covered offset."""


def snapshot(home: Home) -> Snapshot:
    """The newest landed states; empty if none were landed yet."""
    for _ in range(_TRIES - 1):
        manifest = Manifest(home)
        try:
            return _snapshot(manifest, states.current(manifest))
        except FileNotFoundError:
            continue  # a landing put a newer snapshot in its place meanwhile
    manifest = Manifest(home)
    return _snapshot(manifest, states.current(manifest))


def raw_after(home: Home, covered: dict[tuple[int, int], int], *, stations: Callable[[str], bool]) -> Iterator[Record]:
    """Landed records of the chosen stations that `covered` leaves out, by generation, partition and offset.

    One range of offsets is in memory at a time, so history costs time, never memory.
    """
    manifest = Manifest(home)
    ranges = sorted(manifest.ranges[FRAMES], key=lambda line: (line.generation, line.partition, line.first_offset))
    for line in ranges:
        after = covered.get((line.generation, line.partition), -1)
        if line.last_offset > after:
            yield from _records(home, line, after, stations)


def _snapshot(manifest: Manifest, landed: states.Snapshot) -> Snapshot:
    return Snapshot(
        {key.decode("utf-8"): value for key, value in landed.states.items()}, _covered(manifest, landed.markers)
    )


def _covered(manifest: Manifest, markers: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    """What the markers promise: their own offsets, and all of an older generation once a newer one took it over."""
    covered = {(generation, partition): offset for (partition, generation), offset in markers.items() if offset >= 0}
    took_over = states.by_generation(markers)
    whole = states.whole_generation(manifest, markers)
    newer = {number: parts for number, parts in took_over.items() if number >= whole}
    for generation, partition in {(line.generation, line.partition) for line in manifest.ranges[FRAMES]}:
        if generation < whole or any(
            number > generation and partition in parts and _is_alike(manifest, number, generation)
            for number, parts in newer.items()
        ):
            covered[generation, partition] = manifest.next_offset(FRAMES, generation, partition) - 1
    return covered


def _is_alike(manifest: Manifest, one: int, other: int) -> bool:
    """Equal numbers of partitions put every station into the same one."""
    count = manifest.partitions(FRAMES, one)
    return count is not None and count == manifest.partitions(FRAMES, other)


def _records(home: Home, line: Range, after: int, stations: Callable[[str], bool]) -> Iterator[Record]:
    parts = []
    for file in line.files:
        is_connections = file.table == RAW_CONNECTIONS.name
        rows = pl.DataFrame(files.read(home, file, [*_COLUMNS, *(["kind"] if is_connections else [])]))
        if not is_connections:
            rows = rows.with_columns(pl.lit(str(Kind.FRAME)).alias("kind"))
        chosen = [station for station in rows["station_id"].unique() if stations(station)]
        parts.append(rows.filter(pl.col("station_id").is_in(chosen) & (pl.col("offset") > after)))
    if not parts:
        return
    rows = pl.concat(parts, how="diagonal").sort("offset").with_columns(pl.col("received_at").dt.epoch("us"))
    for station, direction, protocol, received, source, ordinal, payload, offset, kind in rows.select(
        *_COLUMNS, "kind"
    ).iter_rows():
        yield Record(
            station,
            kind,
            direction,
            protocol,
            received,
            source,
            ordinal,
            payload,
            line.generation,
            line.partition,
            offset,
        )
