"""What must hold of `core__fault_episodes`: episodes, never notification rows."""

from typing import Any

from models.crosswalk import CODES, OTHER, SEVERITIES
from models.crosswalk.rows import ACTORS, TAXONOMIES
from models.tables.catalogue import TABLES
from quality.frames import PORT, port, seconds
from quality.rules import (
    Severity,
    between,
    figure,
    matches,
    none_of,
    not_before,
    not_null,
    null,
    one_of,
    together_unique,
)
from quality.suite import suite
from quality.vocabulary import connector, plausible, protocol


def _with_durations(frame: Any) -> Any:
    return frame.assign(port=port(frame), duration_s=seconds(frame["closed_at"], frame["opened_at"]))


_CLOSE_KINDS = (
    *("explicit_clear", "superseded", "implied_by_status", "implied_by_boot", "implied_by_session", "open"),
)
_UNNAMED = f"count(*) FILTER (canonical_code = '{OTHER}') / nullif(count(*), 0)"

_RULES = (
    protocol(),
    connector(),
    plausible("opened_at"),
    plausible("closed_at"),
    matches("code_not_blank", "code", r"\S", Severity.CRITICAL, "the code is blank"),
    none_of("code_is_a_fault", "code", ("NoError",), Severity.CRITICAL, "NoError is counted as a fault"),
    one_of(
        "canonical_code_valid",
        "canonical_code",
        tuple(CODES),
        Severity.CRITICAL,
        "the canonical code is none of the crosswalk's",
    ),
    one_of("severity_valid", "severity", SEVERITIES, Severity.CRITICAL, "the severity is none of the four"),
    one_of("actor_valid", "actor", tuple(sorted(ACTORS)), Severity.CRITICAL, "the actor is none of the seven"),
    one_of(
        "taxonomy_valid",
        "taxonomy",
        (*TAXONOMIES, "status", "none"),
        Severity.CRITICAL,
        "the taxonomy is none that is known",
    ),
    one_of("close_kind_valid", "close_kind", _CLOSE_KINDS, Severity.CRITICAL, "the close kind is none of the four"),
    none_of(
        "closed_says_how",
        "close_kind",
        ("open",),
        Severity.CRITICAL,
        "a closed fault does not say how it closed",
        where="is_open == False",
    ),
    between(
        "confidence_possible", "mapping_confidence", 0, 1, Severity.CRITICAL, "the mapping's confidence is impossible"
    ),
    not_before("closed_after_opening", "closed_at", "opened_at", Severity.CRITICAL, "the fault closes before it opens"),
    null(
        "closed_at",
        Severity.CRITICAL,
        "an open fault has a closing time",
        name="open_not_closed",
        where="is_open == True",
    ),
    not_null(
        "closed_at",
        Severity.WARNING,
        "a closed fault has no closing time",
        name="closed_has_end",
        where="is_open == False",
    ),
    not_null("opened_at", Severity.WARNING, "the fault has no opening time", name="opening_known", mostly=0.99),
    between("not_long", "duration_s", None, 30 * 86_400, Severity.INFO, "the fault lasted over 30 days"),
    together_unique(
        "one_open_at_a_time",
        ("port", "canonical_code"),
        Severity.CRITICAL,
        "the same fault is open twice on one connector",
        where=f"is_open == True and canonical_code != '{OTHER}'",
    ),
    together_unique(
        "no_twins",
        ("port", "canonical_code", "raw_code", "opened_at"),
        Severity.WARNING,
        "another fault has the same connector, codes and opening",
        where="is_open == False",
        mostly=0.999,
    ),
    figure("share_unnamed", None, 0.2, Severity.INFO, "share of faults that the crosswalk has no name for"),
)

SUITE = suite(
    TABLES["core__fault_episodes"],
    _RULES,
    ids=("fault_id",),
    reads=(*PORT, "is_open"),
    metrics={"share_unnamed": _UNNAMED},
    newest_by="opened_at",
    derive=_with_durations,
)
