"""What must hold of `report__error_trend_daily`: every fault episode counts once."""

from typing import Any

from models.catalogue import TABLES
from quality.rules import Severity, between, figure
from quality.suite import suite

_NAMES = ("vendor", "model", "firmware", "code")
_GAP = "sum(episodes) - (SELECT count(*) FROM core__fault_episodes)"


def _with_key(frame: Any) -> Any:
    key = frame["day"].astype(str)
    for name in _NAMES:
        # A null is not the text "-"; the unit separator stands in no name.
        key = key + "\x1f" + frame[name].fillna("\x1f")
    return frame.assign(row_key=key)


_RULES = (
    between("episodes_not_negative", "episodes", 0, None, Severity.CRITICAL, "the number of episodes is negative"),
    between("sessions_not_negative", "sessions", 0, None, Severity.CRITICAL, "the number of sessions is negative"),
    between("rate_possible", "per_1000_sessions", 0, 1_000_000, Severity.WARNING, "the rate is impossible"),
    between("mean_not_negative", "episodes_7d_mean", 0, None, Severity.CRITICAL, "the mean is negative"),
    figure("episodes_gap", 0, 0, Severity.CRITICAL, "episodes more in the report than in core__fault_episodes"),
)

SUITE = suite(
    TABLES["report__error_trend_daily"],
    _RULES,
    ids=("day", *_NAMES),
    required=("code", "episodes", "sessions"),
    newest_by="day",
    metrics={"episodes_gap": _GAP},
    derive=_with_key,
    key="row_key",
)
