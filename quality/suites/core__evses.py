"""What must hold of `core__evses` (OCPI 2.2.1, section 8.3.2)."""

from models.tables.catalogue import TABLES
from quality.rules import Severity, between, figure, not_null, one_of
from quality.suite import suite
from quality.vocabulary import coordinates, party, plausible

_STATUSES = (
    *("AVAILABLE", "BLOCKED", "CHARGING", "INOPERATIVE", "OUTOFORDER", "PLANNED", "REMOVED", "RESERVED", "UNKNOWN"),
)
_HOMELESS = (
    "count(*) FILTER (NOT EXISTS (SELECT 1 FROM core__locations AS place"
    " WHERE place.party = core__evses.party AND place.location_id = core__evses.location_id))"
)

_RULES = (
    party(),
    *coordinates(),
    plausible("last_updated", Severity.WARNING),
    one_of("status_allowed", "status", _STATUSES, Severity.WARNING, "the status is not one of OCPI's"),
    not_null("status", Severity.WARNING, "the status is unknown", name="status_given"),
    between("power_possible", "power_max_w", 0, 4_000_000, Severity.WARNING, "the highest power is impossible"),
    between("has_connectors", "connectors", 1, None, Severity.INFO, "the EVSE has no connector"),
    figure("without_location", None, 0, Severity.WARNING, "EVSEs whose location is unknown"),
)

SUITE = suite(
    TABLES["core__evses"],
    _RULES,
    ids=("party", "location_id", "evse_uid"),
    required=("location_id", "evse_uid"),
    metrics={"without_location": _HOMELESS},
)
