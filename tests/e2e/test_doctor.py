"""`laddstrom doctor`: what is configured, reachable and behind; exit code 1 if something is wrong."""

import json
import os
import signal
from pathlib import Path
from typing import Any


def findings(laddstrom: Any, code: int = 0) -> dict[str, dict[str, Any]]:
    return {found["name"]: found for found in json.loads(laddstrom.run("doctor", "--json", code=code).stdout)}


def test_on_a_new_home_nothing_is_wrong_and_nothing_is_made(laddstrom: Any, tmp_path: Path) -> None:
    laddstrom.environment["LADDSTROM_HOME"] = str(tmp_path / "new")
    said = laddstrom.run("doctor").stdout
    assert "duckdb" in said
    assert not (tmp_path / "new").exists()


def test_a_running_pipeline_is_described_and_a_dead_worker_is_wrong(
    laddstrom: Any, eventually: Any, shared_data: Path
) -> None:
    with laddstrom.up("--land-every", 600) as up:
        found = findings(laddstrom)
        assert found["lag"]["sentence"].startswith("0 records")
        assert str(up.pid("gateway")) in found["gateway"]["sentence"]
        assert f"pipeline is held by process {up.process.pid}" in found["lock"]["sentence"]
        laddstrom.run("import", shared_data / "ocpp/sim_test_ocpp_cli.jsonl")
        assert findings(laddstrom)["landing"]["sentence"].startswith("12 records")
        assert up.stop() == 0
    found = findings(laddstrom)
    assert "ago" in found["warehouse"]["sentence"]
    assert "does not run" in found["worker"]["sentence"]


def test_a_part_that_was_killed_is_wrong(laddstrom: Any, eventually: Any) -> None:
    with laddstrom.up() as up:
        os.kill(up.process.pid, signal.SIGKILL)
        up.process.wait()
        assert eventually(lambda: not findings(laddstrom, code=1)["gateway"]["is_good"])


def test_an_unreachable_kafka_and_a_damaged_manifest_are_wrong(laddstrom: Any, tmp_path: Path) -> None:
    laddstrom.environment["LADDSTROM_KAFKA__BOOTSTRAP_SERVERS"] = "127.0.0.1:1"
    laddstrom.home.manifest.write_text("{}\n")
    found = findings(laddstrom, code=1)
    assert "nothing listens" in found["kafka"]["sentence"]
    assert "manifest" in found["lake"]["sentence"]
    laddstrom.home.keys.chmod(0o755)
    assert not findings(laddstrom, code=1)["privacy"]["is_good"]
