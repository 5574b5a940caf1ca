"""One register out of the registers of phases, which may come apart, late, or not at all. Not here: what it shows.

Some chargers send each phase in a message of its own, or leave one out. The sum of the newest register of each phase is
the whole; a phase that comes late begins where it stands, as its register before that is no energy of this session.
"""

from decimal import Decimal

import msgspec

from models.energy.arithmetic import EXACT
from models.energy.readings import IS_PHASE_LATE, Reading
from models.state import SessionState
from models.state.meter import ZERO, MeterState


def whole(session: SessionState, meter: MeterState, reading: Reading, phases_wh: dict[str, Decimal]) -> Reading:
    """The reading with the register of all phases in place of what it holds of them."""
    known, at_us = meter.phases_wh, reading.at_us
    last_us = session.register_last_us
    if known and at_us is not None and last_us is not None and at_us < last_us:
        # Late: it says nothing of where the phases stand now.
        return msgspec.structs.replace(reading, register_wh=None)
    new = {phase: wh for phase, wh in phases_wh.items() if phase not in known}
    if not known:
        meter.phases_us = at_us
    elif new:
        _enter(session, meter, at_us, sum(new.values(), ZERO))
    meter.phases_wh = {**known, **phases_wh}
    total = meter.phases_base_wh
    for wh in meter.phases_wh.values():
        total = EXACT.add(total, wh)
    return msgspec.structs.replace(reading, register_wh=total)


def _enter(session: SessionState, meter: MeterState, at_us: int | None, wh: Decimal) -> None:
    """Take up phases that the ones before came without: at the same instant they are part of the first register."""
    if at_us != meter.phases_us:
        meter.phases_base_wh -= wh
        meter.marks |= IS_PHASE_LATE
    elif session.register_first is not None and session.register_first_us == at_us:
        if session.register_last == session.register_first:
            session.register_last += wh
        session.register_first += wh
