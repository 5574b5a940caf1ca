"""What must hold of `core__ocpi_rejects`: every document set aside says why."""

from models.ocpi.fold import RejectReason
from models.tables.catalogue import TABLES
from quality.rules import Severity, figure, matches, one_of
from quality.suite import suite

_SHARE = "count(*) / (SELECT nullif(count(*), 0) FROM raw_ocpi__objects)"

_RULES = (
    one_of("reason_allowed", "reason", [*RejectReason], Severity.CRITICAL, "the reason is not in the vocabulary"),
    matches("detail_not_blank", "detail", r"\S", Severity.CRITICAL, "nothing is said about it"),
    figure("share_of_objects", None, 0.05, Severity.WARNING, "rejects for each landed OCPI document"),
)

SUITE = suite(
    TABLES["core__ocpi_rejects"],
    _RULES,
    ids=("source", "ordinal"),
    required=("reason", "detail", "source", "ordinal"),
    newest_by="received_at",
    metrics={"share_of_objects": _SHARE},
)
