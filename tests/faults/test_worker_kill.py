"""SIGKILL in the middle of a file: the same facts as without it, from states that were really recovered."""

import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.broker import embedded, topics
from pipelines.home import Home

STATIONS = 200
FRAMES_SENT = 100_000
PARTITIONS = 4
SEED = 20261121


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, new_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> dict[tuple[str, str], dict[str, Any]]:
    """The facts of the same traffic on a broker of its own, without a kill."""
    home = Home(tmp_path_factory.mktemp("undisturbed")).create()
    broker = embedded.start(home)
    topics.ensure(broker.address, PARTITIONS)
    log = open_log(broker.address)
    truth = log.feed(STATIONS, FRAMES_SENT)
    worker = new_worker(home, broker.address, home.logs / "worker.log", 1.0).wait_ready()
    log.wait_covered()
    assert worker.stop() == 0
    found: dict[tuple[str, str], dict[str, Any]] = log.facts()
    broker.stop()
    closed = [row for (topic, _), row in found.items() if topic == "charging.sessions" and not row["is_open"]]
    assert len(closed) == truth.closed
    assert sum(row["energy_wh"] for row in closed) == truth.energy_wh
    return found


def test_three_kills_in_the_middle_of_a_file_change_no_fact(
    undisturbed: dict[tuple[str, str], dict[str, Any]],
    log: str,
    home: Home,
    start_worker: Callable[..., Any],
    open_log: Callable[[str], Any],
) -> None:
    kafka = open_log(log)
    kafka.feed(STATIONS, FRAMES_SENT)
    logs = []
    committed = 0
    for percent in sorted(random.Random(SEED).sample(range(5, 75), 3)):
        worker = start_worker(home, log, flush_s=0.02)
        worker.wait_said("ocpp.frames[")
        while committed * 100 < FRAMES_SENT * percent:
            assert worker.alive, worker.said
            worker.run_for(0.05)
            committed = kafka.committed()
        worker.kill()
        committed = kafka.committed()
        assert 0 < committed < FRAMES_SENT
        logs.append(worker.said)
    last = start_worker(home, log).wait_ready()
    kafka.wait_covered()
    assert last.stop() == 0
    logs.append(last.said)
    assert "recovered" not in logs[0], "the first worker had nothing to recover"
    for said in logs[1:]:
        assert _recovered(said) > 0, f"no station was recovered from the changelog:\n{said}"
    assert _recovered(logs[-1]) > _recovered(logs[1]) or _recovered(logs[1]) == STATIONS
    assert kafka.facts() == undisturbed


def _recovered(said: str) -> int:
    """Stations recovered from a changelog that covers some offset."""
    found = re.findall(r"recovered (\d+) stations of generation 1 at offset (\d+)", said)
    return sum(int(stations) for stations, _ in found)
