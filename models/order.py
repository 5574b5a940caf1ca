"""Which records count: position, known lines, order of receipt (contract, sections 2, 3). Not here: content."""

from models import ids
from models.record import Record
from models.state import MAX_INSTANT, MAX_SOURCES, StationState, trim


def is_new(state: StationState, record: Record) -> bool:
    """Take note of the record's position and line; False if the state has seen either before.

    Ordinals never fall within a source, so the last one of each recent source tells known lines.
    """
    generation, offset = record.generation, record.offset
    if generation < state.generation or (generation == state.generation and offset <= state.offset):
        return False
    state.generation, state.offset = generation, offset
    if record.source != state.source:
        _switch(state, record.source)
    ordinal = record.ordinal
    if ordinal <= state.ordinal:
        return False
    state.ordinal = ordinal
    return True


def counts(state: StationState, record: Record, received_us: int | None) -> bool:
    """Take note of the time of receipt; False for a frame that is late or came from another source already.

    Late: received before the newest frame, by another source than that one's. Within one source, and without
    times of receipt, the order of the file stands.
    """
    newest = state.received_at_us
    if received_us is None:
        return True
    if newest is None or received_us > newest:
        state.received_at_us, state.received_source, state.newest = received_us, record.source, record
        return True
    if received_us < newest:
        if record.source == state.received_source:
            return True
        state.late += 1
        return False
    settle(state)
    number = ids.frame_hash(record)
    if state.instant.get(number, record.source) != record.source:
        state.repeated += 1
        return False
    if len(state.instant) < MAX_INSTANT:
        state.instant[number] = record.source
    return True


def settle(state: StationState) -> None:
    """Hash the newest frame: not done for every frame, as few share their instant with another."""
    if state.newest is not None:
        state.instant = {ids.frame_hash(state.newest): state.newest.source}
        state.newest = None


def _switch(state: StationState, source: str) -> None:
    """Make another source the current one."""
    if state.source:
        state.sources[state.source] = state.ordinal
        trim(state.sources, MAX_SOURCES)
    state.source = source
    state.ordinal = state.sources.pop(source, -1)
