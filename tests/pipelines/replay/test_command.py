"""`laddstrom replay` as people run it: tables and JSON on stdout, one sentence where it refuses."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from models.facts import Session
from pipelines.home import Home

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(lake: Home) -> Run:
    def replay(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", "replay", *arguments],
            env={**os.environ, "LADDSTROM_HOME": str(lake.root)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return done

    return replay


def test_a_dry_run_shows_the_kinds_and_the_replay_says_what_to_do_next(
    lake: Home, run: Run, plant, rows_in_partition_of
) -> None:
    assert run().stdout.startswith("Nothing changed: 4,020 records of 12 stations in ")
    assert run("--dry-run").stdout.startswith("Nothing would change: 4,020 records of 12 stations in ")
    row = rows_in_partition_of(lake, Session)[0]
    plant(lake, Session, [{**row, "version_offset": 10**6, "energy_wh": 1}])
    tried = run("--dry-run").stdout
    assert "sessions" in tried
    assert tried.splitlines()[-1] == "Dry run, nothing was written."
    said = json.loads(run("--json", "--dry-run").stdout)
    assert said["facts"]["sessions"] == {"same": 195, "new": 0, "changed": 1, "retracted": 0}
    assert said["edition"] is None
    done = run().stdout
    assert done.splitlines()[-1] == "The lake is of edition 1 now; `laddstrom build` publishes it."
    assert run("--station", row["station_id"]).stdout.startswith("Nothing changed: ")


def test_refusals_are_one_sentence_on_stderr(lake: Home, run: Run) -> None:
    unknown = run("--station", "CS-NONE", code=2)
    assert unknown.stdout == ""
    assert unknown.stderr.startswith("Error: nothing of station 'CS-NONE' was landed")
    with lake.lock("pipeline"):
        assert f"is being written by process {os.getpid()}" in run(code=1).stderr
    with lake.share("worker"):
        assert "stop it, then replay" in run(code=1).stderr
