"""How wrong a station's clock is: learnt from how long after their own time its messages come. Not here: applying it.

`lag` = received - reported = what the clock is behind + how long the message was under way. The second part is
never negative and, for a live message, small: so the smallest lag is what the clock is behind, where several
messages agree on it. A backlog only adds larger lags, which shrink from message to message and agree on nothing. A
smaller lag than thought, or one near none, proves that the clock was set; a larger one proves it only if the
next ones stay as large. Why it is done this way: `docs/adr/0017-clock-and-tokens.md`.
"""

from models.state.clock import ClockState
from models.times import HOUR_US

SECOND_US = 1_000_000
KEPT = 16
"""Lags that are kept."""
SPACING_US = 10 * SECOND_US
"""Messages received within this time count once: a queue is delivered in a burst."""
AGREEING_US = 10 * SECOND_US
"""Lags this near to each other agree. No wider than the spacing: the lag of one old message sent again and again
grows by at least as much."""
TOLERANCE_US = 60 * SECOND_US
"""A clock this near to receipt, or to a zone's time, is sound."""
_NEEDED = 3
"""Lags that must agree to know a clock."""
_STEP = 4
"""Newest lags that must agree before a clock counts as set back: a queue looks the same at first."""
_OWN = 2
"""Of these, messages that tell of a moment: a meter value may be stamped with its interval's beginning."""
_DISPROVED = 2
_QUARTER_US = HOUR_US // 4
FARTHEST_US = 14 * HOUR_US
"""No zone is farther from UTC."""

SOUND, OFFSET, UNSET, UNSTEADY = "sound", "offset", "unset", "unsteady"
STATES = (SOUND, OFFSET, UNSET, UNSTEADY)


def learn(clock: ClockState, reported_us: int, received_us: int, *, is_own: bool) -> bool:
    """Take up a live message's times; True where what is known of the clock has changed.

    `is_own`: the time is that of the event the message tells of, not of a meter's sample.
    """
    if reported_us == clock.reported_us:
        return False
    clock.reported_us = reported_us
    lag, lags = received_us - reported_us, clock.lags
    if lags and received_us - clock.sampled[-1] < SPACING_US:
        if lag >= lags[-1]:
            return False
        clock.own[-1] = is_own or (clock.own[-1] and lags[-1] - lag <= AGREEING_US)
        lags[-1] = lag
    else:
        lags.append(lag)
        clock.own.append(is_own)
        clock.sampled.append(received_us)
        if len(lags) > KEPT:
            del lags[0], clock.own[0], clock.sampled[0]
    base_us = clock.base_us
    if base_us is None or not 0 <= lag - base_us <= AGREEING_US:
        return _judge(clock)
    # Nearly every message; a drift is followed once it is more than that.
    if clock.is_doubted:
        clock.is_doubted = False
    return False


def correction(clock: ClockState, lag_us: int) -> int:
    """What to add to the time of a message of this lag; 0 where it is right by itself, or the clock is not known."""
    offset_us = clock.offset_us
    if not offset_us or abs(lag_us) <= TOLERANCE_US:
        return 0
    summer_us = _summer(offset_us, lag_us)
    if summer_us is not None:
        return summer_us
    # A corrected time after its receipt is no better than the reported one.
    return offset_us if lag_us >= offset_us - TOLERANCE_US else 0


def doubt(clock: ClockState) -> None:
    """Let the next message decide: the station says that its clock was set, which some do every few minutes."""
    clock.is_doubted = clock.base_us is not None


