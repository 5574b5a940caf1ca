"""What must hold of `core__ocpi_sessions` (OCPI 2.2.1, section 9.3)."""

from models.tables.catalogue import TABLES
from quality.rules import Severity, between, not_null, one_of
from quality.suite import suite
from quality.vocabulary import currency, ends_after_start, energy, party, plausible, pseudonym

_STATUSES = ("ACTIVE", "COMPLETED", "INVALID", "PENDING", "RESERVATION")

_RULES = (
    party(),
    currency(),
    *energy(),
    ends_after_start(),
    plausible("started_at"),
    plausible("ended_at"),
    plausible("last_updated", Severity.WARNING),
    *(pseudonym(column) for column in ("token_id", "contract_id", "authorization_reference")),
    one_of("status_allowed", "status", _STATUSES, Severity.WARNING, "the status is not one of OCPI's"),
    not_null("started_at", Severity.WARNING, "the session has no start"),
    not_null(
        "ended_at",
        Severity.WARNING,
        "a completed session has no end",
        name="completed_has_end",
        where="status == 'COMPLETED'",
    ),
    between("cost_not_negative", "cost_excl_vat", 0, None, Severity.WARNING, "the cost is negative"),
)

SUITE = suite(
    TABLES["core__ocpi_sessions"], _RULES, ids=("party", "ocpi_session_id"), reads=("status",), newest_by="started_at"
)
