"""Which broker the parts use. Not here: starting one (see `embedded`, `apache`)."""

from pipelines.broker import embedded
from pipelines.broker.errors import VARIABLE, NoBrokerError
from pipelines.home import Home
from pipelines.settings import Settings


def resolve(settings: Settings, home: Home) -> str:
    """The bootstrap address: the setting, else this home's living embedded broker, else `NoBrokerError`."""
    if settings.kafka.bootstrap_servers:
        return settings.kafka.bootstrap_servers
    if (broker := embedded.running(home)) is not None:
        return broker.address
    raise NoBrokerError(
        f"no Kafka: set {VARIABLE} (such as localhost:9092; `laddstrom kafka` starts one), "
        f"or start `laddstrom up` on {home.root} first"
    )
