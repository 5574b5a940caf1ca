"""One station from nothing: all its records in canonical order through the step (ADR 0014).

The worker (for stations that late frames marked), `laddstrom replay` and the tests share it. Not here: where records
come from, or what differs from the facts said before (`restatements`).
"""

from collections.abc import Callable, Iterable

from models.order import arrival
from models.order.canonical import canonical
from models.reasons import Reason
from models.record import Record
from models.state import StationState
from models.step import Context, Refusal, fold

Refused = Callable[[Record, Refusal], object]
"""Told each record that carries no fact, and why."""


def replay(
    station_id: str,
    records: Iterable[Record],
    context: Context,
    *,
    position: tuple[int, int],
    revision: int,
    refused: Refused = lambda record, refusal: None,
) -> StationState:
    """A fresh state of the station after all `records`, its facts still to be drained.

    Args:
        station_id: Whose records they are.
        records: Every record of the station up to `position`, in any order; lines may be there more than once.
        context: As for the step.
        position: (generation, offset) that the state and its facts are to have, whatever the records' own.
        revision: Decides between facts of equal offsets: one more than that of the state that is replaced.
        refused: Told the dead letters.
    """
    lines = list(records)
    generation, offset = position
    state = StationState(station_id=station_id, generation=generation, offset=offset, revision=revision, is_replay=True)
    ordered = canonical(lines)
    for record in ordered:
        try:
            refusal = fold(state, record, context)
        except Exception as error:  # noqa: BLE001 - as in the worker: a defect with one record must not stop the others
            refusal = Refusal(Reason.STEP_FAILED, type(error).__name__)
        if refusal is not None:
            refused(record, refusal)
    arrival.resume(state, lines, ordered)
    state.repeated = len({(line.source, line.ordinal) for line in lines}) - len(ordered)
    state.is_replay = False
    return state
