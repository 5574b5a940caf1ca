"""Several workers, and a worker that cannot save: nothing is lost, nothing is committed too early."""

from collections.abc import Callable
from typing import Any

from kafka.admin import KafkaAdminClient

from models.log import FRAMES, STATES_CHANGELOG
from pipelines.broker import topics
from pipelines.home import Home


def test_a_second_worker_takes_over_partitions_with_their_states(
    log: str, home: Home, start_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> None:
    kafka = open_log(log)
    kafka.feed(40, 10_000)
    # An interval that never ends: whatever is saved was saved on revocation or on stop.
    first = start_worker(home, log, flush_s=3600).wait_ready()
    second = start_worker(Home(home.root.parent / "second"), log, flush_s=3600)
    second.wait_ready(60)
    second.wait_said("recovered")
    assert "flushed" in first.said, "the revocation saved what was folded"
    # Sessions that the first worker saw begin end with the second.
    truth = kafka.feed(40, 20_000, skip=10_000)
    assert first.stop() == 0, first.said
    second.wait_said("worker ready")
    assert second.stop() == 0, second.said
    if kafka.committed() < 20_000:  # what came while the first one left
        last = start_worker(home, log).wait_ready()
        kafka.wait_covered()
        assert last.stop() == 0, last.said
    closed = [row for (topic, _), row in kafka.facts().items() if topic == "charging.sessions" and not row["is_open"]]
    assert len(closed) == truth.closed
    assert sum(row["energy_wh"] for row in closed) == truth.energy_wh


def test_a_flush_that_cannot_send_ends_the_worker_with_nothing_committed(
    broker: str, home: Home, start_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> None:
    client = KafkaAdminClient(bootstrap_servers=broker)
    names = [name for name in topics.ALL if name != "charging.stations"]
    made = {name: {"num_partitions": 4, "replication_factor": 1} for name in names}
    made["charging.stations"] = {"num_partitions": 1, "replication_factor": 1}
    client.create_topics(made)
    client.close()
    kafka = open_log(broker)
    kafka.feed(40, 5_000)
    worker = start_worker(home, broker)
    assert worker.process.wait(60) == 1, worker.said
    assert "the worker cannot save what it folded" in worker.said
    behind = topics.lag(broker, topics=[FRAMES])
    ends = topics.end_offsets(broker, [FRAMES])
    # Partition 0 can be saved; a flush with anything of another one cannot.
    assert {place: behind[place] for place in ends if place[1]} == {place: ends[place] for place in ends if place[1]}
    assert not (home.run / "worker.json").exists()
    markers = [record for record in kafka.read(STATES_CHANGELOG) if record.key == b"\x00position"]
    assert {record.partition for record in markers if record.value != markers[0].value} <= {0}
