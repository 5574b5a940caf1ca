"""What must hold of `core__locations` (OCPI 2.2.1, section 8.3.1)."""

from models.tables.catalogue import TABLES
from quality.rules import Severity, between, matches, not_null
from quality.suite import suite
from quality.vocabulary import coordinates, party, plausible

_RULES = (
    party(),
    *coordinates(),
    plausible("last_updated", Severity.WARNING),
    matches("country_shaped", "country", "^[A-Z]{3}$", Severity.WARNING, "the country is no ISO 3166-1 alpha-3 code"),
    not_null("latitude", Severity.WARNING, "the place is unknown", name="place_known"),
    not_null("time_zone", Severity.INFO, "the time zone is unknown"),
    between("has_evses", "evses", 1, None, Severity.INFO, "the location has no EVSE"),
)

SUITE = suite(TABLES["core__locations"], _RULES, ids=("party", "location_id"), required=("location_id",))
