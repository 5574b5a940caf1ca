"""What must hold of `core__calls`. A big table: the newest rows are looked at, shares are over all."""

from models.tables.catalogue import TABLES
from quality.rules import Severity, between, figure, matches, not_null, null, one_of
from quality.suite import suite
from quality.vocabulary import direction, plausible, protocol

_UNANSWERED = "count(*) FILTER (outcome = 'none') / nullif(count(*), 0)"
_ERRORS = "count(*) FILTER (outcome = 'error') / nullif(count(*), 0)"
_REPEATS = "count(*) FILTER (is_repeat) / nullif(count(*), 0)"

_RULES = (
    protocol(),
    direction(),
    plausible("called_at"),
    plausible("answered_at"),
    matches("action_not_blank", "action", r"\S", Severity.CRITICAL, "the action is blank"),
    one_of("outcome_valid", "outcome", ("result", "error", "none"), Severity.CRITICAL, "the outcome is none of three"),
    between("answered_after_call", "answer_ms", 0, None, Severity.CRITICAL, "the answer is before its call"),
    between(
        "answered_in_time", "answer_ms", None, 30_000, Severity.WARNING, "the answer took over 30 seconds", mostly=0.99
    ),
    not_null(
        "error_code",
        Severity.WARNING,
        "an error has no code",
        name="error_has_code",
        where="outcome == 'error'",
    ),
    null(
        "error_code",
        Severity.CRITICAL,
        "a call without an error has an error code",
        name="no_code_without_error",
        where="outcome != 'error'",
    ),
    not_null(
        "answer_ordinal",
        Severity.CRITICAL,
        "an answered call does not say where its answer is",
        name="answer_has_position",
        where="outcome != 'none'",
    ),
    null(
        "answer_ordinal",
        Severity.CRITICAL,
        "an unanswered call names an answer",
        name="no_position_without_answer",
        where="outcome == 'none'",
    ),
    not_null(
        "repeat_of_ordinal",
        Severity.CRITICAL,
        "a repeat does not say what it repeats",
        name="repeat_names_its_first",
        where="is_repeat == True",
    ),
    null(
        "repeat_of_ordinal",
        Severity.CRITICAL,
        "a call that is no repeat names a first sending",
        name="no_first_without_repeat",
        where="is_repeat == False",
    ),
    null(
        "result_error_code",
        Severity.CRITICAL,
        "an answer is refused that never came",
        name="refused_answers_came",
        where="outcome == 'none'",
    ),
    figure("share_unanswered", None, 0.05, Severity.WARNING, "share of calls that were never answered"),
    figure("share_of_errors", None, 0.02, Severity.WARNING, "share of calls answered with an error"),
    figure("share_repeated", None, 0.02, Severity.WARNING, "share of calls that were sent again"),
)

SUITE = suite(
    TABLES["core__calls"],
    _RULES,
    ids=("station_id", "call_source", "call_ordinal"),
    reads=("outcome", "is_repeat"),
    required=("station_id", "direction", "action", "outcome", "is_repeat", "call_source", "call_ordinal"),
    newest_by="called_at",
    metrics={"share_unanswered": _UNANSWERED, "share_of_errors": _ERRORS, "share_repeated": _REPEATS},
)
