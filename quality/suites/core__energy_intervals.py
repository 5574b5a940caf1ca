"""What must hold of `core__energy_intervals`: sums to the sessions. A big table: the newest rows are looked at."""

from models.tables.catalogue import TABLES
from quality.rules import Severity, between, figure, not_null, one_of
from quality.suite import suite
from quality.vocabulary import connector, plausible

_DIFFERENT = (
    "(SELECT count(*) FROM (SELECT s.energy_wh, sum(i.energy_wh) AS spread_wh FROM core__sessions AS s"
    " LEFT JOIN core__energy_intervals AS i ON i.session_id = s.session_id"
    " GROUP BY s.session_id, s.energy_wh) WHERE energy_wh IS DISTINCT FROM spread_wh)"
)
_OFF_GRID = "count(*) FILTER (epoch_us(interval_at) % 900000000 <> 0)"

_RULES = (
    connector(),
    plausible("interval_at"),
    not_null(
        "interval_at",
        Severity.CRITICAL,
        "a part of a session has no time",
        name="interval_at_known",
        where="basis != 'undivided'",
    ),
    between("energy_not_negative", "energy_wh", 0, None, Severity.CRITICAL, "the energy is negative"),
    between(
        # 4 MW for a quarter hour
        "energy_possible",
        "energy_wh",
        None,
        1_000_000,
        Severity.WARNING,
        "the energy is above 1,000 kWh in a quarter hour",
    ),
    between("duration_possible", "duration_s", 0, 900, Severity.CRITICAL, "the session is longer than the interval"),
    one_of(
        "basis_valid",
        "basis",
        ("register", "power", "uniform", "undivided"),
        Severity.CRITICAL,
        "the basis is none of the four",
    ),
    figure("sessions_not_summed", None, 0, Severity.CRITICAL, "sessions whose intervals do not sum to their energy"),
    figure("intervals_off_grid", None, 0, Severity.CRITICAL, "intervals that do not begin at a quarter hour"),
    figure("share_not_measured", None, 0.5, Severity.INFO, "share of energy spread without samples"),
)

SUITE = suite(
    TABLES["core__energy_intervals"],
    _RULES,
    ids=("session_id", "interval_at"),
    required=("session_id", "station_id", "energy_wh", "basis"),
    newest_by="interval_at",
    metrics={
        "sessions_not_summed": _DIFFERENT,
        "intervals_off_grid": _OFF_GRID,
        "share_not_measured": "sum(energy_wh) FILTER (basis IN ('uniform', 'undivided')) / nullif(sum(energy_wh), 0)",
    },
)
