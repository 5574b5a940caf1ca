"""What a replay says beside what is landed: new, changed, no longer said. Not here: what follows (`restatements`).

By column, as nearly all facts are equal; only those that differ are looked at one by one.
"""

import msgspec
import polars as pl

from models.facts import Fact
from models.order.restatements import HISTORY
from models.tables.landed import VERSION_COLUMNS

_LANDED = "\x00landed"


class Counts(msgspec.Struct, frozen=True):
    """Facts of one kind; `same` are as landed."""

    same: int = 0
    new: int = 0
    changed: int = 0
    retracted: int = 0

    @property
    def differing(self) -> int:
        """Facts that are not as landed."""
        return self.new + self.changed + self.retracted

    def plus(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(
            self.same + other.same,
            self.new + other.new,
            self.changed + other.changed,
            self.retracted + other.retracted,
        )


def differing(kind: type[Fact], fresh: pl.DataFrame, newest: pl.DataFrame) -> tuple[set[str], Counts]:
    """The ids of the facts that differ, and how many there are of each sort.

    Args:
        kind: The kind of both frames.
        fresh: What the replay says, nothing taken back.
        newest: The newest landed version of each fact, taken back or not.
    """
    key = kind.id_column
    content = [name for name in fresh.columns if name not in VERSION_COLUMNS and name != key]
    both = fresh.join(newest, on=key, how="left", suffix=_LANDED)
    is_new = pl.col("deleted" + _LANDED).fill_null(True)
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name + _LANDED)) for name in content)
    if kind.kind in HISTORY:
        new = fresh.join(newest, on=key, how="anti")
        changed, gone = both.clear(), newest.clear()
    else:
        new, changed = both.filter(is_new), both.filter(~is_new & differs)
        gone = newest.filter(~pl.col("deleted")).join(fresh, on=key, how="anti")
    counts = Counts(both.height - new.height - changed.height, new.height, changed.height, gone.height)
    return {name for part in (new, changed, gone) for name in part[key]}, counts
