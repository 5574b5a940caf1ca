"""Where a file ends, and what one file holds. Not here: reading the log, or writing files.

Boundaries depend only on offsets and sizes: a rerun from the same offset cuts at the same places.
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final, Protocol

import msgspec
import polars as pl
import pyarrow as pa

from models.log import DEAD_LETTERS, FRAMES
from pipelines.lake import dead_letters, facts, known, raw, violations
from pipelines.lake.consume import Chunk
from pipelines.lake.manifest import Manifest, Span
from pipelines.lake.raw import Place

FILE_ROWS: Final = 100_000
"""No file crosses a multiple of so many offsets."""
FILE_BYTES: Final = 64 << 20
"""Nor does one go on after so many bytes, so that memory stays bounded whatever the records' size."""


class Contents(msgspec.Struct):
    """What one range of offsets becomes: a file for each table, and what the manifest says of its sources."""

    tables: dict[str, pa.Table]
    sources: dict[str, Span] = {}
    known: int = 0
    invalid: int = 0
    reasons: dict[str, int] = {}
    checked: str = ""
    violations: pa.Table | None = None


class Batch(Protocol):
    """Collects the records of one range."""

    def add(self, chunk: Chunk) -> None:
        """Take records in, decoded."""

    def finish(self, manifest: Manifest) -> Contents:
        """The rows to write."""


class RawBatch:
    """A range of a raw topic."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._records = 0
        self._rows: list[pl.DataFrame] = []

    def add(self, chunk: Chunk) -> None:
        """Take records in; unreadable ones are only counted."""
        self._records += len(chunk.offsets)
        self._rows.append(raw.rows_of(chunk, self._place))

    def finish(self, manifest: Manifest) -> Contents:
        """The rows that were not landed before."""
        rows, self._rows = pl.concat(self._rows), []
        fresh = known.new_rows(manifest, self._place, rows, raw.PAIR)
        contents = Contents(
            raw.tables_of(fresh, self._place),
            known.spans_of(rows, fresh),
            rows.height - fresh.height,
            self._records - rows.height,
        )
        if self._place.topic == FRAMES:
            frames = raw.landed(contents.tables)
            contents.checked = violations.VERSION
            contents.violations = violations.table_of(frames, self._place, manifest)
        return contents


class DeadLetterBatch:
    """A range of the dead letters."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._rows: list[pl.DataFrame] = []

    def add(self, chunk: Chunk) -> None:
        """Take dead letters in."""
        self._rows.append(dead_letters.rows_of(chunk, self._place))

    def finish(self, manifest: Manifest) -> Contents:
        """The dead letters that were not landed before."""
        rows = pl.concat(self._rows)
        fresh = known.new_rows(manifest, self._place, rows, dead_letters.KEY)
        reasons = {str(reason): count for reason, count in fresh.group_by("reason").len().sort("reason").iter_rows()}
        return Contents(
            {dead_letters.TABLE: dead_letters.table_of(fresh)} if fresh.height else {},
            known.spans_of(rows, fresh, refused=dead_letters.IS_REFUSED),
            rows.height - fresh.height,
            reasons=reasons,
        )


class FactBatch:
    """A range of a fact topic: every version is kept, the warehouse takes the newest."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._rows: list[pl.DataFrame] = []

    def add(self, chunk: Chunk) -> None:
        """Take facts in; one that cannot be read stops the landing."""
        self._rows.append(facts.rows_of(chunk, self._place))

    def finish(self, manifest: Manifest) -> Contents:
        """All of them."""
        del manifest
        return Contents({facts.KIND_OF[self._place.topic].table: facts.table_of(pl.concat(self._rows), self._place)})


def batch_for(place: Place) -> Batch:
    """An empty batch of the right sort."""
    if place.topic in raw.TABLES:
        return RawBatch(place)
    return DeadLetterBatch(place) if place.topic == DEAD_LETTERS else FactBatch(place)


def pieces(chunks: Iterable[Chunk], start: int) -> Iterator[tuple[Chunk, bool]]:
    """The chunks cut at file boundaries; true with a piece after which the file ends."""
    boundary, size = _boundary(start), 0
    for chunk in chunks:
        while chunk.offsets:
            piece, chunk, size = _cut(chunk, boundary, size)
            ends = size >= FILE_BYTES or piece.offsets[-1] + 1 >= boundary
            if ends:
                boundary, size = _boundary(piece.offsets[-1] + 1), 0
            yield piece, ends


def _boundary(start: int) -> int:
    return (start // FILE_ROWS + 1) * FILE_ROWS


def _cut(chunk: Chunk, boundary: int, size: int) -> tuple[Chunk, Chunk, int]:
    sizes = list(accumulate(chunk.sizes(), initial=size))[1:]
    count = max(1, boundary - chunk.offsets[0])
    if sizes[-1] >= FILE_BYTES:
        count = min(count, next(index for index, total in enumerate(sizes, 1) if total >= FILE_BYTES))
    count = min(count, len(sizes))
    return chunk.part(0, count), chunk.part(count, len(sizes)), sizes[count - 1]
