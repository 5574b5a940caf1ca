"""Which records of a batch were landed before: the same line or message is one row, however often it is sent.

Cost follows the batch: only files of a source whose ordinals overlap the batch's are looked at.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from models.log import DEAD_LETTERS
from pipelines.lake import files
from pipelines.lake.manifest import ANY_SOURCE, LIVE_PREFIX, Manifest, Range, Span
from pipelines.lake.raw import Place

MOST_LIVE_SOURCES: Final = 1000
"""More connections than that are not named one by one in a range of dead letters."""


def new_rows(manifest: Manifest, place: Place, rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """The rows that no earlier range of the topic holds, the first of each key."""
    fresh = rows.unique(subset=list(key), keep="first", maintain_order=True)
    ordinals = fresh.group_by("source").agg(
        pl.col("ordinal").min().alias("first"), pl.col("ordinal").max().alias("last")
    )
    earlier = {
        id(line): line
        for source, first, last in ordinals.iter_rows()
        for line in _holding(manifest, place, source, first, last)
    }
    for line in earlier.values():
        for file in line.files:
            landed = pl.DataFrame(files.read(manifest.home, file, list(key)))
            fresh = fresh.join(landed, on=list(key), how="anti", maintain_order="left")
    return fresh


def spans_of(rows: pl.DataFrame, fresh: pl.DataFrame, *, refused: pl.Expr | None = None) -> dict[str, Span]:
    """What a range holds of each source: lines landed (or refused, for dead letters) anew, and known before.

    A dead letter of a landed record is no line of its own, so `refused` leaves it out of the counts.
    """
    lines = pl.len() if refused is None else refused.sum()
    counts = (
        rows.group_by("source")
        .agg(pl.col("ordinal").min().alias("first"), pl.col("ordinal").max().alias("last"), lines.alias("lines"))
        .join(fresh.group_by("source").agg(lines.alias("fresh")), on="source", how="left")
        .with_columns(pl.col("fresh").fill_null(0))
        .sort("source")
    )
    return {
        source: Span(
            first=first,
            last=last,
            landed=count if refused is None else 0,
            refused=0 if refused is None else count,
            known=total - count,
        )
        for source, first, last, total, count in counts.iter_rows()
    }


def listed(topic: str, spans: dict[str, Span]) -> dict[str, Span]:
    """The sources that the manifest names: files always; connections only where they are few (dead letters)."""
    live = {source: span for source, span in spans.items() if source.startswith(LIVE_PREFIX)}
    of_files = {source: span for source, span in spans.items() if source not in live}
    if topic != DEAD_LETTERS or not live:
        return of_files
    if len(live) <= MOST_LIVE_SOURCES:
        return spans
    return {**of_files, ANY_SOURCE: Span(first=0, last=2**63 - 1)}


def _holding(manifest: Manifest, place: Place, source: str, first: int, last: int) -> list[Range]:
    lines = manifest.holding(place.topic, source)
    if place.topic == DEAD_LETTERS and source.startswith(LIVE_PREFIX):
        lines += manifest.holding(place.topic, ANY_SOURCE)
    return [line for line in lines if _overlaps(line, source, first, last) and _may_share(manifest, place, line)]


def _overlaps(line: Range, source: str, first: int, last: int) -> bool:
    span = line.sources.get(source) or line.sources[ANY_SOURCE]
    return span.first <= last and first <= span.last


def _may_share(manifest: Manifest, place: Place, line: Range) -> bool:
    """Equal numbers of partitions put a station into the same one; a dead letter without a station may be anywhere."""
    if place.topic == DEAD_LETTERS:
        return True
    then, now = (manifest.partitions(place.topic, number) for number in (line.generation, place.generation))
    return line.partition == place.partition or then is None or then != now
