"""Reading the log for landing: by explicit offset, without a consumer group. Not here: what records mean.

kafka-python's consumer with `assign` and `seek`: the files say where to go on, and an offset that is not there
is an error, never a jump.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import OffsetOutOfRangeError

from pipelines.broker import topics
from pipelines.broker.errors import BrokerUnreachableError
from pipelines.lake.errors import LogReplacedError, OffsetGapError

_FETCH_BYTES: Final = 16 << 20
"""Above the largest record the topics take (10 MiB)."""
_FETCH_WAIT_MS: Final = 20
_POLL_RECORDS: Final = 10_000
_SILENCE_S: Final = 30.0
"""A broker that owes records and sends none for so long counts as gone."""
_UNKNOWN_TOPIC: Final = 3


class Topic(msgspec.Struct, frozen=True):
    """A topic as found: its identity and how many partitions it has."""

    name: str
    log_id: str
    partitions: int


class Chunk(msgspec.Struct):
    """Records of one partition in offset order, by column."""

    offsets: list[int]
    keys: list[bytes | None]
    values: list[bytes | None]
    headers: list[list[tuple[str, bytes | None]]]

    def part(self, first: int, last: int) -> "Chunk":
        """The records of these places, the last left out."""
        if first == 0 and last == len(self.offsets):
            return self
        return Chunk(self.offsets[first:last], self.keys[first:last], self.values[first:last], self.headers[first:last])

    def sizes(self) -> list[int]:
        """Bytes of each record's key, value and headers' values."""
        return [
            len(key or b"") + len(value or b"") + sum(len(word or b"") for _, word in headers)
            for key, value, headers in zip(self.keys, self.values, self.headers, strict=True)
        ]


class Log:
    """A connection to the log of one landing. Use as `with connect(bootstrap) as log`."""

    def __init__(self, bootstrap: str, consumer: KafkaConsumer, admin: KafkaAdminClient) -> None:
        self._bootstrap = bootstrap
        self._consumer = consumer
        self._admin = admin

    def find(self, names: Iterable[str]) -> dict[str, Topic]:
        """Those of the named topics that exist."""
        found = {}
        for said in self._admin.describe_topics(list(names)):
            if said["error_code"] != _UNKNOWN_TOPIC and said["topic_id"] is not None and said["partitions"]:
                found[said["name"]] = Topic(said["name"], str(said["topic_id"]), len(said["partitions"]))
        return found

    def check_identity(self, topic: Topic) -> None:
        """Raise `LogReplacedError` if the topic is no longer the one that was found."""
        found = self.find([topic.name]).get(topic.name)
        if found is None or found.log_id != topic.log_id:
            raise LogReplacedError(topic.name)

    def starts(self, topic: Topic) -> dict[int, int]:
        """The oldest offset each partition still holds."""
        found = self._consumer.beginning_offsets(_places(topic))
        return {place.partition: offset for place, offset in found.items()}

    def ends(self, topics: Iterable[Topic]) -> dict[tuple[str, int], int]:
        """The offset the next record of each partition will get."""
        places = [place for topic in topics for place in _places(topic)]
        if not places:
            return {}
        said = self._consumer.end_offsets(places)
        # The embedded broker answers with the newest batch's first offset and one, so records of that batch
        # would wait for the next landing; what it sends along with a fetch is right on every broker.
        self._consumer.assign([place for place in places if said[place]])
        for place in self._consumer.assignment():
            self._consumer.seek(place, said[place])
        return {(place.topic, place.partition): self._high_water(place, said[place]) for place in places}

    def read(self, topic: Topic, partition: int, start: int, end: int, *, gaps: bool = False) -> Iterator[Chunk]:
        """Records from `start` to before `end`; with `gaps` (compacted topics) offsets may be missing.

        Raises:
            OffsetGapError: an offset in between is not there.
            LogReplacedError: the topic was made anew meanwhile.
        """
        place = TopicPartition(topic.name, partition)
        self._consumer.assign([place])
        self._consumer.seek(place, start)
        expected = start
        while expected < end:
            records, position = self._poll(topic, place, expected)
            found = records[0].offset if records else position
            if found > expected and not gaps:
                raise OffsetGapError(topic.name, partition, expected, min(found, end))
            if records and not gaps and records[-1].offset - found + 1 != len(records):
                records = _before_gap(records)
                self._consumer.seek(place, records[-1].offset + 1)
            expected = records[-1].offset + 1 if records else position
            if kept := [record for record in records if record.offset < end]:
                yield _chunk(kept)

    def _poll(self, topic: Topic, place: TopicPartition, expected: int) -> tuple[list[Any], int]:
        deadline = time.monotonic() + _SILENCE_S
        while time.monotonic() < deadline:
            try:
                records = self._consumer.poll(timeout_ms=1000, max_records=_POLL_RECORDS).get(place, [])
            except OffsetOutOfRangeError:
                oldest = self._consumer.beginning_offsets([place])[place]
                raise OffsetGapError(place.topic, place.partition, expected, max(oldest, expected + 1)) from None
            position = self._consumer.position(place)
            if records or position > expected:
                return records, position
            self.check_identity(topic)
        raise BrokerUnreachableError(
            f"Kafka at {self._bootstrap} sends no more of {place.topic} partition {place.partition} from offset "
            f"{expected}; check that it runs, then land again"
        )

    def _high_water(self, place: TopicPartition, said: int) -> int:
        if not said:
            return 0
        deadline = time.monotonic() + _SILENCE_S
        while time.monotonic() < deadline:
            if (mark := self._consumer.highwater(place)) is not None:
                return max(said, int(mark))
            self._consumer.poll(timeout_ms=_FETCH_WAIT_MS, max_records=1)
        raise BrokerUnreachableError(f"Kafka at {self._bootstrap} does not say where {place.topic} ends; is it up?")


@contextmanager
def connect(bootstrap: str) -> Iterator[Log]:
    """Open the log; whatever the broker fails to answer becomes a `BrokerUnreachableError`."""
    disk_error = None
    with topics.admin(bootstrap) as admin:
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap.split(","),
            client_id="laddstrom-lake",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=_FETCH_BYTES,
            fetch_max_bytes=_FETCH_BYTES,
            fetch_max_wait_ms=_FETCH_WAIT_MS,
            metrics_enabled=False,
        )
        try:
            yield Log(bootstrap, consumer, admin)
        except OSError as error:
            if isinstance(error, ConnectionError):
                raise
            # A full disk is not the broker's fault: `admin` would say it was.
            disk_error = error
        finally:
            consumer.close()
    if disk_error is not None:
        raise disk_error


def _places(topic: Topic) -> list[TopicPartition]:
    return [TopicPartition(topic.name, partition) for partition in range(topic.partitions)]


def _before_gap(records: list[Any]) -> list[Any]:
    first = records[0].offset
    for index, record in enumerate(records):
        if record.offset != first + index:
            return records[:index]
    return records


def _chunk(records: list[Any]) -> Chunk:
    return Chunk(
        [record.offset for record in records],
        [record.key for record in records],
        [record.value for record in records],
        [record.headers for record in records],
    )
