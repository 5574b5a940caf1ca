"""One log file to Kafka: every line becomes a record of `ocpp.frames` or a dead letter, and is counted.

The file is read twice: once for its name (a hash of its content), its number of lines, the versions its
stations speak and the zone it writes in, once to send. Not here: whether the file is known already.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ingest.imports.entries import Entry, Refused
from ingest.imports.errors import FileChangedError
from ingest.imports.formats import Format, recognise
from ingest.imports.inference import Directions, Versions
from ingest.imports.reader import Content
from ingest.imports.zones import Zones
from ingest.producer import Producer
from models.dead_letters import DeadLetter
from models.log import DEAD_LETTERS, FRAMES, MAX_PAYLOAD_BYTES, META_HEADER
from models.reasons import Reason
from models.record import Kind, Meta

Progress = Callable[[int, int], None]
"""Called with lines done and lines in all."""

_PROGRESS_EVERY: Final = 1000
_FLUSH_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first reading finds. Lines are what can carry a record: no blank ones, no CSV header."""

    path: Path
    source: str
    lines: int
    format: Format
    size: int
    versions: Versions
    zones: Zones


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file's lines: `lines` = `sent` + all of `refused`."""

    source: str
    name: str
    lines: int
    sent: int
    refused: dict[Reason, int] = field(default_factory=dict)
    frames: int = 0
    connections: int = 0


def survey(path: Path) -> Survey:
    """Read a file without sending anything; raises `UnknownFormatError` where it is no log."""
    log_format = recognise(path)
    content, versions, zones, lines = Content(path), Versions(), Zones(), 0
    for entry in log_format.entries(content.lines()):
        lines += 1
        if isinstance(entry, Entry):
            versions.learn(entry.station_id, entry.payload, entry.protocol)
            if entry.is_zoneless:
                zones.learn(entry)
    return Survey(path, content.source, lines, log_format, content.size, versions, zones)


def import_file(
    path: Path, producer: Producer, *, progress: Progress | None = None, known: Survey | None = None
) -> Imported:
    """Send one file and wait until Kafka has it all.

    Args:
        path: The log file.
        producer: Where its records go.
        progress: Told now and then how far it is.
        known: A survey of this file made just before, to save the first reading.

    Raises:
        UnknownFormatError: The file is no log; nothing was sent.
        FileChangedError: The file was rewritten meanwhile.
        DeliveryError: Kafka did not take all of it; importing it again completes it and doubles nothing.
    """
    found = known or survey(path)
    content = Content(path, found.size)
    sender = _Sender(found, producer)
    for done, entry in enumerate(found.format.entries(content.lines()), 1):
        if isinstance(entry, Entry):
            sender.record(entry)
        else:
            sender.refuse(entry)
        if progress is not None and done % _PROGRESS_EVERY == 0:
            progress(done, found.lines)
    producer.flush(_FLUSH_S)
    if content.source != found.source:
        raise FileChangedError(path)
    if progress is not None:
        progress(found.lines, found.lines)
    return Imported(
        found.source,
        path.name,
        found.lines,
        sender.sent.total(),
        dict(sender.refused),
        frames=sender.sent[Kind.FRAME],
        connections=sender.sent[Kind.OPEN] + sender.sent[Kind.CLOSE],
    )


class _Sender:
    """Sends the entries of one file and counts them."""

    def __init__(self, found: Survey, producer: Producer) -> None:
        self._source = found.source
        self._versions = found.versions.from_the_start()
        self._zones = found.zones.from_the_start()
        self._directions = Directions()
        self._producer = producer
        self.sent: Counter[Kind] = Counter()
        self.refused: Counter[Reason] = Counter()

    def record(self, entry: Entry) -> None:
        """Send a readable line's frame, or refuse it where it is too large for the log."""
        if len(entry.payload) > MAX_PAYLOAD_BYTES:
            detail = f"a frame of {len(entry.payload)} bytes is above the limit of {MAX_PAYLOAD_BYTES}"
            self.refuse(Refused(entry.ordinal, Reason.TOO_LARGE, detail, b"", entry.station_id))
            return
        direction = entry.direction
        if entry.kind == Kind.FRAME:
            direction = self._directions.of(entry.station_id, entry.payload, direction)
        meta = Meta(
            entry.kind,
            direction,
            self._versions.of(entry.station_id, entry.payload, entry.protocol),
            self._zones.received(entry) if entry.is_zoneless else entry.received_at_us,
            None,
            entry.ordinal,
            self._source,
        )
        headers = [(META_HEADER, meta.encode())]
        self._producer.send(FRAMES, entry.station_id.encode("utf-8"), entry.payload, headers)
        self.sent[entry.kind] += 1

    def refuse(self, entry: Refused) -> None:
        """Send a dead letter."""
        reason, detail, content = entry.reason, entry.detail, entry.content
        if len(content) > MAX_PAYLOAD_BYTES:
            detail = f"{detail}; its {len(content)} bytes are above the limit of {MAX_PAYLOAD_BYTES}"
            reason, content = Reason.TOO_LARGE, b""
        meta = Meta(Kind.FRAME, None, None, None, None, entry.ordinal, self._source)
        letter = DeadLetter(reason=reason, detail=detail, station_id=entry.station_id, meta=meta, payload=content)
        key = (entry.station_id or "").encode("utf-8")
        self._producer.send(DEAD_LETTERS, key, letter.payload, letter.headers())
        self.refused[reason] += 1
