"""What must hold of `report__error_trend_daily`: every fault episode counts once."""

from typing import Any

from models.tables.catalogue import TABLES
from quality.frames import key
from quality.rules import Severity, between, figure
from quality.suite import suite

_ID = ("day", "vendor", "model", "firmware", "canonical_code", "code")
_GAP = "sum(episodes) - (SELECT count(*) FROM core__fault_episodes)"


def _with_key(frame: Any) -> Any:
    return frame.assign(row_key=key(frame, _ID))


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
    ids=_ID,
    required=("canonical_code", "code", "episodes", "sessions"),
    newest_by="day",
    metrics={"episodes_gap": _GAP},
    derive=_with_key,
    key="row_key",
)
