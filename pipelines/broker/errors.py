"""What can be wrong with the broker; each message is one sentence that says what to do."""

from typing import Final

VARIABLE: Final = "LADDSTROM_KAFKA__BOOTSTRAP_SERVERS"


class BrokerError(RuntimeError):
    """Anything wrong with the Kafka log."""


class NoBrokerError(BrokerError):
    """No broker is configured, and no embedded one of this home lives. Wrong usage: exit code 2."""


class BrokerStartError(BrokerError):
    """A broker that this process should start did not come up."""


class BrokerUnreachableError(BrokerError):
    """A configured broker does not answer."""


class TopicError(BrokerError):
    """A topic is missing, could not be made, or is not as this pipeline needs it."""
