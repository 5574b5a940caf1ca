"""Run a program's work in forked children, killed before each durable step (fsync, rename, line of a file) in turn.

Forks, so that imports are paid once; nothing of polars may be used before the first.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def sweep(pristine: Path, work: Path, act: Callable[[Path], object], *, again: bool) -> None:
    """Do `act` on copies of `pristine`, one for each step it may die before; says on stdout how many those are.

    With `again`, each crash is followed by one undisturbed run on the same copy.
    """
    crashes = 0
    while True:
        root = work / f"{crashes + 1:04d}"
        shutil.copytree(pristine, root, symlinks=True)
        if _ends(root, act, crashes + 1):
            break
        crashes += 1
        if again:
            assert _ends(root, act, 0), f"the run after crash {crashes} was killed"
    print(json.dumps({"crashes": crashes}))


def _ends(root: Path, act: Callable[[Path], object], kill_at: int) -> bool:
    """Whether it ended by itself."""
    pid = os.fork()
    if pid == 0:
        try:
            _die_before(kill_at)
            act(root)
        except BaseException as error:  # noqa: BLE001 - a forked child must end here whatever happens
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    assert os.waitstatus_to_exitcode(status) == 0, f"{root} failed with {status}"
    return True


def _die_before(kill_at: int) -> None:
    """From now on, die before the n-th durable step; a line of a file also dies half written.

    Dying after a step leaves the same disk as dying before the next one.
    """
    count = 0

    def die_here() -> None:
        nonlocal count
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(real: Any) -> Any:
        def step(*arguments: Any, **named: Any) -> Any:
            die_here()
            return real(*arguments, **named)

        return step

    def torn(descriptor: int, data: bytes, place: int) -> int:
        die_here()
        if count == kill_at - 1:
            pwrite(descriptor, data[: len(data) // 2], place)
        die_here()
        return pwrite(descriptor, data, place)

    pwrite = os.pwrite
    os.pwrite = torn  # type: ignore[assignment]
    for name in ("fsync", "replace"):
        setattr(os, name, counted(getattr(os, name)))
