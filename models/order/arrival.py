"""Which records count: position, known lines, order of receipt (contract, sections 2, 3; ADR 0014). Not here: content.

The live fold takes a record only where that keeps the canonical order (`canonical`): newer than the newest, or of the
same instant and source. Any other that is not known is late: it is left out, and the station marked for a replay.
"""

from models import ids
from models.order.canonical import in_log_order, name
from models.record import Record
from models.state import MAX_INSTANT, MAX_SOURCES, Mark, StationState, trim
from models.times import plausible


def is_new(state: StationState, record: Record) -> bool:
    """Take note of the record's position and line; False if the state has seen either before.

    Ordinals never fall within a source, so the last one of each recent source tells known lines.
    """
    generation, offset = record.generation, record.offset
    if generation != state.generation:
        if generation < state.generation:
            return False
        state.generation = generation
    elif offset <= state.offset:
        return False
    state.offset = offset
    if record.source != state.source:
        _switch(state, record.source)
    ordinal = record.ordinal
    if ordinal <= state.ordinal:
        return False
    state.ordinal = ordinal
    return True


def counts(state: StationState, record: Record, received_us: int | None) -> bool:
    """Take note of the time of receipt; False for a record that is late, or known at its instant.

    Without a time of receipt the order of the log stands.
    """
    newest = state.received_at_us
    if received_us is None:
        return True
    if newest is None or received_us > newest:
        state.received_at_us, state.newest = received_us, record
        return True
    if state.is_replay:
        return True
    if received_us < newest:
        return _late(state, record, received_us)
    return _counts_at_instant(state, record, received_us)


def learn_protocol(state: StationState, record: Record, received_us: int | None) -> None:
    """Take note of a frame whose version is only guessed; the first one told otherwise marks the station.

    Only a log that names no versions, cut before its first telling frame, comes to that.
    """
    if record.protocol is None:
        state.is_protocol_guessed = True
        return
    state.is_protocol_guessed = False
    if record.protocol != state.protocol and not state.is_replay:
        _mark(state, record, received_us or 0)


def settle(state: StationState) -> None:
    """Hash the newest frame: not done for every frame, as few share their instant with another."""
    if state.newest is not None:
        state.received_source = state.newest.source
        state.instant = {ids.frame_hash(state.newest): state.received_source}
        state.newest = None
        state.second_source, state.second_place = "", -1


def resume(state: StationState, records: list[Record], ordered: list[Record]) -> None:
    """After a replay: the lines and the newest instant as if `ordered` had come one by one, from `records`."""
    lines = in_log_order(records)
    known: dict[str, int] = {}
    for line in lines:
        known[line.source] = max(known.pop(line.source, -1), line.ordinal)
        trim(known, MAX_SOURCES + 1)
    if known:
        state.source, state.ordinal = known.popitem()
    state.sources = known
    state.newest, state.instant = None, {}
    state.second_source, state.second_place = "", -1
    if state.received_at_us is None:
        return
    instant = [record for record in ordered if plausible(record.received_at_us) == state.received_at_us]
    state.instant = {ids.frame_hash(record): record.source for record in instant[:MAX_INSTANT]}
    held: dict[str, set[object]] = {}
    for line in lines:
        if plausible(line.received_at_us) == state.received_at_us:
            held.setdefault(line.source, set()).add(name(line))
    # What another file adds to the instant has no certain place in it, unless one file holds all of it.
    state.received_source = next((source for source, names in reversed(held.items()) if len(names) == len(instant)), "")


def keep_lines(state: StationState, old: StationState) -> None:
    """Take over which lines the replaced state has seen: a line sent again is landed once, at its first place."""
    state.source, state.ordinal, state.sources, state.late = old.source, old.ordinal, old.sources, old.late


def _counts_at_instant(state: StationState, record: Record, received_us: int) -> bool:
    """One more record of the newest instant: known, the next one of the same source, or late."""
    settle(state)
    number, source = ids.frame_hash(record), record.source
    if number not in state.instant:
        if source == state.received_source and len(state.instant) < MAX_INSTANT:
            state.instant[number] = source
            return True
        return _late(state, record, received_us)
    state.repeated += 1
    if source != state.received_source:
        if source != state.second_source:
            state.second_source, state.second_place = source, -1
        place = list(state.instant).index(number)
        if place < state.second_place:
            # The two files disagree on the order, which only the canonical order settles.
            return _late(state, record, received_us)
        state.second_place = place
    return False


def _late(state: StationState, record: Record, received_us: int) -> bool:
    state.late += 1
    _mark(state, record, received_us)
    return False


def _mark(state: StationState, record: Record, received_us: int) -> None:
    mark = state.mark
    if mark is None:
        mark = state.mark = Mark(since_us=received_us, source=record.source)
    mark.frames += 1
    mark.since_us = min(mark.since_us, received_us)
    mark.generation, mark.offset = record.generation, record.offset


def _switch(state: StationState, source: str) -> None:
    """Make another source the current one."""
    if state.source:
        state.sources[state.source] = state.ordinal
        trim(state.sources, MAX_SOURCES)
    state.source = source
    state.ordinal = state.sources.pop(source, -1)
