"""What must hold of `core__tokens` (OCPI 2.2.1, section 12.3): above all, no number of a card."""

from models.tables.catalogue import TABLES
from quality.rules import Severity, not_null, one_of
from quality.suite import suite
from quality.vocabulary import party, plausible, pseudonym

_TYPES = ("AD_HOC_USER", "APP_USER", "OTHER", "RFID")
_WHITELIST = ("ALWAYS", "ALLOWED", "ALLOWED_OFFLINE", "NEVER")

_RULES = (
    party(),
    pseudonym("token_id"),
    pseudonym("contract_id"),
    pseudonym("visual_number"),
    pseudonym("group_id"),
    plausible("last_updated", Severity.WARNING),
    one_of("type_allowed", "type", _TYPES, Severity.WARNING, "the type is not one of OCPI's"),
    one_of("whitelist_allowed", "whitelist", _WHITELIST, Severity.WARNING, "the whitelist rule is not one of OCPI's"),
    not_null("is_valid", Severity.WARNING, "nothing says whether the token may be used"),
)

SUITE = suite(
    TABLES["core__tokens"],
    _RULES,
    # One uid may be two tokens of different types.
    ids=("party", "token_id", "type"),
    required=("token_id",),
    tokens=("token_id",),
)
