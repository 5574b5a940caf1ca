"""A seeded history taken through the whole pipeline once, with the truth that was planted in it."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingest.fleet import history
from ingest.fleet.truth import Truth
from pipelines.home import Home


@dataclass(frozen=True, slots=True)
class History:
    """A published home and what was planted."""

    home: Home
    truth: Truth


def process(folder: Path) -> History:
    """Write a history of 12 stations over 14 days and `laddstrom process` it."""
    log = folder / "history.jsonl"
    truth = history.write(log, seed=7, days=14, stations=12, end=datetime(2026, 11, 21, tzinfo=UTC))
    home = Home(folder / "home")
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "process", str(log)],
        env={"LADDSTROM_HOME": str(home.root), "PATH": "/usr/bin:/bin", "HOME": str(Path.home())},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return History(home, truth)
