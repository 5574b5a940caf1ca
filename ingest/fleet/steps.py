"""What a station does on its connection, one step after another; the same for a log and a live socket.

Not here: message ids, answers and sockets, which the two drivers (`history`, `simulator`) add.
"""

from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from ingest.fleet.happenings import NEVER

Payload = dict[str, Any]


class Step(NamedTuple):
    """One call, or an opened or closed connection, at a second of the station's clock.

    `session` ties the calls of one session together. `needs_transaction`: the driver adds the 1.6
    `transactionId` that the central system gave to that session. `is_unanswered`: the answer is lost.
    """

    at: int
    kind: Literal["open", "close", "call"]
    action: str = ""
    payload: Payload | None = None
    session: int | None = None
    needs_transaction: bool = False
    is_unanswered: bool = False


def iso(at: int) -> str:
    """A station's timestamp."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(at: int) -> datetime | None:
    """A moment of the truth; never is null."""
    return None if at >= NEVER else datetime.fromtimestamp(at, UTC)
