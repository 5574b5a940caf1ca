"""The producer on real brokers: what it promises, and what it says when it cannot keep it."""

import contextlib
import gc
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from ingest.producer import BESIDE_BYTES, BufferFullError, DeliveryError, KafkaLogProducer, RecordTooLargeError
from models.log import DEAD_LETTERS, DEAD_LETTERS_MAX_BYTES, FRAMES, MAX_PAYLOAD_BYTES
from pipelines.broker import embedded, ports, topics
from pipelines.home import Home

PARTITIONS = 4

# kafka-python leaves the socket of a refused reconnection to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture
def log(broker: str) -> str:
    topics.ensure(broker, PARTITIONS)
    return broker


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[embedded.EmbeddedBroker]:
    """An embedded broker that a test may stop or end."""
    broker = embedded.start(Home(tmp_path / "mortal"))
    topics.ensure(broker.address, PARTITIONS)
    yield broker
    if broker.alive:
        os.kill(broker.pid, signal.SIGCONT)
    broker.stop()
    # here, where this module's warning filter still holds
    gc.collect()


def sent_until_full(producer: KafkaLogProducer) -> int:
    for number in range(1000):
        try:
            producer.send(FRAMES, b"CS", b"%d" % number)
        except BufferFullError:
            return number
    return 1000


def records(address: str, topic: str) -> list[tuple[int, bytes, bytes, list[tuple[str, bytes]]]]:
    """All records of a topic, each partition in order."""
    consumer = KafkaConsumer(
        bootstrap_servers=address,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=16 << 20,
        fetch_max_bytes=64 << 20,
    )
    places = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
    consumer.assign(places)
    wanted = sum(end for (_, _), end in topics.end_offsets(address, [topic]).items())
    found: list[tuple[int, bytes, bytes, list[tuple[str, bytes]]]] = []
    deadline = time.monotonic() + 30
    while len(found) < wanted and time.monotonic() < deadline:
        for batch in consumer.poll(timeout_ms=500).values():
            found += [(record.partition, record.key, record.value, record.headers) for record in batch]
    consumer.close()
    assert len(found) == wanted
    return found


def test_records_arrive_in_order_with_their_header_in_the_partition_that_java_clients_choose(log: str) -> None:
    producer = KafkaLogProducer(log)
    for number in range(3000):
        producer.send(FRAMES, b"CS-%d" % (number % 7), b"%d" % number, [("meta", b"header %d" % number)])
    producer.flush()
    producer.close()

    found = records(log, FRAMES)
    assert len(found) == 3000
    for key in {key for _, key, _, _ in found}:
        mine = [record for record in found if record[1] == key]
        assert {partition for partition, *_ in mine} == {topics.partition_of(key, PARTITIONS)}
        numbers = [int(value) for _, _, value, _ in mine]
        assert numbers == sorted(numbers)
        assert all(headers == [("meta", b"header %d" % int(value))] for _, _, value, headers in mine)


def test_an_explicit_partition_is_kept(log: str) -> None:
    producer = KafkaLogProducer(log)
    for partition in range(PARTITIONS):
        producer.send(FRAMES, b"one key", b"value", partition=partition)
    producer.flush()
    producer.close()
    assert sorted(partition for partition, *_ in records(log, FRAMES)) == list(range(PARTITIONS))


def test_every_record_is_reported_once_when_it_is_acknowledged(log: str) -> None:
    outcomes: list[Exception | None] = []
    producer = KafkaLogProducer(log)
    for _ in range(200):
        producer.send(FRAMES, b"CS", b"frame", on_done=outcomes.append)
    producer.flush()
    assert outcomes == [None] * 200
    producer.close()


def test_the_largest_payload_and_its_dead_letter_are_taken_and_one_byte_more_is_refused_unsent(log: str) -> None:
    # incompressible, as brokers measure what arrives
    largest = os.urandom(MAX_PAYLOAD_BYTES)
    producer = KafkaLogProducer(log)
    producer.send(FRAMES, b"CS", largest, [("meta", b"x" * 300)])
    producer.send(DEAD_LETTERS, b"CS", largest, [("meta", b"x" * 300), ("detail", b"y" * 2000)])
    with pytest.raises(RecordTooLargeError, match=r"8388609 bytes .* above what ocpp\.frames takes"):
        producer.send(FRAMES, b"CS", largest + b"!")
    with pytest.raises(RecordTooLargeError, match="dead-letters"):
        producer.send(DEAD_LETTERS, b"CS", bytes(DEAD_LETTERS_MAX_BYTES))
    with pytest.raises(RecordTooLargeError, match="key and headers"):
        producer.send(FRAMES, b"CS", b"", [("meta", bytes(BESIDE_BYTES))])
    producer.flush()
    assert producer.failed == 0
    producer.close()
    assert [value == largest for _, _, value, _ in records(log, FRAMES)] == [True]
    assert [value == largest for _, _, value, _ in records(log, DEAD_LETTERS)] == [True]


