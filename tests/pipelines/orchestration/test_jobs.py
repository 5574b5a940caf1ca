"""The jobs as people start them: `dagster job execute` in a shell with nothing set but the home."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.tables.catalogue import TABLES
from pipelines.home import Home
from pipelines.orchestration.checking import RESULTS
from pipelines.warehouse.read import connect_readonly
from pipelines.warehouse.sql import identifier
from quality.registry import suites

# Whole refreshes as a program of their own: minutes on a loaded machine.
pytestmark = pytest.mark.timeout(900)

REPOSITORY = Path(__file__).parents[3]
COMPARED = [name for name in TABLES if not name.startswith(("meta__", "stg_"))]


def contents(home: Home) -> dict[str, list[tuple[object, ...]]]:
    with connect_readonly(home) as connection:
        return {
            name: connection.execute(f"SELECT * FROM {identifier(name)} ORDER BY ALL").fetchall() for name in COMPARED
        }


def command(job: str) -> list[str]:
    dagster = Path(sys.executable).with_name("dagster")
    return [str(dagster), "job", "execute", "-m", "pipelines.definitions", "-j", job]


def environment(home: Home) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LADDSTROM_", "DAGSTER_"))}
    return {**kept, "LADDSTROM_HOME": str(home.root)}


def execute(folder: Path, home: Home, job: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(job), cwd=folder, env=environment(home), capture_output=True, text=True, timeout=600, check=False
    )


def kill_while_building(folder: Path, home: Home) -> None:
    """SIGKILL to a refresh as soon as the file of its build appears."""
    log = folder / "killed.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command("refresh"), cwd=folder, env=environment(home), stdout=output, stderr=subprocess.STDOUT
        )
        deadline = time.monotonic() + 120
        while not list(home.root.glob("warehouse/*.building")) and process.poll() is None:
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.005)
        process.kill()
        process.wait()
    assert not home.current.exists(), "the build was over before the kill"
    log.unlink()
    for left in folder.glob(".tmp_dagster_home_*"):
        shutil.rmtree(left)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with the repository's dagster.yaml."""
    path = tmp_path_factory.mktemp("shell")
    shutil.copy(REPOSITORY / "dagster.yaml", path)
    return path


@pytest.fixture(scope="module")
def mine(folder: Path, history) -> Home:
    """A copy of a processed home whose warehouse is gone."""
    home = Home(folder / "home")
    shutil.copytree(history.home.root, home.root, symlinks=True)
    shutil.rmtree(home.builds)
    home.current.unlink()
    return home


def test_job_execute_alone_recreates_identical_tables_even_after_a_run_was_killed(folder, mine, history):
    kill_while_building(folder, mine)

    done = execute(folder, mine, "refresh")
    assert done.returncode == 0, done.stderr[-3000:]
    before, after = contents(history.home), contents(mine)
    assert len(before["core__sessions"]) == len(history.truth.sessions)
    assert before == after
    assert "no broker: nothing new" in done.stderr
    assert " - DEBUG - " not in done.stderr

    said = json.loads((mine.report / RESULTS).read_text(encoding="utf-8"))
    assert said["build"] == mine.current.resolve().name
    assert len(said["results"]) == sum(len(suite.rules) for suite in suites().values())
    broken = [result for result in said["results"] if result["severity"] == "critical" and not result["success"]]
    assert broken == []

    # Dagster keeps its own records where dagster.yaml says, and nowhere else.
    assert sorted(path.name for path in folder.iterdir()) == [".laddstrom", "dagster.yaml", "home"]
    assert [path.name for path in (folder / ".laddstrom").iterdir()] == ["dagster"]

    done = execute(folder, mine, "report")
    assert done.returncode == 0, done.stderr[-3000:]
    page = (mine.report / "index.html").read_text(encoding="utf-8")
    assert "expectations hold" in page
