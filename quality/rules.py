"""An expectation written down: which Great Expectations class, on what, how bad.

Not here: great_expectations itself. Its import takes 4-5 s, and names and severities are listed without it
(`run` builds the real ones).
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec


class Severity(StrEnum):
    """How bad a failure is; the words are Great Expectations' own."""

    CRITICAL = "critical"
    """A number cannot be defended, or a defect of ours."""
    WARNING = "warning"
    """Plausible only with an explanation; somebody should look."""
    INFO = "info"
    """Worth knowing beside the figures."""


class Subject(StrEnum):
    """The frame an expectation is about."""

    COLUMNS = "columns"
    """The names of the table's columns."""
    TYPES = "types"
    """One row per column: its name and type."""
    ROWS = "rows"
    """The table's rows, of a big table the newest."""
    METRICS = "metrics"
    """One row of figures computed over the whole table by SQL."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation of one table.

    `finding` says what is wrong when it fails, as the end of a sentence: "3 of 120 rows: <finding>".
    `mostly` is the share of rows that must pass; `where` limits it to some rows (a pandas query).
    """

    name: str
    expectation: str
    arguments: Mapping[str, Any]
    severity: Severity
    finding: str
    on: Subject = Subject.ROWS
    mostly: float = 1.0
    where: str | None = None
    blocking: bool = False
    about_pseudonyms: bool = False
    """Only holds while tokens are pseudonymised (a setting shows them in clear)."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns its arguments name; those of `where` are named by the suite."""
        named = (self.arguments.get(key) for key in ("column", "column_A", "column_B"))
        return (*(c for c in named if c), *self.arguments.get("column_list", ()))


def not_null(column: str, severity: Severity, finding: str, *, name: str | None = None, **more: Any) -> Rule:
    """Every row has a value."""
    return _on_column("ExpectColumnValuesToNotBeNull", name or f"{column}_known", column, {}, severity, finding, more)


def null(column: str, severity: Severity, finding: str, *, name: str, **more: Any) -> Rule:
    """No row (of those in `where`) has a value."""
    return _on_column("ExpectColumnValuesToBeNull", name, column, {}, severity, finding, more)


def unique(column: str, severity: Severity, finding: str, *, name: str | None = None, **more: Any) -> Rule:
    """No value twice; nulls are another rule's business."""
    return _on_column("ExpectColumnValuesToBeUnique", name or f"{column}_unique", column, {}, severity, finding, more)


def between(
    name: str, column: str, low: Any, high: Any, severity: Severity, finding: str, *, strict: bool = False, **more: Any
) -> Rule:
    """Values from `low` to `high` (null = no bound, a timedelta = from now); `strict` leaves the bounds out."""
    bounds = {"min_value": low, "max_value": high, "strict_min": strict and low is not None}
    bounds["strict_max"] = strict and high is not None
    return _on_column("ExpectColumnValuesToBeBetween", name, column, bounds, severity, finding, more)


def one_of(name: str, column: str, values: Sequence[str], severity: Severity, finding: str, **more: Any) -> Rule:
    """Only these values."""
    return _on_column("ExpectColumnValuesToBeInSet", name, column, {"value_set": list(values)}, severity, finding, more)


def none_of(name: str, column: str, values: Sequence[str], severity: Severity, finding: str, **more: Any) -> Rule:
    """None of these values."""
    return _on_column(
        "ExpectColumnValuesToNotBeInSet", name, column, {"value_set": list(values)}, severity, finding, more
    )


def matches(name: str, column: str, regex: str, severity: Severity, finding: str, **more: Any) -> Rule:
    """Text of one shape."""
    return _on_column("ExpectColumnValuesToMatchRegex", name, column, {"regex": regex}, severity, finding, more)


def not_before(name: str, later: str, earlier: str, severity: Severity, finding: str, **more: Any) -> Rule:
    """One column at or above another; rows that lack one of them are left out."""
    arguments = {
        "column_A": later,
        "column_B": earlier,
        "or_equal": True,
        "ignore_row_if": "either_value_is_missing",
    }
    return Rule(
        name=name,
        expectation="ExpectColumnPairValuesAToBeGreaterThanB",
        arguments=arguments,
        severity=severity,
        finding=finding,
        **more,
    )


def together_unique(name: str, columns: Sequence[str], severity: Severity, finding: str, **more: Any) -> Rule:
    """No combination twice; rows that lack one of the values are left out."""
    return Rule(
        name=name,
        expectation="ExpectCompoundColumnsToBeUnique",
        arguments={"column_list": list(columns), "ignore_row_if": "any_value_is_missing"},
        severity=severity,
        finding=finding,
        **more,
    )


def figure(name: str, low: float | None, high: float | None, severity: Severity, finding: str) -> Rule:
    """A figure over the whole table, named like the rule, within bounds; an absent figure passes."""
    return between(name, name, low, high, severity, finding, on=Subject.METRICS)


def _on_column(
    expectation: str,
    name: str,
    column: str,
    arguments: dict[str, Any],
    severity: Severity,
    finding: str,
    more: dict[str, Any],
) -> Rule:
    return Rule(
        name=name,
        expectation=expectation,
        arguments={"column": column, **arguments},
        severity=severity,
        finding=finding,
        **more,
    )
