"""2.x MeterValues: samples that no TransactionEvent carries. Not here: what a sample says (`metering`)."""

from models.events import EvseMetered
from models.moment import Moment
from models.sessions import ends, lifecycle
from models.state import StationState


def meter_evse(state: StationState, event: EvseMetered, moment: Moment) -> None:
    """Fold samples into the session that is open at the EVSE; EVSE 0 is the main meter and has none."""
    if not event.evse_id:
        return
    for session in reversed(state.open_sessions.values()):
        if session.evse_id == event.evse_id:
            before_wh = session.register_last or session.register_first
            lifecycle.meter(state, session, event.readings, moment)
            last_wh = session.register_last
            if before_wh is not None and last_wh is not None and last_wh > before_wh:
                # A register that rises is a sign of the session; one that stands is sampled without any, too.
                ends.seen(state, session, session.register_last_us, moment)
            return
    lifecycle.meter_after(state, event.evse_id, None, event.readings, moment)
