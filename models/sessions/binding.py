"""Which 1.6 session a sample or a stop belongs to: by its id where that is a key, else by what speaks for each.

Candidates must fit: card, time, registers, and no more energy than a charger gives. What speaks for one is counted:
samples that bore the same id, the same card, a register that goes on, a start that nobody answered. Samples of ids
that lead to no session are remembered (`sightings`), since their transaction competes for its stop. The one candidate
that most speaks for has it; between equals nobody guesses. Not here: what follows (`v16`), taking back (`rebinding`).
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TypeAlias, TypeVar

from models import ids
from models.energy import ladder, units
from models.energy.readings import Reading
from models.energy.rungs import SAME_ZERO
from models.events import Metered, Stopped
from models.state import MAX_TRANSACTION_IDS, SessionState, StationState, trim
from models.state.sessions import Sighting
from models.times import is_before

MAX_SIGHTINGS = 16
RECENT_US = 86_400_000_000
"""A transaction without any sample for so long has another stop."""
_FASTEST_W = 500_000
"""Where a stop is only thought to be a session's: more than any car takes."""
_SHORTEST_US = 60_000_000
_FASTER = 3
"""A register goes on if it rises at most so many times as fast as before."""
_SPEAKS, _SILENT, _CONTRADICTS = 2, 1, -1
"""What a candidate's samples say: they bore the stop's id, its register goes on; nothing; they rose otherwise."""
_CARD, _UNANSWERED = 2, 1
_MARGIN = 3
"""So much more must speak for one candidate than for the next: more than any one thing."""

Candidate: TypeAlias = SessionState | Sighting
Found = TypeVar("Found", bound=SessionState | Sighting)


def of_sample(state: StationState, event: Metered) -> SessionState | None:
    """The open session that samples belong to."""
    transaction_id, connector_id = event.transaction_id, event.connector_id
    first = None
    for session in reversed(state.open_sessions.values()):
        if transaction_id in session.transaction_ids:
            # Some systems give every session one transactionId: then the connector tells.
            if session.connector_id == connector_id:
                return session
            first = first or session
    return first or _unnamed_sample(state, event)


def named_on(state: StationState, transaction_id: str, connector_id: int) -> SessionState | None:
    """The newest open session of a connector that an id leads to."""
    for session in reversed(state.open_sessions.values()):
        if transaction_id in session.transaction_ids and session.connector_id == connector_id:
            return session
    return None


def of_stop(state: StationState, event: Stopped, said: str) -> Candidate | None:
    """The session that a stop ends: by transactionId where that is a key, else by what fits; open ones first.

    Or the samples of one whose start nobody saw. `said` is what the stop says, short (`rebinding`): none ends a session
    that it was found not to have ended.
    """
    transaction_id = event.transaction_id
    known = [s for s in reversed(state.open_sessions.values()) if transaction_id in s.transaction_ids]
    if known:
        return known[0] if len(known) == 1 else _of_several(known, event)
    unstopped = named(state.unstopped, transaction_id)
    if unstopped is not None:
        return unstopped
    is_key = ids.is_key(transaction_id)
    if is_key and named(state.closed_sessions, transaction_id) is not None:
        return None
    opened = _fitting(state.open_sessions, event, said)
    waiting = _fitting(state.unstopped, event, said)
    own = [s for s in (*waiting, *opened) if transaction_id is not None and s.local_id == transaction_id]
    if own and ids.is_local(transaction_id):
        return own[-1]
    if is_key:
        # The start's answer is not in the log.
        opened = _without_newer(state, [s for s in opened if s.transaction_id is None])
        waiting = [s for s in waiting if s.transaction_id is None]
    found = _choose(state, _newest(opened), event)
    if found is None and not opened:
        found = _choose(state, _newest(waiting), event)
    if isinstance(found, Sighting):
        # It stays, for the stop's retries.
        found.last_wh, found.last_us = event.meter_wh or found.last_wh, event.at_us or found.last_us
    return found


def of_waiting(state: StationState, event: Stopped, said: str, may_be: list[SessionState]) -> SessionState | None:
    """Of these, the session that a stop ends which was nobody's when it came; whatever is open or not counts alike."""
    if ids.is_key(event.transaction_id):
        bearing = [s for s in may_be if event.transaction_id in s.transaction_ids]
        may_be = bearing or [s for s in may_be if not s.transaction_ids]
    found = _choose(state, _newest([s for s in may_be if said not in s.refused and fits(s, event)]), event)
    return None if isinstance(found, Sighting) else found


def named(held: dict[str, SessionState], transaction_id: str | None) -> SessionState | None:
    """The newest of these that a transactionId leads to."""
    return next((s for s in reversed(held.values()) if transaction_id in s.transaction_ids), None)


