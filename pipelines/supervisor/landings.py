"""Lands and publishes at intervals, in a subprocess so that nobody waits for it. Not here: landing itself."""

import time
from collections.abc import Callable, Mapping

from pipelines.home import Home
from pipelines.supervisor.part import Part, PartError


class Landings:
    """One landing after the other, never two at once.

    Args:
        home: The home to land into.
        every_s: Seconds from one start to the next.
        say: Where failures are said.
    """

    def __init__(self, home: Home, every_s: float, say: Callable[[str], None]) -> None:
        self._home = home
        self._every_s = every_s
        self._say = say
        self._running: Part | None = None
        self._began_at = time.time()
        self._next = time.monotonic() + every_s
        self.landed_at = time.time()
        """Wall clock at the start of the last landing that succeeded."""

    def look(self, environment: Mapping[str, str]) -> None:
        """Finish a landing that has ended, start one whose time has come."""
        if self._running is not None:
            if self._running.pid is not None:
                return
            self._finish()
        if time.monotonic() >= self._next:
            self._start(environment)

    def last(self, environment: Mapping[str, str], within_s: float) -> None:
        """Land once more and wait for it; raises `PartError` with its last words."""
        deadline = time.monotonic() + within_s
        if self._running is not None:
            self._running.wait(within_s / 2)
            self._finish()
        if not self._start(environment).wait(deadline - time.monotonic()):
            self.kill()
            raise PartError(
                "the last landing took too long and was ended; what it landed stays, `laddstrom land` and "
                "`laddstrom build` go on there if the broker is a durable one"
            )
        if (failed := self._finish()) is not None:
            raise PartError(f"the last landing failed: {failed.last_words()} (see {failed.log})")

    def kill(self) -> None:
        """End a landing under way; the next one does its work again."""
        if self._running is not None:
            self._running.kill()
            self._running = None

    def _start(self, environment: Mapping[str, str]) -> Part:
        self._next = time.monotonic() + self._every_s
        self._began_at = time.time()
        self._running = Part(self._home, "publish", [], environment)
        self._running.start()
        return self._running

    def _finish(self) -> Part | None:
        """Take note of how the landing ended; returns it if it failed."""
        ended, self._running = self._running, None
        if ended is None:
            return None
        if ended.code == 0:
            self.landed_at = self._began_at
            return None
        self._say(f"Landing failed and is tried again at the next interval: {ended.last_words()} (see {ended.log})")
        return ended
