"""`dagster dev` in a folder like the repository's root, with no variable of Dagster set."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from models.tables.catalogue import TABLES
from quality.registry import suites

REPOSITORY = Path(__file__).parents[3]
QUERY = """{
  repositoriesOrError { ... on RepositoryConnection { nodes {
    jobs { name }
    schedules { name cronSchedule scheduleState { status } }
    assetNodes {
      assetKey { path } description groupName
      dependencyKeys { path }
      assetChecksOrError { ... on AssetChecks { checks { name blocking } } }
    }
  } } }
}"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def server(tmp_path):
    """The address of a running `dagster dev`, and its folder."""
    for name in ("dagster.yaml", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LADDSTROM_", "DAGSTER_"))}
    log = (tmp_path / "dev.log").open("w")
    process = subprocess.Popen(
        [Path(sys.executable).with_name("dagster"), "dev", "-h", "127.0.0.1", "-p", str(port)],
        cwd=tmp_path,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    yield f"http://127.0.0.1:{port}/graphql", tmp_path, process
    process.send_signal(signal.SIGINT)
    process.wait(60)
    log.close()


def ask(address: str, process: subprocess.Popen[bytes], folder: Path):
    """The repository's node, once the code location is loaded."""
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "dev.log").read_text()[-3000:]
        try:
            data = httpx.post(address, json={"query": QUERY}, timeout=30).json()["data"]
        except httpx.TransportError:
            time.sleep(0.5)
            continue
        if nodes := data["repositoriesOrError"].get("nodes"):
            return nodes[0]
        time.sleep(0.5)
    pytest.fail((folder / "dev.log").read_text()[-3000:])


def test_it_shows_the_assets_the_schedules_and_the_checks(server):
    address, folder, process = server
    found = ask(address, process, folder)
    assets = {"/".join(node["assetKey"]["path"]): node for node in found["assetNodes"]}
    assert set(assets) == {name for name in TABLES if not name.startswith("meta__")} | {"report_page"}
    assert assets["core__sessions"]["description"] == TABLES["core__sessions"].comment
    needs = {key["path"][0] for key in assets["report__energy_daily"]["dependencyKeys"]}
    assert needs == {"core__sessions"}
    checks = {name: [it["name"] for it in node["assetChecksOrError"]["checks"]] for name, node in assets.items()}
    for table, suite in suites().items():
        assert sorted(checks[table]) == sorted(rule.name for rule in suite.rules)
    assert {it["name"]: it["scheduleState"]["status"] for it in found["schedules"]} == {
        "land_often": "RUNNING",
        "report_daily": "RUNNING",
    }
    assert {"refresh", "report"} <= {job["name"] for job in found["jobs"]}
    assert (folder / ".laddstrom" / "dagster").is_dir()
