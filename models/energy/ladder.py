"""The energy ladder: what each kind of evidence says of a session's energy, which one counts, why the others do not.

A pure function of the session's state, so the same at every drain. Rungs, best first: signed records (nobody verifies
them yet, so never chosen), meterStop - meterStart, the contexts Transaction.Begin and End, the sampled register (resets
stitched), the sum of intervals, the trapezoid of power. Nothing known is null, never 0; a negative difference is null,
never its absolute value. Not here: how samples are taken up (`registers`, `power`), units' faults (`units`).
"""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from models.energy import arithmetic, units
from models.energy.rungs import SOFT, Found, Relation, Rung, Why
from models.state import SessionState, meter
from models.state.meter import ZERO, MeterState

_BY_REGISTER = Rung.REGISTER
_ABOVE = Relation.ABOVE
_BELOW = Relation.BELOW
_NONE = Relation.NONE
_SAME = Relation.SAME
_AFTER_END = Why.AFTER_END
_BASE_DIFFERS = Why.BASE_DIFFERS
_BELOW_SAMPLES = Why.BELOW_SAMPLES
_GAPS = Why.GAPS
_MISSING_END = Why.MISSING_END
_MISSING_START = Why.MISSING_START
_NEGATIVE = Why.NEGATIVE
_NOT_VERIFIED = Why.NOT_VERIFIED
_ONE_SAMPLE = Why.ONE_SAMPLE
_OVER_CAPACITY = Why.OVER_CAPACITY
_RESET_BETWEEN = Why.RESET_BETWEEN
_UNIT_FAULT = Why.UNIT_FAULT
"""Bound once: looking a member up takes longer than comparing it, and this is done for every sample."""
_HALF = Decimal("0.5")
_MS2_PER_WH = 7_200_000
_UNFIT = frozenset({Why.OVER_CAPACITY, Why.BELOW_SAMPLES})
_LEAST_US = 60_000_000
_MOST_US = 31 * 86_400_000_000
"""Longer than any session (QualiCharge asks after seven days): then a clock is wrong."""
_UNTIMED_US = 86_400_000_000
"""What a session without times is given."""


def chosen(session: SessionState) -> tuple[int | None, Rung | None]:
    """The session's energy in Wh and its rung; both None where nothing is known."""
    state = session.meter
    if state is None:
        state = MeterState()
    elif _is_plain(session, state):
        wh = _simple(session, state)
        if wh is not None:
            return wh, _BY_REGISTER
    soft: tuple[int | None, Rung | None] = (None, None)
    # Most sessions are open most of the time: then the rungs that need an end have nothing to say.
    for rung, find in _OPEN_RUNGS if session.meter_stop is None and state.end_wh is None else _RUNGS:
        found = find(session, state)
        if found is not None and found.wh is not None:
            if found.why is None:
                return found.wh, rung
            if soft[0] is None and found.why in SOFT:
                soft = found.wh, rung
    return soft


def bounds(session: SessionState) -> tuple[Decimal, Decimal] | None:
    """Two registers: up to the second one, the energy is the whole Wh above the first one; None where it is not.

    That holds for as long as the register only goes on: time only raises what a session can have taken.
    """
    state = session.meter
    if state is None or not _is_plain(session, state):
        return None
    start_wh = _plain_start(session)
    if start_wh is None or not _simple(session, state):
        return None
    most_wh = max(units.FREE_WH, units.most_wh(_lasting_us(session)))
    base_wh = start_wh - state.carried_wh - _HALF
    return base_wh, base_wh + most_wh


def _is_plain(session: SessionState, state: MeterState) -> bool:
    """Whether it is open and in a sound unit, and nothing has been said of its end: what most are at most times."""
    return session.is_open and not state.shift and session.meter_stop is None and state.end_wh is None


def _simple(session: SessionState, state: MeterState) -> int | None:
    """As `_register` for a plain session; None says nothing: then the ladder decides."""
    start_wh = _plain_start(session)
    if start_wh is None:
        return None
    wh = _travel(session, state, start_wh)
    return wh if 0 <= wh <= units.FREE_WH or (wh > 0 and _doubt(session, wh) is None) else None


def _plain_start(session: SessionState) -> Decimal | None:
    """Where the energy counts from, if the samples are of one base with meterStart and near it."""
    first, start_wh = session.register_first, session.meter_start
    if first is None or session.register_last is None:
        return None
    if start_wh is None:
        return first
    return start_wh if start_wh <= first <= start_wh + units.FREE else None


def _travel(session: SessionState, state: MeterState, start_wh: Decimal) -> int:
    last = session.register_last
    assert last is not None
    if state.resets:
        last += state.carried_wh
    return arithmetic.rounded(arithmetic.EXACT.subtract(last, start_wh))


def every(session: SessionState) -> list[tuple[Rung, Found]]:
    """Every rung that has any evidence, best first, with the doubts about it."""
    state = meter.of(session.meter)
    said = [(rung, find(session, state)) for rung, find in ((Rung.SIGNED, _signed), *_RUNGS)]
    return [(rung, found) for rung, found in said if found is not None]


