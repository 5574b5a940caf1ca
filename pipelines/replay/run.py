"""A replay from beginning to end: locks, shares, and one line of the manifest that makes all of it visible.

A crash before that line leaves files that no one lists; the next landing removes them. Not here: the command line.
"""

import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import msgspec

from models.log import FRAMES
from pipelines.broker.topics import partition_of
from pipelines.home import Home, HomeBusyError
from pipelines.lake import files, states
from pipelines.lake.errors import LakeError
from pipelines.lake.land import land
from pipelines.lake.manifest import Manifest, Replayed
from pipelines.lake.parquet import CODE_VERSION
from pipelines.replay import plan as planning
from pipelines.replay import processes
from pipelines.replay.compare import Counts
from pipelines.replay.plan import Group, Plan
from pipelines.replay.share import Done, Task
from pipelines.supervisor import announce

Progress = Callable[[str, int, int], None]
"""Told what goes on and how far it is: landing records, checking files, replaying records."""


class WorkerRunsError(LakeError):
    """A worker folds into the states that the replay would replace."""


class FramesLostError(LakeError):
    """Frames that facts were made of were lost before they were landed."""


class Outcome(msgspec.Struct, kw_only=True):
    """What a replay found, and whether it wrote it down."""

    stations: int
    frames: int
    processes: int
    facts: dict[str, Counts]
    """By kind."""
    dead_letters: int
    """New ones; those of older rules stay."""
    states_changed: int
    """Stations whose landed state is not what the replay makes of their frames."""
    edition: int | None
    """The lake's new edition; null if nothing changed, or for a dry run."""
    is_dry: bool
    seconds: float

    @property
    def differing(self) -> int:
        """Facts that are not as landed."""
        return sum(counts.differing for counts in self.facts.values())


def replay(
    home: Home,
    *,
    token_key: bytes | None,
    bootstrap: str | None = None,
    stations: Collection[str] | None = None,
    processes: int | None = None,
    is_dry: bool = False,
    accept_loss: bool = False,
    progress: Progress = lambda task, done, total: None,
) -> Outcome:
    """Take all landed raw of the stations (null = all) through the step; write the facts that differ, and states.

    Args:
        home: Whose lake.
        token_key: What the worker's `Context` holds.
        bootstrap: Kafka's address, where there is one: what waits there is landed first.
        stations: Only these.
        processes: How many at most; null = one for each core.
        is_dry: Write nothing, take no lock: only say what would change.
        accept_loss: Go on where frames were lost before they were landed: facts made of them are taken back.
        progress: Told now and then how far it is.

    Raises:
        WorkerRunsError: a worker of this home runs.
        HomeBusyError: `process`, `up` or a landing works on this home.
        FramesLostError: see `accept_loss`.
        UnknownStationError: nothing of one of the stations was landed.
        FileDamagedError: a landed file is missing or damaged.
        ReplayError: a process was killed.
    """
    replaying = _Replay(home, token_key, stations, processes or os.cpu_count() or 1, accept_loss, progress)
    if is_dry:
        return replaying.run(Manifest(home), None)
    with home.lock("pipeline"), _without_workers(home):
        if bootstrap is not None:
            land(home, bootstrap, progress=lambda _, done, total: progress("Landing", done, total))
        with home.lock("lake"):
            files.ensure_empty(home)
            manifest = Manifest(home)
            files.sweep(manifest)
            return replaying.run(manifest, manifest.begin())


@contextmanager
def _without_workers(home: Home) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(home.lock("worker"))
        except HomeBusyError:
            said = announce.read(home, "worker")
            who = f"process {said['pid']}" if said else "a process of this home"
            raise WorkerRunsError(f"a worker runs ({who}); stop it, then replay") from None
        yield


@dataclass(frozen=True, slots=True)
class _Replay:
    """One run over a manifest that nobody else adds to."""

    home: Home
    token_key: bytes | None
    stations: Collection[str] | None
    processes: int
    accept_loss: bool
    progress: Progress

    def run(self, manifest: Manifest, epoch: int | None) -> Outcome:
        """Without an epoch, nothing is written."""
        began = time.monotonic()
        self._check_gaps(manifest)
        plan = planning.make(
            manifest,
            self.stations,
            self.processes,
            checked=lambda done, total: self.progress("Checking files", done, total),
        )
        snapshot = states.current(manifest)
        edition = manifest.edition + 1
        tasks = [
            Task(
                home=self.home,
                plan=plan,
                number=number,
                states=_of_share(snapshot, share),
                token_key=self.token_key,
                edition=edition,
                is_dry=epoch is None,
            )
            for number, share in enumerate(plan.shares)
        ]
        done = processes.run(tasks, _Counter(self.progress, plan.rows).add)
        is_news = bool(
            done.states_changed or done.dead_letters or any(counts.differing for counts in done.facts.values())
        )
        if epoch is not None and is_news:
            manifest.check_fence()
            manifest.append(self._line(manifest, snapshot, plan, done, edition, epoch))
        return Outcome(
            stations=done.stations,
            frames=done.frames,
            processes=len(tasks),
            facts=done.facts,
            dead_letters=done.dead_letters,
            states_changed=done.states_changed,
            edition=edition if epoch is not None and is_news else None,
            is_dry=epoch is None,
            seconds=time.monotonic() - began,
        )

    def _check_gaps(self, manifest: Manifest) -> None:
        lost = sum(gap.last_offset - gap.first_offset + 1 for gap in manifest.gaps if gap.topic == FRAMES)
        if lost and not self.accept_loss:
            raise FramesLostError(
                f"{lost} frames were lost from Kafka before they were landed, so their facts would be taken back; "
                "replay with --accept-loss if that is what you want, or only other stations with --station"
            )

    def _line(
        self, manifest: Manifest, snapshot: states.Snapshot, plan: Plan, done: Done, edition: int, epoch: int
    ) -> Replayed:
        """The states of all stations as one file, and the line that lists it and the facts."""
        count = plan.partitions or _newest_partitions(manifest)
        for station, data in done.states.items():
            key = station.encode()
            snapshot.states[key], snapshot.homes[key] = data, partition_of(key, count)
        if self.stations is None:
            newest = max(line.generation for line in manifest.ranges[FRAMES])
            for partition in range(count):
                snapshot.markers[partition, newest] = manifest.next_offset(FRAMES, newest, partition) - 1
        return Replayed(
            edition=edition,
            stations=done.stations,
            files=tuple(done.files),
            file=states.write_full(manifest, snapshot, f"{files.REPLAY}e{edition:04d}"),
            code_version=CODE_VERSION,
            epoch=epoch,
        )


class _Counter:
    """Adds up what the processes say."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self.add(0)

    def add(self, rows: int) -> None:
        self._done += rows
        self._progress("Replaying", self._done, self._total)


def _of_share(snapshot: states.Snapshot, share: list[Group]) -> dict[str, bytes]:
    names = (name for group in share for name in group.stations)
    return {name: data for name in names if (data := snapshot.states.get(name.encode())) is not None}


def _newest_partitions(manifest: Manifest) -> int:
    newest = max(line.generation for line in manifest.ranges[FRAMES])
    return manifest.partitions(FRAMES, newest) or 1
