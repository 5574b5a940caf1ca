"""Is a register in the unit it names? kWh labelled Wh, Wh labelled kWh: what shows it. Not here: missing units.

A factor of 1,000 is looked for, never fitted. What shows it, strongest first: power over the same time; more than any
charger gives; meterStart and meterStop; else what the station's earlier sessions, or the knowledge handed in, say
(OpenEVSE #703; solidstudio's simulator labels Wh as kWh).
"""

from decimal import Decimal

from models.state import SessionState
from models.state.meter import MeterState

US_PER_H = 3_600_000_000
HIGHEST_W = 4_000_000
"""More than any charger gives (megawatt charging: 3.75 MW)."""
FREE_WH = 20_000
"""A rise that is never doubted: clocks of whole minutes make short times look shorter."""
FREE = Decimal(FREE_WH)
"""The same, for what is done to every sample: comparing a Decimal with an integer converts it each time."""
NEAR_WH = 100
"""Registers so near may be equal: meterStart is rounded, and samples may be in tenths of kWh."""
_LEAST_US = 60_000_000
"""A label is doubted for what a session took in at least so long: simulators charge a battery in seconds."""
_POWER_SAMPLES = 3
_LEAST_WMS2 = 20 * 7_200_000
"""Energy, in twice W ms, below which a factor is not looked for: 20 Wh."""
_LOW, _HIGH = 300, 3000
"""A ratio between these is a factor of 1,000."""
_KILO_WH = 1000
_CAR_W = 400
"""Mean power, as labelled, below which a register can be in kWh: 400 kW."""


def is_possible(rise_wh: Decimal | int, us: int) -> bool:
    """Whether a register can rise so much in that time, one second at least."""
    return rise_wh * US_PER_H <= HIGHEST_W * max(us, 1_000_000)


def most_wh(us: int) -> int:
    """The most whole Wh of which `is_possible` is true."""
    return HIGHEST_W * max(us, 1_000_000) // US_PER_H


def weigh(session: SessionState, meter: MeterState) -> None:
    """Decide by which power of ten the samples' unit is wrong, as far as the evidence goes now."""
    shift = _by_power(meter)
    if shift is not None:
        meter.shift, meter.shift_basis = shift, "power" if shift else ""
        return
    basis = ""
    shift = 0
    if session.is_kilo and _is_too_much(session, meter):
        shift, basis = -3, "capacity"
    elif session.meter_start is not None:
        shift, basis = _by_start(session, meter, session.meter_start)
    prior = meter.prior_shift
    if not shift and prior and not (session.is_kilo and prior > 0) and _suits(session, meter, prior):
        shift, basis = prior, meter.prior_basis
    meter.shift, meter.shift_basis = shift, basis


def travel(session: SessionState, meter: MeterState) -> Decimal | None:
    """How far the samples' register went, as labelled, resets stitched; None with one sample alone."""
    first, last = session.register_first, session.register_last
    return None if first is None or last is None else last + meter.carried_wh - first


def factor(small: Decimal | int, large: Decimal | int) -> bool:
    """Whether the larger is about 1,000 times the smaller."""
    return small > 0 and small * _LOW <= large <= small * _HIGH


def _by_power(meter: MeterState) -> int | None:
    """By power over the same time; None where there is too little of it."""
    if meter.power_samples < _POWER_SAMPLES or meter.power_from_wh is None or meter.power_to_wh is None:
        return None
    under = meter.power_to_wms2 - meter.power_from_wms2
    if under <= _LEAST_WMS2:
        return None
    # In whole mWh, then in twice W ms as the trapezoid: integers are quicker, and this is done for every sample.
    went_wms2 = int((meter.power_to_wh - meter.power_from_wh) * 1000) * 7200
    if went_wms2 <= 0:
        return None
    if factor(went_wms2, under):
        return 3
    return -3 if factor(under, went_wms2) else 0