def test_a_topic_that_does_not_exist_is_named_and_not_made(apache_broker: str) -> None:
    # the embedded broker makes every topic that is asked for, whatever the client says
    producer = KafkaLogProducer(apache_broker, block_s=1.0)
    with pytest.raises(DeliveryError, match=r"no\.such\.topic .* does the topic exist\?"):
        producer.send("no.such.topic", b"CS", b"frame")
    producer.flush()
    producer.close()
    assert topics.end_offsets(apache_broker, ["no.such.topic"]) == {}


def test_no_broker_is_said_at_once_with_the_setting_to_change() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(DeliveryError, match=r"no Kafka broker answers at .*LADDSTROM_KAFKA__BOOTSTRAP_SERVERS"):
            KafkaLogProducer(address)
    assert time.monotonic() - began < 5


def test_what_a_dead_broker_never_took_is_reported_and_flush_says_so(mortal: embedded.EmbeddedBroker) -> None:
    outcomes: list[Exception | None] = []
    producer = KafkaLogProducer(mortal.address, delivery_s=3.0)
    producer.send(FRAMES, b"CS", b"before", on_done=outcomes.append)
    producer.flush()
    mortal.stop()
    for _ in range(50):
        producer.send(FRAMES, b"CS", b"after", on_done=outcomes.append)
    with pytest.raises(DeliveryError, match="did not take 50 records"):
        producer.flush(20)
    assert outcomes[0] is None
    assert all(isinstance(outcome, Exception) for outcome in outcomes[1:])
    assert producer.failed == 50
    producer.flush(1)
    producer.close()


def test_a_broker_replaced_at_the_same_address_is_written_to_again(
    mortal: embedded.EmbeddedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer = KafkaLogProducer(mortal.address, delivery_s=3.0)
    producer.send(FRAMES, b"CS", b"to the first")
    producer.flush()
    mortal.stop()

    port = int(mortal.address.rpartition(":")[2])
    monkeypatch.setattr(ports, "free", lambda: port)
    successor = embedded.start(Home(tmp_path / "successor"))
    assert successor.address == mortal.address
    topics.ensure(successor.address, PARTITIONS)
    taken, deadline = [], time.monotonic() + 20
    while not taken and time.monotonic() < deadline:
        # the new broker refuses the producer id that it never gave out: some are lost to that, and said to be
        outcomes: list[Exception | None] = []
        producer.send(FRAMES, b"CS", b"to the second", on_done=outcomes.append)
        with contextlib.suppress(DeliveryError):
            producer.flush()
        taken = [outcome for outcome in outcomes if outcome is None]
    producer.send(FRAMES, b"CS", b"and again")
    producer.flush()
    producer.close()
    values = [value for _, _, value, _ in records(successor.address, FRAMES)]
    successor.stop()
    assert values == [b"to the second", b"and again"]


def test_a_full_buffer_waits_then_refuses_and_nothing_is_lost_or_doubled_when_the_broker_is_back(
    mortal: embedded.EmbeddedBroker,
) -> None:
    producer = KafkaLogProducer(mortal.address, buffer_bytes=100_000, block_s=0.3)
    producer.send(FRAMES, b"CS", b"first")
    producer.flush()
    os.kill(mortal.pid, signal.SIGSTOP)
    sent = sent_until_full(producer)
    assert 0 < sent < 100
    with pytest.raises(DeliveryError, match=f"has not acknowledged {sent} records"):
        producer.flush(0.2)
    os.kill(mortal.pid, signal.SIGCONT)
    producer.flush(30)
    producer.close()
    values = [value for _, _, value, _ in records(mortal.address, FRAMES)]
    assert values == [b"first", *(b"%d" % number for number in range(sent))]


def test_flush_waits_for_earlier_records_only_while_others_keep_sending(log: str) -> None:
    producer = KafkaLogProducer(log)
    stop = threading.Event()

    def chatter() -> None:
        while not stop.is_set():
            producer.send(FRAMES, b"other", b"chatter")

    thread = threading.Thread(target=chatter)
    thread.start()
    try:
        for _ in range(5):
            acknowledged = threading.Event()
            producer.send(FRAMES, b"mine", b"frame", on_done=lambda _, seen=acknowledged: seen.set())
            producer.flush(20)
            assert acknowledged.is_set()
    finally:
        stop.set()
        thread.join()
        producer.close()


def test_a_closed_producer_has_sent_everything_and_takes_nothing_more(log: str) -> None:
    producer = KafkaLogProducer(log, linger_ms=200)
    producer.send(FRAMES, b"CS", b"last words")
    producer.close()
    producer.close()
    with pytest.raises(DeliveryError, match="closed"):
        producer.send(FRAMES, b"CS", b"too late")
    assert [value for _, _, value, _ in records(log, FRAMES)] == [b"last words"]
