"""What a replay says beside what is landed: new, changed, taken back. Not here: where either comes from."""

from collections.abc import Mapping

import msgspec
import polars as pl

from models.facts import Fact
from models.tables import VERSION_COLUMNS
from pipelines.replay.fold import Version
from pipelines.replay.read import VERSION

HISTORY = frozenset({"restatements", "replays"})
"""Kinds that tell what was said when: what a replay no longer says stays true."""
_LANDED = "\x00landed"


class Counts(msgspec.Struct, frozen=True):
    """Facts of one kind; `same` are as landed."""

    same: int = 0
    new: int = 0
    changed: int = 0
    retracted: int = 0

    @property
    def differing(self) -> int:
        """Rows to write."""
        return self.new + self.changed + self.retracted

    def plus(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(
            self.same + other.same,
            self.new + other.new,
            self.changed + other.changed,
            self.retracted + other.retracted,
        )


def differing(
    kind: type[Fact], fresh: pl.DataFrame, newest: pl.DataFrame, versions: Mapping[str, Version]
) -> tuple[pl.DataFrame, Counts]:
    """The rows to write, with versions above those landed, and how many there are of each sort.

    Args:
        kind: The kind of both frames.
        fresh: What the replay says.
        newest: The newest landed version of each fact, taken back or not.
        versions: Each station's version for what differs.
    """
    key, is_history = kind.id_column, kind.kind in HISTORY
    content = [name for name in fresh.columns if name not in VERSION_COLUMNS and name != key]
    fresh = fresh.filter(~pl.col("deleted"))
    both = fresh.join(newest, on=key, how="left", suffix=_LANDED)
    is_new = pl.col("deleted" + _LANDED).fill_null(True)
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name + _LANDED)) for name in content)
    new = both.filter(is_new)
    changed = both.filter(~is_new & differs) if not is_history else both.clear()
    gone = newest.filter(~pl.col("deleted")).join(fresh, on=key, how="anti") if not is_history else newest.clear()
    gone = gone.with_columns(pl.lit(True).alias("deleted"), *(pl.col(name).alias(name + _LANDED) for name in VERSION))
    rows = pl.concat([new, changed, gone], how="diagonal")
    counts = Counts(both.height - new.height - changed.height, new.height, changed.height, gone.height)
    return _with_version(rows, versions).select(fresh.columns), counts


def _with_version(rows: pl.DataFrame, versions: Mapping[str, Version]) -> pl.DataFrame:
    """Rows with their station's version, or the one after the landed one where that is not below."""
    own = [f"own_{name}" for name in VERSION]
    schema = {"station_id": pl.String, **dict.fromkeys(own, pl.Int64)}
    known = pl.DataFrame([(station, *version) for station, version in versions.items()], schema=schema, orient="row")
    rows = rows.join(known, on="station_id", how="left", maintain_order="left")
    landed = [f"{name}{_LANDED}" for name in VERSION]
    last = len(VERSION) - 1
    is_above = pl.col(own[last]) > pl.col(landed[last])
    for mine, theirs in reversed(list(zip(own[:last], landed[:last], strict=True))):
        is_above = (pl.col(mine) > pl.col(theirs)) | ((pl.col(mine) == pl.col(theirs)) & is_above)
    after = [pl.col(name) + (number == last) for number, name in enumerate(landed)]
    return rows.with_columns(
        pl.when(is_above.fill_null(True)).then(pl.col(mine)).otherwise(later).alias(name)
        for name, mine, later in zip(VERSION, own, after, strict=True)
    )
