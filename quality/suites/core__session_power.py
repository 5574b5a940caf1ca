"""What must hold of `core__session_power`: figures that a charger and a car can reach."""

from models.tables.catalogue import TABLES
from quality.rules import Severity, between, figure, not_before, one_of
from quality.suite import suite
from quality.vocabulary import connector, plausible, protocol

_MISSING = "(SELECT count(*) FROM core__sessions) - count(*)"

_RULES = (
    protocol(),
    connector(),
    plausible("started_at"),
    plausible("first_sample_at"),
    plausible("last_sample_at"),
    between("charging_not_negative", "charging_s", 0, None, Severity.CRITICAL, "the charging time is negative"),
    between("mean_possible", "power_mean_w", 0, 500_000, Severity.WARNING, "energy over charging time is above 500 kW"),
    between("peak_possible", "power_peak_w", None, 4_000_000, Severity.WARNING, "the highest power is impossible"),
    one_of(
        "charging_basis_valid",
        "charging_basis",
        ("session", "power", "register"),
        Severity.CRITICAL,
        "the basis of the charging time is none of the three",
    ),
    one_of(
        "peak_basis_valid",
        "power_peak_basis",
        ("power", "register"),
        Severity.CRITICAL,
        "the basis of the highest power is neither of the two",
    ),
    between("voltage_possible", "voltage_max_v", 0, 2_000, Severity.WARNING, "the voltage is impossible"),
    between("current_possible", "current_max_a", None, 3_000, Severity.WARNING, "the current is impossible"),
    between("frequency_possible", "frequency_min_hz", 40, 70, Severity.WARNING, "the frequency is no grid's"),
    not_before(
        "voltage_ordered", "voltage_max_v", "voltage_min_v", Severity.CRITICAL, "the highest is the lower voltage"
    ),
    not_before(
        "samples_ordered", "last_sample_at", "first_sample_at", Severity.CRITICAL, "the last sample is the first"
    ),
    between("samples_dense", "sample_gap_max_s", None, 3_600, Severity.INFO, "an hour passed between two samples"),
    figure("sessions_without_row", 0, 0, Severity.CRITICAL, "sessions that have no row, or rows without one"),
    figure("share_sampled", 0.5, None, Severity.INFO, "share of sessions with at least two samples"),
)

SUITE = suite(
    TABLES["core__session_power"],
    _RULES,
    ids=("session_id",),
    required=("session_id", "station_id", "samples", "sample_instants"),
    newest_by="started_at",
    metrics={
        "sessions_without_row": _MISSING,
        "share_sampled": "count(*) FILTER (sample_instants > 1) / nullif(count(*), 0)",
    },
)
