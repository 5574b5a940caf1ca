"""A replay between two workers: the same facts as without it, and the next worker goes on from its states."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from kafka import KafkaProducer

from models.log import META_HEADER
from models.record import Meta
from pipelines.broker import embedded, topics
from pipelines.home import Home
from pipelines.lake.land import land
from pipelines.lake.manifest import Manifest
from pipelines.replay.run import Outcome, WorkerRunsError, replay
from pipelines.warehouse import fingerprint
from pipelines.warehouse.build import build
from pipelines.warehouse.read import connect_readonly

STATION = b"ST-1"
PARTITIONS = 4
PARTITION = topics.partition_of(STATION, PARTITIONS)
TOKEN_KEY = b"k" * 32
STATIONS, FRAMES_SENT = 40, 60_000


def again(home: Home, bootstrap: str | None = None) -> Outcome:
    return replay(home, token_key=TOKEN_KEY, bootstrap=bootstrap)


def numbers(home: Home) -> dict[str, str]:
    build(home)
    with connect_readonly(home) as opened:
        return fingerprint.fingerprint(opened, fingerprint.CONTENT)


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, new_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> dict[str, str]:
    """The tables of the same traffic on a broker of its own, live and without a kill."""
    home = Home(tmp_path_factory.mktemp("undisturbed")).create()
    broker = embedded.start(home)
    topics.ensure(broker.address, PARTITIONS)
    log = open_log(broker.address)
    log.feed(STATIONS, FRAMES_SENT)
    worker = new_worker(home, broker.address, home.logs / "worker.log", 1.0).wait_ready()
    log.wait_covered()
    assert worker.stop() == 0
    land(home, broker.address)
    broker.stop()
    return numbers(home)


def test_live_with_a_kill_a_replay_and_a_second_one_give_the_tables_of_the_undisturbed_live_path(
    undisturbed: dict[str, str],
    log: str,
    home: Home,
    start_worker: Callable[..., Any],
    open_log: Callable[[str], Any],
) -> None:
    kafka = open_log(log)
    kafka.feed(STATIONS, FRAMES_SENT)
    worker = start_worker(home, log, flush_s=0.02)
    worker.wait_said("ocpp.frames[")
    while not kafka.committed():
        worker.run_for(0.03)
    worker.kill()
    assert 0 < kafka.committed() < FRAMES_SENT
    worker = start_worker(home, log).wait_ready()
    kafka.wait_covered()
    assert worker.stop() == 0
    land(home, log)
    assert numbers(home) == undisturbed
    first = again(home, log)
    assert first.differing == 0, first
    assert numbers(home) == undisturbed
    assert again(home, log).edition is None
    assert numbers(home) == undisturbed


def test_a_session_open_across_a_replay_that_mends_it_is_one_session(
    log: str, home: Home, start_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> None:
    kafka = open_log(log)
    start = {"connectorId": 1, "idTag": "CARD1", "meterStart": 1000, "timestamp": "2026-11-21T10:00:00Z"}
    _say(kafka, 0, [2, "a", "StartTransaction", start])
    _say(kafka, 1, [3, "a", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}], "csms-to-cp")
    worker = start_worker(home, log).wait_ready()
    with pytest.raises(WorkerRunsError, match=f"a worker runs \\(process {worker.process.pid}\\)"):
        again(home, log)
    kafka.wait_covered()
    assert worker.stop() == 0, worker.said
    (opened,) = _sessions(kafka)
    _say_otherwise(log, opened)

    mended = again(home, log)
    assert (mended.facts["sessions"].changed, mended.differing, mended.edition) == (1, 2, 1), "and its restatement"
    assert _landed(home) == [(opened["session_id"], None, True)]

    stop = {"transactionId": 7, "meterStop": 4500, "timestamp": "2026-11-21T11:00:00Z"}
    _say(kafka, 2, [2, "b", "StopTransaction", stop])
    worker = start_worker(home, log).wait_ready()
    kafka.wait_covered()
    assert worker.stop() == 0, worker.said
    assert "recovered" not in worker.said, "the changelog is of the edition before"
    assert f"ocpp.frames[{PARTITION}]: restored 1 stations out of the lake" in worker.said
    land(home, log)
    assert _landed(home) == [(opened["session_id"], 3500, False)]

    worker = start_worker(home, log).wait_ready()
    assert worker.stop() == 0
    assert f"ocpp.frames[{PARTITION}]: recovered 1 stations" in worker.said, "of this edition"
    assert again(home, log).edition is None
    assert Manifest(home).edition == 1


def _say(
    kafka: Any, ordinal: int, frame: list[Any], direction: str = "cp-to-csms", *, source: str = "live-0-1"
) -> None:
    meta = Meta("frame", direction, "ocpp1.6", 1_795_237_375_000_000 + ordinal * 1_000_000, None, ordinal, source)
    kafka.send(STATION, json.dumps(frame).encode(), (META_HEADER, meta.encode()), partition=PARTITION)


def _say_otherwise(bootstrap: str, session: dict[str, Any]) -> None:
    """What a worker with a fault of its own might have said of the same frames."""
    fact = {**session, "version_generation": 1, "version_offset": 1, "version_revision": 0, "energy_wh": 99}
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    producer.send("charging.sessions", json.dumps(fact).encode(), key=STATION, partition=PARTITION).get(30)
    producer.close()


def _sessions(kafka: Any) -> list[dict[str, Any]]:
    return [row for (topic, _), row in kafka.facts().items() if topic == "charging.sessions"]


def _landed(home: Home) -> list[Any]:
    build(home)
    with connect_readonly(home) as opened:
        return opened.execute("SELECT session_id, energy_wh, is_open FROM core__sessions").fetchall()


def test_late_frames_that_no_worker_has_folded_yet_are_folded_by_the_replay_and_told(
    log: str, home: Home, start_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> None:
    kafka = open_log(log)
    start = {"connectorId": 1, "idTag": "CARD1", "meterStart": 1000, "timestamp": "2026-11-21T10:00:00Z"}
    stop = {"transactionId": 7, "meterStop": 4500, "timestamp": "2026-11-21T11:00:00Z"}
    _say(kafka, 2, [2, "b", "StopTransaction", stop], source="live-0-2")
    _say(kafka, 0, [2, "a", "StartTransaction", start])
    _say(kafka, 1, [3, "a", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}], "csms-to-cp")
    worker = start_worker(home, log).wait_ready()
    kafka.wait_covered()
    assert worker.stop() == 0, worker.said
    assert _sessions(kafka) == []
    done = again(home, log)
    assert (done.facts["sessions"].new, done.facts["replays"].new, done.edition) == (1, 1, 1)
    assert [(energy_wh, is_open) for _, energy_wh, is_open in _landed(home)] == [(3500, False)]
    with connect_readonly(home) as opened:
        told = opened.execute("SELECT late_frames, facts_added FROM core__replays").fetchall()
    # The replay's own row is not among them; the stop's anomaly is taken back.
    assert told == [(2, sum(change.new for change in done.facts.values()) - 1)]
    worker = start_worker(home, log).wait_ready()
    assert worker.stop() == 0, worker.said
    assert "after late frames" not in worker.said, "the restored state is not marked any more"
    assert again(home, log).edition is None
