"""`laddstrom demo`: the whole pipeline on a made-up network, and what was planted beside what was found.

Every part is the real one: `laddstrom up` as a subprocess, stations over WebSockets, OCPI over HTTP, the
history as an import, landing, building and checking by Dagster in this process. Not here: printing (`cli`).
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from ingest.fleet import history, ocpi_push, simulator
from ingest.fleet.truth import Truth
from pipelines import ocpi_tokens, process
from pipelines.broker import topics
from pipelines.broker.errors import VARIABLE
from pipelines.home import Home
from pipelines.settings import Settings
from quality.results import CheckResult

SEED: Final = 1
MARK: Final = "made-by-laddstrom-demo"
"""The file that says that a home is a demonstration's, so that the next one may empty it."""
DAYS: Final = 14
STATIONS: Final = 40
LIVE_STATIONS: Final = 20
LIVE_SESSIONS: Final = 60

_READY_S: Final = 60.0
_FOLD_S: Final = 120.0
_STOP_S: Final = 60.0


_SESSIONS: Final = "SELECT count(*) FROM core__sessions WHERE (started_at < ?) = ?"
_ENERGY: Final = "SELECT sum(energy_wh) FROM core__sessions WHERE (started_at < ?) = ?"
_FAULTS: Final = "SELECT count(*) FROM core__fault_episodes WHERE (opened_at < ?) = ?"


class DemoError(RuntimeError):
    """A part of the demonstration failed; the message says which and where to look."""