def relation(session: SessionState, state: MeterState) -> Relation:
    """How the samples' register stands to meterStart, by the first sample."""
    start_wh, first = session.meter_start, session.register_first
    if start_wh is None or first is None:
        return _NONE
    first_wh = first.scaleb(state.shift) if state.shift else first
    if first_wh >= start_wh:
        rise = first_wh - start_wh
        if rise <= units.FREE_WH or session.register_first_us is None or session.started_us is None:
            return _SAME
        us = max(session.register_first_us - session.started_us, 60_000_000)
        return _SAME if units.is_possible(rise, us) else _ABOVE
    return _SAME if start_wh - first_wh <= units.NEAR_WH else _BELOW


def is_from_zero(session: SessionState, state: MeterState) -> bool:
    """Whether samples below meterStart count from the session's own zero, not from an earlier one.

    By meterStop where there is one, else by what the station's earlier sessions did, else by whether the first
    sample is no more than the session can have taken by then.
    """
    first_wh, last_wh = _first(session, state), _last(session, state)
    took = _took(session)
    if took is not None and took >= 0 and abs(last_wh - first_wh - took) != abs(last_wh - took):
        return abs(last_wh - took) < abs(last_wh - first_wh - took)
    if state.prior_base:
        return state.prior_base == "session"
    if session.register_first_us is None or session.started_us is None:
        return True
    us = max(session.register_first_us - session.started_us, 60_000_000)
    rate_w = Decimal(session.power_max_w or 0) * 3 / 2
    span_us = units.span_us(session)
    if span_us:
        rate_w = max(rate_w, 3 * (last_wh - first_wh) * units.US_PER_H / span_us)
    return first_wh * units.US_PER_H <= (rate_w or units.HIGHEST_W) * us + 50 * units.US_PER_H


def meter_shift(session: SessionState, state: MeterState) -> int:
    """3 where meterStart and meterStop are in kWh, though they must be in Wh (OCPP 1.6 section 6.45); else 0."""
    took = _took(session)
    if took is None or took <= 0:
        return 0
    if state.power_samples >= 3 and state.power_wms2 > 500 * _MS2_PER_WH:
        return 3 if units.factor(took * _MS2_PER_WH, state.power_wms2) else 0
    went = units.travel(session, state)
    if went is None or not 700 * took <= went.scaleb(state.shift) <= 1400 * took:
        return 0
    return 3 if units.is_slow(session, took) else 0


def is_stop_unfit(session: SessionState, state: MeterState) -> bool:
    """Whether meterStop is no register of this session's end: the samples' last one stands in its place."""
    start_wh, stop_wh, prior = session.meter_start, session.meter_stop, state.prior_wh
    if start_wh is None or stop_wh is None:
        return False
    if stop_wh - start_wh <= units.FREE and (prior is None or prior.scaleb(state.shift) <= stop_wh):
        # Nearly every stop, and this is asked for each sample between two sessions.
        return False
    found = _meter_stop(session, state)
    return found is not None and found.why in _UNFIT


def _took(session: SessionState) -> Decimal | None:
    if session.meter_stop is None or session.meter_start is None:
        return None
    return session.meter_stop - session.meter_start


def _first(session: SessionState, state: MeterState) -> Decimal:
    first = session.register_first or ZERO
    return first.scaleb(state.shift) if state.shift else first


def _last(session: SessionState, state: MeterState) -> Decimal:
    last = session.register_first if session.register_last is None else session.register_last
    stitched = (last or ZERO) + state.carried_wh
    return stitched.scaleb(state.shift) if state.shift else stitched


def _signed(session: SessionState, state: MeterState) -> Found | None:
    start_wh, end_wh = state.signed_begin_wh, state.signed_end_wh
    if start_wh is None and end_wh is None:
        return None
    wh = None if start_wh is None or end_wh is None else arithmetic.difference(end_wh, start_wh)
    return Found(wh, _NOT_VERIFIED, start_wh, end_wh)


def _meter_stop(session: SessionState, state: MeterState) -> Found | None:
    start_wh, end_wh = session.meter_start, session.meter_stop
    if end_wh is None:
        return None if start_wh is None else Found(None, _MISSING_END, start_wh)
    if start_wh is None:
        return Found(None, _MISSING_START, None, end_wh)
    wh = arithmetic.difference(end_wh, start_wh)
    if wh is None:
        return Found(None, _NEGATIVE, start_wh, end_wh)
    if state.samples:
        beside = relation(session, state)
        if beside is _SAME and state.resets and not _is_stitched(session, state, wh):
            return Found(wh, _RESET_BETWEEN, start_wh, end_wh)
        if beside is _ABOVE and end_wh >= _first(session, state):
            return Found(wh, _BASE_DIFFERS, start_wh, end_wh)
        if meter_shift(session, state):
            return Found(wh * 1000, _UNIT_FAULT, start_wh.scaleb(3), end_wh.scaleb(3))
        if _is_below_samples(session, state, beside, wh):
            return Found(wh, _BELOW_SAMPLES, start_wh, end_wh)
    elif state.power_samples and meter_shift(session, state):
        return Found(wh * 1000, _UNIT_FAULT, start_wh.scaleb(3), end_wh.scaleb(3))
    return Found(wh, _doubt(session, wh), start_wh, end_wh)


