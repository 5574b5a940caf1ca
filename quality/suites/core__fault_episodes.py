"""What must hold of `core__fault_episodes`: episodes, never notification rows."""

from typing import Any

from models.catalogue import TABLES
from quality.frames import PORT, port, seconds
from quality.rules import Severity, between, matches, none_of, not_before, not_null, null, together_unique
from quality.suite import suite
from quality.vocabulary import connector, plausible, protocol


def _with_durations(frame: Any) -> Any:
    return frame.assign(port=port(frame), duration_s=seconds(frame["closed_at"], frame["opened_at"]))


_RULES = (
    protocol(),
    connector(),
    plausible("opened_at"),
    plausible("closed_at"),
    matches("code_not_blank", "code", r"\S", Severity.CRITICAL, "the code is blank"),
    none_of("code_is_a_fault", "code", ("NoError",), Severity.CRITICAL, "NoError is counted as a fault"),
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
        ("port", "code"),
        Severity.WARNING,
        "the same fault is open twice on one connector",
        where="is_open == True",
    ),
    together_unique(
        "no_twins",
        ("port", "code", "opened_at"),
        Severity.WARNING,
        "another fault has the same connector, code and opening",
        where="is_open == False",
        mostly=0.999,
    ),
)

SUITE = suite(
    TABLES["core__fault_episodes"],
    _RULES,
    ids=("fault_id",),
    reads=(*PORT, "is_open"),
    newest_by="opened_at",
    derive=_with_durations,
)
