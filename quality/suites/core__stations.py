"""What must hold of `core__stations`."""

from models.stations.clock import OFFSET, STATES, UNSET, UNSTEADY
from models.tables.catalogue import TABLES
from quality.rules import Severity, between, figure, matches, none_of, not_null, one_of
from quality.suite import suite
from quality.vocabulary import plausible, protocol

_NEVER_CHARGED = "count(*) FILTER (station_id NOT IN (SELECT station_id FROM core__sessions)) / nullif(count(*), 0)"
WRONG = (OFFSET, UNSET, UNSTEADY)
DAY_S = 86_400

_RULES = (
    protocol(),
    matches("station_id_not_blank", "station_id", r"\S", Severity.CRITICAL, "the station's id is blank"),
    plausible("booted_at"),
    not_null("booted_at", Severity.INFO, "the station was never seen booting", name="boot_seen", mostly=0.8),
    one_of("clock_state_documented", "clock_state", STATES, Severity.CRITICAL, "the clock's state is none we know"),
    none_of("clock_sound", "clock_state", WRONG, Severity.INFO, "the clock is wrong or unknown", mostly=0.9),
    between("clock_offset_possible", "clock_offset_s", -DAY_S, DAY_S, Severity.WARNING, "the clock is days off"),
    between("clock_steady", "clock_jumps", 0, 100, Severity.INFO, "the clock was set over 100 times"),
    not_null("vendor", Severity.INFO, "the vendor is unknown", mostly=0.8),
    not_null("model", Severity.INFO, "the model is unknown", mostly=0.8),
    not_null("firmware", Severity.INFO, "the firmware is unknown", mostly=0.8),
    figure("share_without_sessions", None, 0.5, Severity.INFO, "share of stations that never had a session"),
)

SUITE = suite(
    TABLES["core__stations"],
    _RULES,
    ids=("station_id",),
    metrics={"share_without_sessions": _NEVER_CHARGED},
)
