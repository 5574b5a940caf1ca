"""What is remembered of a station's clock. Not here: how it is learnt (`stations.clock`, `stations.doubts`)."""

import msgspec


class ClockState(msgspec.Struct, array_like=True, gc=False):
    """What is known of a station's clock; times in microseconds."""

    lags: list[int] = []
    """received - reported of the last live messages, those of one burst as one."""
    own: list[bool] = []
    """Whether each of these was the time of an event, not of a sample."""
    sampled: list[int] = []
    """Receipt at which each of these was begun."""
    reported_us: int | None = None
    """The newest message's own time."""
    base_us: int | None = None
    """The smallest lag on which several agree; None while the clock is not known."""
    offset_us: int = 0
    """What is added to reported times; 0 = nothing."""
    epoch: int = 0
    """Grows whenever the clock was set: an estimate holds within one."""
    since_us: int | None = None
    """Receipt of the first message that told of this epoch; None in the first one."""
    followed: int = -1
    """The epoch whose estimate what was open has followed (`timing`)."""
    said: int = 0
    """The newest epoch of which an anomaly was said."""
    is_doubted: bool = False
    """The station says that its clock was set, and no message has shown to what."""


class FarState(msgspec.Struct, array_like=True, gc=False):
    """Messages in a row that told a time years from their receipt (`doubts`)."""

    first_us: int
    """Lag of the first one."""
    least_us: int
    since_us: int
    """Receipt of the first one."""
    is_false: bool = False
    """Their times are known to be false, and corrected by the smallest lag."""
    is_said: bool = False
