"""Run as a program: lands into copies of a home, killed before each durable step in turn.

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
from pipelines.lake import batches, compact, consume
from pipelines.lake.land import land


def main(address: str, pristine: Path, work: Path) -> None:
    batches.FILE_ROWS = 50  # type: ignore[misc]
    compact.FAN = 3  # type: ignore[misc]
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
    """Land, and die before the n-th durable step; a line of the manifest also dies half written.

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
