"""Which days of a period the log covers: where it has no frames, nothing is known, which is not zero."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from pipelines.report import numbers


@dataclass(frozen=True, slots=True)
class Coverage:
    """The log over a period and over the one before, of the same length; times in the report's zone."""

    period: tuple[dt.date, ...]
    days: frozenset[dt.date]
    """Days of the period on which the log has frames."""
    days_before: int
    """How many such days the period before has."""
    first_at: dt.datetime | None
    """Receipt of the log's first frame; null where no frame says when it was received."""

    @classmethod
    def of(cls, period: list[dt.date], row: dict[str, Any]) -> "Coverage":
        """From the row of the query of that name."""
        return cls(tuple(period), frozenset(row["days"]), row["days_before"], row["first_at"])

    @property
    def gap_before(self) -> str:
        """Why the period before is not compared with; empty where the log covers all of it."""
        if self.first_at is None:
            return "not compared: no frame says when it was received"
        if not self.days_before:
            return "not compared: the log has nothing of the period before"
        length = len(self.period)
        if self.days_before < length:
            return f"not compared: the log covers {self.days_before} of the {length} days before"
        start = self.period[0] - dt.timedelta(days=length)
        if self.first_at > dt.datetime.combine(start, dt.time()):
            return f"not compared: the log starts {numbers.moment(self.first_at)}, within the period before"
        return ""

    def change(self, now: float | None, before: float | None) -> str:
        """A change on the period before, or why there is none to be said."""
        return self.gap_before or numbers.change(now, before)

    def known(self, day: dt.date, value: float | None) -> float | None:
        """A day's value; null where it is 0 only because the log has no frames of that day."""
        return None if not value and self.days and day not in self.days else value
