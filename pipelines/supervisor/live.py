"""`laddstrom up`: broker, gateway, OCPI receiver and worker as supervised subprocesses, landing at intervals.

Stopping goes with the stream: stop taking in, let the worker finish, land, publish. Not here: what the parts do.
"""

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipelines.broker import address, embedded, topics
from pipelines.broker.embedded import EmbeddedBroker
from pipelines.broker.errors import VARIABLE, BrokerError, NoBrokerError
from pipelines.home import Home
from pipelines.settings import Settings
from pipelines.supervisor import drain
from pipelines.supervisor.part import Part, PartError

READY_S: Final = 28.0
_POLL_S: Final = 0.2
_DEATHS: Final = 5
_DEATHS_WITHIN_S: Final = 60.0
_BACKOFF_S: Final = (0.0, 0.5, 1.0, 2.0, 4.0)

# The shutdown's budget: 60 s in all.
_STOP_EDGE_S: Final = 12.0
_DRAIN_S: Final = 16.0
_STOP_WORKER_S: Final = 10.0
_PUBLISH_S: Final = 16.0


class RestartsError(PartError):
    """A part keeps dying."""


@dataclass(frozen=True, slots=True)
class Options:
    """What `up` was asked for."""

    host: str = "127.0.0.1"
    gateway_port: int = 9000
    ocpi_port: int = 9001
    land_every_s: float = 60.0
    ready_file: Path | None = None
    upstream: str | None = None


@dataclass(slots=True)
class _Watched:
    part: Part
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=_DEATHS))
    start_at: float | None = None


