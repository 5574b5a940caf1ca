"""The manifest: one checked JSON line for each thing the lake holds. Readers trust nothing else.

Each line carries a checksum over itself and the line before, so a changed, lost or doubled line is seen. Only a
torn last line (a crash while appending) is dropped, and said. Not here: the landed files themselves (`files`).
"""

import hashlib
import logging
import os
from collections import defaultdict
from typing import ClassVar, Final

import msgspec

from models.log import STATES_CHANGELOG
from pipelines.home import Home
from pipelines.lake.errors import FencedError, ManifestCorruptError

LIVE_PREFIX: Final = "live-"
"""Sources that are connections, not files, start with it."""
ANY_SOURCE: Final = "*"
"""Listed where a range of dead letters holds too many live sources to name each."""
_HEAD: Final = b'{"sum":"'
_MIDDLE: Final = b'","line":'
_TAIL: Final = b"}"
_SUM_CHARS: Final = 32
_log = logging.getLogger(__name__)


class Generation(msgspec.Struct, tag="generation", tag_field="kind", frozen=True, kw_only=True):
    """A topic identity got its number; a later line of the same may add the number of partitions."""

    topic: str
    log_id: str
    generation: int
    partitions: int | None


class LandedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file; `path` is relative to the lake."""

    table: str
    path: str
    rows: int
    bytes: int
    sha256: str
    schema_version: str
    memory_bytes: int = 0
    """What its rows take when read; 0 in lines of a version that did not count it."""


class Span(msgspec.Struct, kw_only=True):
    """What one range holds of one source: its ordinals and how many lines went where."""

    first: int
    last: int
    landed: int = 0
    known: int = 0
    refused: int = 0
    """Dead-lettered without being landed."""


class Range(msgspec.Struct, tag="range", tag_field="kind", frozen=True, kw_only=True):
    """Offsets first to last of one partition are landed, in these files (none if all rows were known)."""

    topic: str
    log_id: str
    generation: int
    partition: int
    first_offset: int
    last_offset: int
    files: tuple[LandedFile, ...]
    sources: dict[str, Span]
    known: int
    invalid: int
    code_version: str
    epoch: int
    checked: str = ""
    """By which version of the schema check; empty where none looked at it yet, or there is nothing to check."""
    violations: LandedFile | None = None
    """What the check found, if anything."""

    @property
    def every_file(self) -> tuple[LandedFile, ...]:
        """Its files, that of the check among them."""
        return self.files if self.violations is None else (*self.files, self.violations)


class Merged(Range, tag="merged", tag_field="kind", frozen=True, kw_only=True):
    """Neighbouring ranges became one: from this line on, it stands for them, and its files for theirs."""

    level: int
    """One above the highest it replaces; a range as landed is of level 0."""
    replaces: tuple[int, ...]
    """First offsets of the ranges it replaces."""
    merged_at: int
    """Seconds since 1970: until when replaced files stay depends on it."""


class Gap(msgspec.Struct, tag="gap", tag_field="kind", frozen=True, kw_only=True):
    """Somebody accepted that offsets first to last are lost."""

    topic: str
    log_id: str
    generation: int
    partition: int
    first_offset: int
    last_offset: int
    epoch: int


class States(msgspec.Struct, tag="states", tag_field="kind", frozen=True, kw_only=True):
    """Station states up to `ends` (partition of the changelog: last offset); a full one replaces all before."""

    log_id: str
    generation: int
    ends: dict[int, int]
    is_full: bool
    file: LandedFile
    code_version: str
    epoch: int


class Replayed(msgspec.Struct, tag="replay", tag_field="kind", frozen=True, kw_only=True):
    """A replay of landed raw: its facts join those landed, its full states replace all before.

    From this line on the lake is of a new edition: states of an older one, in a worker's changelog, are void.
    """

    is_full: ClassVar[bool] = True

    edition: int
    stations: int
    """How many were replayed."""
    files: tuple[LandedFile, ...]
    file: LandedFile
    """The states."""
    code_version: str
    epoch: int


Line = Generation | Range | Merged | Gap | States | Replayed
_Key = tuple[int, int, int]
"""Generation, partition and first offset of a range."""
_decoder = msgspec.json.Decoder(Line)


class Manifest:
    """The manifest as read at one moment; `refresh` reads on, `append` adds a line durably.

    A landing calls `begin` first: from then on a line of a later landing raises `FencedError`.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self.generations: dict[tuple[str, str], Generation] = {}
        self.states: list[States | Replayed] = []
        self.replaced: dict[str, int] = {}
        """Paths of files that a merged one stands for, and since when."""
        self._ranges: dict[str, dict[_Key, Range]] = defaultdict(dict)
        self._by_source: dict[tuple[str, str], dict[_Key, Range]] = defaultdict(dict)
        self.epoch = 0
        self.gaps: list[Gap] = []
        self.edition = 0
        """Counts the replays; states carry on only within one."""
        self._next: dict[tuple[str, int, int], int] = {}
        self._partitions: dict[tuple[str, int], int | None] = {}
        self._writer_epoch: int | None = None
        self._is_fenced = False
        self._position = 0
        self._sum = "0" * _SUM_CHARS
        self._lines = 0
        self.refresh()

    @property
    def is_empty(self) -> bool:
        """Nothing was ever written."""
        return self._lines == 0

    @property
    def ranges(self) -> dict[str, list[Range]]:
        """The ranges of each topic in the order they were landed; a merged one stands where its first one stood."""
        return defaultdict(list, {topic: list(found.values()) for topic, found in self._ranges.items()})

    @property
    def files(self) -> dict[str, list[LandedFile]]:
        """The files of each table that hold its rows now, each row once."""
        found: dict[str, list[LandedFile]] = defaultdict(list)
        lines: list[Range | Replayed] = [line for ranges in self._ranges.values() for line in ranges.values()]
        for line in [*lines, *self.replays]:
            for file in line.every_file if isinstance(line, Range) else line.files:
                found[file.table].append(file)
        return found

    @property
    def replays(self) -> list[Replayed]:
        """The replays that wrote something, in order."""
        return [line for line in self.states if isinstance(line, Replayed)]

    def holding(self, topic: str, source: str) -> list[Range]:
        """The ranges that name this source."""
        return list(self._by_source.get((topic, source), {}).values())

    def next_offset(self, topic: str, generation: int, partition: int) -> int:
        """Where landing goes on: the last landed offset and one."""
        return self._next.get((topic, generation, partition), 0)

    def partitions(self, topic: str, generation: int) -> int | None:
        """How many partitions that generation has, if known."""
        return self._partitions.get((topic, generation))

    def current_states(self) -> list[States | Replayed]:
        """The newest full snapshot and what came after it."""
        first = max((i for i, line in enumerate(self.states) if line.is_full), default=0)
        return self.states[first:]

    def begin(self) -> int:
        """Take the next epoch for a landing of this process."""
        self._writer_epoch = self.epoch + 1
        return self._writer_epoch

    def refresh(self) -> None:
        """Take in what was appended since; a torn last line is left alone."""
        self._read_on()

    def append(self, line: Line) -> None:
        """Add a line and return once it is on disk."""
        with self.home.lock("manifest", wait=True):
            torn = self._read_on()
            self._raise_if_fenced()
            body = msgspec.json.encode(line)
            total = _chained(self._sum, body)
            data = _HEAD + total.encode() + _MIDDLE + body + _TAIL + b"\n"
            is_new = not self.home.manifest.exists()
            descriptor = os.open(self.home.manifest, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                if torn:
                    _log.warning("the manifest's last line was torn by a crash: %d bytes dropped", torn)
                    os.ftruncate(descriptor, self._position)
                _write_at(descriptor, data, self._position)
            finally:
                os.close(descriptor)
            if is_new:
                sync_folder(self.home.lake)
            self._position += len(data)
            self._sum = total
            self._take(line)

    def check_fence(self) -> None:
        """Raise `FencedError` if a later landing has published since."""
        self._read_on()
        self._raise_if_fenced()

    def _raise_if_fenced(self) -> None:
        if self._is_fenced:
            raise FencedError("another landing of this home went on while this one slept; this one stops, run it again")

    def _read_on(self) -> int:
        """Take new complete lines; returns the length of a torn tail."""
        try:
            with self.home.manifest.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self._position:
                    raise ManifestCorruptError(self._wrong("became shorter"))
                file.seek(self._position)
                data = file.read()
        except FileNotFoundError:
            if self._position:
                raise ManifestCorruptError(self._wrong("is gone")) from None
            return 0
        *lines, tail = data.split(b"\n")
        for raw in lines:
            self._check(raw)
            self._position += len(raw) + 1
        if tail and (self._reads(tail) or self._reads(tail[:-1])):
            # A whole line whose newline is another byte: nothing was torn, something changed it.
            raise ManifestCorruptError(self._wrong("has a changed byte at its end"))
        return len(tail)

    def _reads(self, raw: bytes) -> bool:
        body = raw[len(_HEAD) + _SUM_CHARS + len(_MIDDLE) : -1]
        return raw == _HEAD + _chained(self._sum, body).encode() + _MIDDLE + body + _TAIL

    def _check(self, raw: bytes) -> None:
        if not self._reads(raw):
            raise ManifestCorruptError(self._wrong("is not as it was written"))
        try:
            line = _decoder.decode(raw[len(_HEAD) + _SUM_CHARS + len(_MIDDLE) : -1])
        except msgspec.DecodeError as error:
            raise ManifestCorruptError(self._wrong(f"is of a version this one cannot read ({error})")) from error
        self._sum = raw[len(_HEAD) : len(_HEAD) + _SUM_CHARS].decode()
        self._take(line, foreign=True)

    def _wrong(self, what: str) -> str:
        return (
            f"{self.home.manifest} {what} (line {self._lines + 1}); restore the file from a copy, "
            "or move the home's lake folder away and land again from Kafka"
        )

    def _take(self, line: Line, *, foreign: bool = False) -> None:
        if isinstance(line, Merged):
            self._replace(line)
        self._lines += 1
        if isinstance(line, Generation):
            self.generations[line.topic, line.log_id] = line
            self._partitions[line.topic, line.generation] = line.partitions
            return
        if foreign and self._writer_epoch is not None and line.epoch >= self._writer_epoch:
            self._is_fenced = True
        self.epoch = max(self.epoch, line.epoch)
        if isinstance(line, Replayed):
            self.states.append(line)
            self.edition = line.edition
            return
        if isinstance(line, States):
            self.states.append(line)
            for partition, last in line.ends.items():
                self._next[STATES_CHANGELOG, line.generation, partition] = last + 1
            return
        place = (line.topic, line.generation, line.partition)
        self._next[place] = max(self._next.get(place, 0), line.last_offset + 1)
        if isinstance(line, Gap):
            self.gaps.append(line)
        elif isinstance(line, Range):
            self._put(line)

    def _put(self, line: Range) -> None:
        key = (line.generation, line.partition, line.first_offset)
        self._ranges[line.topic][key] = line
        for source in line.sources:
            self._by_source[line.topic, source][key] = line

    def _replace(self, merged: Merged) -> None:
        """Take out what it replaces; its own first offset keeps its place for it."""
        ranges = self._ranges[merged.topic]
        for first in merged.replaces:
            key = (merged.generation, merged.partition, first)
            old = ranges.get(key)
            if old is None:
                raise ManifestCorruptError(self._wrong(f"replaces offsets from {first} that it never named"))
            if first != merged.first_offset:
                del ranges[key]
            for source in old.sources:
                self._by_source[merged.topic, source].pop(key, None)
            self.replaced |= {file.path: merged.merged_at for file in old.every_file}


def known_sources(home: Home) -> dict[str, int]:
    """Each imported file's number of distinct lines that were landed or dead-lettered."""
    return lines_of_sources(Manifest(home))


def lines_of_sources(manifest: Manifest) -> dict[str, int]:
    """As `known_sources`, of a manifest already read."""
    found: dict[str, int] = defaultdict(int)
    for ranges in manifest.ranges.values():
        for line in ranges:
            for source, span in line.sources.items():
                if source != ANY_SOURCE and not source.startswith(LIVE_PREFIX):
                    found[source] += span.landed + span.refused
    return dict(found)


def sync_folder(folder: os.PathLike[str]) -> None:
    """Make a rename or a new file in this folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _chained(before: str, body: bytes) -> str:
    return hashlib.sha256(before.encode() + body).hexdigest()[:_SUM_CHARS]


def _write_at(descriptor: int, data: bytes, position: int) -> None:
    try:
        if os.pwrite(descriptor, data, position) != len(data):
            raise OSError("the manifest's line was written only in part")
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, position)  # a full disk must not leave half a line
        raise
