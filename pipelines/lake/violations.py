"""Schema violations of landed frames: a file beside each raw one, of the same offsets. Not here: the check itself.

Made while a range is landed, so the cost follows new data. A range says by which version of the check it was
looked at; ranges of an older version, or from before there was a check, are looked at again by `heal`.
"""

import hashlib
import logging
import time
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Final

import polars as pl
import pyarrow as pa

from models.log import FRAMES
from models.tables.landed import RAW_FRAMES, VIOLATIONS
from pipelines.conformance.check import REACH, Broken, Earlier, Key, Sent, calls_of, check
from pipelines.lake import files, parquet
from pipelines.lake.errors import FileDamagedError
from pipelines.lake.manifest import LandedFile, Manifest, Merged, Range
from pipelines.lake.raw import Place

TABLE: Final = VIOLATIONS.name
VERSION: Final = f"2, ocpp {version('ocpp')}"
"""Of the check and of the schemas it checks by."""
_HEAL_ROWS: Final = 500_000
"""One landing looks at no more old frames than this; the next goes on."""
_COLUMNS: Final = ["offset", "station_id", "source", "direction", "protocol", "payload"]
_SCHEMA: Final = pl.DataFrame(parquet.empty(VIOLATIONS.schema)).schema
_log = logging.getLogger(__name__)


def table_of(frames: pl.DataFrame, place: Place, manifest: Manifest) -> pa.Table | None:
    """What these landed frames of one partition break; null if nothing."""
    frames = frames.sort("offset")
    sent = (Sent(*row) for row in frames.select(_COLUMNS).iter_rows())
    rows = [row for broken in check(sent, _earlier(frames, place, manifest)) for row in _rows(broken, place)]
    if not rows:
        return None
    known = frames.select("offset", "ordinal", "received_at")
    table = pl.DataFrame(rows, schema={name: _SCHEMA[name] for name in rows[0]}).join(known, on="offset", how="left")
    return in_order(table).select(VIOLATIONS.schema.names).to_arrow().cast(VIOLATIONS.schema)


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Sorted for reading by station; of one frame, by what is broken."""
    return rows.sort("station_id", "offset", "action", "rule", "path")


def heal(manifest: Manifest, epoch: int) -> int:
    """Check the ranges that this version has not checked; returns how many. The caller holds the lake's lock.

    Raises:
        FencedError: another landing went on meanwhile.
    """
    healed = rows = 0
    for line in [line for line in manifest.ranges[FRAMES] if line.checked != VERSION]:
        if rows >= _HEAL_ROWS:
            break
        rows += sum(file.rows for file in line.files)
        try:
            _heal(manifest, line, epoch)
            healed += 1
        except FileDamagedError as error:
            # `verify` finds it, too; landing must go on.
            _log.warning("frames are left unchecked: %s", error)
    return healed


def _heal(manifest: Manifest, line: Range, epoch: int) -> None:
    raw = next((file for file in line.files if file.table == RAW_FRAMES.name), None)
    place = Place(line.topic, line.log_id, line.generation, line.partition)
    table = None if raw is None else table_of(_frames(manifest, raw), place, manifest)
    manifest.check_fence()
    found = None
    if table is not None:
        name = files.name_of(line.topic, line.generation, line.partition, line.first_offset, line.last_offset)
        # A name of its own: an older version's file stays whole for whoever reads it.
        suffix = hashlib.sha256(VERSION.encode()).hexdigest()[:8]
        found = files.write(manifest.home, TABLE, f"{name}-{suffix}", table)
    fields = {name: getattr(line, name) for name in Range.__struct_fields__}
    fields |= {"checked": VERSION, "violations": found, "epoch": epoch}
    level = line.level if isinstance(line, Merged) else 0
    manifest.append(Merged(**fields, level=level, replaces=(line.first_offset,), merged_at=int(time.time())))


def _frames(manifest: Manifest, raw: LandedFile) -> pl.DataFrame:
    if said := files.wrong(manifest.home, raw):
        raise FileDamagedError(said)
    return pl.DataFrame(files.read(manifest.home, raw, [*_COLUMNS, "ordinal", "received_at"]))


def _earlier(frames: pl.DataFrame, place: Place, manifest: Manifest) -> Earlier:
    """Looks into the ranges before this one, as far as an answer's call may be away."""
    first = frames["offset"][0] if frames.height else 0

    def find(wanted: set[Key]) -> dict[Key, tuple[int, str]]:
        found: dict[Key, tuple[int, str]] = {}
        stations = sorted({key[1] for key in wanted})
        for line in _before(manifest, place, first):
            for file in line.files:
                if file.table != RAW_FRAMES.name:
                    continue
                rows = pl.DataFrame(files.read(manifest.home, file, _COLUMNS))
                rows = rows.filter(
                    pl.col("station_id").is_in(stations) & pl.col("offset").is_between(first - REACH, first - 1)
                )
                found |= calls_of((Sent(*row) for row in rows.sort("offset").iter_rows()), wanted)
        return found

    return find


def _before(manifest: Manifest, place: Place, first: int) -> list[Range]:
    lines = [
        line
        for line in manifest.ranges[place.topic]
        if (line.generation, line.partition) == (place.generation, place.partition)
        and line.first_offset < first
        and line.last_offset >= first - REACH
    ]
    return sorted(lines, key=lambda line: line.first_offset)


def _rows(broken: Broken, place: Place) -> Iterator[dict[str, Any]]:
    sent = broken.sent
    for (rule, path), count in broken.found.items():
        yield {
            "log_id": place.log_id,
            "generation": place.generation,
            "topic": place.topic,
            "partition": place.partition,
            "offset": sent.offset,
            "station_id": sent.station_id,
            "protocol": broken.protocol,
            "direction": sent.direction,
            "source": sent.source,
            "message": str(broken.message),
            "action": broken.action,
            "rule": rule,
            "path": path,
            "violations": count,
        }
