"""What must hold of `core__rates`: one row per station and hour. A big table: the newest rows are looked at."""

from typing import Any

from models.tables.catalogue import TABLES
from quality.frames import epoch_s
from quality.rules import Severity, between, together_unique
from quality.suite import suite
from quality.vocabulary import plausible


def _with_offset(frame: Any) -> Any:
    return frame.assign(past_the_hour_s=epoch_s(frame["hour"]) % 3600)


_RULES = (
    plausible("hour"),
    between("hour_is_whole", "past_the_hour_s", 0, 0, Severity.CRITICAL, "the hour is not a whole one"),
    together_unique("one_per_hour", ("station_id", "hour"), Severity.CRITICAL, "a station has two rows for one hour"),
    between("energy_not_negative", "energy_wh", 0, None, Severity.CRITICAL, "the energy is negative"),
    between(
        "energy_possible", "energy_wh", None, 10_000_000, Severity.WARNING, "a station gave over 10 MWh in an hour"
    ),
    between("sessions_possible", "sessions", 0, 600, Severity.WARNING, "the number of sessions is impossible"),
    between("faults_possible", "faults", 0, 3_600, Severity.WARNING, "the number of faults is impossible"),
    between("fault_time_within_hour", "fault_s", 0, 3_600, Severity.CRITICAL, "the faults last longer than the hour"),
)

SUITE = suite(TABLES["core__rates"], _RULES, ids=("rate_id",), newest_by="hour", derive=_with_offset)
