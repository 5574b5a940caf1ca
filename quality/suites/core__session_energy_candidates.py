"""What must hold of `core__session_energy_candidates`: a known rung, one chosen at most, a reason for the others."""

from models.energy.rungs import Rung, Why
from models.tables.catalogue import TABLES
from quality.rules import Severity, between, figure, not_null, one_of
from quality.suite import suite

_RUNGS = tuple(rung.value for rung in Rung)
_REASONS = tuple(why.value for why in Why)
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
    figure("chosen_twice", None, 0, Severity.CRITICAL, "sessions with two chosen rungs"),
    figure("unlike_session", None, 0, Severity.CRITICAL, "sessions whose energy is not that of the chosen rung"),
    figure(
        "unverified_chosen", None, 0, Severity.CRITICAL, "signed values that were chosen though nobody verified them"
    ),
)

SUITE = suite(
    TABLES["core__session_energy_candidates"],
    _RULES,
    ids=("session_id", "rung"),
    reads=("is_chosen",),
    required=("session_id", "station_id", "rung", "rank", "is_chosen"),
    metrics={"chosen_twice": _TWICE, "unlike_session": _DIFFERING, "unverified_chosen": _SIGNED},
)
