"""Topics on both brokers."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from models.facts import KINDS
from models.log import DEAD_LETTERS, FRAMES, OBJECTS, STATES_CHANGELOG, WORKER_ID
from pipelines.broker import topics
from pipelines.broker.errors import BrokerUnreachableError, TopicError


def produce(address: str, count: int) -> None:
    producer = KafkaProducer(bootstrap_servers=address, acks="all")
    for number in range(count):
        producer.send(FRAMES, key=b"CP-1", value=b"frame %d" % number)
    producer.flush()
    producer.close()


def test_ensure_makes_every_topic_and_again_changes_nothing(broker: str) -> None:
    topics.ensure(broker, 4)
    first = {name: topics.topic_id(broker, name) for name in topics.ALL}
    topics.ensure(broker, 4)
    assert {name: topics.topic_id(broker, name) for name in topics.ALL} == first
    assert len(set(first.values())) == len(topics.ALL) == len(KINDS) + 4
    assert set(topics.end_offsets(broker, topics.ALL)) == {(name, n) for name in topics.ALL for n in range(4)}


def test_ensure_by_many_at_once_ends_well_for_all(broker: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: topics.ensure(broker, 8), range(6)))
    assert len(topics.end_offsets(broker, [FRAMES])) == 8


def test_another_partition_count_is_refused_with_the_setting_that_fits(broker: str) -> None:
    topics.ensure(broker, 4)
    with pytest.raises(TopicError, match=r"ocpp\.frames .* has 4 partitions, not 8; set LADDSTROM_KAFKA__PARTITIONS=4"):
        topics.ensure(broker, 8)


def test_topics_are_kept_for_ever_and_take_large_payloads(apache_broker: str) -> None:
    topics.ensure(apache_broker, 1)
    with topics.admin(apache_broker) as client:
        wanted = [FRAMES, OBJECTS, DEAD_LETTERS, "charging.sessions", STATES_CHANGELOG]
        said = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in wanted])
    settings = {
        name: {key: value["value"] for key, value in configs.items()} for name, configs in said["topic"].items()
    }
    for name in (FRAMES, OBJECTS, DEAD_LETTERS, "charging.sessions"):
        assert settings[name]["retention.ms"] == "-1"
        assert settings[name]["message.timestamp.type"] == "LogAppendTime"
    assert settings[FRAMES]["max.message.bytes"] == str(9 << 20)
    assert settings[DEAD_LETTERS]["max.message.bytes"] == str(10 << 20)
    assert settings[STATES_CHANGELOG]["cleanup.policy"] == "compact"


def test_lag_counts_what_the_worker_has_not_committed(broker: str) -> None:
    topics.ensure(broker, 2)
    assert sum(topics.lag(broker).values()) == 0
    produce(broker, 5)
    place = TopicPartition(FRAMES, topics.partition_of(b"CP-1", 2))
    assert topics.lag(broker)[place.topic, place.partition] == 5
    consumer = KafkaConsumer(
        bootstrap_servers=broker, group_id=WORKER_ID, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    consumer.assign([place])
    consumer.poll(timeout_ms=10_000, max_records=3)
    consumer.seek(place, 3)
    consumer.commit()
    consumer.close()
    assert topics.lag(broker)[place.topic, place.partition] == 2
    assert sum(topics.lag(broker).values()) == 2


def test_partition_is_the_one_that_java_clients_choose() -> None:
    # Utils.murmur2 of the Java client: its own test's values
    expected = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536, b"abc": 479470107}
    for key, hashed in expected.items():
        assert topics.partition_of(key, 1009) == (hashed & 0x7FFFFFFF) % 1009


def test_a_missing_topic_has_no_offsets_and_no_identity(broker: str) -> None:
    assert topics.end_offsets(broker, ["ocpp.nothing"]) == {}
    with pytest.raises(TopicError, match=r"no topic ocpp.nothing"):
        topics.topic_id(broker, "ocpp.nothing")


def test_a_deaf_address_is_one_sentence() -> None:
    with (
        pytest.raises(
            BrokerUnreachableError, match=r"nothing listens at 127\.0\.0\.1:1; .*LADDSTROM_KAFKA__BOOTSTRAP_SERVERS"
        ),
        topics.admin("127.0.0.1:1", timeout_s=1),
    ):
        pass


def test_an_address_that_is_no_kafka_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        with pytest.raises(BrokerUnreachableError, match="does not answer as one"), topics.admin(address, timeout_s=1):
            pass


def test_end_offsets_count_every_record_of_the_last_batch(broker: str) -> None:
    # The embedded broker's own ListOffsets says 1 here: the batch's first offset plus one.
    topics.ensure(broker, 1)
    produce(broker, 100)
    assert topics.end_offsets(broker, [FRAMES]) == {(FRAMES, 0): 100}
    assert topics.start_offsets(broker, [FRAMES]) == {(FRAMES, 0): 0}