class Live:
    """The live pipeline of one home; `run` until `stop` says so.

    Args:
        settings: This process's settings.
        home: The home; the caller holds its `pipeline` lock.
        options: Ports and intervals.
        say: Where sentences for people go.
    """

    def __init__(self, settings: Settings, home: Home, options: Options, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._home = home
        self._options = options
        self._say = say
        self._broker: EmbeddedBroker | None = None
        self._bootstrap = ""
        self._parts: dict[str, _Watched] = {}
        self._urls: dict[str, str] = {}
        self._landing: Part | None = None
        self._landed_at = time.time()
        self._land_at = 0.0

    def run(self, is_stopped: Callable[[], bool]) -> None:
        """Start everything, watch it, and stop it in order once `is_stopped`.

        Raises:
            BrokerError: no broker could be reached or started.
            PartError: a part kept dying or did not become ready; everything else was stopped in order.
        """
        try:
            self._start_broker()
            self._start_parts()
            self._wait_until_ready(is_stopped)
            self._land_at = time.monotonic() + self._options.land_every_s
            while not is_stopped():
                self._look_after_broker()
                self._look_after_parts()
                self._look_after_landing()
                time.sleep(_POLL_S)
        except PartError as error:
            self._say(f"Ending: {error}")
            self._shut_down()
            raise
        except BrokerError:
            self.kill()
            raise
        self._shut_down()

    def kill(self) -> None:
        """End everything at once."""
        for watched in self._parts.values():
            watched.part.kill()
        if self._landing is not None:
            self._landing.kill()
        if self._broker is not None:
            self._broker.stop()
        if self._options.ready_file is not None:
            self._options.ready_file.unlink(missing_ok=True)

    # --- starting -------------------------------------------------------------------------------------------------

    def _start_broker(self) -> None:
        try:
            self._bootstrap = address.resolve(self._settings, self._home)
        except NoBrokerError:
            self._broker = embedded.start(self._home)
            self._bootstrap = self._broker.address
            self._say(
                "The broker is the embedded one, in memory: frames not yet landed (at most the last "
                f"{self._options.land_every_s:g} s) are lost if this machine or process dies; "
                f"for a durable one run `laddstrom kafka` and set {VARIABLE}."
            )
        topics.ensure(self._bootstrap, self._settings.kafka.partitions)

    def _start_parts(self) -> None:
        options = self._options
        listen = ["--host", options.host, "--port"]
        upstream = ["--upstream", options.upstream] if options.upstream else []
        self._add("worker", [])
        self._add("gateway", [*listen, str(options.gateway_port), *upstream])
        self._add("ocpi", [*listen, str(options.ocpi_port)])

    def _add(self, name: str, arguments: list[str]) -> None:
        part = Part(self._home, name, arguments, self._environment())
        part.start()
        self._parts[name] = _Watched(part)

    def _environment(self) -> dict[str, str]:
        return {"LADDSTROM_HOME": str(self._home.root), VARIABLE: self._bootstrap}

    def _wait_until_ready(self, is_stopped: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_S
        while not is_stopped():
            waiting = [name for name, watched in self._parts.items() if not watched.part.said]
            if not waiting:
                break
            if time.monotonic() > deadline:
                if waiting == ["worker"]:  # it restores history; stations need not wait for that
                    self._say("The worker is still restoring; what stations send meanwhile waits in the log.")
                    break
                raise PartError(
                    f"{', '.join(waiting)} did not become ready within {READY_S:g} s, see {self._home.logs}"
                )
            self._look_after_parts()
            time.sleep(_POLL_S)
        else:
            return
        self._keep_ports()
        self._announce()

    def _keep_ports(self) -> None:
        """A part that is restarted listens where it listened first."""
        for name in ("gateway", "ocpi"):
            part = self._parts[name].part
            self._urls[name] = str(part.said.get("url", ""))
            port = self._urls[name].rpartition(":")[2].partition("/")[0]
            part.arguments[part.arguments.index("--port") + 1] = port

    def _announce(self) -> None:
        self._say(f"Ready. Type this into a charger, followed by its station id: {self._urls['gateway']}/")
        self._say(f"OCPI receiver: {self._urls['ocpi']}/ocpi/versions")
        self._write_ready_file()

    def _write_ready_file(self) -> None:
        file = self._options.ready_file
        if file is None or not self._urls:
            return
        pids = {name: watched.part.pid for name, watched in self._parts.items()}
        if self._broker is not None:
            pids["kafka"] = self._broker.pid
        ready = {
            **self._urls,
            "kafka": self._bootstrap,
            "pids": {name: pid for name, pid in pids.items() if pid is not None},
        }
        temporary = file.with_name(f".{file.name}.tmp")
        temporary.write_text(json.dumps(ready), encoding="utf-8")
        temporary.replace(file)

    # --- watching -------------------------------------------------------------------------------------------------

    def _look_after_parts(self) -> None:
        now = time.monotonic()
        for watched in self._parts.values():
            if watched.part.pid is not None:
                continue
            if watched.start_at is None:
                self._mourn(watched, now)
            elif now >= watched.start_at:
                watched.start_at = None
                watched.part.start()
                self._write_ready_file()

    def _mourn(self, watched: _Watched, now: float) -> None:
        part = watched.part
        words = f"{part.ending()}, its last words: {part.last_words()}"
        watched.deaths.append(now)
        if len(watched.deaths) == _DEATHS and now - watched.deaths[0] < _DEATHS_WITHIN_S:
            raise RestartsError(f"{words}; it died {_DEATHS} times within {_DEATHS_WITHIN_S:g} s (see {part.log})")
        recent = sum(1 for death in watched.deaths if now - death < _DEATHS_WITHIN_S)
        watched.start_at = now + _BACKOFF_S[recent - 1]
        self._say(f"{words[0].upper()}{words[1:]}. It is restarted.")

    def _look_after_broker(self) -> None:
        if self._broker is None or self._broker.alive:
            return
        since = time.strftime("%H:%M:%S", time.localtime(self._landed_at))
        self._say(
            f"The embedded broker died. What was landed stays; frames that arrived since {since} "
            "(the last landing) may be lost. Everything is restarted with a new one."
        )
        for name in ("gateway", "ocpi", "worker"):
            self._parts[name].part.ask_to_stop()
        deadline = time.monotonic() + 2.0  # they only wait for a broker that is gone
        for watched in self._parts.values():
            watched.part.wait(deadline - time.monotonic())
            watched.start_at = None
        if self._landing is not None:
            self._landing.kill()
            self._landing = None
        self._broker.stop()
        self._broker = embedded.start(self._home)
        self._bootstrap = self._broker.address
        topics.ensure(self._bootstrap, self._settings.kafka.partitions)
        for watched in self._parts.values():
            watched.part.environment.update(self._environment())
            watched.part.start()
        self._write_ready_file()

    def _look_after_landing(self) -> None:
        if self._landing is not None:
            if self._landing.pid is not None:
                return
            self._finish_landing()
        if time.monotonic() >= self._land_at:
            self._start_landing()

    def _start_landing(self) -> None:
        self._land_at = time.monotonic() + self._options.land_every_s
        self._landing_began = time.time()
        self._landing = Part(self._home, "publish", [], self._environment())
        self._landing.start()

    def _finish_landing(self) -> bool:
        landing, self._landing = self._landing, None
        if landing is None:
            return True
        if landing.code == 0:
            self._landed_at = self._landing_began
            return True
        self._say(f"Landing failed and is tried again at the next interval: {landing.last_words()} (see {landing.log})")
        return False

    # --- stopping -------------------------------------------------------------------------------------------------

    def _shut_down(self) -> None:
        """Stop taking in, drain, land, publish; raises `PartError` if the last landing failed."""
        if self._options.ready_file is not None:
            self._options.ready_file.unlink(missing_ok=True)
        try:
            self._stop_edge()
            self._drain()
            self._publish_last()
        finally:
            self.kill()

    def _stop_edge(self) -> None:
        self._say("Stopping: no new frames are taken in.")
        edge = [self._parts[name].part for name in ("gateway", "ocpi") if name in self._parts]
        for part in edge:
            part.ask_to_stop()
        deadline = time.monotonic() + _STOP_EDGE_S
        for part in edge:
            if not part.wait(deadline - time.monotonic()):
                self._say(f"The {part.name} did not stop in time and was ended.")

    def _drain(self) -> None:
        watched = self._parts.get("worker")
        if watched is None:
            return
        worker = watched.part
        if worker.pid is None:
            worker.start()
        try:
            drain.until_covered(self._bootstrap, worker, stall_s=_DRAIN_S, within_s=_DRAIN_S)
        except (PartError, BrokerError) as error:
            self._say(f"Not everything is folded yet ({error}); the frames are landed, the next start goes on there.")
        if not worker.stop(_STOP_WORKER_S):
            self._say("The worker did not stop in time and was ended; the next start goes on where it was.")

    def _publish_last(self) -> None:
        deadline = time.monotonic() + _PUBLISH_S
        if self._landing is not None:
            self._landing.wait(_PUBLISH_S / 2)
            self._finish_landing()
        self._start_landing()
        assert self._landing is not None
        self._landing.wait(deadline - time.monotonic())
        landing = self._landing
        if not self._finish_landing():
            raise PartError(f"the last landing failed: {landing.last_words()} (see {landing.log})")
        self._say(f"Published {self._home.current.absolute()}.")
