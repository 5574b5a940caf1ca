"""What must hold of `core__sessions`. Thresholds as the EVI-X Atlas and QualiCharge have them."""

from typing import Any

from models.energy.rungs import PartnerRung, Rung
from models.tables.catalogue import TABLES
from quality.frames import PORT, number, port, seconds
from quality.rules import Severity, between, figure, not_before, not_null, null, one_of, together_unique
from quality.suite import suite
from quality.vocabulary import connector, plausible, protocol, pseudonym, token_kind

_PORT_DAYS = (
    "(SELECT max(sessions) FROM (SELECT count(*) AS sessions FROM core__sessions WHERE started_at IS NOT NULL"
    " GROUP BY station_id, evse_id, connector_id, CAST(started_at AS DATE)))"
)
_OVERLAPS = (
    "(SELECT count(*) FROM (SELECT started_at, max(ended_at) OVER (PARTITION BY station_id, evse_id, connector_id"
    " ORDER BY started_at, ended_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until"
    " FROM core__sessions WHERE NOT is_open AND started_at IS NOT NULL) WHERE started_at < busy_until)"
)

_INFERRED = "count(*) FILTER (end_kind = 'inferred') / nullif(count(*) FILTER (NOT is_open), 0)"
CAUSES = ("boot", "next_start", "available", "start_as_stop")
CLASSES = ("open", "phantom", "no_energy", "short", "low_energy", "inferred_end", "idle_heavy", "normal")


def _with_durations(frame: Any) -> Any:
    duration_s = seconds(frame["ended_at"], frame["started_at"])
    return frame.assign(
        port=port(frame),
        duration_s=duration_s,
        mean_power_w=number(frame["energy_wh"]) * 3600 / duration_s.where(duration_s > 0),
        charged_beyond_s=number(frame["charging_s"]) - duration_s,
    )


_RULES = (
    protocol(),
    connector(),
    pseudonym(),
    token_kind(),
    plausible("started_at"),
    plausible("ended_at"),
    not_before("ended_after_start", "ended_at", "started_at", Severity.CRITICAL, "the session ends before it starts"),
    null("ended_at", Severity.CRITICAL, "an open session has an end", name="open_has_no_end", where="is_open == True"),
    not_null(
        "ended_at",
        Severity.WARNING,
        "a closed session has no end",
        name="closed_has_end",
        where="is_open == False",
    ),
    between("energy_not_negative", "energy_wh", 0, None, Severity.CRITICAL, "the energy is negative"),
    between("energy_possible", "energy_wh", None, 1_000_000, Severity.CRITICAL, "the energy is above 1,000 kWh"),
    between(
        "energy_not_high",
        "energy_wh",
        None,
        250_000,
        Severity.WARNING,
        "the energy is above 250 kWh",
        where="energy_wh <= 1000000",
    ),
    between(
        "energy_not_low",
        "energy_wh",
        500,
        None,
        Severity.INFO,
        "a closed session has less than 0.5 kWh",
        where="is_open == False and energy_wh >= 0",
    ),
    not_null(
        "energy_wh",
        Severity.WARNING,
        "a closed session has no energy",
        name="energy_known",
        where="is_open == False",
        mostly=0.95,
    ),
    not_null(
        "energy_basis",
        Severity.CRITICAL,
        "the energy has no evidence",
        name="energy_has_basis",
        where="energy_wh.notna()",
    ),
    one_of(
        "energy_basis_known",
        "energy_basis",
        (*(rung.value for rung in Rung if rung is not Rung.SIGNED), *(rung.value for rung in PartnerRung)),
        Severity.WARNING,
        "the evidence of the energy is not a documented one",
    ),
    between(
        "confidence_in_scale",
        "energy_confidence",
        0,
        1,
        Severity.CRITICAL,
        "the confidence is not between 0 and 1",
    ),
    not_null(
        "energy_confidence",
        Severity.WARNING,
        "the energy has no confidence",
        name="energy_has_confidence",
        where="energy_wh.notna()",
    ),
    between(
        "energy_not_guessed",
        "energy_confidence",
        0.5,
        None,
        Severity.INFO,
        "the energy is an estimate",
        where="energy_confidence >= 0",
        mostly=0.95,
    ),
    one_of(
        "register_base_known",
        "register_base",
        ("lifetime", "session", "boot"),
        Severity.CRITICAL,
        "the register's base is no documented one",
    ),
    between(
        "not_short", "duration_s", 60, None, Severity.INFO, "the session is under a minute", where="duration_s >= 0"
    ),
    between("not_long", "duration_s", None, 2_880 * 60, Severity.WARNING, "the session is over 48 hours"),
    between("charging_not_negative", "charging_s", 0, None, Severity.CRITICAL, "the charging time is negative"),
    between(
        "charging_within_session",
        "charged_beyond_s",
        None,
        60,
        Severity.WARNING,
        "the charging time is longer than the session",
    ),
    between(
        "charging_not_long", "charging_s", None, 1_440 * 60, Severity.WARNING, "the charging time is over 24 hours"
    ),
    between(
        "mean_power_possible",
        "mean_power_w",
        None,
        500_000,
        Severity.WARNING,
        "energy over time is above 500 kW",
    ),
    between("power_max_possible", "power_max_w", 0, 4_000_000, Severity.WARNING, "the highest power is impossible"),
    not_null("transaction_id", Severity.WARNING, "the session has no transactionId"),
    not_null("token_id", Severity.INFO, "the session has no token", mostly=0.9),
    not_null("started_at", Severity.WARNING, "the session has no start", name="start_known", mostly=0.99),
    together_unique(
        "no_twins",
        ("port", "started_at", "ended_at"),
        Severity.WARNING,
        "another session has the same port, start and end",
        mostly=0.999,
    ),
    one_of("end_kind_valid", "end_kind", ("reported", "inferred"), Severity.CRITICAL, "the end is of no known kind"),
    one_of("inferred_cause_valid", "inferred_cause", CAUSES, Severity.CRITICAL, "nothing known shows the inferred end"),
    one_of("class_valid", "session_class", CLASSES, Severity.CRITICAL, "the class is not a documented one"),
    between("end_confidence_in_scale", "end_confidence", 0, 1, Severity.CRITICAL, "the end's confidence is no share"),
    between("events_missing_not_negative", "events_missing", 0, None, Severity.CRITICAL, "less than no event missing"),
    figure("share_inferred", None, 0.05, Severity.WARNING, "share of ended sessions whose stop never came"),
    figure("sessions_per_port_day", None, 60, Severity.CRITICAL, "most sessions that a port had on one day"),
    figure("overlapping_sessions", None, 0, Severity.WARNING, "sessions that began before the port's last one ended"),
    figure("days_since_newest", None, 15, Severity.INFO, "days since the newest session began"),
)

SUITE = suite(
    TABLES["core__sessions"],
    _RULES,
    ids=("session_id",),
    reads=(*PORT, "is_open"),
    newest_by="started_at",
    metrics={
        "share_inferred": _INFERRED,
        "sessions_per_port_day": _PORT_DAYS,
        "overlapping_sessions": _OVERLAPS,
        "days_since_newest": "date_diff('day', max(started_at), now())",
    },
    derive=_with_durations,
)
