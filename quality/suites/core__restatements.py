"""What must hold of `core__restatements`: each names a row and a cause."""

from models.tables.catalogue import TABLES
from quality.rules import Severity, between, figure, matches, one_of
from quality.suite import suite
from quality.vocabulary import plausible

RESTATED = ("core__sessions", "core__fault_episodes")
CAUSES = (
    *("late_frames", "late_stop", "late_event", "resumed", "start_as_stop"),
    *("stop_taken_back", "clock_known", "replay"),
)
_SHARE = (
    "count(DISTINCT entity_id) FILTER (table_name = 'core__sessions')"
    " / (SELECT nullif(count(*), 0) FROM core__sessions)"
)

_RULES = (
    one_of("table_valid", "table_name", RESTATED, Severity.CRITICAL, "the restated row is neither session nor fault"),
    one_of("cause_valid", "cause", CAUSES, Severity.CRITICAL, "the cause is not a documented one"),
    matches("entity_id_shaped", "entity_id", "^[0-9a-f]{32}$", Severity.CRITICAL, "the restated row's id is no hash"),
    plausible("ended_before_at"),
    plausible("ended_after_at"),
    plausible("restated_at"),
    between("energy_not_negative", "energy_after_wh", 0, None, Severity.CRITICAL, "the restated energy is negative"),
    figure("share_of_sessions", None, 0.05, Severity.WARNING, "share of sessions that were restated"),
)

SUITE = suite(
    TABLES["core__restatements"],
    _RULES,
    ids=("restatement_id",),
    newest_by="restated_at",
    metrics={"share_of_sessions": _SHARE},
)
