"""The pure step: one station's state and one record in, facts out. No I/O, no clock but the log's."""

import msgspec

from models.dead_letters import DeadLetter
from models.facts import Fact
from models.reasons import Reason
from models.record import Record
from models.state import StationState


class Context(msgspec.Struct, frozen=True):
    """Values the step is handed, never looks up.

    `token_key` keys the pseudonym of card numbers; null leaves tokens in clear (a setting).
    """

    token_key: bytes | None = None


class Refusal(msgspec.Struct, frozen=True):
    """Why a record carries no fact although it is landed: becomes a dead letter."""

    reason: Reason
    detail: str


def step(state: StationState, record: Record, context: Context) -> Refusal | None:
    """Fold one record into `state`, in place. A record at or before the state's position is a no-op."""
    raise NotImplementedError


def drain(state: StationState) -> list[Fact]:
    """The facts that changed since the last drain, newest version of each id only."""
    raise NotImplementedError


__all__ = ["Context", "DeadLetter", "Refusal", "drain", "step"]
