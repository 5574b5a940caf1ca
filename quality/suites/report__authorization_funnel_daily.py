"""What must hold of `report__authorization_funnel_daily`: a funnel narrows, and no presentation is lost."""

from typing import Any

from models.tables.catalogue import TABLES
from models.tokens.pseudonyms import KINDS
from quality.frames import key, number
from quality.rules import Severity, between, figure, one_of
from quality.suite import suite

_ID = ("day", "token_kind")
_COUNTS = ("presented", "presented_by_start", "answered", "accepted", "started", "energised", "rejected_later")
_PRESENTED = (
    "sum(presented) - (SELECT count(*) FROM core__authorizations WHERE purpose IS DISTINCT FROM 'stop')"
    " - (SELECT count(*) FROM core__sessions"
    " WHERE authorization_id IS NULL AND (token_id IS NOT NULL OR token_kind IS NOT NULL))"
)


def _with_gaps(frame: Any) -> Any:
    count = {name: number(frame[name]) for name in _COUNTS}
    return frame.assign(
        row_key=key(frame, _ID),
        answered_beyond=count["answered"] - count["presented"],
        accepted_beyond=count["accepted"] - count["answered"],
        started_beyond=count["started"] - count["presented"],
        energised_beyond=count["energised"] - count["started"],
        later_beyond=count["rejected_later"] - count["started"],
    )


def _narrows(column: str, finding: str) -> Any:
    return between(column, column, None, 0, Severity.CRITICAL, finding)


_RULES = (
    one_of(
        "kind_documented", "token_kind", KINDS, Severity.CRITICAL, "the kind of token is none of the documented ones"
    ),
    between("presented_at_all", "presented", 1, None, Severity.CRITICAL, "a row without a presentation"),
    _narrows("answered_beyond", "more were answered than presented"),
    _narrows("accepted_beyond", "more were accepted than answered"),
    _narrows("started_beyond", "more started than were presented"),
    _narrows("energised_beyond", "more were energised than started"),
    _narrows("later_beyond", "more were rejected later than started"),
    between("energy_not_negative", "energy_at_risk_wh", 0, None, Severity.CRITICAL, "the energy is negative"),
    figure("presented_gap", 0, 0, Severity.CRITICAL, "presentations more in the report than in the core tables"),
)

SUITE = suite(
    TABLES["report__authorization_funnel_daily"],
    _RULES,
    ids=_ID,
    reads=_COUNTS,
    required=_COUNTS,
    newest_by="day",
    metrics={"presented_gap": _PRESENTED},
    derive=_with_gaps,
    key="row_key",
)
