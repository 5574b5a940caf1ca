"""What must hold of `core__dead_letters`: every record set aside says why, and none through a defect of ours."""

from models.reasons import Reason
from models.tables.catalogue import TABLES
from quality.rules import Severity, figure, matches, none_of, not_null, null, one_of
from quality.suite import suite
from quality.vocabulary import plausible

_SHARE = "count(*) / (SELECT nullif(count(*), 0) FROM raw_ocpp__frames)"

_RULES = (
    one_of("reason_allowed", "reason", [*Reason], Severity.CRITICAL, "the reason is not in the vocabulary"),
    none_of("no_defects", "reason", [Reason.STEP_FAILED], Severity.CRITICAL, "the step itself failed"),
    matches("detail_not_blank", "detail", r"\S", Severity.CRITICAL, "nothing is said about it"),
    plausible("received_at", Severity.WARNING),
    not_null(
        "offset",
        Severity.CRITICAL,
        "the raw record's topic is known but not its offset",
        name="position_whole",
        where="topic.notna()",
    ),
    null(
        "topic",
        Severity.CRITICAL,
        "a line that cannot be read is said to be landed",
        name="unreadable_not_landed",
        where="reason == 'unreadable_line'",
    ),
    figure("share_of_frames", None, 0.05, Severity.WARNING, "dead letters for each landed frame"),
)

SUITE = suite(
    TABLES["core__dead_letters"],
    _RULES,
    ids=("dead_letter_id",),
    reads=("reason", "topic"),
    newest_by="received_at",
    metrics={"share_of_frames": _SHARE},
)