def _is_stitched(session: SessionState, state: MeterState, took_wh: int) -> bool:
    """Whether meterStop has gone on over the samples' resets: it took what these add up to, within a tenth."""
    assert session.meter_start is not None
    went = _last(session, state) - session.meter_start
    return abs(went - took_wh) * 10 <= took_wh


def _is_below_samples(session: SessionState, state: MeterState, beside: Relation, took_wh: int) -> bool:
    """Whether the last sample and the one before it show clearly more than meterStop, and as much as is possible."""
    prior, first = state.prior_wh, session.register_first
    if prior is None or first is None or session.register_last is None or _after_end(session, session.register_last_us):
        return False
    went = between = (prior + state.carried_wh - first).scaleb(state.shift)
    if beside is _SAME and session.meter_start is not None:
        went = prior.scaleb(state.shift) - session.meter_start
    if 0 < took_wh >= between - units.NEAR_WH:
        return False  # a meterStop of the session's own zero, beside a register that began high above it
    return went > took_wh + units.NEAR_WH and _doubt(session, arithmetic.rounded(went)) is None


def _begin_end(session: SessionState, state: MeterState) -> Found | None:
    start_wh, end_wh = state.begin_wh, state.end_wh
    if state.shift:
        start_wh = None if start_wh is None else start_wh.scaleb(state.shift)
        end_wh = None if end_wh is None else end_wh.scaleb(state.shift)
    if end_wh is None:
        return None if start_wh is None else Found(None, _MISSING_END, start_wh)
    if start_wh is None:
        return Found(None, _MISSING_START, None, end_wh)
    wh = arithmetic.difference(end_wh, start_wh)
    if wh is None:
        return Found(None, _NEGATIVE, start_wh, end_wh)
    why = _RESET_BETWEEN if state.resets else _doubt(session, wh)
    if _is_below_samples(session, state, _NONE, wh):
        why = why or _BELOW_SAMPLES
    return Found(wh, why, start_wh, end_wh)


def _register(session: SessionState, state: MeterState) -> Found | None:
    if session.register_first is None:
        return None
    start_wh, end_wh = _first(session, state), _last(session, state)
    beside = relation(session, state)
    if beside is _SAME:
        assert session.meter_start is not None
        start_wh = min(start_wh, session.meter_start)
    elif beside is _BELOW and is_from_zero(session, state):
        start_wh = ZERO
    elif session.register_last is None or (state.samples == 1 and session.meter_start is not None):
        return Found(None, _ONE_SAMPLE, start_wh)
    wh = arithmetic.difference(end_wh, start_wh)
    doubt = _NEGATIVE if wh is None else _doubt(session, wh) or _after_end(session, session.register_last_us)
    return Found(wh, doubt, start_wh, end_wh)


def _after_end(session: SessionState, last_us: int | None) -> Why | None:
    ended_us = session.ended_us
    return _AFTER_END if ended_us is not None and last_us is not None and last_us > ended_us else None


def _interval(session: SessionState, state: MeterState) -> Found | None:
    wh = state.interval_clock_wh if state.interval_wh is None else state.interval_wh
    if wh is None:
        return None
    summed = arithmetic.rounded(wh.scaleb(state.shift) if state.shift else wh)
    instants = state.interval_clock_instants if state.interval_wh is None else state.interval_instants
    return Found(summed, _doubt(session, summed) or _after_end(session, instants[-1] if instants else None))


def _power(session: SessionState, state: MeterState) -> Found | None:
    if not state.power_samples:
        return None
    if state.power_samples == 1:
        return Found(None, _ONE_SAMPLE)
    wh = (state.power_wms2 * 2 + _MS2_PER_WH) // (2 * _MS2_PER_WH)
    return Found(wh, _doubt(session, wh) or _after_end(session, state.power_us) or (_GAPS if state.power_gap else None))


def _doubt(session: SessionState, wh: int) -> Why | None:
    """Whether that is more than any charger gives in the session's time, one minute at least."""
    if wh <= units.FREE_WH:
        return None
    return None if units.is_possible(wh, _lasting_us(session)) else _OVER_CAPACITY


def _lasting_us(session: SessionState) -> int:
    """How long a session is held to have lasted; it only grows while its register goes on."""
    started_us, until_us = session.started_us, session.ended_us
    until_us = session.register_last_us if until_us is None else until_us
    if started_us is None or until_us is None:
        return _UNTIMED_US
    return min(max(until_us - started_us, _LEAST_US), _MOST_US)


_Find: TypeAlias = Callable[[SessionState, MeterState], Found | None]
_RUNGS: tuple[tuple[Rung, _Find], ...] = (
    (Rung.METER_STOP, _meter_stop),
    (Rung.BEGIN_END, _begin_end),
    (Rung.REGISTER, _register),
    (Rung.INTERVAL, _interval),
    (Rung.POWER, _power),
)
_OPEN_RUNGS = _RUNGS[2:]
