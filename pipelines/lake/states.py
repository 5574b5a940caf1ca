"""Station states out of the worker's changelog: increments, merged into a full snapshot once they outweigh it.

What a state means is the worker's; here it is bytes with a key. Not here: using a snapshot (`restore`).
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import msgspec
import polars as pl

from models.log import FRAMES
from pipelines.home import Home
from pipelines.lake import files
from pipelines.lake.manifest import LandedFile, Manifest, States
from pipelines.lake.parquet import CODE_VERSION

POSITION_KEY: Final = b"\x00position"
"""Key of a partition's marker: its value says up to where the states of that partition have seen the raw log."""

Row = tuple[int, bytes, bytes | None]
"""Partition of the changelog, key, value; a null value = deleted."""


class Marker(msgspec.Struct, array_like=True, frozen=True):
    """The value of a marker: a generation of the raw log, and the last offset of it that the states cover."""

    generation: int
    offset: int
    edition: int = 0
    """Which replay of the lake the states go on from."""


class Newest:
    """The newest value of each key of the records taken so far, and the newest marker of each raw generation."""

    def __init__(self) -> None:
        self._states: dict[tuple[int, bytes], bytes | None] = {}
        self._markers: dict[tuple[int, int], bytes] = {}
        self._edition = 0

    def take(self, partition: int, key: bytes, value: bytes | None) -> None:
        """One record of the changelog."""
        if key != POSITION_KEY:
            self._states[partition, key] = value
        elif value is not None:
            marker = msgspec.msgpack.decode(value, type=Marker)
            self._markers[partition, marker.generation], self._edition = value, marker.edition

    def add(self, other: "Newest") -> None:
        """Take over what another has of other partitions."""
        self._states |= other._states
        self._markers |= other._markers

    def is_of(self, edition: int) -> bool:
        """Whether a worker of this edition of the lake wrote last; what came before a replay is void."""
        return not edition or self._edition == edition

    @property
    def stations(self) -> int:
        """How many states changed."""
        return len(self._states)

    def rows(self) -> list[Row]:
        """As rows of a file, in an order that does not depend on when they came."""
        states: list[Row] = [(partition, key, value) for (partition, key), value in self._states.items()]
        marks = [
            (partition, POSITION_KEY, self._markers[partition, number]) for partition, number in sorted(self._markers)
        ]
        return [*marks, *sorted(states, key=lambda row: row[:2])]


class Snapshot(msgspec.Struct):
    """States by station, and per (partition, raw generation) the newest marker."""

    states: dict[bytes, bytes] = {}
    homes: dict[bytes, int] = {}
    """The changelog partition each state was last seen in."""
    markers: dict[tuple[int, int], int] = {}

    def take(self, rows: Iterable[Row]) -> None:
        """Fold rows in, in the order they were written."""
        for partition, key, value in rows:
            if key == POSITION_KEY:
                self._mark(partition, value)
            elif value is None:
                self.states.pop(key, None)
                self.homes.pop(key, None)
            else:
                self.states[key] = value
                self.homes[key] = partition

    def _mark(self, partition: int, value: bytes | None) -> None:
        if value is not None:
            marker = msgspec.msgpack.decode(value, type=Marker)
            place = (partition, marker.generation)
            self.markers[place] = max(self.markers.get(place, -1), marker.offset)

    def forget_before(self, generation: int) -> None:
        """Drop markers of older raw generations, so that they do not pile up with every new log."""
        self.markers = {place: offset for place, offset in self.markers.items() if place[1] >= generation}

    def rows(self) -> list[Row]:
        """The snapshot as rows of its file, in a fixed order."""
        marks = [
            (partition, POSITION_KEY, msgspec.msgpack.encode(Marker(generation, offset)))
            for (partition, generation), offset in self.markers.items()
        ]
        return sorted([*((self.homes[key], key, value) for key, value in self.states.items()), *marks])


def by_generation(markers: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    """The partitions that have a marker of each raw generation."""
    found: dict[int, set[int]] = defaultdict(set)
    for partition, generation in markers:
        found[generation].add(partition)
    return found


def whole_generation(manifest: Manifest, markers: Iterable[tuple[int, int]]) -> int:
    """The newest raw generation of which every partition has a marker (0 = none): it settles all before it."""
    found = by_generation(markers)
    return max(
        (number for number, parts in found.items() if len(parts) == manifest.partitions(FRAMES, number)), default=0
    )


def current(manifest: Manifest) -> Snapshot:
    """The newest landed snapshot: the last full one and the increments after it."""
    snapshot = Snapshot()
    for line in manifest.current_states():
        rows = files.read(manifest.home, line.file)
        snapshot.take(zip(*(rows[name].to_pylist() for name in ("partition", "key", "value")), strict=True))
    return snapshot


def write(
    manifest: Manifest,
    rows: list[Row],
    *,
    log_id: str,
    generation: int,
    ends: dict[int, int],
    epoch: int,
) -> States:
    """Write rows in the order they came as an increment, or everything as a full snapshot if it is time."""
    lines = manifest.current_states()
    full = lines[0].file.rows if lines and lines[0].is_full else 0
    since = sum(line.file.rows for line in lines if not line.is_full) + len(rows)
    name = f"g{generation:04d}-{sum(ends.values()) + len(ends):020d}"
    is_full = since >= full
    if is_full:
        snapshot = current(manifest)
        snapshot.take(rows)
        file = write_full(manifest, snapshot, name)
    else:
        file = _write(manifest.home, rows, name)
    return States(
        log_id=log_id,
        generation=generation,
        ends=ends,
        is_full=is_full,
        file=file,
        code_version=CODE_VERSION,
        epoch=epoch,
    )


def write_full(manifest: Manifest, snapshot: Snapshot, name: str) -> LandedFile:
    """Write a whole snapshot as one file; it counts once the manifest lists it."""
    snapshot.forget_before(whole_generation(manifest, snapshot.markers))
    return _write(manifest.home, snapshot.rows(), name)


def _write(home: Home, rows: list[Row], name: str) -> LandedFile:
    schema = {"partition": pl.Int32, "key": pl.Binary, "value": pl.Binary}
    table = pl.DataFrame(rows, schema=schema, orient="row").to_arrow().cast(files.STATES_SCHEMA)
    return files.write(home, files.STATES, name, table)
