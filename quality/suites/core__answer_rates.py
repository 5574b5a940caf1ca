"""What must hold of `core__answer_rates`: counts that add up to `core__calls`."""

from typing import Any

from models.tables.catalogue import TABLES
from quality.frames import key, number
from quality.rules import Severity, between, figure, not_before
from quality.suite import suite
from quality.vocabulary import direction, protocol

_GROUP = ("vendor", "model", "firmware", "protocol", "direction", "action")
_LOST = "(SELECT count(*) FROM core__calls) - coalesce(sum(calls), 0)"


def _with_sums(frame: Any) -> Any:
    counted = sum(number(frame[name]) for name in ("results", "errors", "unanswered"))
    return frame.assign(row=key(frame, _GROUP), left_over=number(frame["calls"]) - counted)


_RULES = (
    protocol(),
    direction(),
    between(
        "outcomes_add_up", "left_over", 0, 0, Severity.CRITICAL, "results, errors and unanswered are not all calls"
    ),
    between("calls_counted", "calls", 1, None, Severity.CRITICAL, "a row without a call"),
    between("answers_take_time", "answer_ms_median", 0, None, Severity.CRITICAL, "the median answer precedes its call"),
    not_before(
        "p95_above_median",
        "answer_ms_p95",
        "answer_ms_median",
        Severity.CRITICAL,
        "the 95th percentile is below the median",
    ),
    between(
        "mostly_answered",
        "share_unanswered",
        None,
        0.2,
        Severity.WARNING,
        "more than a fifth of the calls of a model and action stay unanswered",
        where="calls >= 20",
    ),
    between(
        "mostly_without_error",
        "share_errors",
        None,
        0.2,
        Severity.WARNING,
        "more than a fifth of the calls of a model and action are answered with an error",
        where="calls >= 20",
    ),
    figure("calls_not_counted", 0, 0, Severity.CRITICAL, "calls that are in no row"),
)

SUITE = suite(
    TABLES["core__answer_rates"],
    _RULES,
    ids=_GROUP,
    key="row",
    reads=("calls", "results", "errors", "unanswered"),
    required=("action", "calls", "results", "errors", "unanswered"),
    metrics={"calls_not_counted": _LOST},
    derive=_with_sums,
)
