"""What a check found, in words and numbers. Not here: how it was found (`run`)."""

from typing import Any

import msgspec

from quality.rules import Rule, Severity, Subject

MAX_SAMPLES = 20


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation's outcome.

    `unexpected_count` counts the rows that break it (for a figure or a schema: 1). `sample_ids` names some of them
    by their ids; a card number never stands there. `looked_at` is the number of rows tested.
    """

    table: str
    expectation: str
    severity: Severity
    success: bool
    unexpected_count: int
    looked_at: int
    sample_ids: tuple[str, ...]
    sentence: str


def sentence(rule: Rule, *, success: bool, unexpected: int, looked_at: int, observed: Any = None) -> str:
    """The outcome for people."""
    if rule.on is Subject.METRICS:
        return f"{_capital(rule.finding)}: {_number(observed)} (allowed: {_bounds(rule)})."
    if rule.on is Subject.COLUMNS:
        return f"{looked_at} columns, as declared." if success else f"{_capital(rule.finding)}: {observed}."
    if rule.on is Subject.TYPES:
        return f"{looked_at} columns have their declared types." if success else f"{_capital(rule.finding)}."
    allowed = f" (allowed: {100 * (1 - rule.mostly):.3g} %)" if rule.mostly < 1 else ""
    if unexpected:
        return f"{unexpected:,} of {looked_at:,} rows: {rule.finding}{allowed}."
    return f"None of {looked_at:,} rows: {rule.finding}{allowed}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _number(value: Any) -> str:
    return "unknown" if value is None else f"{value:,.4g}" if isinstance(value, float) else f"{value:,}"


def _bounds(rule: Rule) -> str:
    low, high = rule.arguments.get("min_value"), rule.arguments.get("max_value")
    if low is not None and high is not None:
        return f"{low:,} to {high:,}" if low != high else f"{low:,}"
    return f"up to {high:,}" if low is None else f"at least {low:,}"
