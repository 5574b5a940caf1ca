"""Python's logging of a command: to stderr, timestamped for parts, almost silent for commands of people."""

import logging
import sys


def quiet() -> None:
    """Warnings of ours only: what Kafka's client says about retries comes back as one sentence of ours."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)


def of_part() -> None:
    """A part's log: ours from INFO, others' from WARNING."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("laddstrom").setLevel(logging.INFO)
