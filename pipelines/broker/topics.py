"""Topics of the log: making them, who they are, how far they reach. Not here: reading or writing records."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError, RetriableError
from kafka.partitioner.default import murmur2

from models import facts
from models.log import (
    DEAD_LETTERS,
    DEAD_LETTERS_MAX_BYTES,
    FRAMES,
    OBJECTS,
    STATES_CHANGELOG,
    TOPIC_MAX_BYTES,
    WORKER_ID,
)
from pipelines.broker import ports
from pipelines.broker.errors import VARIABLE, BrokerUnreachableError, TopicError

RAW: Final = (FRAMES, OBJECTS)
ALL: Final = (*RAW, DEAD_LETTERS, *(facts.topic(kind) for kind in facts.KINDS), STATES_CHANGELOG)

_EXISTS: Final = 36
_UNKNOWN: Final = 3
_METADATA_S: Final = 20.0
_KEPT: Final = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "LogAppendTime",
}
_COMPACTED: Final = {
    "cleanup.policy": "compact",
    "message.timestamp.type": "LogAppendTime",
    # Kafka never compacts the newest segment: at its default of 1 GiB a restart would read all of that.
    "segment.bytes": str(64 << 20),
}


@contextmanager
def admin(bootstrap: str, *, timeout_s: float = 10.0) -> Iterator[KafkaAdminClient]:
    """An admin client; whatever the broker refuses or fails to answer becomes a `BrokerUnreachableError`."""
    servers = bootstrap.split(",")
    deadline = time.monotonic() + timeout_s
    # Asked first, since kafka-python logs every refused attempt and leaves its socket open.
    while not any(ports.listening(server, timeout_s) for server in servers):
        if time.monotonic() > deadline:
            raise BrokerUnreachableError(f"nothing listens at {bootstrap}; start Kafka there or correct {VARIABLE}")
        time.sleep(0.1)
    client = None
    try:
        client = KafkaAdminClient(
            bootstrap_servers=servers,
            client_id="laddstrom-admin",
            bootstrap_timeout_ms=int(timeout_s * 1000),
            request_timeout_ms=int(timeout_s * 1000),
        )
        yield client
    except (KafkaError, OSError) as error:
        raise BrokerUnreachableError(
            f"Kafka at {bootstrap} does not answer as one ({type(error).__name__}); "
            f"look at its log or correct {VARIABLE}"
        ) from error
    finally:
        if client is not None:
            client.close()


def ensure(bootstrap: str, partitions: int) -> None:
    """Make every topic that is missing and wait until the broker shows all of them with leaders.

    Safe to call from several processes at once and again at any time.

    Raises:
        TopicError: one exists with another number of partitions, or could not be made.
        BrokerUnreachableError: the broker does not answer.
    """
    wanted = {
        name: {"num_partitions": partitions, "replication_factor": -1, "configs": _settings(name)} for name in ALL
    }
    with admin(bootstrap) as client:
        present = {name for name, topic in _describe(client, ALL).items() if topic.partitions}
        missing = {name: options for name, options in wanted.items() if name not in present}
        if missing:
            for made in client.create_topics(missing, raise_errors=False)["topics"]:
                if made["error_code"] not in (0, _EXISTS):
                    raise TopicError(f"Kafka at {bootstrap} refused topic {made['name']}: {made['error_message']}")
        _wait(client, bootstrap, partitions)


def topic_id(bootstrap: str, topic: str) -> str:
    """The topic's identity (a UUID): another one after the topic was made anew."""
    with admin(bootstrap) as client:
        found = _describe(client, [topic])[topic]
    if found.topic_id is None:
        raise TopicError(f"Kafka at {bootstrap} has no topic {topic}; run any part of Laddström once to make it")
    return found.topic_id


