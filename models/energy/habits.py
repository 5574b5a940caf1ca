"""How a station meters, learned from its own sessions. Not here: what is known of makes beforehand (`knowledge`).

Each session adds its votes once, when it ends (and takes them back where its end is restated); a session that follows
finds them when it begins, so nothing depends on drains. A station's habits never reach another station: knowledge
crosses stations only through `knowledge`, a versioned data file handed to the step.
"""

from decimal import Decimal

from models import ids
from models.energy import ladder, readings, units
from models.energy.knowledge import Knowledge
from models.energy.meter_facts import MeterHabits
from models.energy.rungs import Relation
from models.state import SessionState, StationState, trim
from models.state.meter import HabitState, MeterState, PortMeter

NAMES = (
    "sessions",
    "base_lifetime",
    "base_session",
    "base_boot",
    "samples_session",
    "samples_boot",
    "resets_at_boot",
    "resets_elsewhere",
    "glitches",
    "unit_named",
    "unit_missing",
    "unit_partly",
    "unit_sound",
    "unit_kwh_as_wh",
    "unit_wh_as_kwh",
    "one_phase",
    "phases",
    "phases_disagree",
    "begin_repeated",
    "begin_end",
    "clock_aligned",
    "intervals",
    "power",
    "signed",
    "no_register",
    "negative",
)
"""What is counted, in the order of `HabitState.counts` and the columns of `MeterHabits`; only ever add at the end."""
_AT = {name: place for place, name in enumerate(NAMES)}
MAX_HABITS = 8
"""Firmwares of a station whose habits are kept."""
MAX_PORTS = 64
_SURE = 2
"""Sessions that must agree before a habit decides."""
_SILENT = 3
"""Sessions without a register before a station counts as one without a meter."""
_MARKS = {
    "unit_named": readings.IS_UNIT_NAMED,
    "one_phase": readings.IS_ONE_PHASE,
    "phases": readings.HAS_PHASES,
    "phases_disagree": readings.IS_TOTAL_DOUBTED,
    "clock_aligned": readings.IS_CLOCK,
}
_OWN = frozenset({"power", "capacity", "start", "stop"})


def port(evse_id: int | None, connector_id: int | None) -> str:
    """A port's key: its EVSE in 2.x, its connector in 1.6."""
    return f"/{connector_id}" if evse_id is None else str(evse_id)


def foretell(state: StationState, session: SessionState, meter: MeterState, knowledge: Knowledge) -> None:
    """Copy into a new session what is known beforehand: the station's own habits first, else the knowledge."""
    habit = state.habits.get(_key(session))
    if habit is not None:
        shift, base = _habit_of_unit(habit), _habit_of_base(habit)
        if shift or base:
            meter.prior_shift, meter.prior_base, meter.prior_basis = shift, base, "habit"
            return
    known = knowledge.of(session.vendor, session.model, session.firmware)
    if known is not None:
        meter.prior_shift, meter.prior_base, meter.prior_basis = known.shift, known.base, "knowledge"


def base_of(state: StationState, session: SessionState, register_wh: Decimal) -> str:
    """The base of a register that a session begins with, held against the port's last one; empty = unknown."""
    before = state.ports.get(port(session.evse_id, session.connector_id))
    if before is None or before.session_id == session.session_id:
        return "lifetime" if register_wh > 0 else ""
    if register_wh >= before.register_wh - units.NEAR_WH:
        return "lifetime" if register_wh > 0 else ""
    return "boot" if state.boots > before.boots else "session"


def note_port(state: StationState, session: SessionState, register_wh: Decimal | None) -> None:
    """Remember where a port's register stands after a session; one that ends again says nothing of what followed it."""
    key = port(session.evse_id, session.connector_id)
    known = state.ports.get(key)
    is_again = session.meter is not None and bool(session.meter.votes)
    if register_wh is None or (is_again and known is not None and known.session_id != session.session_id):
        return
    state.ports.pop(key, None)
    state.ports[key] = PortMeter(register_wh, state.boots, session.session_id)
    trim(state.ports, MAX_PORTS)


def vote(state: StationState, session: SessionState, meter: MeterState) -> None:
    """Add what an ended session showed to the station's habits; again, and the first votes are replaced."""
    key = _key(session)
    habit = state.habits.get(key)
    if habit is None:
        habit = state.habits[key] = HabitState(session.vendor, session.model, session.firmware)
        trim(state.habits, MAX_HABITS)
    votes = _votes(session, meter)
    _add(habit, votes, meter.votes)
    meter.votes = votes
    state.touch(_fact_id(state, habit), habit)


