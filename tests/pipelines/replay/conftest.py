"""Processed homes to replay, and facts planted in them as a worker with other rules would have landed them."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from planted import History

from models import facts
from models.tables.landed import LANDED
from pipelines.home import Home
from pipelines.lake import files
from pipelines.lake.manifest import LandedFile, Manifest, Range
from pipelines.lake.parquet import CODE_VERSION
from pipelines.replay.run import Outcome, replay
from pipelines.warehouse import fingerprint
from pipelines.warehouse.build import build
from pipelines.warehouse.read import connect_readonly

SHARED = Path(__file__).parents[4] / "shared" / "data"
SAP = SHARED / "ocpp" / "sim_sap_emobility_16_201.jsonl"


@pytest.fixture(scope="session")
def sap(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The SAP capture, processed once."""
    if not SAP.is_file():
        pytest.skip(f"the shared input data is not at {SHARED}")
    home = Home(tmp_path_factory.mktemp("sap") / "home")
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "process", str(SAP)],
        env={"LADDSTROM_HOME": str(home.root), "PATH": "/usr/bin:/bin", "HOME": str(Path.home())},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(params=["sap", "fleet"])
def processed(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """A copy of a processed home: the capture, or two weeks of a simulated fleet."""
    if request.param == "sap":
        return copied(request.getfixturevalue("sap"), tmp_path)
    history: History = request.getfixturevalue("history")
    return copied(history.home, tmp_path)


@pytest.fixture
def lake(sap: Home, tmp_path: Path) -> Home:
    """A copy of the processed SAP capture."""
    return copied(sap, tmp_path)


def copied(home: Home, tmp_path: Path) -> Home:
    shutil.copytree(home.root, tmp_path / "copy", symlinks=True)
    return Home(tmp_path / "copy")


@pytest.fixture(scope="session")
def again() -> Callable[..., Outcome]:
    """Replay a home with its own key."""

    def run(home: Home, **options: Any) -> Outcome:
        return replay(home, token_key=home.token_key(), **options)

    return run


@pytest.fixture(scope="session")
def numbers() -> Callable[[Home], dict[str, str]]:
    """Build, and the row hash of every table."""

    def look(home: Home) -> dict[str, str]:
        build(home)
        with connect_readonly(home) as opened:
            return fingerprint.fingerprint(opened)

    return look


@pytest.fixture(scope="session")
def landed() -> Callable[[Home], dict[str, str]]:
    """Every listed file's digest."""

    def look(home: Home) -> dict[str, str]:
        manifest = Manifest(home)
        listed = [file for found in manifest.files.values() for file in found]
        return {file.path: file.sha256 for file in [*listed, *(line.file for line in manifest.current_states())]}

    return look


@pytest.fixture(scope="session")
def plant() -> Callable[..., LandedFile]:
    """Land rows of a kind of fact, as the next offsets of the partition of one of its files."""

    def land(home: Home, kind: type[facts.Fact], rows: Sequence[dict[str, Any]], *, after: int = 0) -> LandedFile:
        manifest = Manifest(home)
        before = manifest.ranges[facts.topic(kind)][after]
        first = manifest.next_offset(before.topic, before.generation, before.partition)
        last = first + len(rows) - 1
        table = pa.Table.from_pylist(list(rows), LANDED[kind.table].schema)
        name = files.name_of(before.topic, before.generation, before.partition, first, last)
        file = files.write(home, kind.table, name, table)
        manifest.append(
            Range(
                topic=before.topic,
                log_id=before.log_id,
                generation=before.generation,
                partition=before.partition,
                first_offset=first,
                last_offset=last,
                files=(file,),
                sources={},
                known=0,
                invalid=0,
                code_version=CODE_VERSION,
                epoch=manifest.begin(),
            )
        )
        return file

    return land


@pytest.fixture(scope="session")
def rows_in_partition_of() -> Callable[..., list[dict[str, Any]]]:
    """The rows of the file that `plant` continues: a station's facts stay in its partition."""

    def read(home: Home, kind: type[facts.Fact], number: int = 0) -> list[dict[str, Any]]:
        line = Manifest(home).ranges[facts.topic(kind)][number]
        rows: list[dict[str, Any]] = files.read(home, line.files[0]).to_pylist()
        return rows

    return read
