"""What must hold of `core__boots`."""

from models.tables.catalogue import TABLES
from quality.rules import Severity, figure, not_null
from quality.suite import suite
from quality.vocabulary import plausible, protocol

_BOOTS_A_DAY = (
    "(SELECT max(boots) FROM (SELECT count(*) AS boots FROM core__boots WHERE booted_at IS NOT NULL "
    "GROUP BY station_id, date_trunc('day', booted_at)))"
)

_RULES = (
    protocol(),
    plausible("booted_at"),
    not_null("vendor", Severity.WARNING, "the boot names no vendor", mostly=0.99),
    not_null("model", Severity.WARNING, "the boot names no model", mostly=0.99),
    not_null("firmware", Severity.INFO, "the boot names no firmware", mostly=0.5),
    figure("boots_a_day", None, 24, Severity.WARNING, "most boots that a station had on one day"),
)

SUITE = suite(
    TABLES["core__boots"],
    _RULES,
    ids=("station_id", "source", "ordinal"),
    required=("station_id", "source", "ordinal"),
    newest_by="booted_at",
    metrics={"boots_a_day": _BOOTS_A_DAY},
)