def is_without_meter(state: StationState, session: SessionState) -> bool:
    """Whether no session of the station with that firmware has shown a register, three at least; after its vote."""
    counts = _padded(state.habits[_key(session)].counts)
    return counts[_AT["no_register"]] == counts[_AT["sessions"]] >= _SILENT


def take_back(state: StationState, session: SessionState, meter: MeterState) -> None:
    """Forget the votes of a session that turned out to be another one."""
    habit = state.habits.get(_key(session))
    if habit is not None and meter.votes:
        _add(habit, [], meter.votes)
        meter.votes = []
        state.touch(_fact_id(state, habit), habit)


def fact(state: StationState, habit: HabitState, generation: int, offset: int) -> MeterHabits:
    """The habits of one firmware as a fact."""
    said = MeterHabits(
        version_generation=generation,
        version_offset=offset,
        habit_id=_fact_id(state, habit),
        station_id=state.station_id,
        vendor=habit.vendor,
        model=habit.model,
        firmware=habit.firmware,
    )
    for name, count in zip(NAMES, _padded(habit.counts), strict=True):
        setattr(said, name, count)
    return said


def _votes(session: SessionState, meter: MeterState) -> list[int]:
    beside = ladder.relation(session, meter)
    is_zero = beside is Relation.BELOW and ladder.is_from_zero(session, meter)
    is_own = meter.shift_basis in _OWN
    is_missing = bool(meter.marks & readings.IS_UNIT_MISSING)
    said = {name: int(bool(meter.marks & mark)) for name, mark in _MARKS.items()} | {
        "sessions": 1,
        f"base_{meter.base}": 1,
        "samples_session": int(is_zero and meter.prior_base != "session"),
        "samples_boot": int(beside is Relation.BELOW and not is_zero),
        "resets_at_boot": meter.resets_at_boot,
        "resets_elsewhere": meter.resets - meter.resets_at_boot,
        "glitches": meter.glitches,
        "unit_missing": int(is_missing),
        "unit_partly": int(is_missing and bool(meter.marks & readings.IS_UNIT_NAMED)),
        "unit_sound": int(not meter.shift and meter.power_samples >= 3 and meter.power_from_wh is not None),
        "unit_kwh_as_wh": int(is_own and meter.shift == 3),
        "unit_wh_as_kwh": int(is_own and meter.shift == -3),
        "begin_repeated": int(meter.begins > 2),
        "begin_end": int(meter.begin_wh is not None and meter.end_wh is not None),
        "intervals": int(meter.interval_wh is not None or meter.interval_clock_wh is not None),
        "power": int(meter.power_samples > 0),
        "signed": int(meter.signed_begin_wh is not None or meter.signed_end_wh is not None),
        "no_register": int(session.register_first is None and session.meter_stop is None),
        "negative": int(
            session.meter_start is not None
            and session.meter_stop is not None
            and session.meter_stop < session.meter_start
        ),
    }
    return [said.get(name, 0) for name in NAMES]


def _habit_of_unit(habit: HabitState) -> int:
    counts = _padded(habit.counts)
    sound, up, down = (counts[_AT[name]] for name in ("unit_sound", "unit_kwh_as_wh", "unit_wh_as_kwh"))
    if up >= _SURE and up > 4 * (sound + down):
        return 3
    return -3 if down >= _SURE and down > 4 * (sound + up) else 0


def _habit_of_base(habit: HabitState) -> str:
    counts = _padded(habit.counts)
    session, boot = counts[_AT["samples_session"]], counts[_AT["samples_boot"]]
    if session >= _SURE and session > 4 * boot:
        return "session"
    return "boot" if boot >= _SURE and boot > 4 * session else ""


def _add(habit: HabitState, votes: list[int], taken_back: list[int]) -> None:
    sums = zip(_padded(habit.counts), _padded(votes), _padded(taken_back), strict=True)
    habit.counts = [count + new - old for count, new, old in sums]


def _padded(counts: list[int]) -> list[int]:
    return counts + [0] * (len(NAMES) - len(counts))


def _key(session: SessionState) -> str:
    return ids.digest(session.vendor, session.model, session.firmware)[:12]


def _fact_id(state: StationState, habit: HabitState) -> str:
    return ids.digest("habits", state.station_id, habit.vendor, habit.model, habit.firmware)
