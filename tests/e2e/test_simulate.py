"""`laddstrom simulate` against `laddstrom up`: what it planted is what is found."""

import json
from pathlib import Path
from typing import Any


def test_what_the_simulator_planted_is_found(laddstrom: Any, tmp_path: Path) -> None:
    truth_file = tmp_path / "truth.json"
    with laddstrom.up() as up:
        said = laddstrom.run("simulate", "--stations", 10, "--sessions", 30, "--seed", 7, "--truth", truth_file)
        assert up.stop() == 0
    truth = json.loads(truth_file.read_text())
    assert "sessions 30," in said.stdout
    planted = sorted((s["station_id"], s["energy_wh"]) for s in truth["sessions"])
    found = laddstrom.sql("SELECT station_id, energy_wh FROM core__sessions ORDER BY ALL")
    assert [(row["station_id"], row["energy_wh"]) for row in found] == planted
    faults = laddstrom.sql("SELECT station_id, code FROM core__fault_episodes ORDER BY ALL")
    assert sorted((row["station_id"], row["code"]) for row in faults) == sorted(
        (fault["station_id"], fault["code"]) for fault in truth["faults"]
    )


def test_without_a_gateway_it_says_so(laddstrom: Any, tmp_path: Path) -> None:
    refused = laddstrom.run("simulate", code=2)
    assert "laddstrom up" in refused.stderr
    assert "Error: " in laddstrom.run("simulate", "ws://127.0.0.1:1/ocpp", "--truth", tmp_path / "t", code=1).stderr
