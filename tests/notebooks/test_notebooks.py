"""Each notebook runs from top to bottom on real data, and each figure is what its query says."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from planted import History

from pipelines.warehouse.read import connect_readonly

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
def test_a_notebook_runs_as_a_script(path: Path, history: History) -> None:
    done = subprocess.run(
        [sys.executable, str(path)],
        env={"LADDSTROM_HOME": str(history.home.root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
