"""Run as a program: lands into copies of a home, killed before and after each durable step in turn.

Forks, so that kafka-python's slow start is paid once; nothing of polars is used before a fork.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from pipelines.home import Home
from pipelines.lake import batches, consume
from pipelines.lake.land import land

STEPS = ("fsync", "replace", "pwrite")


def main(address: str, pristine: Path, work: Path) -> None:
    batches.FILE_ROWS = 50  # type: ignore[misc]
    with consume.connect(address) as log:
        found = log.find(["ocpp.frames"])
        log.ends(found.values())
    killed_at = 0
    while True:
        root = work / f"{killed_at + 1:04d}"
        shutil.copytree(pristine, root)
        if in_child(root, address, killed_at + 1) == 0:
            break
        killed_at += 1
        assert in_child(root, address, 0) == 0, f"the landing after crash {killed_at} failed"
    print(json.dumps({"crashes": killed_at}))


def run(root: Path, address: str, kill_at: int) -> None:
    count = 0

    def counted(real: Any) -> Any:
        def step(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            result = real(*arguments, **named)
            count += 1
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return step

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))
    land(Home(root), address)


def in_child(root: Path, address: str, kill_at: int) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            run(root, address, kill_at)
        except BaseException as error:  # noqa: BLE001 - a forked child must end here whatever happens
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return -1
    code = os.waitstatus_to_exitcode(status)
    assert code == 0, f"a landing failed with {code}"
    return code


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
