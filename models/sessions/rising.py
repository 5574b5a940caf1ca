"""Sessions whose energy only rises: counted into the hour once, when it is over or at the drain. Not here: any energy.

Most messages are samples of a register that goes on: what they add within an hour is the same, counted at each or at
the last of them (`rates.settle_rising`). Whatever else happens to the session is settled after that.
"""

from collections.abc import Sequence
from decimal import Decimal

from models.energy import ladder
from models.energy.arithmetic import EXACT
from models.moment import Moment
from models.state import Rising, SessionState, StationState
from models.times import HOUR_US


def begin(state: StationState, session: SessionState, energy_wh: int | None, moment: Moment) -> None:
    """Let a session rise that was settled as of this record, if it is sure to."""
    if moment.received_us is None or not energy_wh:
        return
    bounds = ladder.bounds(session)
    if bounds is not None:
        hour, position = moment.received_us // HOUR_US, (state.generation, state.offset)
        state.rising[session.session_id] = Rising(session, hour, *bounds, energy_wh, position)


def goes_on(state: StationState, session: SessionState, received_us: int | None) -> bool:
    """Whether what has been sampled since, in the same hour, only raised a rising session's energy."""
    rising, last_wh = state.rising.get(session.session_id), session.register_last
    if rising is None or received_us is None or last_wh is None:
        return False
    if received_us // HOUR_US != rising.hour or last_wh > rising.ceiling_wh or not session.is_open:
        return False
    energy_wh = _energy(rising, last_wh)
    if energy_wh != rising.energy_wh:
        rising.energy_wh, rising.position = energy_wh, (state.generation, state.offset)
    return True


def rise(rising: Rising, registers: Sequence[Decimal], positions: Sequence[tuple[int, int]]) -> None:
    """As `goes_on` for several samples of the hour, none above the ceiling, and the positions of their records."""
    energy_wh = _energy(rising, registers[-1])
    if energy_wh == rising.energy_wh:
        return
    newest = len(registers) - 1
    while newest and _energy(rising, registers[newest - 1]) == energy_wh:
        newest -= 1
    rising.energy_wh, rising.position = energy_wh, positions[newest]


def _energy(rising: Rising, register_wh: Decimal) -> int:
    return int(EXACT.subtract(register_wh, rising.base_wh))
