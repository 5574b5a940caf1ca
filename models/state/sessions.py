"""What a session remembers of its life beside its meter: doubts about its end, numbers. Not here: any rule."""

from decimal import Decimal

import msgspec


class Due(msgspec.Struct, array_like=True, gc=False):
    """Evidence that an open session may be over (`ends`)."""

    cause: str
    confidence: float
    since_us: int | None = None
    """When that was seen, by the charger's clock where it told it."""
    due_us: int | None = None
    """The log's time at which it counts, unless the session goes on."""
    is_by_receipt: bool = False
    """`since_us` is a time of receipt: no clock told it."""


class Numbers(msgspec.Struct, array_like=True, gc=False):
    """The sequence numbers of a 2.x transaction (`numbers`); an epoch is a count that began anew."""

    first: int
    last: int
    count: int = 1
    """How many of this epoch came."""
    seen: int = 1
    """Bits: which of the 64 up to `last` came."""
    epoch: int = 0
    missing: int = 0
    """Of earlier epochs."""
    repeats: int = 0
    """Events that bear the number of another event."""
    newest_us: int | None = None
    """Time of the newest event."""
    boots: int = 0
    """The station's boots when the last event came."""


class Bound(msgspec.Struct, array_like=True, gc=False):
    """A stop that was only thought to be a session's, so that it can be taken back (`rebinding`)."""

    kept: bytes
    """The session as it was before, encoded."""
    said: str
    """What the stop says, short."""


class Sighting(msgspec.Struct, array_like=True, gc=False):
    """Samples of a 1.6 transaction whose start nobody saw (`binding`)."""

    connector_id: int
    transaction_id: str
    first_wh: Decimal
    first_us: int | None = None
    last_wh: Decimal = Decimal(0)
    last_us: int | None = None


class WaitingStop(msgspec.Struct, array_like=True, gc=False):
    """A 1.6 stop that was nobody's when it came (`waiting`); its frame, for the evidence."""

    said: str
    transaction_id: str | None
    token: str | None
    meter_wh: Decimal
    at_us: int
    offset_us: int
    received_us: int | None
    reason: str
    protocol: str
    mark: str
    place: tuple[int, int, int]
    """Generation, partition, offset."""