def end_offsets(bootstrap: str, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """The offset that the next record of each partition will get; a missing topic is left out.

    Taken from fetched high watermarks: the embedded broker's ListOffsets (so kafka-python's and aiokafka's
    own `end_offsets`) answers with the first offset of the last batch plus one.
    """
    with admin(bootstrap) as client:
        return _ends(client, bootstrap, _partitions(client, topics))


def start_offsets(bootstrap: str, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """The oldest offset that each partition still holds; a missing topic is left out."""
    with admin(bootstrap) as client:
        return _offsets(client, _partitions(client, topics), OffsetSpec.EARLIEST)


def lag(bootstrap: str, *, group: str = WORKER_ID, topics: Iterable[str] = (FRAMES,)) -> dict[tuple[str, int], int]:
    """How many offsets of each partition the group has not committed yet; all zero = everything is covered."""
    with admin(bootstrap) as client:
        partitions = _partitions(client, topics)
        ends = _ends(client, bootstrap, partitions)
        starts = _offsets(client, partitions, OffsetSpec.EARLIEST)
        committed = _committed(client, group, partitions)
    behind = {}
    for place, end in ends.items():
        offset = getattr(committed.get(TopicPartition(*place)), "offset", -1)
        behind[place] = max(0, end - max(offset, starts[place]))
    return behind


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key, as Kafka's Java clients choose it (murmur2)."""
    hashed: int = murmur2(key)
    return (hashed & 0x7FFFFFFF) % partitions


@dataclass(frozen=True, slots=True)
class _Topic:
    topic_id: str | None
    partitions: tuple[int, ...]
    led: bool


def _describe(client: KafkaAdminClient, topics: Iterable[str]) -> dict[str, _Topic]:
    found = {}
    for said in client.describe_topics(list(topics)):
        known = said["error_code"] != _UNKNOWN and said["topic_id"] is not None
        parts = said["partitions"] if known else []
        found[said["name"]] = _Topic(
            str(said["topic_id"]) if known else None,
            tuple(sorted(part["partition_index"] for part in parts)),
            bool(parts) and all(part["leader_id"] >= 0 for part in parts),
        )
    return found


def _partitions(client: KafkaAdminClient, topics: Iterable[str]) -> list[TopicPartition]:
    found = _describe(client, topics)
    return [TopicPartition(name, index) for name, topic in sorted(found.items()) for index in topic.partitions]


def _offsets(
    client: KafkaAdminClient, partitions: list[TopicPartition], which: OffsetSpec
) -> dict[tuple[str, int], int]:
    if not partitions:
        return {}
    said = client.list_partition_offsets(dict.fromkeys(partitions, which))
    return {(place.topic, place.partition): found.offset for place, found in said.items()}


def _ends(client: KafkaAdminClient, bootstrap: str, partitions: list[TopicPartition]) -> dict[tuple[str, int], int]:
    listed = _offsets(client, partitions, OffsetSpec.LATEST)
    waiting = {TopicPartition(*place): end for place, end in listed.items() if end > 0}
    if not waiting:
        return listed
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap.split(","),
        enable_auto_commit=False,
        fetch_max_wait_ms=5,
        max_partition_fetch_bytes=1,
    )
    try:
        consumer.assign(list(waiting))
        for place, end in waiting.items():
            consumer.seek(place, end)
        deadline = time.monotonic() + _METADATA_S
        while waiting and time.monotonic() < deadline:
            consumer.poll(timeout_ms=50)
            for place in list(waiting):
                if (watermark := consumer.highwater(place)) is not None:
                    listed[place.topic, place.partition] = max(watermark, waiting.pop(place))
    finally:
        consumer.close()
    if waiting:
        raise BrokerUnreachableError(f"Kafka at {bootstrap} does not say where {next(iter(waiting)).topic} ends")
    return listed


def _committed(client: KafkaAdminClient, group: str, partitions: list[TopicPartition]) -> Mapping[TopicPartition, Any]:
    if not partitions:
        return {}
    deadline = time.monotonic() + _METADATA_S
    while True:
        try:
            found: Mapping[TopicPartition, Any] = client.list_group_offsets({group: partitions}).get(group, {})
            return found
        except RetriableError:  # a new Kafka makes the topic of offsets at the first question
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _settings(topic: str) -> dict[str, str]:
    settings = _COMPACTED if topic == STATES_CHANGELOG else _KEPT
    limit = DEAD_LETTERS_MAX_BYTES if topic == DEAD_LETTERS else TOPIC_MAX_BYTES
    return {**settings, "max.message.bytes": str(limit)}


def _wait(client: KafkaAdminClient, bootstrap: str, partitions: int) -> None:
    deadline = time.monotonic() + _METADATA_S
    while True:
        found = _describe(client, ALL)
        for name in ALL:
            topic = found.get(name)
            if topic is not None and topic.led and len(topic.partitions) != partitions:
                raise TopicError(
                    f"topic {name} at {bootstrap} has {len(topic.partitions)} partitions, not {partitions}; "
                    f"set LADDSTROM_KAFKA__PARTITIONS={len(topic.partitions)}, or use another Kafka"
                )
        waiting = [name for name in ALL if not (name in found and found[name].led)]
        if not waiting:
            return
        if time.monotonic() > deadline:
            raise TopicError(
                f"Kafka at {bootstrap} made {', '.join(waiting)} but shows no leader for it; look at its log"
            )
        time.sleep(0.1)
