"""What must hold of `core__statuses`. A big table: the newest rows are looked at."""

from typing import Any

from models.tables.catalogue import TABLES
from quality.frames import PORT, port, seconds
from quality.rules import Severity, between, figure, one_of, together_unique
from quality.suite import suite
from quality.vocabulary import STATUSES, connector, plausible, protocol

_PORT_DAYS = (
    "(SELECT max(statuses) FROM (SELECT count(*) AS statuses FROM core__statuses WHERE reported_at IS NOT NULL"
    " GROUP BY station_id, evse_id, connector_id, CAST(reported_at AS DATE)))"
)
_PER_SESSION = "count(*) / (SELECT nullif(count(*), 0) FROM core__sessions)"


def _with_skew(frame: Any) -> Any:
    return frame.assign(port=port(frame), clock_ahead_s=seconds(frame["reported_at"], frame["received_at"]))


_RULES = (
    protocol(),
    connector(),
    plausible("reported_at"),
    plausible("received_at"),
    one_of("status_allowed", "status", STATUSES, Severity.WARNING, "the status is not one of OCPP's"),
    between(
        "clock_sound",
        "clock_ahead_s",
        -300,
        300,
        Severity.WARNING,
        "the charger's time is over 5 minutes from the receiver's",
        mostly=0.95,
    ),
    together_unique(
        "no_repeats",
        ("port", "status", "reported_at"),
        Severity.WARNING,
        "the same status is reported twice",
        mostly=0.99,
    ),
    figure("statuses_per_port_day", None, 1_440, Severity.CRITICAL, "most statuses that a port reported on one day"),
    figure("statuses_per_session", 1, 30, Severity.INFO, "statuses for each session"),
)

SUITE = suite(
    TABLES["core__statuses"],
    _RULES,
    ids=("status_id",),
    newest_by="received_at",
    metrics={"statuses_per_port_day": _PORT_DAYS, "statuses_per_session": _PER_SESSION},
    reads=PORT,
    derive=_with_skew,
)
