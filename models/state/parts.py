"""What is remembered of a station beside its sessions: statuses, hours, awaited commands. Not here: any rule.

New fields go to the end of a struct, with a default: states of older versions stay readable.
"""

import msgspec


class HourState(msgspec.Struct, array_like=True, gc=False):
    """One hour of receipt, numbered since the epoch."""

    hour: int
    energy_wh: int = 0
    sessions: int = 0
    faults: int = 0
    fault_us: int = 0


class ConnectorState(msgspec.Struct, array_like=True, gc=False):
    """A connector's newest status."""

    status: str
    error_code: str | None = None
    reported_us: int | None = None
    """When, by the station's clock as corrected then; None where it did not say."""
    before: str | None = None
    """The status before this one, and when this one began: what comes back at once was flapping."""
    since_us: int | None = None


class SaidStatus(msgspec.Struct, array_like=True, gc=False):
    """A status that was said by a clock nobody knew yet: its row is said again once the clock is known."""

    status_id: str
    protocol: str | None
    evse_id: int | None
    connector_id: int | None
    status: str
    error_code: str | None
    reported_us: int
    received_us: int


class OperationState(msgspec.Struct, array_like=True, gc=False):
    """A command, or what a station said of itself, until its answer comes."""

    event_id: str
    action: str
    asked_by: str
    protocol: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    transaction_id: str | None = None
    token: str | None = None
    at_us: int | None = None
    received_us: int | None = None
    detail: str | None = None
    answered_us: int | None = None
    outcome: str | None = None
    newer: int = 0
    """Newer calls of the other side with the same id: an answer that does not tell whose it is, is the newest one's."""
