"""SIGKILL while late frames are folded in: the facts of the log in its order, and every restatement told once."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.broker import embedded, topics
from pipelines.home import Home
from pipelines.lake.land import land

STATIONS = 60
FRAMES_SENT = 30_000
PARTITIONS = 4
TOLD = ("charging.restatements", "charging.replays")
PLACES = ("_generation", "_partition", "_offset", "energy_candidates")

Rows = dict[tuple[str, str], dict[str, Any]]


def content(facts: Rows) -> Rows:
    """What holds, without where in the log it was seen."""
    return {
        name: {column: value for column, value in row.items() if not column.endswith(PLACES)}
        for name, row in facts.items()
        if name[0] not in TOLD and not row["deleted"]
    }


def status(home: Home) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads((home.run / "worker.json").read_text(encoding="utf-8"))
        return said
    except FileNotFoundError:
        return {}


@pytest.fixture(scope="module")
def in_order(
    tmp_path_factory: pytest.TempPathFactory, new_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> Rows:
    """The facts of two days that came one after the other."""
    home = Home(tmp_path_factory.mktemp("in-order")).create()
    broker = embedded.start(home)
    topics.ensure(broker.address, PARTITIONS)
    log = open_log(broker.address)
    for day in (0, 1):
        log.feed(STATIONS, FRAMES_SENT, day=day)
    worker = new_worker(home, broker.address, home.logs / "worker.log", 1.0).wait_ready()
    log.wait_covered()
    assert status(home)["marked"] == 0
    assert worker.stop() == 0
    found = content(log.facts())
    broker.stop()
    return found


def test_kills_while_late_frames_are_folded_in_change_no_fact(
    in_order: Rows,
    log: str,
    home: Home,
    start_worker: Callable[..., Any],
    open_log: Callable[[str], Any],
) -> None:
    kafka = open_log(log)
    for day in (1, 0):
        kafka.feed(STATIONS, FRAMES_SENT, day=day)
    worker = start_worker(home, log).wait_ready()
    kafka.wait_covered()
    assert status(home)["marked"] == STATIONS
    assert content(kafka.facts()) != in_order
    worker.hold()
    land(home, log)
    left = [STATIONS]
    while left[-1] and len(left) < 4:
        while status(home)["marked"] == left[-1]:
            assert worker.alive, worker.said
            worker.run_for(0.03)
        left.append(status(home)["marked"])
        worker.kill()
        worker = start_worker(home, log).wait_ready()
    assert 0 < left[1] < STATIONS, "the first kill fell between two replays"
    deadline = time.monotonic() + 60
    while status(home).get("marked") != 0:
        assert worker.alive, worker.said
        assert time.monotonic() < deadline, worker.said
        time.sleep(0.1)
    assert worker.stop() == 0
    facts = kafka.facts()
    assert content(facts) == in_order
    replays = [row for (topic, _), row in facts.items() if topic == "charging.replays"]
    assert len(replays) == STATIONS
    assert sum(row["late_frames"] for row in replays) >= FRAMES_SENT * 0.99
    assert {row["restated_at"] for (topic, _), row in facts.items() if topic == TOLD[0]} <= {
        row["replayed_at"] for row in replays
    }
