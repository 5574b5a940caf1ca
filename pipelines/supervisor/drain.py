"""Waiting until the worker has covered the log, and folded what came late.

Not here: any folding of our own; without a worker this fails.
"""

import time
from collections.abc import Callable
from typing import Final

from pipelines.broker import topics
from pipelines.supervisor.part import Part, PartError

_POLL_S: Final = 0.3

Progress = Callable[[int], None]
"""Told how many records the worker has not covered yet."""


def until_covered(
    bootstrap: str,
    worker: Part,
    *,
    progress: Progress = lambda _: None,
    stall_s: float,
    within_s: float = float("inf"),
) -> None:
    """Return once the worker is ready and has committed everything that is in the log.

    Raises:
        PartError: it ended, made no progress for `stall_s`, or was not done `within_s`; with its last words.
    """
    began = time.monotonic()
    best: tuple[bool, int] | None = None
    since = time.monotonic()
    while True:
        behind = sum(topics.lag(bootstrap).values())
        is_ready = bool(worker.said)
        progress(behind)
        if is_ready and behind == 0:
            return
        if worker.pid is None:
            raise PartError(f"{worker.ending()}: {worker.last_words()} (see {worker.log})")
        if best is None or is_ready > best[0] or behind < best[1]:
            best, since = (is_ready, behind), time.monotonic()
        now = time.monotonic()
        if now - since > stall_s or now - began > within_s:
            what = f"{behind} records behind" if is_ready else "not ready"
            raise PartError(
                f"the worker is {what} after {now - began:.0f} s, the last {now - since:.0f} s without progress: "
                f"{worker.last_words()} (see {worker.log})"
            )
        time.sleep(_POLL_S)


def marked(worker: Part) -> int:
    """How many stations wait for a replay, as the worker last said; right once it has covered the log."""
    return int(str(worker.said.get("marked", 0)))


def until_restated(worker: Part, *, progress: Progress = lambda _: None, stall_s: float) -> None:
    """Return once the worker has replayed every marked station; what marked them is landed.

    Raises:
        PartError: it ended, failed to replay one, or made no progress for `stall_s`; with its last words.
    """
    best, since = marked(worker), time.monotonic()
    while True:
        if worker.pid is None:
            raise PartError(f"{worker.ending()}: {worker.last_words()} (see {worker.log})")
        said = worker.said
        left = int(str(said.get("marked", best or 1)))
        progress(left)
        if said and left == 0:
            return
        if (error := said.get("restating")) is not None:
            raise PartError(f"{error} (see {worker.log})")
        if left < best:
            best, since = left, time.monotonic()
        if time.monotonic() - since > stall_s:
            raise PartError(
                f"the worker has {left} stations left to replay after late frames, the last {stall_s:.0f} s without "
                f"progress: {worker.last_words()} (see {worker.log})"
            )
        time.sleep(_POLL_S)