def _is_too_much(session: SessionState, meter: MeterState) -> bool:
    went = travel(session, meter)
    if went is None or went <= _KILO_WH:
        return False
    us = _elapsed_us(session)
    return us is not None and went * US_PER_H > HIGHEST_W * max(us, _LEAST_US)


def _by_start(session: SessionState, meter: MeterState, start_wh: Decimal) -> tuple[int, str]:
    """By meterStart and meterStop, which are whole Wh: the samples show the same, or the same travel, in kWh."""
    went, first = travel(session, meter), session.register_first
    if went is None or first is None or went <= 0:
        return 0, ""
    stop_wh = session.meter_stop
    if stop_wh is not None and stop_wh > start_wh:
        took = stop_wh - start_wh
        # A factor between the travels alone is one between 700 and 1,400: samples rarely cover all of a session.
        if took >= 500 and went * 700 <= took <= went * 1400 and not is_slow(session, took):
            return 3, "stop"
        if went >= 500 and took * 700 <= went <= took * 1400 and not is_slow(session, went.scaleb(-3)):
            return -3, "stop"
        if went * 700 > took or took > went * 1400:
            return 0, ""
    return (3, "start") if _is_near_start(session, went, first, start_wh) else (0, "")


def _is_near_start(session: SessionState, went: Decimal, first: Decimal, start_wh: Decimal) -> bool:
    """Whether the first sample is meterStart in kWh, and no count from zero that the session's own rate explains."""
    us = span_us(session)
    if us is None or start_wh < 10_000 or went * US_PER_H > _CAR_W * us:
        return False
    until_us = _since_start_us(session)
    rise_wh = first * _KILO_WH - start_wh
    if not -_KILO_WH <= rise_wh <= _KILO_WH + _CAR_W * _KILO_WH * until_us // US_PER_H:
        return False
    return first * us > 3 * went * until_us


def _since_start_us(session: SessionState) -> int:
    """From the start to the first sample, a minute at least."""
    started_us, first_us = session.started_us, session.register_first_us
    return _LEAST_US if started_us is None or first_us is None else max(first_us - started_us, _LEAST_US)


def _suits(session: SessionState, meter: MeterState, shift: int) -> bool:
    """Whether the samples can be meant so: for a car, beside the session's highest power, and beside meterStop."""
    went, first, start_wh = travel(session, meter), session.register_first, session.meter_start
    if went is None or first is None:
        return True
    wh = went.scaleb(shift)
    us = max(_elapsed_us(session) or 0, _LEAST_US)
    if start_wh is not None:
        rise_wh, stop_wh = first.scaleb(shift) - start_wh, session.meter_stop
        took = None if stop_wh is None or stop_wh <= start_wh else stop_wh - start_wh
        if took is not None and not 3 * took <= 10 * wh <= 14 * took:
            return False
        if rise_wh > 0 and is_possible(rise_wh, _since_start_us(session)):
            wh += rise_wh
    highest_w = _CAR_W * _KILO_WH
    if session.power_max_w:
        highest_w = min(highest_w, 2 * session.power_max_w)
    return wh * US_PER_H <= highest_w * us


def is_slow(session: SessionState, wh: Decimal) -> bool:
    """Whether that would be less than any car takes: then the other reading is the true one."""
    us = span_us(session)
    return us is not None and wh * US_PER_H < 20 * us


def span_us(session: SessionState) -> int | None:
    """From the first sample to the last, at least from the start; None where times say nothing."""
    first_us = session.started_us if session.register_first_us is None else session.register_first_us
    if first_us is None or session.register_last_us is None or session.register_last_us <= first_us:
        return None
    return session.register_last_us - first_us


def _elapsed_us(session: SessionState) -> int | None:
    first_us = session.register_first_us
    if first_us is None or (session.started_us is not None and session.started_us < first_us):
        first_us = session.started_us
    return None if first_us is None or session.register_last_us is None else session.register_last_us - first_us
