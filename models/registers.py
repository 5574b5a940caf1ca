"""Which registers begin and end a session's energy. Not here: units on the wire (`energy`), whose session it is.

Samples count by their own time where that contradicts the order of receipt: a sample that is older and not higher
than the last one came late (a lower one that is newer is a register that fell, a higher one that is older a clock
that was set back). One sample alone says nothing of energy: a difference needs two, or meterStart and one.
"""

from decimal import Decimal

from models import energy
from models.energy import Reading
from models.state import SessionState

_KILO = 1000
_HIGHEST_W = 4_000_000
"""More than any charger gives (megawatt charging: 3.75 MW)."""


def fold(session: SessionState, reading: Reading) -> None:
    """Take up a reading of an open session."""
    if reading.is_kilo is not None:
        session.is_kilo = reading.is_kilo
    is_sure = reading.is_kilo is not None or not session.is_kilo
    if reading.begin_wh is not None and (is_sure or session.register_first is None):
        _begin(session, reading.begin_wh)
    if reading.register_wh is None:
        return
    register_wh, at_us = _in_its_unit(session, reading, reading.register_wh), reading.at_us
    first = session.register_first
    if first is None:
        session.register_first, session.register_first_us = register_wh, at_us
        if session.meter_start is None:
            return
    elif register_wh <= first and _is_before(at_us, session.register_first_us):
        _begin(session, register_wh)
        session.register_first_us = at_us
        return
    if not _is_old(session, register_wh, at_us):
        session.register_last, session.register_last_us = register_wh, at_us


def _is_old(session: SessionState, register_wh: Decimal, at_us: int | None) -> bool:
    """Whether a sample came late, or is the first one sent again."""
    last = session.register_last
    is_first = (register_wh, at_us) == (session.register_first, session.register_first_us)
    if last is None:
        return is_first and session.meter_start is None
    if is_first and at_us is not None:
        return True
    return register_wh <= last and _is_before(at_us, session.register_last_us)


def complete(session: SessionState, reading: Reading) -> None:
    """Take up a reading of a closed session that came late: only where it was sampled before the end."""
    if not _is_before(reading.at_us, session.ended_us):
        return
    is_newest = session.register_last is None or _is_before(session.register_last_us, reading.at_us)
    is_oldest = session.register_first is None or _is_before(reading.at_us, session.register_first_us)
    if is_newest or is_oldest or reading.begin_wh is not None:
        fold(session, reading)


def _begin(session: SessionState, begin_wh: Decimal) -> None:
    """Take up the register at begin; what was first until now has become a later sample."""
    first = session.register_first
    if first is not None and begin_wh > first:
        return
    if first is not None and session.register_last is None and session.register_first_us is not None:
        session.register_last, session.register_last_us = first, session.register_first_us
    session.register_first, session.register_first_us = begin_wh, None


def _is_before(at_us: int | None, other_us: int | None) -> bool:
    return at_us is not None and other_us is not None and at_us < other_us


def _in_its_unit(session: SessionState, reading: Reading, register_wh: Decimal) -> Decimal:
    """A register in Wh; one without a unit is in kWh where the one before it was, unless that is impossible.

    Some stations leave the unit out of the last sample only, whose default then is Wh: 0.75 after 0.60 kWh is
    0.75 kWh, while 750.25 after 601.15 "kWh" of one minute shows that Wh were meant all the time.
    """
    if reading.is_kilo is not None or not session.is_kilo:
        return register_wh
    in_kilo_wh, at_us = register_wh * _KILO, reading.at_us
    before = session.register_first if session.register_last is None else session.register_last
    falls = before is not None and in_kilo_wh < before and not _is_before(at_us, session.register_last_us)
    # Once found to be in Wh, such samples stay so: the same one sent again must not be weighed anew.
    session.is_kilo = not falls and _is_possible(session, in_kilo_wh, at_us)
    return in_kilo_wh if session.is_kilo else register_wh


def _is_possible(session: SessionState, register_wh: Decimal, at_us: int | None) -> bool:
    start = session.register_first if session.meter_start is None else session.meter_start
    if at_us is None or session.started_us is None or start is None:
        return True
    wh = energy.difference(register_wh, start)
    seconds = max(1, (at_us - session.started_us) // 1_000_000)
    return wh is not None and wh * 3600 <= _HIGHEST_W * seconds
