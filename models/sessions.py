"""A charging session: metering, charging time, end, fact. Not here: which frame belongs to which session.

See `sessions_v16` and `sessions_v2x` for that. Energy: 1.6 meterStop - meterStart where both are known, else the
last register in the session minus its start (`registers`). What was sampled after the end changes nothing; a
negative difference is null.
"""

from models import energy, ids, rates, registers
from models.energy import Reading
from models.facts import Session
from models.moment import Moment
from models.state import (
    MAX_CLOSED_SESSIONS,
    MAX_OPEN_SESSIONS,
    MAX_RETIRED,
    SessionState,
    StationState,
    trim,
)
from models.times import as_utc

METER_STOP = "meter_stop"
REGISTER = "register"


def open_session(state: StationState, session: SessionState, moment: Moment) -> None:
    """Take up a new session; too many open ones and the oldest is let go, open as it stands."""
    session.protocol = moment.protocol
    session.vendor, session.model, session.firmware = state.vendor, state.model, state.firmware
    state.open_sessions[session.session_id] = session
    _retire(state, trim(state.open_sessions, MAX_OPEN_SESSIONS))
    session.counted_hour = rates.hour_of(moment.clock(session.started_us))
    rates.count(state, session.counted_hour, sessions=1)
    state.touch(session.session_id, session)


def is_known(state: StationState, session_id: str) -> bool:
    """Whether the id is or was a session of this station, as far as the state remembers."""
    return (
        session_id in state.open_sessions
        or session_id in state.closed_sessions
        or ids.short(session_id) in state.retired
    )


def meter(state: StationState, session: SessionState, readings: tuple[Reading, ...], moment: Moment) -> None:
    """Fold meter values into an open session."""
    for reading in readings:
        registers.fold(session, reading)
        if reading.power_w is not None and reading.power_w > (session.power_max_w or -1):
            session.power_max_w = reading.power_w
        if session.charging_since_us is not None:
            charge(session, moment.at(reading.at_us), is_charging=True)
    settle(state, session, readings[-1].at_us if readings else None, moment)


def settle(state: StationState, session: SessionState, at_us: int | None, moment: Moment) -> None:
    """Let the hours sum to the session's energy as it is known now (unknown counts 0)."""
    wh, _ = measured(session)
    rates.settle(state, session, wh or 0, rates.hour_of(moment.clock(at_us)))
    state.touch(session.session_id, session)


def charge(session: SessionState, at_us: int | None, *, is_charging: bool) -> None:
    """Count the time since Charging was last seen, and whether it goes on."""
    since = session.charging_since_us
    if at_us is None:
        return
    if since is not None and at_us > since:
        session.charging_us = (session.charging_us or 0) + at_us - since
    if is_charging:
        session.charging_us = session.charging_us or 0
        session.charging_since_us = at_us if since is None else max(since, at_us)
    else:
        session.charging_since_us = None


def close(state: StationState, session: SessionState, ended_us: int | None, reason: str, moment: Moment) -> None:
    """End a session: from here on nothing changes its energy."""
    if session.charging_since_us is not None:
        charge(session, ended_us, is_charging=False)
    session.is_open = False
    session.charging_since_us = None
    session.ended_us = ended_us
    session.stop_reason = reason
    settle(state, session, ended_us, moment)
    state.open_sessions.pop(session.session_id, None)
    state.closed_sessions[session.session_id] = session
    _retire(state, trim(state.closed_sessions, MAX_CLOSED_SESSIONS))


def measured(session: SessionState) -> tuple[int | None, str | None]:
    """The session's energy in Wh and the evidence it rests on; both None where nothing is known or it is negative."""
    if session.meter_stop is not None and session.meter_start is not None:
        wh, basis = energy.difference(session.meter_stop, session.meter_start), METER_STOP
    else:
        start = session.register_first if session.meter_start is None else session.meter_start
        end = session.register_last if session.meter_stop is None else session.meter_stop
        if start is None or end is None:
            return None, None
        wh, basis = energy.difference(end, start), REGISTER
    return wh, None if wh is None else basis


def stamp(state: StationState) -> None:
    """Give open sessions without a known station type the one that just booted."""
    for session in state.open_sessions.values():
        if session.vendor is None and session.model is None:
            session.vendor, session.model, session.firmware = state.vendor, state.model, state.firmware
            state.touch(session.session_id, session)


def fact(state: StationState, session: SessionState, generation: int, offset: int, *, deleted: bool = False) -> Session:
    """The session as a fact."""
    wh, basis = measured(session)
    return Session(
        version_generation=generation,
        version_offset=offset,
        deleted=deleted,
        session_id=session.session_id,
        station_id=state.station_id,
        evse_id=session.evse_id,
        connector_id=session.connector_id,
        protocol=session.protocol,
        transaction_id=session.transaction_id,
        token_id=session.token,
        started_at=as_utc(session.started_us),
        ended_at=as_utc(session.ended_us),
        stop_reason=session.stop_reason,
        energy_wh=wh,
        energy_basis=basis,
        charging_s=_charging_s(session),
        power_max_w=session.power_max_w,
        is_open=session.is_open,
        vendor=session.vendor,
        model=session.model,
        firmware=session.firmware,
    )


def _charging_s(session: SessionState) -> int | None:
    """Whole seconds of charging, never more than the session lasted (samples can be later than a late stop)."""
    if session.charging_us is None:
        return None
    charging_us = session.charging_us
    if session.ended_us is not None and session.started_us is not None:
        charging_us = min(charging_us, max(0, session.ended_us - session.started_us))
    return charging_us // 1_000_000


def _retire(state: StationState, session: SessionState | None) -> None:
    if session is not None:
        state.retired.append(ids.short(session.session_id))
        del state.retired[:-MAX_RETIRED]