def zone(lag_us: int) -> int | None:
    """The offset of the zone whose local time gives this lag when sent as UTC; None where no zone does.

    Zones are whole quarters of an hour from UTC, none but UTC's own by less than an hour.
    """
    near_us = (lag_us + _QUARTER_US // 2) // _QUARTER_US * _QUARTER_US
    is_zone = abs(lag_us - near_us) <= TOLERANCE_US and HOUR_US <= abs(near_us) <= FARTHEST_US
    return near_us if is_zone else None


def _summer(offset_us: int, lag_us: int) -> int | None:
    """An hour beside the offset of a zone, where the lag says so: local time sent as UTC jumps twice a year."""
    if zone(offset_us) is not None:
        for summer_us in (offset_us - HOUR_US, offset_us + HOUR_US):
            if abs(lag_us - summer_us) <= TOLERANCE_US:
                return summer_us
    return None


def described(clock: ClockState) -> str | None:
    """What is known of the clock: sound, offset or unsteady; None before the first few messages."""
    if clock.base_us is not None:
        return OFFSET if clock.offset_us else SOUND
    return UNSTEADY if clock.epoch or len(clock.lags) >= _NEEDED else None


def _judge(clock: ClockState) -> bool:
    base_us, newest_us = clock.base_us, clock.lags[-1]
    if base_us is None:
        return _establish(clock)
    if abs(newest_us - base_us) <= TOLERANCE_US:
        clock.is_doubted = False
        return _follow(clock, base_us)
    if clock.is_doubted and _disproves(newest_us, base_us):
        _restart(clock, 1)
        if abs(newest_us) <= TOLERANCE_US:
            _take(clock, newest_us)
        return True
    if len(clock.lags) >= _DISPROVED and all(_disproves(lag, base_us) for lag in clock.lags[-_DISPROVED:]):
        was_us, lowest_us = clock.offset_us, min(clock.lags[-_DISPROVED:])
        _restart(clock, _DISPROVED)
        if _summer(was_us, lowest_us) is not None:
            _take(clock, lowest_us)
        return True
    if _is_set_back(clock, base_us):
        _restart(clock, _STEP)
        return True
    return False


def _disproves(lag_us: int, base_us: int) -> bool:
    """Whether no clock of this base gives the lag: it is smaller, or none at all (then the clock was put right)."""
    if abs(lag_us - base_us) <= TOLERANCE_US:
        return False
    return lag_us < base_us or abs(lag_us) <= TOLERANCE_US


def _is_set_back(clock: ClockState, base_us: int) -> bool:
    newest = clock.lags[-_STEP:]
    return (
        len(newest) == _STEP
        and min(newest) > base_us + TOLERANCE_US
        and max(newest) - min(newest) <= AGREEING_US
        and sum(clock.own[-_STEP:]) >= _OWN
    )


def _restart(clock: ClockState, kept: int) -> None:
    """Void the estimate, but for the newest lags."""
    old = len(clock.lags) - kept
    del clock.lags[:old], clock.own[:old], clock.sampled[:old]
    clock.since_us = clock.sampled[0]
    clock.epoch += 1
    clock.base_us, clock.offset_us, clock.is_doubted = None, 0, False
    _establish(clock)


def _establish(clock: ClockState) -> bool:
    """Know the clock from the smallest lag on which enough messages agree; one alone below it may be garbage."""
    for lag in sorted(clock.lags)[:2]:
        agreeing = [own for other, own in zip(clock.lags, clock.own, strict=True) if 0 <= other - lag <= AGREEING_US]
        # Old samples could make a clock look slow, never fast.
        if len(agreeing) >= _NEEDED and (any(agreeing) or lag <= TOLERANCE_US):
            _take(clock, lag)
            return True
    return False


def _follow(clock: ClockState, base_us: int) -> bool:
    """Follow a clock that drifts; True where that changes the offset."""
    near = [lag for lag in clock.lags if abs(lag - base_us) <= TOLERANCE_US]
    lowest = min(near)
    if lowest == base_us or sum(lag - lowest <= AGREEING_US for lag in near) < _NEEDED:
        return False
    before_us = clock.offset_us
    _take(clock, lowest)
    return clock.offset_us != before_us


def _take(clock: ClockState, base_us: int) -> None:
    is_far = clock.offset_us != 0
    clock.base_us = base_us
    # Half the tolerance on the way back, or a clock at its edge would change its state with every message.
    if abs(base_us) <= (TOLERANCE_US // 2 if is_far else TOLERANCE_US):
        clock.offset_us = 0
    else:
        clock.offset_us = zone(base_us) or base_us
