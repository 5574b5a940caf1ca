"""Keeps one part running: starts it again when it dies, gives up when it keeps dying. Not here: stopping in order."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from pipelines.supervisor.part import Part, PartError

DEATHS: Final = 5
WITHIN_S: Final = 60.0
_BACKOFF_S: Final = (0.0, 0.5, 1.0, 2.0, 4.0)


class KeepsDyingError(PartError):
    """Something died too often to be restarted once more."""


class Deaths:
    """When something died lately; says how long to wait before the next start."""

    def __init__(self) -> None:
        self._moments: deque[float] = deque(maxlen=DEATHS)

    def add(self, words: str) -> float:
        """Count a death now; returns the seconds to wait, or raises `KeepsDyingError` with the words."""
        now = time.monotonic()
        self._moments.append(now)
        recent = sum(1 for moment in self._moments if now - moment < WITHIN_S)
        if recent == DEATHS:
            raise KeepsDyingError(f"{words}; it died {DEATHS} times within {WITHIN_S:g} s")
        return _BACKOFF_S[recent - 1]


class Keeper:
    """A part and its deaths."""

    def __init__(self, part: Part, say: Callable[[str], None]) -> None:
        self.part = part
        self._say = say
        self._deaths = Deaths()
        self._start_at: float | None = None

    def look(self) -> bool:
        """Restart the part if it is gone and its time has come; whether it was started just now."""
        if self.part.pid is not None:
            return False
        if self._start_at is None:
            words = f"{self.part.ending()} (see {self.part.log}), its last words: {self.part.last_words()}"
            self._start_at = time.monotonic() + self._deaths.add(words)
            self._say(f"{words[0].upper()}{words[1:]}. It is restarted.")
        if time.monotonic() < self._start_at:
            return False
        self.start()
        return True

    def start(self) -> None:
        """Start the part, whatever was planned."""
        self._start_at = None
        self.part.start()
