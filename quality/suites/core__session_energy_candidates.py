"""What must hold of `core__session_energy_candidates`: a known rung, one chosen at most, a reason for the others."""

from typing import Any

from models.energy.rungs import PartnerRung, PartnerWhy, Rung, Why
from models.tables.catalogue import TABLES
from quality.frames import key
from quality.rules import Severity, between, figure, not_null, one_of
from quality.suite import suite

_ID = ("session_id", "rung", "party", "ocpi_id")
_PARTNERS = tuple(rung.value for rung in PartnerRung)
_RUNGS = (*(rung.value for rung in Rung), *_PARTNERS)
_REASONS = (*(why.value for why in Why), *(why.value for why in PartnerWhy))
_TWICE = (
    "(SELECT count(*) FROM (SELECT session_id FROM core__session_energy_candidates WHERE is_chosen"
    " GROUP BY session_id HAVING count(*) > 1))"
)
_DIFFERING = (
    "(SELECT count(*) FROM core__sessions AS s LEFT JOIN core__session_energy_candidates AS c"
    " ON c.session_id = s.session_id AND c.is_chosen"
    " WHERE c.energy_wh IS DISTINCT FROM s.energy_wh OR c.rung IS DISTINCT FROM s.energy_basis)"
)
_SIGNED = "count(*) FILTER (rung = 'signed' AND is_chosen)"
_AGAIN = (
    "count(*) FILTER (is_chosen AND ocpi_id IS NOT NULL)"
    " - count(DISTINCT (rung, party, ocpi_id)) FILTER (is_chosen AND ocpi_id IS NOT NULL)"
)


def _with_key(frame: Any) -> Any:
    return frame.assign(row_key=key(frame, _ID))


_RULES = (
    one_of("rung_on_ladder", "rung", _RUNGS, Severity.CRITICAL, "the rung is none of the ladder's"),
    between("rank_on_ladder", "rank", 1, len(_RUNGS), Severity.CRITICAL, "the rank is none of the ladder's"),
    between("energy_not_negative", "energy_wh", 0, None, Severity.CRITICAL, "a negative energy is not quarantined"),
    one_of("reason_known", "reason", _REASONS, Severity.CRITICAL, "the reason is not a documented one"),
    not_null(
        "reason",
        Severity.CRITICAL,
        "a rung was not chosen, without a reason",
        name="reason_given",
        where="is_chosen == False",
    ),
    not_null(
        "energy_wh",
        Severity.CRITICAL,
        "a rung without a value was chosen",
        name="chosen_has_value",
        where="is_chosen == True",
    ),
    not_null(
        "ocpi_id",
        Severity.CRITICAL,
        "a partner's evidence does not say which document it is",
        name="partner_named",
        where=f"rung in {_PARTNERS}",
    ),
    figure("chosen_twice", None, 0, Severity.CRITICAL, "sessions with two chosen rungs"),
    figure("unlike_session", None, 0, Severity.CRITICAL, "sessions whose energy is not that of the chosen rung"),
    figure(
        "unverified_chosen", None, 0, Severity.CRITICAL, "signed values that were chosen though nobody verified them"
    ),
    figure("document_chosen_again", None, 0, Severity.CRITICAL, "sessions whose document was chosen for another"),
)

SUITE = suite(
    TABLES["core__session_energy_candidates"],
    _RULES,
    ids=_ID,
    reads=("is_chosen",),
    required=("session_id", "station_id", "rung", "rank", "is_chosen"),
    metrics={
        "chosen_twice": _TWICE,
        "unlike_session": _DIFFERING,
        "unverified_chosen": _SIGNED,
        "document_chosen_again": _AGAIN,
    },
    derive=_with_key,
    key="row_key",
)
