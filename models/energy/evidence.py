"""A session's energy as its fact shows it: confidence, flags, registers, every candidate. Not here: which one counts.

Made at each drain from the session's state alone. The scale of `energy_confidence` (0 to 1, in hundredths): where the
evidence stands (`_BASE`), less for what had to be decided (`_LESS`), 0.05 more where another kind of evidence agrees.
0.9 and above: two registers of the same meter, undisputed. 0.7: one decision of ours in it. Below 0.5: an estimate.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from models.energy import arithmetic, ladder, readings
from models.energy.rungs import Found, Relation, Rung, Why
from models.state import SessionState, meter
from models.state.meter import MeterState, Place

_BASE = {
    Rung.SIGNED: 100,
    Rung.METER_STOP: 90,
    Rung.BEGIN_END: 90,
    Rung.REGISTER: 80,
    Rung.INTERVAL: 60,
    Rung.POWER: 40,
}
_LESS = {
    "unit_fault": 15,
    "unit_by_habit": 25,
    "unit_by_knowledge": 30,
    "reset_stitched": 15,
    "glitch_left_out": 5,
    "fall_unconfirmed": 10,
    "samples_session_relative": 5,
    "samples_boot_relative": 15,
    "start_differs": 10,
    "phases_partly": 10,
    "disagrees": 20,
    Why.NEGATIVE.value: 15,
    Why.OVER_CAPACITY.value: 15,
    Why.BELOW_SAMPLES.value: 15,
    Why.AFTER_END.value: 20,
    Why.GAPS.value: 10,
}
"""By flag; a flag that is not here costs nothing."""
_OF_REGISTERS = frozenset({Rung.METER_STOP, Rung.BEGIN_END, Rung.REGISTER})
_OF_SAMPLES = frozenset({Rung.BEGIN_END, Rung.REGISTER, Rung.INTERVAL})
_PLACES = {
    Rung.SIGNED: (meter.SIGNED_BEGIN, meter.SIGNED_END),
    Rung.METER_STOP: (meter.START, meter.STOP),
    Rung.BEGIN_END: (meter.BEGIN, meter.END),
    Rung.REGISTER: (meter.FIRST, meter.LAST),
    Rung.INTERVAL: (meter.INTERVAL_FIRST, meter.INTERVAL_LAST),
    Rung.POWER: (meter.POWER_FIRST, meter.POWER_LAST),
}
_UNIT_FLAGS = {"": "unit_fault", "habit": "unit_by_habit", "knowledge": "unit_by_knowledge"}
_ABOVE, _BELOW, _SAME, _REGISTER = Relation.ABOVE, Relation.BELOW, Relation.SAME, Rung.REGISTER
_BETTER = Why.BETTER_EVIDENCE
_THROWN_OUT = frozenset({Why.NEGATIVE, Why.OVER_CAPACITY, Why.BELOW_SAMPLES})
"""Why evidence was no evidence: said whatever was chosen."""
_WHOLE, _SCALE = Decimal(1), Decimal(1).scaleb(-14)
"""Registers keep 14 decimals of a Wh: those that chargers send as sums of floats have no more."""


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """One rung of one session, as the column `energy_candidates` holds it; places are generation, partition, offset."""

    rung: Rung
    energy_wh: int | None
    is_chosen: bool
    reason: Why | None
    start_wh: Decimal | None
    end_wh: Decimal | None
    begin: Place | None
    end: Place | None


class Account(msgspec.Struct, frozen=True, gc=False):
    """The energy columns of a session's fact."""

    energy_wh: int | None
    energy_basis: str | None
    energy_confidence: float | None
    energy_flags: str | None
    energy_candidates: str
    register_start_wh: Decimal | None
    register_end_wh: Decimal | None
    register_seen_wh: Decimal | None
    register_base: str | None


def account(session: SessionState) -> Account:
    """Everything a session's fact says of its energy."""
    state = meter.of(session.meter)
    wh, rung = ladder.chosen(session)
    found = ladder.every(session)
    beside = ladder.relation(session, state)
    flags = _flags(session, state, beside, rung, found)
    start_wh, end_wh = _registers(session, state, beside)
    seen_wh = max((register for register in (end_wh, state.seen_wh) if register is not None), default=None)
    if rung is Rung.BEGIN_END and beside is not _BELOW:
        # A sample of the very instant of the end may be higher: what it shows more is no session's.
        start_wh, end_wh = next((what.start_wh, what.end_wh) for name, what in found if name is rung)
    base = "lifetime" if beside is _ABOVE else state.base
    return Account(
        wh,
        None if rung is None else rung.value,
        None if rung is None else _confidence(rung, wh or 0, found, flags),
        ",".join(flags) or None,
        _json(session, state, beside, rung, found),
        _exact(start_wh),
        _exact(end_wh),
        _exact(seen_wh),
        base or None,
    )


def end_register(session: SessionState) -> Decimal | None:
    """The register at the end in Wh, or as last seen, on the stream that `register_start_wh` is of."""
    state = meter.of(session.meter)
    return _registers(session, state, ladder.relation(session, state))[1]


