"""Names in the Kafka log: topics, the consumer group, the header. Not here: clients or their settings."""

from typing import Final

FRAMES: Final = "ocpp.frames"
OBJECTS: Final = "ocpi.objects"
DEAD_LETTERS: Final = "dead-letters"
FACT_PREFIX: Final = "charging."

WORKER_ID: Final = "laddstrom-worker"
"""Faust application id and consumer group of the worker."""
STATES_TABLE: Final = "stations"
STATES_CHANGELOG: Final = f"{WORKER_ID}-{STATES_TABLE}-changelog"
"""Station states, one key per station; the name is Faust's rule for a table's changelog."""

META_HEADER: Final = "meta"

DEFAULT_PARTITIONS: Final = 8
MAX_FRAME_BYTES: Final = 1 << 20
"""A live frame above this closes the connection with 1009 (contract, section 3)."""
MAX_PAYLOAD_BYTES: Final = 8 << 20
TOPIC_MAX_BYTES: Final = 9 << 20
DEAD_LETTERS_MAX_BYTES: Final = 10 << 20
