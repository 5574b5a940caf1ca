"""A log in memory: keeps what an import sends, in order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from ingest.producer import OnDone
from models.dead_letters import DeadLetter
from models.log import DEAD_LETTERS, FRAMES
from models.record import Meta


@dataclass
class Sent:
    """One record of `ocpp.frames`."""

    station_id: str
    payload: bytes
    meta: Meta


@dataclass
class MemoryLog:
    """A producer whose log is a list."""

    frames: list[Sent] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    flushes: int = 0

    def send(
        self,
        topic: str,
        key: bytes,
        value: bytes,
        headers: Sequence[tuple[str, bytes]] = (),
        *,
        partition: int | None = None,
        on_done: OnDone | None = None,
    ) -> None:
        if topic == FRAMES:
            self.frames.append(Sent(key.decode("utf-8"), value, Meta.decode(dict(headers)["meta"])))
        else:
            assert topic == DEAD_LETTERS
            self.dead.append(DeadLetter.decode(key, value, dict(headers)))

    def flush(self, timeout_s: float = 30.0) -> None:
        self.flushes += 1

    def close(self) -> None:
        pass

    def kinds(self) -> Counter[tuple[str, str | None, str | None]]:
        """Records by kind, direction and protocol."""
        return Counter((sent.meta.kind, sent.meta.direction, sent.meta.protocol) for sent in self.frames)


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()
