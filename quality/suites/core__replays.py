"""What must hold of `core__replays`: each has a cause, and counts that can be."""

from models.tables.catalogue import TABLES
from quality.rules import Severity, between, figure, one_of
from quality.suite import suite
from quality.vocabulary import plausible

_SHARE = "count(DISTINCT station_id) / (SELECT nullif(count(DISTINCT station_id), 0) FROM core__stations)"

_RULES = (
    one_of("cause_valid", "cause", ("late_frames",), Severity.CRITICAL, "the cause is not a documented one"),
    between("late_frames_counted", "late_frames", 1, None, Severity.CRITICAL, "a replay without a late frame"),
    between("added_not_negative", "facts_added", 0, None, Severity.CRITICAL, "the count is negative"),
    between("changed_not_negative", "facts_changed", 0, None, Severity.CRITICAL, "the count is negative"),
    between("retracted_not_negative", "facts_retracted", 0, None, Severity.CRITICAL, "the count is negative"),
    plausible("late_since"),
    plausible("replayed_at"),
    figure("share_of_stations", None, 0.2, Severity.WARNING, "share of stations with late frames"),
)

SUITE = suite(
    TABLES["core__replays"],
    _RULES,
    ids=("replay_id",),
    newest_by="replayed_at",
    metrics={"share_of_stations": _SHARE},
)
