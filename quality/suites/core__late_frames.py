"""What must hold of `core__late_frames`."""

from models.tables.catalogue import TABLES
from quality.rules import Severity, figure, not_before
from quality.suite import suite

_SHARE = "count(*) / (SELECT nullif(count(*), 0) FROM raw_ocpp__frames)"

_RULES = (
    not_before(
        "is_late",
        "newest_before_at",
        "received_at",
        Severity.CRITICAL,
        "the frame is newer than what came before it",
    ),
    figure("share_of_frames", None, 0.01, Severity.WARNING, "late frames for each landed frame"),
)

SUITE = suite(
    TABLES["core__late_frames"],
    _RULES,
    ids=("station_id", "source", "ordinal"),
    required=("station_id", "received_at", "newest_before_at", "source", "ordinal"),
    newest_by="received_at",
    metrics={"share_of_frames": _SHARE},
)
