"""`laddstrom import`, then the single parts, as people with their own supervisor run them."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipelines.broker import topics

KAFKA = "LADDSTROM_KAFKA__BOOTSTRAP_SERVERS"
LOG = "ocpp/sim_solidstudio_vcp_16_201_21.jsonl"


def test_import_then_worker_then_land_then_build(
    laddstrom: Any, broker: str, eventually: Any, shared_data: Path, request: pytest.FixtureRequest
) -> None:
    if broker == "embedded":  # here as a Kafka that somebody else runs
        laddstrom.environment[KAFKA] = request.getfixturevalue("embedded_broker")
    bootstrap = laddstrom.environment[KAFKA]
    sent = laddstrom.run("import", shared_data / LOG).stdout
    assert "310 lines, 310 sent" in sent
    assert sum(topics.lag(bootstrap).values()) == 310

    worker = laddstrom.start("worker", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert eventually(lambda: sum(topics.lag(bootstrap).values()) == 0, 60)
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=60)
        assert worker.returncode == 0
        assert b"worker ready" in said
    finally:
        worker.kill()
    landed = laddstrom.run("land").stdout
    assert "302 raw_ocpp__frames" in landed
    assert "nothing new" in laddstrom.run("land").stdout
    assert "Published" in laddstrom.run("build").stdout
    counts = laddstrom.sql("SELECT protocol, count(*) AS n FROM core__sessions GROUP BY protocol ORDER BY protocol")
    assert counts == [{"protocol": p, "n": 3} for p in ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")]

    assert "skipped, known already" in laddstrom.run("import", shared_data / LOG).stderr


def test_an_import_reaches_a_running_up(laddstrom: Any, shared_data: Path) -> None:
    with laddstrom.up() as up:
        laddstrom.run("import", shared_data / LOG)
        assert up.stop() == 0
    assert laddstrom.sql("SELECT count(*) AS n FROM core__sessions") == [{"n": 9}]


@pytest.mark.parametrize("part", [["worker"], ["gateway"], ["ocpi"], ["land"], ["import", "FILE"]])
def test_a_part_without_a_broker_names_the_setting_and_changes_nothing(
    laddstrom: Any, tmp_path: Path, part: list[str], shared_data: Path
) -> None:
    laddstrom.environment["LADDSTROM_HOME"] = str(tmp_path / "new")
    part = [str(shared_data / LOG) if word == "FILE" else word for word in part]
    refused = laddstrom.run(*part, code=2)
    assert KAFKA in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("command", ["process", "import", "land", "worker"])
def test_a_kafka_that_does_not_answer_is_one_sentence(laddstrom: Any, shared_data: Path, command: str) -> None:
    laddstrom.environment[KAFKA] = "127.0.0.1:1"
    files = [shared_data / LOG] if command in ("process", "import") else []
    refused = laddstrom.run(command, *files, code=1)
    assert "nothing listens at 127.0.0.1:1" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_the_summary_is_text_for_people_too(laddstrom: Any, shared_data: Path) -> None:
    said = laddstrom.run("process", shared_data / "ocpp/sim_test_ocpp_cli.jsonl").stdout
    assert "this run" in said
    assert "whole warehouse" in said
    assert str(laddstrom.home.current) in said
    empty = laddstrom.folder / "empty.jsonl"
    empty.write_text(json.dumps({"chargePointId": "CP-9", "raw": '[2,"1","Heartbeat",{}]'}) + "\n")
    assert laddstrom.process(empty)["whole_warehouse"]["frames"] > 1
