"""What one landing did, for the summary of `process` and the metadata of assets. Not here: printing it."""

from dataclasses import dataclass, field

from pipelines.lake.manifest import Range, Span, States


@dataclass(slots=True)
class SourceCount:
    """One source in this landing: lines landed, known before, and refused (dead-lettered, never landed)."""

    landed: int = 0
    known: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        """Lines that arrived."""
        return self.landed + self.known + self.refused


@dataclass(slots=True)
class Landed:
    """Counts of one landing. `has_broker` false: nothing could be new."""

    has_broker: bool = True
    rows: dict[str, int] = field(default_factory=dict)
    """New rows by table."""
    known: dict[str, int] = field(default_factory=dict)
    """Records by topic that were landed before, or came twice."""
    invalid: dict[str, int] = field(default_factory=dict)
    """Raw records by topic whose key or header cannot be read: not landed; the worker makes dead letters of them."""
    dead_letters: dict[str, int] = field(default_factory=dict)
    """New dead letters by reason."""
    sources: dict[str, SourceCount] = field(default_factory=dict)
    """Files and live connections."""
    states: int = 0
    """Stations whose state was landed."""
    ends: dict[str, dict[int, int]] = field(default_factory=dict)
    """Next offset to land, by topic and partition."""
    lost: dict[str, int] = field(default_factory=dict)
    """Offsets by topic that were gone and accepted as lost."""
    bytes: int = 0
    files: int = 0
    seconds: float = 0.0

    @property
    def total_rows(self) -> int:
        """New rows of all tables."""
        return sum(self.rows.values())

    def add_range(self, line: Range, sources: dict[str, Span], reasons: dict[str, int]) -> None:
        """Count a published range."""
        for file in line.every_file:
            self.rows[file.table] = self.rows.get(file.table, 0) + file.rows
            self.bytes += file.bytes
            self.files += 1
        self.known[line.topic] = self.known.get(line.topic, 0) + line.known
        self.invalid[line.topic] = self.invalid.get(line.topic, 0) + line.invalid
        self.ends.setdefault(line.topic, {})[line.partition] = line.last_offset + 1
        for reason, count in reasons.items():
            self.dead_letters[reason] = self.dead_letters.get(reason, 0) + count
        for source, span in sources.items():
            seen = self.sources.setdefault(source, SourceCount())
            seen.landed += span.landed
            seen.known += span.known
            seen.refused += span.refused

    def add_states(self, line: States, stations: int) -> None:
        """Count a published states file."""
        self.states += stations
        self.bytes += line.file.bytes
        self.files += 1
