"""What must hold of `core__cdrs` (OCPI 2.2.1, section 10.3): the records that money follows."""

from typing import Any

from models.tables.catalogue import TABLES
from quality.frames import number, seconds
from quality.rules import Severity, between, figure, not_before, not_null
from quality.suite import suite
from quality.vocabulary import currency, ends_after_start, energy, party, plausible, pseudonym

_UNMATCHED = (
    "count(*) FILTER (NOT EXISTS (SELECT 1 FROM core__ocpi_sessions AS session"
    " WHERE session.party = core__cdrs.party AND session.ocpi_session_id = core__cdrs.ocpi_session_id))"
    " / nullif(count(*), 0)"
)


def _with_durations(frame: Any) -> Any:
    duration_s = seconds(frame["ended_at"], frame["started_at"])
    return frame.assign(total_off_s=number(frame["total_s"]) - duration_s)


_RULES = (
    party(),
    currency(),
    *energy(),
    ends_after_start(),
    plausible("started_at"),
    plausible("ended_at"),
    plausible("last_updated", Severity.WARNING),
    *(pseudonym(column) for column in ("token_id", "contract_id", "authorization_reference")),
    *(
        not_null(column, Severity.WARNING, f"{column} is missing")
        for column in ("started_at", "ended_at", "energy_wh", "currency", "cost_excl_vat")
    ),
    between(
        "cost_not_negative",
        "cost_excl_vat",
        0,
        None,
        Severity.WARNING,
        "the cost is negative and it is no credit note",
        where="is_credit == False",
    ),
    not_before(
        "vat_not_negative",
        "cost_incl_vat",
        "cost_excl_vat",
        Severity.WARNING,
        "VAT lowers the cost",
        where="is_credit == False",
    ),
    not_null(
        "credit_reference_id",
        Severity.WARNING,
        "a credit note does not say what it credits",
        name="credit_has_reference",
        where="is_credit == True",
    ),
    # OCPI states hours in four decimals at most: 0.36 s.
    between("duration_agrees", "total_off_s", -60, 60, Severity.WARNING, "the stated duration is not end minus start"),
    not_before("parking_within", "total_s", "parking_s", Severity.WARNING, "the parking time is above the whole time"),
    figure("share_without_session", None, 0.05, Severity.INFO, "share of CDRs whose OCPI session is unknown"),
)

SUITE = suite(
    TABLES["core__cdrs"],
    _RULES,
    ids=("party", "cdr_id"),
    newest_by="started_at",
    metrics={"share_without_session": _UNMATCHED},
    derive=_with_durations,
)
