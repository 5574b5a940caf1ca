"""The one resource: whose home and which settings, read when a run needs them, never at import."""

from dataclasses import dataclass
from functools import cached_property

from pipelines import settings as settings_file
from pipelines.home import Home
from pipelines.settings import Settings

NO_BROKER = "no broker: nothing new"


@dataclass(frozen=True)
class Installation:
    """A home and its settings; what is not given is read from the environment at first use."""

    given_home: Home | None = None
    given_settings: Settings | None = None

    @cached_property
    def settings(self) -> Settings:
        """The settings of this run."""
        return self.given_settings or settings_file.load()

    @cached_property
    def home(self) -> Home:
        """The home of this run, its folders made."""
        return self.given_home.create() if self.given_home else self.settings.open_home()

    def broker(self) -> tuple[str | None, str]:
        """The broker's address and a sentence; null where none is configured or running, or none answers."""
        from pipelines.broker import address, topics
        from pipelines.broker.errors import BrokerUnreachableError, NoBrokerError

        try:
            bootstrap = address.resolve(self.settings, self.home)
            topics.ensure(bootstrap, self.settings.kafka.partitions)
        except (NoBrokerError, BrokerUnreachableError) as error:
            return None, f"{NO_BROKER} ({error})"
        return bootstrap, f"broker {bootstrap}"
