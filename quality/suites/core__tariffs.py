"""What must hold of `core__tariffs` (OCPI 2.2.1, section 11.3)."""

from models.tables.catalogue import TABLES
from quality.rules import Severity, between, not_before, not_null
from quality.suite import suite
from quality.vocabulary import currency, party, plausible

_RULES = (
    party(),
    currency(),
    plausible("last_updated", Severity.WARNING),
    not_null("currency", Severity.WARNING, "the currency is unknown"),
    between("has_elements", "elements", 1, None, Severity.WARNING, "the tariff has no element, so no price"),
    not_before(
        "prices_in_order",
        "price_max_excl_vat",
        "price_min_excl_vat",
        Severity.WARNING,
        "the highest price is below the least",
    ),
    not_before("validity_in_order", "valid_to", "valid_from", Severity.WARNING, "the tariff ends before it starts"),
)

SUITE = suite(TABLES["core__tariffs"], _RULES, ids=("party", "tariff_id"))
