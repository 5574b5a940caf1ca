"""Run as a program: lands into copies of a home, killed before each durable step in turn."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from dying import sweep

from pipelines.home import Home
from pipelines.lake import batches, compact, consume
from pipelines.lake.land import land

if __name__ == "__main__":
    address, pristine, work = sys.argv[1:]
    batches.FILE_ROWS = 50  # type: ignore[misc]
    compact.FAN = 3  # type: ignore[misc]
    with consume.connect(address) as log:  # kafka-python's slow start is paid once
        found = log.find(["ocpp.frames"])
        log.ends(found.values())
    sweep(Path(pristine), Path(work), lambda root: land(Home(root), address), again=True)
