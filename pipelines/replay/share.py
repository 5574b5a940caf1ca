"""One process's part of a replay: group after group through the step, facts compared, what differs written.

Not here: starting processes, or making what they wrote visible (`run`).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
import polars as pl

from models.dead_letters import DeadLetter
from models.facts import KINDS, Fact
from models.log import FRAMES
from models.order import restatements
from models.state import encode
from models.step import Context
from models.tables.landed import LANDED
from pipelines.home import Home
from pipelines.lake import dead_letters, files
from pipelines.lake import facts as landed_facts
from pipelines.lake.manifest import LandedFile
from pipelines.replay import compare, read
from pipelines.replay.compare import Counts
from pipelines.replay.fold import Folded, fold
from pipelines.replay.plan import Group, Plan

FILE_ROWS: Final = 100_000
"""As a landed file: no more rows."""

Progress = Callable[[int], None]
"""Told how many raw rows more are done."""


class Task(msgspec.Struct, frozen=True):
    """What one process is told; all of it can be pickled."""

    home: Home
    plan: Plan
    number: int
    """Which of the plan's shares is to be done."""
    states: dict[str, bytes]
    """The landed states of its stations."""
    token_key: bytes | None
    edition: int
    is_dry: bool


class Done(msgspec.Struct):
    """What came of it. Nothing counts until the manifest lists the files."""

    facts: dict[str, Counts] = {}
    """By kind."""
    files: list[LandedFile] = []
    states: dict[str, bytes] = {}
    states_changed: int = 0
    stations: int = 0
    frames: int = 0
    dead_letters: int = 0

    def count(self, kind: type[Fact], counts: Counts) -> None:
        """Add to the counts of a kind."""
        self.facts[kind.kind] = self.facts.get(kind.kind, Counts()).plus(counts)

    def add(self, other: "Done") -> None:
        """Take over what another process has done."""
        for kind, counts in other.facts.items():
            self.facts[kind] = self.facts.get(kind, Counts()).plus(counts)
        self.files += other.files
        self.states |= other.states
        self.states_changed += other.states_changed
        self.stations += other.stations
        self.frames += other.frames
        self.dead_letters += other.dead_letters


def work(task: Task, progress: Progress) -> Done:
    """Do one share.

    Raises:
        FileDamagedError: a landed file cannot be read.
    """
    done, writer, context = Done(), _Writer(task), Context(token_key=task.token_key)
    for group in task.plan.shares[task.number]:
        found: dict[str, Folded] = {}
        for station, records in read.records(task.home, task.plan, group):
            found[station] = fold(station, records, context, task.states.get(station))
            done.frames += len(records)
        for station in group.stations:
            if station not in found:  # facts, but no frame any more
                found[station] = fold(station, [], context, task.states.get(station))
        _compare(task, group, found, done, writer)
        _refused(task, group, found, done, writer)
        for station, folded in found.items():
            done.states[station] = encode(folded.state)
            done.states_changed += folded.is_state_new
        done.stations += len(group.stations)
        progress(group.rows)
    done.files = writer.close()
    return done


def _compare(task: Task, group: Group, found: dict[str, Folded], done: Done, writer: "_Writer") -> None:
    said: dict[type[Fact], list[Fact]] = {kind: [] for kind in KINDS}
    for folded in found.values():
        for fact in folded.facts:
            if not fact.deleted:
                said[type(fact)].append(fact)
    differences: dict[str, _Difference] = defaultdict(_Difference)
    for kind in KINDS:
        newest = read.newest(task.home, task.plan, group, kind)
        ids, counts = compare.differing(kind, landed_facts.frame_of(kind, said[kind]), newest)
        done.count(kind, counts)
        if not ids:
            continue
        for fact in said[kind]:
            if fact.fact_id in ids:
                differences[_station(fact)].fresh.append(fact)
        for row in newest.filter(pl.col(kind.id_column).is_in(list(ids))).iter_rows(named=True):
            fact = read.fact_of(kind, row)
            differences[_station(fact)].said[kind.kind, fact.fact_id] = fact
    _change({name: differences[name] for name in found}, found, done, writer)


def _change(
    differences: Mapping[str, "_Difference"], found: Mapping[str, Folded], done: Done, writer: "_Writer"
) -> None:
    """Say what differs, and tell of it."""
    rows: dict[type[Fact], list[Fact]] = {kind: [] for kind in KINDS}
    for name, difference in differences.items():
        folded = found[name]
        if difference.fresh or difference.said or folded.mark:
            changes = restatements.changes(difference.said, difference.fresh, folded.state, folded.mark)
            for fact in changes.facts:
                rows[type(fact)].append(fact)
            for fact in changes.history:
                rows[type(fact)].append(fact)
                done.count(type(fact), Counts(new=1))
    for kind, facts in rows.items():
        writer.add(kind.table, landed_facts.frame_of(kind, facts))


class _Difference(msgspec.Struct):
    """Of one station: facts as landed, and as the replay says them; equal ones left out."""

    said: dict[tuple[str, str], Fact] = {}
    fresh: list[Fact] = []


def _station(fact: Fact) -> str:
    station: str = fact.station_id  # type: ignore[attr-defined]  # every kind has one
    return station


def _refused(task: Task, group: Group, found: dict[str, Folded], done: Done, writer: "_Writer") -> None:
    """Dead letters that no worker has written; none is ever taken back."""
    letters = [
        DeadLetter.of_record(
            record, refusal.reason, refusal.detail, topic=FRAMES, log_id=task.plan.log_ids[record.generation]
        )
        for folded in found.values()
        for record, refusal in folded.refused
    ]
    if letters:
        known = read.dead_letters(task.home, task.plan, group)
        rows = dead_letters.frame_of(letters).unique("dead_letter_id", keep="first", maintain_order=True)
        rows = rows.filter(~pl.col("dead_letter_id").is_in(known.implode()))
        done.dead_letters += rows.height
        writer.add(dead_letters.TABLE, rows)


class _Writer:
    """Rows of tables, written as files once there are enough."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._waiting: dict[str, list[pl.DataFrame]] = defaultdict(list)
        self._written: list[LandedFile] = []

    def add(self, table: str, rows: pl.DataFrame) -> None:
        """Rows of one table."""
        if rows.height and not self._task.is_dry:
            self._waiting[table].append(rows)
            if sum(part.height for part in self._waiting[table]) >= FILE_ROWS:
                self._write(table)

    def close(self) -> list[LandedFile]:
        """Write what is left; all files."""
        for table, parts in self._waiting.items():
            if parts:
                self._write(table)
        return self._written

    def _write(self, table: str) -> None:
        rows, self._waiting[table] = pl.concat(self._waiting[table]), []
        name = f"{files.REPLAY}e{self._task.edition:04d}-{self._task.number:03d}-{len(self._written):04d}"
        found = landed_facts.in_order(rows).to_arrow().cast(LANDED[table].schema)
        self._written.append(files.write(self._task.home, table, name, found))
