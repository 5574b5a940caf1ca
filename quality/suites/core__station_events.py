"""What must hold of `core__station_events`: known actions, asked by the right side, never a token in clear."""

from models.ocpp.operations import OPERATIONS
from models.tables.catalogue import TABLES
from quality.rules import Severity, figure, matches, not_before, not_null, one_of
from quality.suite import suite
from quality.vocabulary import connector, plausible, protocol, pseudonym

_UNANSWERED = "count(*) FILTER (asked_by = 'system' AND answered_at IS NULL) / nullif(count(*), 0)"

_RULES = (
    protocol(),
    connector(),
    pseudonym(),
    plausible("happened_at"),
    plausible("answered_at"),
    not_before(
        "answered_after_asking", "answered_at", "happened_at", Severity.WARNING, "the answer is before the call"
    ),
    one_of("action_valid", "action", sorted(OPERATIONS), Severity.CRITICAL, "the action is none that is kept"),
    one_of("asked_by_valid", "asked_by", ("system", "station"), Severity.CRITICAL, "neither system nor station asked"),
    not_null("happened_at", Severity.WARNING, "the event has no time", name="time_known", mostly=0.99),
    matches("outcome_is_a_word", "outcome", r"^\S+$", Severity.WARNING, "the outcome is no word"),
    figure("share_unanswered", None, 0.2, Severity.INFO, "share of commands that nobody answered"),
)

SUITE = suite(
    TABLES["core__station_events"],
    _RULES,
    ids=("event_id",),
    newest_by="happened_at",
    metrics={"share_unanswered": _UNANSWERED},
)
