"""One station from nothing (`models.replay`), beside its landed state. Not here: reading, or comparing facts."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from models.facts import Fact
from models.record import Record
from models.replay import replay
from models.state import StationState, decode, encode
from models.step import Context, Refusal, drain


class Version(NamedTuple):
    """What facts that differ are said with."""

    generation: int
    offset: int
    revision: int


class Folded(msgspec.Struct):
    """What the step makes of a station's landed records."""

    state: bytes
    version: Version
    facts: list[Fact]
    refused: list[tuple[Record, Refusal]]
    """Records that carry no fact, and why."""
    is_state_new: bool
    """The landed state is another one, its revision left out."""


def fold(station_id: str, records: Sequence[Record], context: Context, landed: bytes | None) -> Folded:
    """The station's state and all its facts; `landed` is its newest landed state."""
    old = _read(landed, station_id)
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
    state.revision = old.revision
    is_new = landed is None or encode(state) != encode(old)
    state.revision = revision
    return Folded(encode(state), Version(generation, offset, revision), facts, refused, is_new)


def _read(landed: bytes | None, station_id: str) -> StationState:
    nothing = StationState(station_id=station_id)
    if landed is None:
        return nothing
    try:
        return decode(landed)
    except msgspec.MsgspecError:
        return nothing  # of a version that this one cannot read: replaced
