"""What must hold of `report__rfid_usage_daily`: every request and session counts once, no card in clear."""

from typing import Any

from models.tables.catalogue import TABLES
from quality.frames import key, number
from quality.rules import Severity, between, figure
from quality.suite import suite
from quality.vocabulary import pseudonym

_ID = ("day", "token_id")
_REJECTED = ("blocked", "expired", "invalid", "concurrent_tx", "other")
_ATTEMPTS = "sum(attempts) - (SELECT count(*) FROM core__authorizations)"
_SESSIONS = "sum(sessions) - (SELECT count(*) FROM core__sessions WHERE token_id IS NOT NULL)"
_ENERGY = (
    "coalesce(sum(energy_wh), 0) - (SELECT coalesce(sum(energy_wh), 0) FROM core__sessions WHERE token_id IS NOT NULL)"
)


def _with_sums(frame: Any) -> Any:
    count = {name: number(frame[name]) for name in ("attempts", "accepted", "rejected", "unanswered", *_REJECTED)}
    return frame.assign(
        row_key=key(frame, _ID),
        attempts_gap=count["attempts"] - count["accepted"] - count["rejected"] - count["unanswered"],
        rejected_gap=count["rejected"] - sum(count[name] for name in _REJECTED),
    )


_RULES = (
    pseudonym(),
    between(
        "attempts_add_up",
        "attempts_gap",
        0,
        0,
        Severity.CRITICAL,
        "attempts are not accepted, rejected and unanswered together",
    ),
    between("rejections_add_up", "rejected_gap", 0, 0, Severity.CRITICAL, "rejected is not the sum of its reasons"),
    between("sessions_not_negative", "sessions", 0, None, Severity.CRITICAL, "the number of sessions is negative"),
    between("energy_not_negative", "energy_wh", 0, None, Severity.CRITICAL, "the energy is negative"),
    between("attempts_possible", "attempts", 0, 500, Severity.INFO, "one token asked over 500 times in a day"),
    figure("requests_gap", 0, 0, Severity.CRITICAL, "requests more in the report than in core__authorizations"),
    figure("sessions_gap", 0, 0, Severity.CRITICAL, "sessions more in the report than in core__sessions"),
    figure("energy_gap_wh", 0, 0, Severity.CRITICAL, "Wh more in the report than in core__sessions"),
)

SUITE = suite(
    TABLES["report__rfid_usage_daily"],
    _RULES,
    ids=_ID,
    reads=("accepted", "rejected", "unanswered", *_REJECTED),
    required=("attempts", "sessions"),
    newest_by="day",
    metrics={"requests_gap": _ATTEMPTS, "sessions_gap": _SESSIONS, "energy_gap_wh": _ENERGY},
    derive=_with_sums,
    key="row_key",
    tokens=("token_id",),
)