def _registers(session: SessionState, state: MeterState, beside: Relation) -> tuple[Decimal | None, Decimal | None]:
    """Registers at start and end as they stood, not stitched: meterStart and meterStop, else the samples'."""
    first, last = session.register_first, session.register_last
    first_wh = None if first is None else first.scaleb(state.shift)
    last_wh = None if last is None else last.scaleb(state.shift)
    start_wh, end_wh = session.meter_start, session.meter_stop
    if start_wh is None and end_wh is None:
        return first_wh, first_wh if last_wh is None else last_wh
    if beside is _ABOVE:
        return first_wh, last_wh
    shift = ladder.meter_shift(session, state)
    if end_wh is not None and ladder.is_stop_unfit(session, state):
        end_wh = None
    if end_wh is None and beside is not _BELOW:
        end_wh = last_wh
    elif end_wh is not None:
        end_wh = end_wh.scaleb(shift)
    return first_wh if start_wh is None else start_wh.scaleb(shift), end_wh


def _flags(
    session: SessionState, state: MeterState, beside: Relation, rung: Rung | None, found: list[tuple[Rung, Found]]
) -> list[str]:
    """What had to be decided, or is odd, about the chosen value."""
    flags = set()
    chosen = next((what for name, what in found if name is rung), None)
    if chosen is not None and chosen.why is not None:
        flags.add(_UNIT_FLAGS[""] if chosen.why is Why.UNIT_FAULT else chosen.why.value)
    if state.shift and rung in _OF_SAMPLES:
        flags.add(_UNIT_FLAGS.get(state.shift_basis, _UNIT_FLAGS[""]))
    if state.marks & readings.IS_AFTER_END and (rung in _OF_SAMPLES or rung is Rung.POWER):
        flags.add(Why.AFTER_END.value)
    if rung is _REGISTER:
        flags.update(_flags_of_register(session, state, beside))
    if rung is not None and is_disputed(session, rung, found):
        flags.add("disagrees")
    if state.marks & readings.IS_TOTAL_DOUBTED:
        flags.add("phases_disagree")
    flags.update(what.why.value for _, what in found if what.why in _THROWN_OUT)
    return sorted(flags)


def _flags_of_register(session: SessionState, state: MeterState, beside: Relation) -> Iterator[str]:
    if state.resets:
        yield "reset_stitched"
    if state.glitches:
        yield "glitch_left_out"
    if state.pending:
        yield "fall_unconfirmed"
    if state.marks & readings.IS_PHASE_LATE:
        yield "phases_partly"
    if beside is _ABOVE:
        yield "start_differs"
    elif beside is _BELOW:
        is_zero = ladder.is_from_zero(session, state)
        yield "samples_session_relative" if is_zero else "samples_boot_relative"


def is_disputed(session: SessionState, rung: Rung, found: list[tuple[Rung, Found]]) -> bool:
    """Whether another register of the same session says clearly more, or less than half.

    Less is no dispute where the last sample was taken long before the end.
    """
    values = {name: what.wh for name, what in found if what.wh is not None and what.why is None}
    wh = values.get(rung)
    if wh is None or rung not in _OF_REGISTERS:
        return False
    others = {name: value for name, value in values.items() if name is not rung and name in _OF_REGISTERS}
    if any(value * 10 > wh * 11 + 1000 for value in others.values()):
        return True
    if not _is_covered(session):
        others.pop(_REGISTER, None)
    return any(value * 2 + 200 < wh for value in others.values())


def _is_covered(session: SessionState) -> bool:
    """Whether samples go on into the last tenth of the session."""
    started_us, last_us, ended_us = session.started_us, session.register_last_us, session.ended_us
    if started_us is None or last_us is None or ended_us is None:
        return False
    return (ended_us - last_us) * 10 <= ended_us - started_us


def _confidence(rung: Rung, wh: int, found: list[tuple[Rung, Found]], flags: list[str]) -> float:
    hundredths = _BASE[rung] - sum(_LESS.get(flag, 0) for flag in flags)
    near = max(20, wh // 50)
    if any(
        name not in (rung, Rung.SIGNED) and what.wh is not None and abs(what.wh - wh) <= near for name, what in found
    ):
        hundredths += 5
    return max(5, min(99, hundredths)) / 100


def _json(
    session: SessionState, state: MeterState, beside: Relation, rung: Rung | None, found: list[tuple[Rung, Found]]
) -> str:
    candidates = []
    for name, what in found:
        begin, end = _PLACES[name]
        if name is _REGISTER and beside is _SAME and what.start_wh == session.meter_start:
            # The samples count from meterStart: the frame that shows it is the start.
            begin = meter.START
        why = what.why or (None if name is rung else _BETTER)
        candidates.append(
            Candidate(
                name,
                what.wh,
                name is rung,
                why,
                _exact(what.start_wh),
                _exact(what.end_wh),
                state.places.get(begin),
                state.places.get(end),
            )
        )
    return msgspec.json.encode(candidates).decode("ascii")


def _exact(register_wh: Decimal | None) -> Decimal | None:
    """The register at the columns' scale, which every one that a charger writes fits, without an exponent."""
    if register_wh is None:
        return None
    if register_wh.same_quantum(_WHOLE):
        return register_wh
    exponent = int(register_wh.as_tuple().exponent)
    if -14 <= exponent <= 0:
        return register_wh
    return arithmetic.EXACT.quantize(register_wh, _WHOLE if exponent > 0 else _SCALE)
