"""The worker's cyclic garbage collector: off while folding, run once per flush. Not here: anything else.

Measured: left on, it halves the throughput, since each young collection
walks what a chunk has just made. What is made between two flushes is bounded, so one collection each suffices.
"""

import gc
from typing import Final

_FULL_EVERY: Final = 60


class Garbage:
    """Collects what is young at every flush, everything at every sixtieth."""

    def __init__(self) -> None:
        self._flushes = 0

    def off(self) -> None:
        """No automatic collection from here on, and never look at what importing left behind."""
        gc.disable()
        gc.collect()
        gc.freeze()

    def on(self) -> None:
        """As Python comes."""
        gc.unfreeze()
        gc.enable()

    def collect(self) -> None:
        """After a flush."""
        self._flushes += 1
        gc.collect(2 if self._flushes % _FULL_EVERY == 0 else 1)