def adopt(session: SessionState, transaction_id: str) -> None:
    """Let an id lead to a session; the newest one is its own."""
    if not ids.is_key(transaction_id):
        session.transaction_id = session.transaction_id or transaction_id
        return
    session.transaction_id = transaction_id
    if transaction_id not in session.transaction_ids:
        session.transaction_ids = [*session.transaction_ids, transaction_id][-MAX_TRANSACTION_IDS:]


def newest_on(state: StationState, connector_id: int | None) -> SessionState | None:
    """The newest open session of a connector; connector 0 is the main meter and has none."""
    if not connector_id:
        return None
    for session in reversed(state.open_sessions.values()):
        if session.connector_id == connector_id:
            return session
    return None


def sight(state: StationState, event: Metered) -> None:
    """Remember samples whose id leads to no open session: a transaction whose start nobody saw."""
    connector_id, transaction_id = event.connector_id, event.transaction_id
    if not connector_id or transaction_id is None or transaction_id in ids.MAX_INT_IDS:
        return
    reading = event.readings[-1]
    if reading.register_wh is None or named(state.closed_sessions, transaction_id) is not None:
        return
    key = _key(connector_id, transaction_id)
    known = state.sightings.pop(key, None)
    if known is None:
        known = Sighting(connector_id, transaction_id, reading.register_wh, reading.at_us)
    known.last_wh, known.last_us = reading.register_wh, reading.at_us
    state.sightings[key] = known
    trim(state.sightings, MAX_SIGHTINGS)


def begun(state: StationState, connector_id: int | None) -> None:
    """A session begins on a connector: whatever was sampled there under an id for all has ended."""
    if state.sightings:
        for key, seen in list(state.sightings.items()):
            if seen.connector_id == connector_id and not ids.is_key(seen.transaction_id):
                del state.sightings[key]


def in_wh(session: SessionState, reading: Reading) -> Decimal | None:
    """A reading's register in Wh, as its session's other samples are read."""
    register_wh = reading.register_wh
    if register_wh is None:
        return None
    if reading.is_kilo is None and session.is_kilo:
        register_wh = register_wh.scaleb(3)
    return register_wh.scaleb(session.meter.shift) if session.meter is not None else register_wh


def is_beside_start(session: SessionState) -> bool:
    """Whether a session's samples count from the zero that meterStart and meterStop count from."""
    return session.meter is None or ladder.relation(session, session.meter) in SAME_ZERO


def _unnamed_sample(state: StationState, event: Metered) -> SessionState | None:
    """The session of samples whose transactionId leads to none."""
    transaction_id = event.transaction_id
    session = newest_on(state, event.connector_id)
    if transaction_id is None or not ids.is_key(transaction_id):
        if session is None or is_before(event.readings[0].at_us, session.started_us):
            return None
        if transaction_id is not None and transaction_id not in ids.MAX_INT_IDS:
            session.local_id = transaction_id
        session.is_offline = session.is_offline or transaction_id == ids.OFFLINE
        return session
    if session is None or session.transaction_ids or _is_taken(state, transaction_id):
        return None
    if is_before(event.readings[0].at_us, session.started_us):
        return None
    # The start's answer is not in the log, or not yet: the sample names the transaction of its connector.
    adopt(session, transaction_id)
    return session


def _is_taken(state: StationState, transaction_id: str) -> bool:
    """Whether the id led to a session that has ended."""
    return any(named(held, transaction_id) is not None for held in (state.unstopped, state.closed_sessions))


def _of_several(known: list[SessionState], event: Stopped) -> SessionState | None:
    """Of open sessions that were all given one transactionId: the one that the stop fits best."""
    fitting = [s for s in known if fits(s, event)] or [s for s in known if fits(s, event, any_card=True)]
    return _best(_newest(fitting), event)


def _fitting(held: dict[str, SessionState], event: Stopped, said: str) -> list[SessionState]:
    return [s for s in held.values() if said not in s.refused and fits(s, event)]


def _choose(state: StationState, fitting: list[SessionState], event: Stopped) -> Candidate | None:
    """The session, or the transaction without one, that most speaks for; None between equals."""
    candidates: list[Candidate] = [*fitting, *_sighted(state, event)]
    return _best(candidates, event)


def _best(candidates: Sequence[Found], event: Stopped) -> Found | None:
    ranked = sorted(((_speaking(found, event), place) for place, found in enumerate(candidates)), reverse=True)
    if not ranked or (len(ranked) > 1 and ranked[0][0] - ranked[1][0] < _MARGIN):
        return None
    return candidates[ranked[0][1]]


def _speaking(found: Candidate, event: Stopped) -> int:
    """How much speaks for a candidate that fits."""
    register = _of_register(found, event)
    if isinstance(found, Sighting):
        return _SPEAKS + register + _UNANSWERED
    is_card = event.token is not None and event.token == found.token
    return _of_id(found, event) + _CARD * is_card + register + _UNANSWERED * (not found.transaction_ids)


