"""What must hold of `core__status_timeline`: whole, without holes or overlaps. A big table: newest rows first."""

from typing import Any

from models.tables.catalogue import TABLES
from quality.frames import number, seconds
from quality.rules import Severity, between, figure, not_before, one_of
from quality.suite import suite
from quality.vocabulary import STATUSES, connector, plausible

_SOURCES = ("reported", "inferred_from_transaction", "inferred_offline", "unobserved")
_NEXT = "lead({}) OVER (PARTITION BY station_id, port_id ORDER BY from_at)"
_SEAMS = (
    f"(SELECT count(*) FROM (SELECT until_at, {_NEXT.format('from_at')} AS next_at FROM core__status_timeline)"
    " WHERE next_at <> until_at)"
)
_UNMERGED = (
    "(SELECT count(*) FROM (SELECT (status, known_status, source) AS here, "
    f"{_NEXT.format('(status, known_status, source)')} AS next FROM core__status_timeline) WHERE here = next)"
)
_ENDS = (
    "(SELECT count(*) FROM (SELECT count(*) FILTER (is_last) AS lasts FROM core__status_timeline"
    " GROUP BY station_id, port_id) WHERE lasts <> 1)"
)
_BEGINS = (
    "(SELECT max(begins) FROM (SELECT count(DISTINCT begin_at) AS begins FROM (SELECT station_id, min(from_at) AS"
    " begin_at FROM core__status_timeline GROUP BY station_id, port_id) GROUP BY station_id))"
)


def _with_durations(frame: Any) -> Any:
    duration_s = seconds(frame["until_at"], frame["from_at"])
    return frame.assign(
        duration_s=duration_s,
        uncounted_s=duration_s - number(frame["observed_s"]) - number(frame["unknown_s"]),
    )


_RULES = (
    connector(),
    plausible("from_at"),
    plausible("until_at"),
    one_of(
        "status_allowed",
        "status",
        (*(status for status in STATUSES if status != "Occupied"), "Unknown"),
        Severity.CRITICAL,
        "the status is none of the vocabulary",
    ),
    one_of("source_valid", "source", _SOURCES, Severity.CRITICAL, "the source is none of the four"),
    not_before("until_after_from", "until_at", "from_at", Severity.CRITICAL, "the interval ends before it begins"),
    between(
        "not_empty",
        "duration_s",
        0,
        None,
        Severity.CRITICAL,
        "an interval before the last one is empty",
        strict=True,
        where="is_last == False and duration_s >= 0",
    ),
    between(
        "seconds_counted",
        "uncounted_s",
        -0.001,
        0.001,
        Severity.CRITICAL,
        "observed and unknown seconds are not the interval's",
    ),
    figure("seams_open", None, 0, Severity.CRITICAL, "intervals that do not begin where their port's last one ended"),
    figure("neighbours_equal", None, 0, Severity.WARNING, "intervals that say the same as the one before"),
    figure("ports_without_one_last", None, 0, Severity.CRITICAL, "ports that have not exactly one last interval"),
    figure("begins", None, 1, Severity.CRITICAL, "different first instants of one station's ports"),
    figure("share_unknown", None, 0.25, Severity.INFO, "share of time in which a port's status is unknown"),
)

SUITE = suite(
    TABLES["core__status_timeline"],
    _RULES,
    ids=("station_id", "port_id", "from_at"),
    reads=("observed_s", "unknown_s", "is_last"),
    required=("station_id", "port_id", "from_at", "until_at", "status", "source", "observed_s", "unknown_s", "is_last"),
    newest_by="from_at",
    metrics={
        "seams_open": _SEAMS,
        "neighbours_equal": _UNMERGED,
        "ports_without_one_last": _ENDS,
        "begins": _BEGINS,
        "share_unknown": "sum(unknown_s) / nullif(sum(observed_s + unknown_s), 0)",
    },
    derive=_with_durations,
)
