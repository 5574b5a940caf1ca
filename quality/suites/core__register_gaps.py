"""What must hold of `core__register_gaps`: the continuity that OCPP asks of a meter (1.6 errata 3.77)."""

from typing import Any

from models.tables.catalogue import TABLES
from quality.frames import number
from quality.rules import Severity, between, figure, not_null, null, one_of
from quality.suite import suite
from quality.vocabulary import connector, plausible

_KINDS = ("continuous", "gap", "reset", "overlap", "unknown")


def _with_figures(frame: Any) -> Any:
    # Decimals are no numbers to Great Expectations.
    return frame.assign(gap=number(frame["gap_wh"]), after_stop=number(frame["after_stop_wh"]))


_RULES = (
    connector(),
    plausible("started_at"),
    plausible("previous_ended_at"),
    one_of("kind_valid", "kind", _KINDS, Severity.CRITICAL, "the kind is none of the five"),
    null("gap", Severity.CRITICAL, "an unknown gap has a size", name="unknown_has_no_gap", where="kind == 'unknown'"),
    not_null("gap", Severity.CRITICAL, "a gap has no size", name="gap_has_size", where="kind == 'gap'"),
    between("gap_rises", "gap", 1, None, Severity.CRITICAL, "a gap is not above 1 Wh", where="kind == 'gap'"),
    between("gap_not_big", "gap", None, 1_000_000, Severity.WARNING, "a gap is above 1,000 kWh", where="kind == 'gap'"),
    between("after_stop_not_negative", "after_stop", 0, None, Severity.WARNING, "the register fell after the stop"),
    figure("share_of_gaps", None, 0.1, Severity.WARNING, "share of sessions before which energy is missing"),
    figure("share_of_resets", None, 0.1, Severity.INFO, "share of sessions before which the register fell"),
)

SUITE = suite(
    TABLES["core__register_gaps"],
    _RULES,
    ids=("session_id",),
    reads=("gap_wh", "after_stop_wh"),
    required=("session_id", "previous_session_id", "station_id", "started_at", "kind"),
    newest_by="started_at",
    metrics={
        "share_of_gaps": "count(*) FILTER (kind = 'gap') / nullif(count(*), 0)",
        "share_of_resets": "count(*) FILTER (kind = 'reset') / nullif(count(*), 0)",
    },
    derive=_with_figures,
)
