"""`laddstrom report`: in the zone that is set, and in one sentence where it cannot be written."""

import os
import subprocess
import sys
from html import unescape
from pathlib import Path

import duckdb
from planted import History

from pipelines.home import Home


def run(home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "report"],
        env={**os.environ, "LADDSTROM_HOME": str(home), **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_is_in_the_zone_that_is_set(history: History) -> None:
    done = run(history.home.root, LADDSTROM_REPORT__TIMEZONE="Europe/Stockholm")
    assert done.returncode == 0, done.stderr
    page = unescape(Path(done.stdout.strip()).read_text(encoding="utf-8"))
    assert "· Europe/Stockholm ·" in page
    assert "timezone('Europe/Stockholm', started_at)" in page


def test_without_a_home_nothing_is_made(tmp_path: Path) -> None:
    done = run(tmp_path / "none")
    assert done.returncode == 1
    assert "run `laddstrom process FILE`" in done.stderr
    assert not (tmp_path / "none").exists()


def test_a_warehouse_of_another_version_is_to_be_built_anew(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    build = home.builds / "laddstrom.000001.duckdb"
    with duckdb.connect(str(build)) as connection:
        connection.execute("CREATE TABLE core__sessions (started TIMESTAMPTZ)")
    home.current.symlink_to(build.relative_to(home.root))
    done = run(home.root)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the published warehouse is of another version of Laddström (")
    assert "run `laddstrom build`" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
