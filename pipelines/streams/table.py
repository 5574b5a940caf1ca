"""The table `stations`: raw bytes, one mapping per partition, recovered from its changelog chunk by chunk.

Faust's memory store is one mapping for all partitions, in which their position markers would collide; and it
decodes every key and value. Writing goes through the write-behind, never through the table.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import faust
from faust.stores import memory
from faust.types import TP

from models.log import STATES_CHANGELOG, STATES_TABLE


class RawSchema(faust.Schema):  # type: ignore[misc]
    """Hands keys and values through as they came: a chunk is not for Faust to decode."""

    def loads_key(self, app: Any, message: Any, *, loads: Any = None, serializer: Any = None) -> Any:
        """The key as it is."""
        return message.key

    def loads_value(self, app: Any, message: Any, *, loads: Any = None, serializer: Any = None) -> Any:
        """The value as it is."""
        return message.value


class StationStore(memory.Store):  # type: ignore[misc]
    """Key to bytes, by partition."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.partitions: defaultdict[int, dict[bytes, bytes]] = defaultdict(dict)

    def apply_changelog_batch(
        self, batch: Iterable[Any], to_key: Callable[[Any], Any], to_value: Callable[[Any], Any]
    ) -> None:
        """Take over recovered chunks, oldest first."""
        for event in batch:
            saved = self.partitions[event.message.partition]
            for records in event.value.batches:
                for record in records:
                    if record.value is None:
                        saved.pop(record.key, None)
                    else:
                        saved[record.key] = record.value

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Forget what is no longer ours; what stays ours is only topped up by the next recovery."""
        for topic, partition in revoked | newly_assigned:
            if topic == STATES_CHANGELOG:
                self.partitions.pop(partition, None)


class StationTable(faust.Table):  # type: ignore[misc]
    """Faust's table over a `StationStore`: it brings assignment and recovery."""

    def _new_store(self) -> StationStore:
        return StationStore("memory://", self.app, self, table_name=self.name, loop=self.loop)

    def partition(self, number: int) -> dict[bytes, bytes]:
        """The states of a partition, as last acknowledged; the write-behind changes it in place."""
        saved: dict[bytes, bytes] = self.data.partitions[number]
        return saved


def declare(app: Any, on_recover: Callable[[], Any]) -> StationTable:
    """Add the table to the app; `on_recover` is called after each recovery, before reading goes on."""
    table = StationTable(
        app,
        name=STATES_TABLE,
        key_type=bytes,
        value_type=bytes,
        on_recover=on_recover,
        changelog_topic=app.topic(STATES_CHANGELOG, schema=RawSchema(), acks=False, internal=True, allow_empty=True),
        # With 1, Faust goes on reading the changelog after recovery, and an old state read back late would
        # overwrite a newer one. A chunk is one event, and the last ones are applied when recovery ends.
        recovery_buffer_size=2,
    )
    app.tables.add(table)
    return table
