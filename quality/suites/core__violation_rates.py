"""What must hold of `core__violation_rates`: shares of messages, which add up to `core__violations`."""

from models.tables.catalogue import TABLES
from quality.frames import key
from quality.rules import Severity, between, figure, not_before, one_of
from quality.suite import suite
from quality.vocabulary import direction, protocol

_GROUP = ("vendor", "model", "firmware", "protocol", "direction", "message", "action", "rule")
_LOST = "(SELECT coalesce(sum(violations), 0) FROM core__violations) - coalesce(sum(violations), 0)"

_RULES = (
    protocol(),
    direction(),
    one_of(
        "message_valid", "message", ("request", "answer", "send"), Severity.CRITICAL, "the message is none of three"
    ),
    between("messages_broken_counted", "messages_broken", 1, None, Severity.CRITICAL, "a row without a broken message"),
    not_before(
        "broken_are_some_of_all",
        "messages",
        "messages_broken",
        Severity.CRITICAL,
        "more messages are broken than there are",
    ),
    not_before(
        "each_has_a_violation",
        "violations",
        "messages_broken",
        Severity.CRITICAL,
        "fewer violations than messages that have one",
    ),
    between(
        "not_systematic",
        "share_broken",
        None,
        0.5,
        Severity.WARNING,
        "most messages of a model and action break the same rule",
        where="messages >= 20",
    ),
    figure("violations_not_counted", 0, 0, Severity.CRITICAL, "violations that are in no row"),
)

SUITE = suite(
    TABLES["core__violation_rates"],
    _RULES,
    ids=_GROUP,
    key="row",
    reads=("messages",),
    required=("message", "action", "rule", "messages_broken", "messages", "violations"),
    metrics={"violations_not_counted": _LOST},
    derive=lambda frame: frame.assign(row=key(frame, _GROUP)),
)
