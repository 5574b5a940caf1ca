"""What must hold of `core__unmapped_codes`."""

from typing import Any

from models.tables.catalogue import TABLES
from quality.frames import key
from quality.rules import Severity, between, figure, matches, not_before
from quality.suite import suite
from quality.vocabulary import plausible, protocol

_ID = ("unmapped_code", "code", "canonical_code", "vendor_id", "protocol", "vendor", "model", "firmware")
_GAP = "sum(episodes) - (SELECT count(*) FROM core__fault_episodes WHERE unmapped_code IS NOT NULL)"


def _with_key(frame: Any) -> Any:
    return frame.assign(row_key=key(frame, _ID))


_RULES = (
    protocol(),
    plausible("first_seen_at"),
    plausible("last_seen_at"),
    matches("code_not_blank", "unmapped_code", r"\S", Severity.CRITICAL, "the code is blank"),
    between("episodes_counted", "episodes", 1, None, Severity.CRITICAL, "a code without an episode"),
    between("minutes_not_negative", "minutes", 0, None, Severity.CRITICAL, "the minutes are negative"),
    not_before("seen_in_order", "last_seen_at", "first_seen_at", Severity.CRITICAL, "last seen before first seen"),
    figure("episodes_gap", 0, 0, Severity.CRITICAL, "episodes more than core__fault_episodes has with unmapped codes"),
)

SUITE = suite(
    TABLES["core__unmapped_codes"],
    _RULES,
    ids=_ID,
    required=("unmapped_code", "code", "canonical_code", "episodes", "episodes_open", "stations"),
    metrics={"episodes_gap": _GAP},
    derive=_with_key,
    key="row_key",
)
