"""What must hold of `core__authorizations`."""

from typing import Any

from models.tables.catalogue import TABLES
from models.tokens.authorizations import START, STOP
from quality.frames import seconds
from quality.rules import Severity, between, not_before, not_null, one_of
from quality.suite import suite
from quality.vocabulary import AUTHORIZATION_STATUSES, plausible, protocol, pseudonym, token_kind


def _with_wait(frame: Any) -> Any:
    return frame.assign(wait_s=seconds(frame["answered_at"], frame["asked_at"]))


_RULES = (
    protocol(),
    pseudonym(),
    plausible("asked_at"),
    plausible("answered_at"),
    token_kind(),
    one_of("purpose_documented", "purpose", (START, STOP), Severity.CRITICAL, "the purpose is neither start nor stop"),
    not_null(
        "session_id",
        Severity.CRITICAL,
        "a request with a purpose names no session",
        name="purpose_has_session",
        where="purpose.notna()",
    ),
    not_null("token_id", Severity.WARNING, "the request has no token", mostly=0.99),
    not_null("status", Severity.WARNING, "the request was never answered", name="answered", mostly=0.95),
    one_of("status_allowed", "status", AUTHORIZATION_STATUSES, Severity.WARNING, "the answer is not one of OCPP's"),
    not_before(
        "answered_after_asking", "answered_at", "asked_at", Severity.WARNING, "the answer is before the request"
    ),
    between(
        "answered_in_time",
        "wait_s",
        None,
        30,
        Severity.WARNING,
        "the answer took over 30 seconds",
        mostly=0.99,
    ),
)

SUITE = suite(
    TABLES["core__authorizations"],
    _RULES,
    ids=("authorization_id",),
    newest_by="asked_at",
    derive=_with_wait,
)
