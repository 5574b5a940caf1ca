"""What is remembered of a fault episode. Not here: how it opens and closes (`episodes`).

New fields go to the end of a struct, with a default: states of older versions stay readable.
"""

from decimal import Decimal

import msgspec


class FaultState(msgspec.Struct, array_like=True, gc=False):
    """One fault episode. `origin` is 2.x's `Component.Variable`, else empty."""

    fault_id: str
    code: str
    protocol: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    origin: str = ""
    vendor_error_code: str | None = None
    opened_us: int | None = None
    closed_us: int | None = None
    is_open: bool = True
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    canonical_code: str = ""
    """Empty in states written before the crosswalk."""
    taxonomy: str = "none"
    raw_code: str = ""
    unmapped_code: str | None = None
    vendor_id: str | None = None
    info: str | None = None
    actor: str = "unknown"
    severity: str = "error"
    confidence: float | None = None
    mapping_version: str | None = None
    causes: list[str] = []
    """2.x: what raised it and was not cleared yet; 1.6 knows no single causes."""
    is_faulted: bool = False
    """The connector's status was Faulted meanwhile."""
    close_kind: str = "open"
    reopened: int = 0
    in_transaction: bool = False
    is_flowing: bool = False
    """Energy flowed in a session of its connector while it was open."""
    is_idle: bool = False
    """A session of its connector was seen, and no energy in it."""
    register_wh: Decimal | None = None
    """No longer written: see `seen_wh`."""
    opened_received_us: int | None = None
    closed_received_us: int | None = None
    opened_position: tuple[int, int, int] | None = None
    """Generation, partition, offset of the frame."""
    closed_position: tuple[int, int, int] | None = None
    seen_wh: dict[str, tuple[int, int, int]] = {}
    """Energy of each session of its connector, Wh, and when it was first and last measured so."""
    is_rebooted: bool = False
    """Raised by an event (2.x) before the newest boot, and not again since."""
    witnesses: dict[str, int] = {}
    """What each session showed while it was open (`witnesses`)."""
