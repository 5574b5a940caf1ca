"""What must hold of `core__meter_fingerprints`: words of its vocabulary, shares that are shares."""

from typing import Any

from models.tables.catalogue import TABLES
from quality.rules import Severity, between, figure, one_of
from quality.suite import suite

_BASES = ("lifetime", "session", "boot")
_UNITS = ("sound", "kwh_as_wh", "wh_as_kwh", "mixed")
_SHARES = ("share_signed", "share_power", "share_intervals", "share_no_register", "share_phases_disagree")
_FAULTY = "count(*) FILTER (unit_habit IN ('kwh_as_wh', 'wh_as_kwh', 'mixed'))"


def _with_make(frame: Any) -> Any:
    parts = frame["vendor"].fillna("") + "/" + frame["model"].fillna("") + "/" + frame["firmware"].fillna("")
    return frame.assign(make=parts)


_RULES = (
    one_of("register_base_known", "register_base", _BASES, Severity.CRITICAL, "the base is no documented one"),
    one_of(
        "samples_base_known", "samples_base", _BASES[1:], Severity.CRITICAL, "the samples' base is no documented one"
    ),
    one_of(
        "resets_word",
        "resets",
        ("boot", "transaction", "both", "never"),
        Severity.CRITICAL,
        "the habit of resets is no documented one",
    ),
    one_of("unit_habit_known", "unit_habit", _UNITS, Severity.CRITICAL, "the habit of units is no documented one"),
    one_of(
        "unit_naming_known",
        "unit_naming",
        ("always", "never", "partly"),
        Severity.CRITICAL,
        "the naming of units is no documented one",
    ),
    one_of(
        "phase_tagging_known",
        "phase_tagging",
        ("total", "one_phase", "phases"),
        Severity.CRITICAL,
        "the tagging of phases is no documented one",
    ),
    between("stations_counted", "stations", 1, None, Severity.CRITICAL, "a make without a station"),
    between("sessions_counted", "sessions", 1, None, Severity.CRITICAL, "a make without a session"),
    *(between(f"{name}_is_share", name, 0, 1, Severity.CRITICAL, f"{name} is no share") for name in _SHARES),
    figure("makes_with_unit_faults", None, 0, Severity.INFO, "makes whose registers are not in the unit they name"),
)

SUITE = suite(
    TABLES["core__meter_fingerprints"],
    _RULES,
    ids=("vendor", "model", "firmware"),
    required=("stations", "sessions"),
    metrics={"makes_with_unit_faults": _FAULTY},
    derive=_with_make,
    key="make",
)
