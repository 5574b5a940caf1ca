"""A replay's processes: one for each share, spawned, each heard through a pipe. Not here: what a share is."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait

from pipelines.lake.errors import LakeError
from pipelines.replay.share import Done, Progress, Task, work


class ReplayError(LakeError):
    """A process of the replay ended before it was done; nothing it did counts."""


def run(tasks: Sequence[Task], progress: Progress) -> Done:
    """Do all tasks, each in a process of its own; a single one is done here.

    Raises:
        ReplayError: a process was killed, perhaps for want of memory.
        LakeError: as `share.work`.
    """
    if len(tasks) == 1:
        return work(tasks[0], progress)
    # Spawned, not forked: Polars' and Arrow's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    started = []
    try:
        for task in tasks:
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(task, theirs), daemon=True)
            process.start()
            theirs.close()
            started.append((process, ours))
        return _gather([ours for _, ours in started], progress)
    finally:
        for process, ours in started:
            process.terminate()
            process.join()
            ours.close()


def _gather(pipes: list[Connection], progress: Progress) -> Done:
    done, left = Done(), set(pipes)
    while left:
        for pipe in wait(list(left)):
            assert isinstance(pipe, Connection)
            try:
                said = pipe.recv()
            except EOFError:
                raise ReplayError(
                    "a process of the replay was killed, perhaps for want of memory; nothing was changed, "
                    "run it again with fewer --processes"
                ) from None
            if isinstance(said, Exception):
                raise said
            if isinstance(said, Done):
                done.add(said)
                left.remove(pipe)
            else:
                progress(said)
    return done


def _work(task: Task, pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; who started this one ends it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        pipe.send(work(task, pipe.send))
    except Exception as error:  # noqa: BLE001 - raised again where all processes are heard
        pipe.send(error)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        # Its locks are free again: another replay may write files of the same names.
        os._exit(1)
