"""Which process works on a run, and whether it still lives.

Dagster does not see that a run's process was killed on one machine (its default launcher has no health check): the
run would stay "started" until its longest time is over, and nothing would land until then. Not here: other machines.
"""

import os
import platform

import dagster as dg

PID_TAG = "laddstrom/pid"
HOST_TAG = "laddstrom/host"


def sign(context: dg.AssetExecutionContext) -> None:
    """Write this process on the run."""
    context.instance.add_run_tags(context.run.run_id, {PID_TAG: str(os.getpid()), HOST_TAG: platform.node()})


def is_dead(run: dg.DagsterRun) -> bool:
    """True when the run was signed by a process of this machine that is gone."""
    pid = run.tags.get(PID_TAG, "")
    if not pid.isdecimal() or run.tags.get(HOST_TAG) != platform.node():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        # Somebody else's process: it lives.
        return False
    return False
