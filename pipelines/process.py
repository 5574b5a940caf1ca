"""`laddstrom process`: log files through Kafka, the worker, the lake and the warehouse, once.

It wires the real parts and counts what comes out; it has no fold of its own.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from ingest.imports.importer import Imported, Survey, import_file, survey
from ingest.producer import KafkaLogProducer
from models.state import mark_of
from pipelines.broker import address, embedded, topics
from pipelines.broker.errors import VARIABLE, NoBrokerError
from pipelines.home import Home
from pipelines.lake import manifest, restore, zones
from pipelines.lake.land import land
from pipelines.lake.landed import Landed, SourceCount
from pipelines.settings import Settings, TokenPrivacy
from pipelines.summary import FileCount, Summary, totals
from pipelines.supervisor import drain
from pipelines.supervisor.part import Part
from pipelines.warehouse.build import build

_WORKER_STOP_S = 45.0
_GIVE_UP_S = 5.0


class Feedback(Protocol):
    """Where progress goes: a terminal, plain lines, or nowhere."""

    def say(self, sentence: str) -> None:
        """One sentence."""

    def progress(self, task: str, done: int, total: int) -> None:
        """How far a task is."""


def run(paths: Sequence[Path], settings: Settings, feedback: Feedback, *, again: bool = False) -> Summary:
    """Process files and publish; an unknown format is refused before anything is changed.

    Raises:
        UnknownFormatError: one of the files is no log.
        HomeBusyError: another `process` or `up` works on this home.
        PartError: the worker ended or is stuck.
        BrokerError, DeliveryError, LakeError: see there.
    """
    began = time.monotonic()
    surveys = read(paths, feedback)
    home = settings.open_home()
    with home.lock("pipeline"):
        before = totals(home)
        new, counts = choose(home, surveys, feedback, again=again)
        if new or _is_unfinished(home):
            imported, landed = _through(new, settings, home, feedback)
            counts += [_count(item, landed.sources.get(item.source, SourceCount())) for item in imported]
            _publish(home, settings, feedback)
        elif _is_outdated(home):
            _publish(home, settings, feedback)
        after = totals(home)
        return Summary(
            tuple(counts), after.since(before), after, str(home.current.absolute()), time.monotonic() - began
        )


def read(paths: Sequence[Path], feedback: Feedback) -> list[Survey]:
    """Recognise every file and count its lines; raises `UnknownFormatError`."""
    found = []
    for done, path in enumerate(paths):
        feedback.progress("Reading", done, len(paths))
        found.append(survey(path))
    feedback.progress("Reading", len(paths), len(paths))
    return found


def choose(
    home: Home, surveys: Sequence[Survey], feedback: Feedback, *, again: bool
) -> tuple[list[Survey], list[FileCount]]:
    """The files to send, and counts of those that are skipped because they are known already.

    What any of them tells of its zone is known from here on; those with times that nothing tells are named.
    """
    zones.remember(home, [found.zones for found in surveys])
    known = manifest.known_sources(home)
    new: dict[str, Survey] = {}
    skipped = []
    for found in surveys:
        is_twice = found.source in new
        if is_twice or (found.lines and known.get(found.source, 0) >= found.lines and not again):
            why = "the same as another file of this run" if is_twice else "known already (--again sends it once more)"
            feedback.say(f"{found.path}: skipped, {why}.")
            skipped.append(
                FileCount(found.path.name, found.source, found.lines, already_known=found.lines, is_skipped=True)
            )
        else:
            new[found.source] = found
    for found in new.values():
        if untold := found.zones.untold():
            whose = "1 station" if untold == 1 else f"{untold} stations"
            feedback.say(f"{found.path}: has times of {whose} without a zone and nothing that tells it: read as UTC.")
    return list(new.values()), skipped


def send(surveys: Sequence[Survey], bootstrap: str, feedback: Feedback) -> list[Imported]:
    """Write files to Kafka; returns once it has acknowledged every line."""
    producer = KafkaLogProducer(bootstrap, linger_ms=20)
    try:
        return [_send(found, producer, feedback) for found in surveys]
    finally:
        producer.close()


@contextmanager
def broker(settings: Settings, home: Home, feedback: Feedback) -> Iterator[str]:
    """The configured Kafka or a living embedded one, else an embedded one for as long as this lasts."""
    with ExitStack() as stack:
        try:
            bootstrap = address.resolve(settings, home)
        except NoBrokerError:
            started = embedded.start(home)
            stack.callback(started.stop)
            bootstrap = started.address
            feedback.say(f"Using the embedded broker, in memory, for this run; {VARIABLE} sets a Kafka of your own.")
        topics.ensure(bootstrap, settings.kafka.partitions)
        yield bootstrap


def _through(
    new: Sequence[Survey], settings: Settings, home: Home, feedback: Feedback
) -> tuple[list[Imported], Landed]:
    with broker(settings, home, feedback) as bootstrap:
        worker = Part(home, "worker", [], {"LADDSTROM_HOME": str(home.root), VARIABLE: bootstrap})
        worker.start()
        patience = _GIVE_UP_S
        first = None
        try:
            imported = send(new, bootstrap, feedback)
            _cover(worker, bootstrap, max(1, sum(item.sent for item in imported)), settings, feedback)
            if drain.marked(worker):
                # What came late is folded over all that is landed, so it must be landed first.
                first = _land(home, bootstrap, feedback)
                _restate(worker, settings, feedback)
            patience = _WORKER_STOP_S
        finally:
            worker.stop(patience)
        landed = _land(home, bootstrap, feedback)
        return imported, first or landed


def _land(home: Home, bootstrap: str, feedback: Feedback) -> Landed:
    return land(home, bootstrap, progress=lambda topic, done, total: feedback.progress("Landing", done, total))


def _restate(worker: Part, settings: Settings, feedback: Feedback) -> None:
    stations = drain.marked(worker)
    drain.until_restated(
        worker,
        stall_s=settings.worker.stall_s,
        progress=lambda left: feedback.progress("Restating", max(stations - left, 0), stations),
    )


def _cover(worker: Part, bootstrap: str, sent: int, settings: Settings, feedback: Feedback) -> None:
    drain.until_covered(
        bootstrap,
        worker,
        stall_s=settings.worker.stall_s,
        progress=lambda left: feedback.progress("Folding", max(sent - left, 0), sent),
    )


def _send(found: Survey, producer: KafkaLogProducer, feedback: Feedback) -> Imported:
    def progress(done: int, total: int) -> None:
        feedback.progress(f"Sending {found.path.name}", done, total)

    return import_file(found.path, producer, known=found, progress=progress)


def _publish(home: Home, settings: Settings, feedback: Feedback) -> None:
    build(
        home,
        timezone=settings.report.timezone,
        clear_tokens=settings.privacy.tokens is TokenPrivacy.CLEAR,
        progress=lambda name, done, total: feedback.progress("Building", done, total),
    )


def _is_unfinished(home: Home) -> bool:
    """Whether landed frames wait for a worker: an earlier run ended before their facts, or before a replay."""
    snapshot = restore.snapshot(home)
    if any(mark_of(state) is not None for state in snapshot.states.values()):
        return True
    return next(restore.raw_after(home, snapshot.covered, stations=lambda _: True), None) is not None


def _is_outdated(home: Home) -> bool:
    try:
        return home.manifest.stat().st_mtime > home.current.stat().st_mtime
    except FileNotFoundError:
        return True


def _count(item: Imported, arrived: SourceCount) -> FileCount:
    # More may have arrived than this run sent: an earlier import that nobody had landed. It is known twice then.
    known = arrived.known - max(0, arrived.total - item.lines)
    reasons = {str(reason): count for reason, count in item.refused.items()}
    if arrived.refused != sum(reasons.values()):  # refused before: known
        reasons = {"several" if len(reasons) > 1 else next(iter(reasons), "unknown"): arrived.refused}
    return FileCount(
        item.name,
        item.source,
        item.lines,
        item.frames,
        item.connections,
        arrived.landed,
        known,
        {reason: count for reason, count in reasons.items() if count},
    )
