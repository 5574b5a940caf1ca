"""`ocpp.frames` made anew, or a broker that lost everything: states come out of the lake, sessions go on."""

import json
import time
from collections.abc import Callable
from typing import Any

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition

from models.log import FRAMES, META_HEADER, WORKER_ID
from models.record import Meta
from pipelines.broker import embedded, topics
from pipelines.home import Home
from pipelines.lake.land import land

STATION = b"ST-1"
PARTITION = topics.partition_of(STATION, 4)


def _say(kafka: Any, ordinal: int, frame: list[Any], direction: str = "cp-to-csms") -> None:
    meta = Meta("frame", direction, "ocpp1.6", 1_795_237_375_000_000 + ordinal * 1_000_000, None, ordinal, "live-0-1")
    kafka.send(STATION, json.dumps(frame).encode(), (META_HEADER, meta.encode()), partition=PARTITION)


def _start(kafka: Any) -> None:
    start = {"connectorId": 1, "idTag": "CARD1", "meterStart": 1000, "timestamp": "2026-11-21T10:00:00Z"}
    _say(kafka, 0, [2, "a", "StartTransaction", start])
    _say(kafka, 1, [3, "a", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}], "csms-to-cp")


def _stop(kafka: Any) -> None:
    _say(
        kafka,
        2,
        [2, "b", "StopTransaction", {"transactionId": 7, "meterStop": 4500, "timestamp": "2026-11-21T11:00:00Z"}],
    )


def _sessions(kafka: Any) -> list[dict[str, Any]]:
    return [row for (topic, _), row in kafka.facts().items() if topic == "charging.sessions"]


def test_a_session_open_when_the_broker_lost_everything_is_one_session_with_the_right_energy(
    home: Home, start_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> None:
    broker = embedded.start(home)
    topics.ensure(broker.address, 4)
    kafka = open_log(broker.address)
    _start(kafka)
    worker = start_worker(home, broker.address).wait_ready()
    kafka.wait_covered()
    assert worker.stop() == 0, worker.said
    (opened,) = _sessions(kafka)
    land(home, broker.address)
    broker.stop()

    broker = embedded.start(home)
    topics.ensure(broker.address, 4)
    kafka = open_log(broker.address)
    _stop(kafka)
    worker = start_worker(home, broker.address).wait_ready()
    kafka.wait_covered()
    assert worker.stop() == 0, worker.said
    (closed,) = _sessions(kafka)
    broker.stop()
    assert f"{FRAMES}[{PARTITION}]: restored 1 stations out of the lake for generation 2" in worker.said
    assert (opened["session_id"], opened["is_open"]) == (closed["session_id"], True)
    assert (closed["energy_wh"], closed["is_open"]) == (3500, False)


def test_landed_raw_that_no_snapshot_covers_is_folded_and_its_facts_said_again(
    home: Home, start_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> None:
    broker = embedded.start(home)
    topics.ensure(broker.address, 4)
    kafka = open_log(broker.address)
    _start(kafka)
    land(home, broker.address)  # no worker has seen it: raw only
    broker.stop()

    broker = embedded.start(home)
    topics.ensure(broker.address, 4)
    kafka = open_log(broker.address)
    worker = start_worker(home, broker.address).wait_ready()
    (opened,) = _sessions(kafka)
    assert worker.stop() == 0, worker.said
    broker.stop()
    assert opened["transaction_id"] == "7"
    assert "took 2 landed records that no snapshot covered through the step" in worker.said


def test_a_topic_made_anew_drops_the_changelogs_states_and_restores_landed_ones(
    apache_log: str, home: Home, start_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> None:
    kafka = open_log(apache_log)
    _start(kafka)
    worker = start_worker(home, apache_log).wait_ready()
    kafka.wait_covered()
    assert worker.stop() == 0, worker.said
    land(home, apache_log)
    _make_anew(apache_log)
    _stop(kafka)
    worker = start_worker(home, apache_log).wait_ready()
    kafka.wait_covered()
    assert worker.stop() == 0, worker.said
    assert "recovered" not in worker.said, "the changelog is of the other topic"
    assert "for generation 2" in worker.said
    (session,) = _sessions(kafka)
    assert (session["energy_wh"], session["is_open"]) == (3500, False)


def test_offsets_that_the_group_committed_for_another_topic_hold_up_no_commit(
    apache_log: str, home: Home, start_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> None:
    """Kafka forgets a deleted topic's offsets a while after the topic, not with it."""
    kafka = open_log(apache_log)
    consumer = KafkaConsumer(bootstrap_servers=apache_log, group_id=WORKER_ID, enable_auto_commit=False)
    place = TopicPartition(FRAMES, PARTITION)
    consumer.assign([place])
    consumer.commit({place: OffsetAndMetadata(9, "", -1)})
    _start(kafka)
    worker = start_worker(home, apache_log).wait_ready()
    wait = time.monotonic() + 20
    while consumer.committed(place) != 2:
        assert time.monotonic() < wait, worker.said
        time.sleep(0.2)
    consumer.close()
    assert worker.stop() == 0, worker.said
    assert len(_sessions(kafka)) == 1


def test_a_topic_made_anew_under_a_running_worker_is_never_taken_for_the_old_one(
    apache_log: str, home: Home, start_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> None:
    kafka = open_log(apache_log)
    _start(kafka)
    worker = start_worker(home, apache_log).wait_ready()
    kafka.wait_covered()
    land(home, apache_log)
    _make_anew(apache_log)
    _stop(kafka)
    # It either sees the change in time and starts over, or ends rather than save what it folded.
    wait = time.monotonic() + 60
    while worker.alive and "generation 2" not in worker.said:
        assert time.monotonic() < wait, worker.said
        time.sleep(0.1)
    if not worker.alive:
        assert f"{FRAMES} was deleted and made anew" in worker.said
        worker = start_worker(home, apache_log).wait_ready()
    kafka.wait_covered()
    assert worker.stop() == 0, worker.said
    assert "for generation 2" in worker.said
    (session,) = _sessions(kafka)
    assert (session["energy_wh"], session["is_open"]) == (3500, False)


def _make_anew(bootstrap: str) -> None:
    with topics.admin(bootstrap) as client:
        client.delete_topics([FRAMES])
    for _ in range(50):
        if not topics.end_offsets(bootstrap, [FRAMES]):
            break
        time.sleep(0.1)
    topics.ensure(bootstrap, 4)
