"""Run as a program: replays copies of a home, killed before each durable step in turn.

Forks, so that imports are paid once; nothing of polars is used before a fork.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from pipelines.home import Home
from pipelines.replay.run import replay


def main(pristine: Path, work: Path) -> None:
    killed_at = 0
    while True:
        root = work / f"{killed_at + 1:04d}"
        shutil.copytree(pristine, root, symlinks=True)
        if in_child(root, killed_at + 1) == 0:
            break
        killed_at += 1
    print(json.dumps({"crashes": killed_at}))


def run(root: Path, kill_at: int) -> None:
    """Replay, and die before the n-th durable step; the line of the manifest also dies half written."""
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
    home = Home(root)
    replay(home, token_key=home.token_key())


def in_child(root: Path, kill_at: int) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            run(root, kill_at)
        except BaseException as error:  # noqa: BLE001 - a forked child must end here whatever happens
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return -signal.SIGKILL
    assert os.WIFEXITED(status)
    assert os.WEXITSTATUS(status) == 0
    return 0


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
