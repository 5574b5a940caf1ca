"""One station from nothing (`models.order.replay`), beside its landed state. Not here: reading, or comparing facts."""

from collections.abc import Sequence

import msgspec

from models.facts import Fact
from models.order import arrival
from models.order.canonical import in_log_order
from models.order.replay import replay
from models.record import Record
from models.state import Mark, StationState, decode, encode
from models.step import Context, Refusal, drain


class Folded(msgspec.Struct):
    """What the step makes of a station's landed records."""

    state: StationState
    mark: Mark | None
    """Frames that came late and were not folded until now."""
    facts: list[Fact]
    refused: list[tuple[Record, Refusal]]
    """Records that carry no fact, and why."""
    is_state_new: bool
    """The landed state is another one, the number of replays left out."""


def fold(station_id: str, records: Sequence[Record], context: Context, landed: bytes | None) -> Folded:
    """The station's state and all its facts; `landed` is its newest landed state."""
    old = _read(landed, station_id)
    before, mark = encode(old), old.mark
    # A state never stands before a frame it has seen, even if that frame is landed once, further back.
    places = [(record.generation, record.offset) for record in records]
    generation, offset = max([(old.generation, old.offset), *places])
    revision = old.revision + 1
    refused: list[tuple[Record, Refusal]] = []
    state = replay(
        station_id,
        records,
        context,
        position=(generation, offset),
        revision=revision,
        refused=lambda record, refusal: refused.append((record, refusal)),
    )
    facts = drain(state)
    for record in in_log_order(record for record in records if (record.generation, record.offset) > _place(old)):
        arrival.is_new(old, record)
    arrival.keep_lines(state, old)
    state.revision -= 1
    is_new = landed is None or encode(state) != before
    state.revision += 1
    return Folded(state, mark, facts, refused, is_new)


def _place(state: StationState) -> tuple[int, int]:
    return state.generation, state.offset


def _read(landed: bytes | None, station_id: str) -> StationState:
    nothing = StationState(station_id=station_id)
    if landed is None:
        return nothing
    try:
        return decode(landed)
    except msgspec.MsgspecError:
        return nothing  # of a version that this one cannot read: replaced
