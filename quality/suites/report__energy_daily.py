"""What must hold of `report__energy_daily`: nothing is lost between the sessions and the report."""

from typing import Any

from models.tables.catalogue import TABLES
from quality.frames import key, number
from quality.rules import Severity, between, figure
from quality.suite import suite

_ID = ("day", "station_id", "protocol")
_SESSIONS = "sum(sessions) - (SELECT count(*) FROM core__sessions)"
_ENERGY = "coalesce(sum(energy_wh), 0) - (SELECT coalesce(sum(energy_wh), 0) FROM core__sessions)"


def _with_key(frame: Any) -> Any:
    without = number(frame["sessions_without_energy"]) + number(frame["sessions_energy_unknown"])
    return frame.assign(row_key=key(frame, _ID), sessions_with_energy=number(frame["sessions"]) - without)


_RULES = (
    between("sessions_not_negative", "sessions_open", 0, None, Severity.CRITICAL, "the number of sessions is negative"),
    between(
        "sessions_told_apart",
        "sessions_with_energy",
        0,
        None,
        Severity.CRITICAL,
        "more sessions are without energy than there are",
    ),
    between("energy_not_negative", "energy_wh", 0, None, Severity.CRITICAL, "the energy is negative"),
    figure("sessions_gap", 0, 0, Severity.CRITICAL, "sessions more in the report than in core__sessions"),
    figure("energy_gap_wh", 0, 0, Severity.CRITICAL, "Wh more in the report than in core__sessions"),
)

SUITE = suite(
    TABLES["report__energy_daily"],
    _RULES,
    ids=_ID,
    reads=("sessions", "sessions_without_energy", "sessions_energy_unknown", "sessions_open"),
    required=("station_id", "sessions", "sessions_open"),
    newest_by="day",
    metrics={"sessions_gap": _SESSIONS, "energy_gap_wh": _ENERGY},
    derive=_with_key,
    key="row_key",
)
