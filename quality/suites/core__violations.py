"""What must hold of `core__violations`. A big table: the newest rows are looked at, shares are over all."""

from models.tables.catalogue import TABLES
from quality.frames import key
from quality.rules import Severity, between, figure, matches, one_of
from quality.suite import suite
from quality.vocabulary import direction, plausible, protocol

_RULE_WORDS = (
    *("type", "required", "enum", "maxLength", "format", "additionalProperties", "minItems", "maxItems"),
    *("minimum", "maximum", "multipleOf", "unreadable"),
)
_ROW = ("station_id", "source", "ordinal", "rule", "path")
_SHARE = (
    "count(DISTINCT (station_id, source, ordinal)) "
    "/ (SELECT nullif(count(*) + count(answer_ordinal), 0) FROM core__calls)"
)

_RULES = (
    protocol(),
    direction(),
    plausible("received_at"),
    one_of(
        "message_valid", "message", ("request", "answer", "send"), Severity.CRITICAL, "the message is none of three"
    ),
    one_of("rule_valid", "rule", _RULE_WORDS, Severity.CRITICAL, "the rule is none of JSON Schema's"),
    matches(
        "path_is_a_path",
        "path",
        r"^(?:\$|[A-Za-z_*0-9]+(?:\[\])*(?:\.[A-Za-z_*0-9]+(?:\[\])*)*)$",
        Severity.CRITICAL,
        "the path is no path of names",
    ),
    between("violations_counted", "violations", 1, None, Severity.CRITICAL, "a row without a violation"),
    figure("share_of_messages", None, 0.05, Severity.WARNING, "share of messages that break their schema"),
)

SUITE = suite(
    TABLES["core__violations"],
    _RULES,
    ids=_ROW,
    key="row",
    required=(*_ROW, "message", "action", "violations"),
    newest_by="received_at",
    metrics={"share_of_messages": _SHARE},
    derive=lambda frame: frame.assign(row=key(frame, _ROW)),
)
