"""Why a record was refused or set aside: the closed vocabulary of `dead-letters`."""

from enum import StrEnum


class Reason(StrEnum):
    """A dead letter's reason. Add freely; never reuse a name for another meaning."""

    UNREADABLE_LINE = "unreadable_line"
    """A log file's line whose envelope cannot be read; it is not landed."""
    NOT_JSON = "not_json"
    NOT_OCPP = "not_ocpp"
    """JSON, but not an OCPP-J message (wrong shape, type number or message id)."""
    REPAIRED = "repaired"
    """Read all the same, so its facts count: no JSON for want of a value, or an id that is a number, not a string."""
    INVALID_UTF8 = "invalid_utf8"
    TOO_LARGE = "too_large"
    """Above the frame limit; recorded without its payload."""
    UNSUPPORTED_PROTOCOL = "unsupported_protocol"
    UNKNOWN_ACTION = "unknown_action"
    INVALID_PAYLOAD = "invalid_payload"
    """A known action whose payload cannot be used at all."""
    INVALID_META = "invalid_meta"
    """A record whose `meta` header cannot be read; some other program wrote it."""
    STEP_FAILED = "step_failed"
    """The step itself raised: a defect of ours. The partition goes on."""
