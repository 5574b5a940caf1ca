"""Compaction: neighbouring small ranges become one, so that frequent landings leave few files, not one a minute.

A log-structured merge of whole ranges, all their tables together: 16 neighbours of one level become one of the next,
and once nothing more can follow (the offsets' multiple is full, a gap, a newer log) all that fits into one file.
A merged file has the bytes that one landing of its offsets would have written. Not here: when replaced files
are deleted (`files.sweep`), or merging states (`states`).
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import msgspec
import polars as pl
import pyarrow as pa

from pipelines.lake import batches, dead_letters, facts, files, known, raw, violations
from pipelines.lake.errors import FileDamagedError
from pipelines.lake.manifest import ANY_SOURCE, LIVE_PREFIX, LandedFile, Manifest, Merged, Range, Span
from pipelines.lake.parquet import CODE_VERSION

FAN: Final = 16
"""So many neighbours of one level become one of the next."""
_RUN_FILES: Final = 2_000
_RUN_BYTES: Final = 4 * batches.FILE_BYTES
"""One landing merges no more than this; the next goes on."""
_UNCOUNTED: Final = 10
"""Bytes in memory for each on disk, where the manifest does not say."""
_RAW: Final = frozenset(table for tables in raw.TABLES.values() for table in tables)
_log = logging.getLogger(__name__)


def compact(manifest: Manifest, epoch: int) -> int:
    """Merge what is due; returns how many ranges were replaced. The caller holds the lake's lock.

    Raises:
        FencedError: another landing went on meanwhile.
    """
    replaced = read = size = 0
    left_alone: set[int] = set()
    while due := [group for group in _due(manifest) if id(group[0]) not in left_alone]:
        for group in due:
            if read >= _RUN_FILES or size >= _RUN_BYTES:
                return replaced
            read += sum(len(line.files) for line in group)
            size += sum(map(_size, group))
            try:
                merge(manifest, group, epoch)
                replaced += len(group)
            except FileDamagedError as error:
                # Merged, the damage would get a valid digest. `verify` finds it, and landing must go on.
                _log.warning("small files are left as they are: %s", error)
                left_alone.add(id(group[0]))
    return replaced


def merge(manifest: Manifest, group: list[Range], epoch: int) -> None:
    """Write the files of neighbouring ranges as one each, then say in one line that they stand for those.

    Raises:
        FileDamagedError: a file is not as it was written.
    """
    manifest.check_fence()
    home, first, last = manifest.home, group[0], group[-1]
    by_table: dict[str, list[LandedFile]] = defaultdict(list)
    for line in group:
        for file in line.every_file:
            if said := files.wrong(home, file):
                raise FileDamagedError(said)
            by_table[file.table].append(file)
    name = files.name_of(first.topic, first.generation, first.partition, first.first_offset, last.last_offset)
    written = {
        table: files.write(home, table, name, _rows(table, [files.read(home, file) for file in by_table[table]]))
        for table in sorted(by_table)
    }
    found = written.pop(violations.TABLE, None)
    manifest.append(
        Merged(
            topic=first.topic,
            log_id=first.log_id,
            generation=first.generation,
            partition=first.partition,
            first_offset=first.first_offset,
            last_offset=last.last_offset,
            files=tuple(written.values()),
            sources=known.listed(first.topic, _spans(group)),
            known=sum(line.known for line in group),
            invalid=sum(line.invalid for line in group),
            code_version=CODE_VERSION,
            epoch=epoch,
            checked=first.checked,
            violations=found,
            level=1 + max(map(_level, group)),
            replaces=tuple(line.first_offset for line in group),
            merged_at=int(time.time()),
        )
    )


def _due(manifest: Manifest) -> Iterator[list[Range]]:
    """The groups of neighbours that are to become one now."""
    for lines in manifest.ranges.values():
        places: dict[tuple[int, int], list[Range]] = defaultdict(list)
        for line in lines:
            places[line.generation, line.partition].append(line)
        newest = lines[-1].generation
        for (generation, _), found in sorted(places.items()):
            found.sort(key=lambda line: line.first_offset)
            for block, is_closed in _blocks(found):
                yield from _groups(block, is_closed=is_closed or generation != newest)


def _blocks(lines: list[Range]) -> Iterator[tuple[list[Range], bool]]:
    """Ranges without a gap between them that may share a file; true with those that nothing can follow."""
    block = lines[:1]
    for before, line in pairwise(lines):
        if line.first_offset != before.last_offset + 1 or _multiple(line) != _multiple(before):
            yield block, True
            block = []
        block.append(line)
    yield block, (block[-1].last_offset + 1) % batches.FILE_ROWS == 0


def _groups(block: list[Range], *, is_closed: bool) -> Iterator[list[Range]]:
    """Whole files of a closed block; of one that grows, 16 of one level, or what fills a file before that."""
    group = _Group()
    for line in block:
        is_full = group.size + _size(line) > batches.FILE_BYTES
        if is_full or not group.is_alike(line) or not (is_closed or group.level in (None, _level(line))):
            if len(group.lines) > 1 and (is_full or is_closed):
                yield group.lines
            group = _Group()
        group.add(line)
        if len(group.lines) == FAN and not is_closed:
            yield group.lines
            group = _Group()
    if len(group.lines) > 1 and is_closed:
        yield group.lines


@dataclass(slots=True)
class _Group:
    """Neighbours that may become one."""

    lines: list[Range] = field(default_factory=list)
    size: int = 0
    level: int | None = None
    """Of the first."""
    schemas: dict[str, str] = field(default_factory=dict)
    """The schema version of each table: one file cannot hold two."""
    checked: str | None = None
    """By which version of the schema check."""

    def is_alike(self, line: Range) -> bool:
        if self.checked not in (None, line.checked):
            return False
        found = line.every_file
        return all(self.schemas.get(file.table, file.schema_version) == file.schema_version for file in found)

    def add(self, line: Range) -> None:
        if self.level is None:
            self.level = _level(line)
        self.lines.append(line)
        self.size += _size(line)
        self.checked = line.checked
        self.schemas |= {file.table: file.schema_version for file in line.every_file}


def _multiple(line: Range) -> int:
    return line.first_offset // batches.FILE_ROWS


def _level(line: Range) -> int:
    return line.level if isinstance(line, Merged) else 0


def _size(line: Range) -> int:
    return sum(file.memory_bytes or _UNCOUNTED * file.bytes for file in line.files)


def _rows(table: str, parts: list[pa.Table]) -> pa.Table:
    """All rows in the order in which one landing would have written them."""
    rows = pl.DataFrame(pa.concat_tables(parts))
    if table in _RAW:
        rows = raw.in_order(rows)
    elif table == violations.TABLE:
        rows = violations.in_order(rows)
    elif table != dead_letters.TABLE:
        rows = facts.in_order(rows)
    return rows.to_arrow().cast(parts[0].schema)


def _spans(group: list[Range]) -> dict[str, Span]:
    found: dict[str, Span] = {}
    for line in group:
        for source, span in line.sources.items():
            before = found.get(source)
            found[source] = span if before is None else _both(before, span)
    if ANY_SOURCE in found:
        # A connection that one range names may be among the unnamed ones of another.
        found = {source: span for source, span in found.items() if not source.startswith(LIVE_PREFIX)}
    return dict(sorted(found.items()))


def _both(one: Span, other: Span) -> Span:
    counts = {name: getattr(one, name) + getattr(other, name) for name in ("landed", "known", "refused")}
    return msgspec.structs.replace(one, first=min(one.first, other.first), last=max(one.last, other.last), **counts)
