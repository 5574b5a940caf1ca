"""Rates per station and hour of receipt: energy, sessions, faults, fault time. Not here: reports over them (SQL)."""

from models.facts import Rate
from models.state import MAX_HOURS, SessionState, StationState
from models.state.parts import HourState
from models.times import HOUR_US, as_utc

MAX_SILENCE_HOURS = 24 * 31
"""A longer jump of the log's time counts no fault time in between: nobody was there to see it."""


def rate_id(station_id: str, hour: int) -> str:
    """Station and hour, readable."""
    start = as_utc(hour * HOUR_US)
    return f"{station_id}|{start:%Y-%m-%dT%H}"


def hour_of(clock_us: int | None) -> int | None:
    """The number of the hour since the epoch."""
    return None if clock_us is None else clock_us // HOUR_US


def count(state: StationState, hour: int | None, *, sessions: int = 0, faults: int = 0) -> None:
    """Count starts and faults in an hour; an hour that is final or unknown counts nothing."""
    rate = _hour(state, hour)
    if rate is not None:
        rate.sessions += sessions
        rate.faults += faults


def settle(
    state: StationState,
    session: SessionState,
    energy_wh: int,
    hour: int | None,
    position: tuple[int, int] | None = None,
) -> None:
    """Make the session's hours sum to its energy: what came goes to this hour, what was too much is taken back.

    Taken back from the newest hours first, as far as they can still change. `position` is that of the record that
    brought it, if not the state's.
    """
    missing = energy_wh - session.counted_wh
    if missing > 0:
        rate = _hour(state, hour, position)
        if rate is not None and hour is not None:
            rate.energy_wh += missing
            session.counted_wh += missing
            hours_wh = session.hours_wh
            if hour in hours_wh:
                hours_wh[hour] += missing
                return
            hours_wh[hour] = missing
            if len(hours_wh) > MAX_HOURS:
                del hours_wh[min(hours_wh)]
    elif missing < 0:
        _take_back(state, session, -missing)


def settle_one(state: StationState, session: SessionState) -> None:
    """Count what a rising session has risen, before anything else of it is (`sessions.rising`)."""
    rising = state.rising.pop(session.session_id, None)
    if rising is not None:
        settle(state, session, rising.energy_wh, rising.hour, rising.position)


def settle_rising(state: StationState) -> None:
    """Count what all have risen: at drains, and before another hour is begun."""
    for rising in list(state.rising.values()):
        settle_one(state, rising.session)


def count_faults_from(state: StationState, clock_us: int | None) -> None:
    """A fault opens: where it is the only one, its time counts from here, what was counted before left out."""
    counted_us = state.fault_clock_us
    if clock_us is not None and (counted_us is None or (len(state.faults) == 1 and clock_us > counted_us)):
        state.fault_clock_us = clock_us


def pass_time(state: StationState, clock_us: int | None) -> None:
    """Count the time since the last record as fault time, split at full hours; only called while a fault is open."""
    since = state.fault_clock_us
    if clock_us is None or since is None or clock_us <= since:
        return
    state.fault_clock_us = clock_us
    if clock_us - since > MAX_SILENCE_HOURS * HOUR_US:
        return
    while since < clock_us:
        until = min(clock_us, (since // HOUR_US + 1) * HOUR_US)
        rate = _hour(state, since // HOUR_US)
        if rate is not None:
            rate.fault_us += until - since
        since = until


def fact(state: StationState, rate: HourState, generation: int, offset: int) -> Rate:
    """The hour as a fact."""
    start = as_utc(rate.hour * HOUR_US)
    assert start is not None
    return Rate(
        version_generation=generation,
        version_offset=offset,
        rate_id=rate_id(state.station_id, rate.hour),
        station_id=state.station_id,
        hour=start,
        energy_wh=rate.energy_wh,
        sessions=rate.sessions,
        faults=rate.faults,
        fault_s=rate.fault_us // 1_000_000,
    )


def _hour(state: StationState, hour: int | None, position: tuple[int, int] | None = None) -> HourState | None:
    """The hour to change, marked as changed; None for one that is final or unknown."""
    if hour is None or hour < state.hours_floor:
        return None
    if state.rising and hour not in state.hours:
        settle_rising(state)
    rate = state.hours.get(hour)
    if rate is None:
        rate = state.hours[hour] = HourState(hour)
        if len(state.hours) > MAX_HOURS:
            oldest = min(state.hours)
            del state.hours[oldest]
            state.hours_floor = oldest + 1
            if oldest == hour:
                return None
    known = state.changed.get(hour)
    if position is None:
        state.touch(hour, rate)
    elif known is None or known[1:] < position:
        state.changed[hour] = (rate, *position)
    return rate


def _take_back(state: StationState, session: SessionState, surplus_wh: int) -> None:
    for hour in sorted(session.hours_wh, reverse=True):
        taken = min(surplus_wh, session.hours_wh[hour])
        rate = _hour(state, hour) if taken else None
        if rate is not None:
            rate.energy_wh -= taken
            session.hours_wh[hour] -= taken
            session.counted_wh -= taken
            surplus_wh -= taken
