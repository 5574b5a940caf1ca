"""What must hold of `core__periods`: OCA's periods lie within each other. A big table: newest rows first."""

from models.tables.catalogue import TABLES
from quality.rules import Severity, between, figure, not_before, not_null, null, one_of
from quality.suite import suite
from quality.vocabulary import connector, plausible

_PERIODS = ("Session", "Transaction", "EnergyOffer", "EnergyOfferSuspend", "EnergyTransfer", "SuspendedEV")
_OUTSIDE = (
    "(SELECT count(*) FROM core__periods AS p JOIN core__periods AS t"
    " ON t.session_id = p.session_id AND t.period = 'Transaction' WHERE p.period <> 'Session'"
    " AND (p.from_at < t.from_at OR p.until_at > t.until_at))"
)
_SHORTER = (
    "(SELECT count(*) FROM core__periods AS p JOIN core__periods AS t"
    " ON t.session_id = p.session_id AND t.period = 'Transaction' WHERE p.period = 'Session'"
    " AND (p.from_at > t.from_at OR p.until_at < t.until_at))"
)
# Against the latest end of all before it: a long period may hold several short ones.
_OVERLAPPING = (
    "(SELECT count(*) FROM (SELECT from_at, max(coalesce(until_at, TIMESTAMPTZ 'infinity')) OVER ("
    "PARTITION BY session_id ORDER BY from_at, until_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_at"
    " FROM core__periods WHERE period IN ('EnergyTransfer', 'SuspendedEV', 'EnergyOfferSuspend'))"
    " WHERE from_at < before_at)"
)

_RULES = (
    connector(),
    plausible("from_at"),
    plausible("until_at"),
    one_of("period_valid", "period", _PERIODS, Severity.CRITICAL, "the period is none of the six"),
    one_of("basis_valid", "basis", ("status", "transaction"), Severity.CRITICAL, "the basis is neither of the two"),
    not_before("until_after_from", "until_at", "from_at", Severity.CRITICAL, "the period ends before it begins"),
    null("until_at", Severity.CRITICAL, "an open period has an end", name="open_has_no_end", where="is_open == True"),
    not_null(
        "until_at", Severity.CRITICAL, "a closed period has no end", name="closed_has_end", where="is_open == False"
    ),
    between(
        "pause_not_long",
        "duration_s",
        None,
        86_400,
        Severity.INFO,
        "a pause is over 24 hours",
        where="period == 'SuspendedEV' or period == 'EnergyOfferSuspend'",
    ),
    figure("periods_outside", None, 0, Severity.CRITICAL, "energy periods that reach out of their transaction"),
    figure("sessions_shorter", None, 0, Severity.CRITICAL, "sessions that do not hold their transaction"),
    figure("periods_overlapping", None, 0, Severity.CRITICAL, "transfers and pauses of a session that overlap"),
)

SUITE = suite(
    TABLES["core__periods"],
    _RULES,
    ids=("session_id", "period", "number"),
    reads=("is_open",),
    required=("session_id", "station_id", "period", "number", "from_at", "is_open", "basis"),
    newest_by="from_at",
    metrics={"periods_outside": _OUTSIDE, "sessions_shorter": _SHORTER, "periods_overlapping": _OVERLAPPING},
)
