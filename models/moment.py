"""When and as what the record being handled arrived: what the parts of the step share. Not here: the log's order."""

import msgspec

from models import ids
from models.energy import knowledge
from models.energy.knowledge import NOTHING, Knowledge
from models.record import Record


class Context(msgspec.Struct, frozen=True):
    """Values the step is handed, never looks up.

    `token_key` keys the pseudonym of card numbers; null leaves tokens in clear (a setting). `knowledge` is what is
    known beforehand of how makes meter.
    """

    token_key: bytes | None = None
    knowledge: Knowledge = knowledge.shipped()


class Moment(msgspec.Struct, gc=False):
    """One record's time of receipt (None where the log has none), version of OCPP and message id.

    `token_key` keys what names the record, see `ids.mark`. The times in its event are corrected already, by
    `offset_us`; 0 where the station's clock is sound or not known (`timing`).
    """

    record: Record
    received_us: int | None
    protocol: str
    message_id: str
    token_key: bytes | None = None
    _mark: str | None = None
    offset_us: int = 0
    knowledge: Knowledge = NOTHING
    """What is known beforehand of how makes meter."""

    @property
    def mark(self) -> str:
        """What names this frame for ever; hashed once, however many facts a frame carries."""
        if self._mark is None:
            self._mark = ids.mark(self.record, self.received_us, self.token_key)
        return self._mark

    @property
    def place(self) -> tuple[int, int, int]:
        """Generation, partition and offset of the frame: where the evidence is."""
        record = self.record
        return record.generation, record.partition, record.offset

    def at(self, reported_us: int | None) -> int | None:
        """When something happened: by the charger's clock where it is sound, else by receipt."""
        return self.received_us if reported_us is None else reported_us

    def reported(self, at_us: int | None) -> int | None:
        """A time of the event as the charger's clock told it: for telling a message from its retry."""
        return None if at_us is None else at_us - self.offset_us

    def clock(self, reported_us: int | None) -> int | None:
        """The log's time: receipt, or the charger's clock where the log has no times."""
        return reported_us if self.received_us is None else self.received_us
