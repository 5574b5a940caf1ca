"""Starts a program that must not outlive the process that asked for it, not even after its SIGKILL.

Linux ends it through the kernel (PR_SET_PDEATHSIG); elsewhere a forked watcher looks once a second. Run as
a script by `command`, before anything of ours is imported. Not here: restarting (see `pipelines.supervisor`).
"""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def command(program: list[str], *, with_signal: signal.Signals = signal.SIGKILL) -> list[str]:
    """The command line that runs `program`, ended by a signal when the calling process is gone.

    The kernel watches the thread that starts it: start it from a thread that lives as long as the process.
    """
    return [
        sys.executable,
        "-I",
        "-S",
        str(Path(__file__).resolve()),
        str(os.getpid()),
        str(int(with_signal)),
        *program,
    ]


def _watch(parent: int, program: int, with_signal: int) -> None:
    while _alive(program):
        if not _alive(parent):
            os.kill(program, with_signal)
            return
        time.sleep(1)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _leash(parent: int, with_signal: int, program: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, with_signal)
    elif os.fork() == 0:
        _watch(parent, os.getppid(), with_signal)
        os._exit(0)
    if os.getppid() != parent:  # it died before the leash held
        os._exit(1)
    os.execv(program[0], program)


if __name__ == "__main__":
    _leash(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