def _is_known_by(session: SessionState, event: Stopped) -> bool:
    if session.transaction_ids:
        return event.transaction_id in session.transaction_ids
    is_card = event.token is not None and event.token == session.token
    return is_card or event.transaction_id in (session.local_id, session.transaction_id)


def _of_id(session: SessionState, event: Stopped) -> int:
    if event.transaction_id is not None and event.transaction_id in (session.local_id, session.transaction_id):
        return _SPEAKS
    # One that has samples, of another id or of none, could have been told.
    return _SILENT if session.register_first is None else 0


def fits(session: SessionState, event: Stopped, *, any_card: bool = False) -> bool:
    """Whether a stop can end this session: same card, not before its start, its registers and any charger's power."""
    if not any_card and event.token is not None and session.token is not None and event.token != session.token:
        return False
    if is_before(event.at_us, session.started_us):
        return False
    meter_wh, start_wh = event.meter_wh, session.meter_start
    if meter_wh is None:
        return True
    if start_wh is not None and not _can_rise(meter_wh - start_wh, session.started_us, event.at_us, 0):
        return False
    last_wh, last_us = _last(session)
    if last_wh is None or is_before(event.at_us, last_us):
        return True
    if meter_wh < last_wh - units.NEAR_WH:
        # Registers spike and begin anew; but only a session known by the stop's id, or its card, can show that.
        return _is_known_by(session, event)
    return _can_rise(meter_wh - last_wh, last_us, event.at_us, units.NEAR_WH)


def _sighted(state: StationState, event: Stopped) -> Iterator[Sighting]:
    """Transactions whose start nobody saw that a stop can end: their samples bore its id."""
    for seen in state.sightings.values():
        if seen.transaction_id != event.transaction_id or is_before(event.at_us, seen.last_us):
            continue
        is_recent = event.at_us is None or seen.last_us is None or event.at_us - seen.last_us <= RECENT_US
        rise = None if event.meter_wh is None else event.meter_wh - seen.last_wh
        if is_recent and (rise is None or _can_rise(rise, seen.last_us, event.at_us, units.NEAR_WH)):
            yield seen


def _of_register(found: Candidate, event: Stopped) -> int:
    """Whether a stop's register goes on from a candidate's samples, about as fast as they rose."""
    first_wh: Decimal | None
    last_wh: Decimal | None
    if isinstance(found, Sighting):
        first_wh, first_us, last_wh, last_us = found.first_wh, found.first_us, found.last_wh, found.last_us
    else:
        first_wh, first_us, (last_wh, last_us) = found.meter_start, found.started_us, _last(found)
    if event.meter_wh is None or last_wh is None:
        return _SILENT
    rise, us, before_us = event.meter_wh - last_wh, _between(last_us, event.at_us), _between(first_us, last_us)
    allowed = Decimal(units.NEAR_WH)
    if us is not None and before_us is not None and before_us > 0 and first_wh is not None:
        allowed += _FASTER * (last_wh - first_wh) * us / before_us
    return _SPEAKS if -units.NEAR_WH <= rise <= allowed else _CONTRADICTS


def _last(session: SessionState) -> tuple[Decimal | None, int | None]:
    """A session's newest register and its time, where it counts from the zero of meterStart and meterStop."""
    last, us = session.register_last, session.register_last_us
    if last is None:
        last, us = session.register_first, session.register_first_us
    if last is None or not is_beside_start(session):
        return None, None
    return (last if session.meter is None else last.scaleb(session.meter.shift)), us


def _can_rise(rise_wh: Decimal, from_us: int | None, until_us: int | None, near_wh: int) -> bool:
    """Whether a charger gives so much in that time; a register never falls, but for its rounding."""
    if rise_wh < -near_wh:
        return False
    us = _between(from_us, until_us)
    return rise_wh <= units.FREE_WH or us is None or rise_wh * units.US_PER_H <= _FASTEST_W * max(us, _SHORTEST_US)


def _newest(found: list[SessionState]) -> list[SessionState]:
    """The newest of each connector: a queue is delivered in order, so a stop follows its start."""
    by_connector: dict[int | str, SessionState] = {}
    for session in found:
        key = session.session_id if session.connector_id is None else session.connector_id
        other = by_connector.get(key)
        if other is None or not is_before(session.started_us, other.started_us):
            by_connector[key] = session
    return list(by_connector.values())


def _without_newer(state: StationState, found: list[SessionState]) -> list[SessionState]:
    """Those with no newer start on their connector: an older one has lost its stop."""
    return [s for s in found if s.connector_id is None or newest_on(state, s.connector_id) in (s, None)]


def _key(connector_id: int, transaction_id: str) -> str:
    return f"{connector_id}/{transaction_id}"


def _between(from_us: int | None, until_us: int | None) -> int | None:
    return None if from_us is None or until_us is None else until_us - from_us
