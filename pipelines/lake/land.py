"""Landing: what Kafka holds and the lake does not becomes Parquet, once. Not here: DuckDB, schedules.

The files know where to go on, never a consumer group. One range of offsets becomes its files and then one line of
the manifest; a crash anywhere leaves the range unlisted, and the next landing writes the same bytes again.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from models.facts import KINDS, topic
from models.log import DEAD_LETTERS, FRAMES, OBJECTS, STATES_CHANGELOG
from pipelines.home import Home
from pipelines.lake import compact, consume, files, known, states, violations
from pipelines.lake.batches import Batch, batch_for, pieces
from pipelines.lake.consume import Log, Topic
from pipelines.lake.errors import OffsetGapError, OffsetRegressionError
from pipelines.lake.generations import resolve_in
from pipelines.lake.landed import Landed
from pipelines.lake.manifest import Gap, Manifest, Range
from pipelines.lake.parquet import CODE_VERSION
from pipelines.lake.raw import Place

Progress = Callable[[str, int, int], None]
"""Told the topic, its records landed so far in this run, and how many there are to land."""
_RAW = (FRAMES, OBJECTS)
_DERIVED = (DEAD_LETTERS, *(topic(kind) for kind in KINDS))


def land(home: Home, bootstrap: str | None, *, progress: Progress | None = None, accept_loss: bool = False) -> Landed:
    """Land everything that is in the log now; without a broker there is nothing new.

    Args:
        home: Whose lake.
        bootstrap: Kafka's address, or null.
        progress: Told now and then how far it is.
        accept_loss: Go on where records are gone from Kafka, and write down which.

    Raises:
        HomeBusyError: another process is landing.
        LogError: the log is not the continuation of what was landed.
        FactUnreadableError: a fact topic holds what is not a fact.
        BrokerUnreachableError: Kafka does not answer.
    """
    began = time.monotonic()
    with home.lock("lake"):
        manifest = Manifest(home)
        files.ensure_empty(home)
        files.sweep(manifest)
        epoch = manifest.begin()
        result = Landed(has_broker=bootstrap is not None)
        if bootstrap is not None:
            with consume.connect(bootstrap) as log:
                _Landing(manifest, log, result, progress, accept_loss, epoch).run()
        violations.heal(manifest, epoch)
        compact.compact(manifest, epoch)
        result.seconds = time.monotonic() - began
        return result


@dataclass
class _Landing:
    """One run over an open log."""

    manifest: Manifest
    log: Log
    result: Landed
    progress: Progress | None
    accept_loss: bool
    epoch: int

    def run(self) -> None:
        """Raw first, then what was derived from it, then the states: each up to an end read in the other order.

        So a landed state never lacks its facts, and a landed fact never lacks its raw record.
        """
        found = self.log.find((STATES_CHANGELOG, *_DERIVED, *_RAW))
        groups = [[found[name] for name in names if name in found] for names in ((STATES_CHANGELOG,), _DERIVED, _RAW)]
        ends = [self.log.ends(group) for group in groups]
        for group, group_ends in zip(groups[:0:-1], ends[:0:-1], strict=True):
            for topic_found in group:
                self._land_topic(topic_found, group_ends)
        for changelog in groups[0]:
            self._land_states(changelog, ends[0])

    def _land_topic(self, source: Topic, ends: dict[tuple[str, int], int]) -> None:
        generation, todo = self._todo(source, ends)
        oldest = self.log.starts(source) if todo else {}
        total, done = sum(end - start for start, end in todo.values()), 0
        for partition, (start, end) in todo.items():
            place = Place(source.name, source.log_id, generation, partition)
            while start < end:
                try:
                    if oldest[partition] > start:
                        raise OffsetGapError(source.name, partition, start, oldest[partition])
                    for last in self._ranges(source, place, start, end):
                        done, start = done + last + 1 - start, last + 1
                        if self.progress:
                            self.progress(source.name, done, total)
                except OffsetGapError as gap:
                    start = self._accept(place, gap)

    def _todo(self, source: Topic, ends: dict[tuple[str, int], int]) -> tuple[int, dict[int, tuple[int, int]]]:
        """The generation, and per partition with something new its next offset and its end."""
        generation = resolve_in(self.manifest, source.name, source.log_id, partitions=source.partitions)
        todo = {}
        for partition in range(source.partitions):
            start = self.manifest.next_offset(source.name, generation, partition)
            end = ends[source.name, partition]
            if end < start:
                raise OffsetRegressionError(source.name, partition, start - 1, end)
            self.result.ends.setdefault(source.name, {})[partition] = start
            if end > start:
                todo[partition] = (start, end)
        return generation, todo

    def _ranges(self, source: Topic, place: Place, start: int, end: int) -> Iterator[int]:
        """Publish one range after the other; yields each one's last offset."""
        first, last, batch = start, start - 1, batch_for(place)
        try:
            for piece, is_full in pieces(self.log.read(source, place.partition, start, end), start):
                batch.add(piece)
                last = piece.offsets[-1]
                if is_full:
                    self._publish(source, place, first, last, batch)
                    yield last
                    first, batch = last + 1, batch_for(place)
        except OffsetGapError:
            if last >= first:
                self._publish(source, place, first, last, batch)
            raise
        if last >= first:
            self._publish(source, place, first, last, batch)
            yield last

    def _publish(self, source: Topic, place: Place, first: int, last: int, batch: Batch) -> None:
        contents = batch.finish(self.manifest)
        self.log.check_identity(source)
        self.manifest.check_fence()
        name = files.name_of(place.topic, place.generation, place.partition, first, last)
        found = contents.violations
        line = Range(
            topic=place.topic,
            log_id=place.log_id,
            generation=place.generation,
            partition=place.partition,
            first_offset=first,
            last_offset=last,
            files=tuple(files.write(self.manifest.home, table, name, rows) for table, rows in contents.tables.items()),
            sources=known.listed(place.topic, contents.sources),
            known=contents.known,
            invalid=contents.invalid,
            code_version=CODE_VERSION,
            epoch=self.epoch,
            checked=contents.checked,
            violations=None if found is None else files.write(self.manifest.home, violations.TABLE, name, found),
        )
        self.manifest.append(line)
        self.result.add_range(line, contents.sources, contents.reasons)

    def _accept(self, place: Place, gap: OffsetGapError) -> int:
        if not self.accept_loss:
            raise gap
        self.manifest.append(
            Gap(
                topic=place.topic,
                log_id=place.log_id,
                generation=place.generation,
                partition=place.partition,
                first_offset=gap.expected,
                last_offset=gap.found - 1,
                epoch=self.epoch,
            )
        )
        lost = self.result.lost
        lost[place.topic] = lost.get(place.topic, 0) + gap.found - gap.expected
        return gap.found

    def _land_states(self, source: Topic, ends: dict[tuple[str, int], int]) -> None:
        generation, todo = self._todo(source, ends)
        newest, landed_ends = states.Newest(), {}
        oldest = self.log.starts(source) if todo else {}
        for partition, (start, end) in todo.items():
            found = states.Newest()
            for chunk in self.log.read(source, partition, max(start, oldest[partition]), end, gaps=True):
                for key, value in zip(chunk.keys, chunk.values, strict=True):
                    if key is not None:
                        found.take(partition, key, value)
            if found.is_of(self.manifest.edition):
                newest.add(found)
                landed_ends[partition] = end - 1
        if not landed_ends:
            return
        self.log.check_identity(source)
        self.manifest.check_fence()
        line = states.write(
            self.manifest,
            newest.rows(),
            log_id=source.log_id,
            generation=generation,
            ends=landed_ends,
            epoch=self.epoch,
        )
        self.manifest.append(line)
        self.result.add_states(line, newest.stations)