class Feedback(Protocol):
    """Where progress goes."""

    def say(self, sentence: str) -> None:
        """One sentence."""

    def progress(self, task: str, done: int, total: int) -> None:
        """How far a task is."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One planted figure and what the warehouse says."""

    what: str
    planted: int
    found: int

    @property
    def is_equal(self) -> bool:
        """Whether the pipeline found exactly what was planted."""
        return self.planted == self.found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demonstration made."""

    comparisons: tuple[Comparison, ...]
    checks: tuple[CheckResult, ...]
    report: Path
    seconds: float


def run(settings: Settings, feedback: Feedback) -> Outcome:
    """Run the demonstration in the home of `settings`, which is emptied first.

    Raises:
        DemoError: a part failed.
        HomeBusyError: another process works on this home.
    """
    began = time.monotonic()
    if settings.kafka.bootstrap_servers is not None:
        raise DemoError(f"the demonstration would write its made-up network to your Kafka; unset {VARIABLE} for it")
    home = _emptied(settings)
    ready_file = home.run / "demo.ready.json"
    with _up(home, ready_file) as up:
        past = _history(home, feedback)
        ready = _wait_ready(up, ready_file, home, feedback)
        _import(home, ready["kafka"], feedback)
        live = simulator.simulate(
            ready["gateway"],
            seed=SEED,
            stations=LIVE_STATIONS,
            sessions=LIVE_SESSIONS,
            registers=past.registers(),
            progress=lambda done, total: feedback.progress("Driving 20 stations over WebSockets", done, total),
        )
        live.write(home.root / "live.truth.json")
        token = next(iter(ocpi_tokens.resolve(settings, home, "127.0.0.1")))
        pushed = ocpi_push.push(ready["ocpi"], token, live)
        _wait_folded(ready["kafka"], feedback)
        checks = _materialize(home, settings, feedback)
    return Outcome(
        tuple(_compare(home, past, live, pushed)),
        tuple(checks),
        home.report / "index.html",
        time.monotonic() - began,
    )


def _emptied(settings: Settings) -> Home:
    """The home without what an earlier demonstration left; a folder that no demonstration made is never touched."""
    root = settings.locate_home().root
    mark = root / MARK
    if not mark.is_file() and root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise DemoError(
            f"{root} holds what no demonstration made; set LADDSTROM_HOME to a folder of its own, "
            "such as .laddstrom-demo"
        )
    home = settings.open_home()
    mark.touch()
    with home.lock("pipeline"):
        for path in home.root.iterdir():
            if path in (home.run, mark):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    return home.create()


@contextmanager
def _up(home: Home, ready_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    ready_file.unlink(missing_ok=True)
    with (home.logs / "up.log").open("wb") as log:
        up = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "pipelines.cli", "up"),
                *("--gateway-port", "0", "--ocpi-port", "0", "--land-every", "3600"),
                *("--ready-file", str(ready_file)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(home),
            # Ctrl-C reaches this process, which stops the pipeline in its order.
            start_new_session=True,
        )
        try:
            yield up
        finally:
            up.send_signal(signal.SIGTERM)
            try:
                up.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                up.kill()


def _environment(home: Home) -> dict[str, str]:
    # A station list or token list of the user's shell would refuse the made-up network.
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LADDSTROM_")}
    return {**ours, "LADDSTROM_HOME": str(home.root)}


def _wait_ready(up: subprocess.Popen[bytes], ready_file: Path, home: Home, feedback: Feedback) -> dict[str, str]:
    feedback.say("Starting the broker, the OCPP gateway, the OCPI receiver and the Faust worker ...")
    deadline = time.monotonic() + _READY_S
    while not ready_file.exists():
        if up.poll() is not None or time.monotonic() > deadline:
            raise DemoError(f"the pipeline did not become ready; see {home.logs / 'up.log'}")
        time.sleep(0.1)
    ready: dict[str, str] = json.loads(ready_file.read_text(encoding="utf-8"))
    feedback.say(f"Chargers connect to {ready['gateway']}/<station id>, partners push to {ready['ocpi']}.")
    return ready


def _history(home: Home, feedback: Feedback) -> Truth:
    feedback.say(f"Making up {DAYS} days of a network of {STATIONS} stations ...")
    # Live stations tell of the hours before now: the history ends at the midnight before those.
    now = datetime.now(UTC) - timedelta(hours=simulator.HOURS)
    end = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return history.write(home.root / "history.jsonl", seed=SEED, days=DAYS, stations=STATIONS, end=end)


def _import(home: Home, bootstrap: str, feedback: Feedback) -> None:
    surveys = process.read([home.root / "history.jsonl"], feedback)
    process.send(surveys, bootstrap, feedback)


def _wait_folded(bootstrap: str, feedback: Feedback) -> None:
    deadline = time.monotonic() + _FOLD_S
    most = 1
    while behind := sum(topics.lag(bootstrap).values()):
        most = max(most, behind)
        feedback.progress("Folding frames into sessions and faults", most - behind, most)
        if time.monotonic() > deadline:
            raise DemoError(f"the worker is still {behind} records behind after {_FOLD_S:.0f} s; see its log")
        time.sleep(0.2)
    feedback.progress("Folding frames into sessions and faults", most, most)


def _materialize(home: Home, settings: Settings, feedback: Feedback) -> list[CheckResult]:
    feedback.say("Landing Parquet, building and checking the warehouse, writing the report (Dagster, in process) ...")
    from pipelines.orchestration.run import materialize

    return materialize(home, settings).checks


def _compare(home: Home, past: Truth, live: Truth, pushed: ocpi_push.Pushed) -> Iterator[Comparison]:
    from pipelines.warehouse.read import connect_readonly

    with connect_readonly(home) as connection:

        def found(query: str, *parameters: object) -> int:
            row = connection.execute(query, list(parameters)).fetchall()[0]
            return int(row[0] or 0)

        for name, truth, is_past in (("history", past, True), ("live", live, False)):
            yield Comparison(f"{name}: sessions", len(truth.sessions), found(_SESSIONS, past.end, is_past))
            yield Comparison(f"{name}: Wh", truth.energy_wh, found(_ENERGY, past.end, is_past))
            yield Comparison(f"{name}: faults", len(truth.faults), found(_FAULTS, past.end, is_past))
        asked = len(past.authorizations) + len(live.authorizations)
        yield Comparison("cards presented", asked, found("SELECT count(*) FROM core__authorizations"))
        yield Comparison("OCPI: EVSEs", pushed.evses, found("SELECT count(*) FROM core__evses"))
        yield Comparison("OCPI: sessions", pushed.sessions, found("SELECT count(*) FROM core__ocpi_sessions"))
        yield Comparison("OCPI: charge detail records", pushed.cdrs, found("SELECT count(*) FROM core__cdrs"))
