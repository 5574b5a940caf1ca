"""Each notebook runs from top to bottom on real data, and each figure is what its query says."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from planted import History

from pipelines.home import Home
from pipelines.warehouse import build
from pipelines.warehouse.read import connect_readonly

UNITS = ("_wh", "_kwh", "_min", "_h", "_percent", "per_1000_sessions")
COUNTS = {"sessions", "with_energy", "episodes", "open_episodes", "episodes_open", "closed", "hour_of_day"}
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.py"))


def _app(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.app


def test_there_are_notebooks_on_faults_and_energy() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["energy_kpis", "fault_kpis"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_figure_is_what_its_query_says(path: Path, history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADDSTROM_HOME", str(history.home.root))
    _, values = _app(path).run()
    queries = {name.removesuffix("_sql"): text for name, text in values.items() if name.endswith("_sql")}
    assert len(queries) >= 4
    with connect_readonly(history.home) as connection:
        for name, text in queries.items():
            expected = connection.sql(text).pl()
            assert isinstance(values[name], pl.DataFrame)
            assert len(expected) > 0, name
            assert values[name].equals(expected), name
    values["connection"].close()


def test_the_notebooks_agree_with_what_was_planted(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADDSTROM_HOME", str(history.home.root))
    _, energy = _app(NOTEBOOKS[0]).run()
    assert int(energy["energy_by_day"]["energy_wh"].sum()) == history.truth.energy_wh
    _, faults = _app(NOTEBOOKS[1]).run()
    assert faults["fault_rate"].row(0, named=True)["episodes"] == len(history.truth.faults)
    energy["connection"].close()
    faults["connection"].close()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_number_has_a_unit_or_is_a_count(path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    build.build(home)
    monkeypatch.setenv("LADDSTROM_HOME", str(home.root))
    _, values = _app(path).run()
    values["connection"].close()
    tables = [value for name, value in values.items() if f"{name}_sql" in values]
    assert len(tables) >= 4
    for table in tables:
        for column, kind in table.schema.items():
            if kind.is_numeric():
                assert column in COUNTS or column.endswith(UNITS), column


def _run_as_script(path: Path, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(path)],
        env={"LADDSTROM_HOME": str(home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_as_a_script(path: Path, history: History) -> None:
    done = _run_as_script(path, history.home.root)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_without_a_warehouse_it_says_so_and_makes_nothing(path: Path, tmp_path: Path) -> None:
    done = _run_as_script(path, tmp_path / "none")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "none").exists()
