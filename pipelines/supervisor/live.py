"""`laddstrom up`: broker, gateway, OCPI receiver and worker as supervised subprocesses, landing at intervals.

Stopping goes with the stream: stop taking in, let the worker finish, land, publish. Not here: what the parts do.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.broker import address, embedded, topics
from pipelines.broker.embedded import EmbeddedBroker
from pipelines.broker.errors import VARIABLE, BrokerError, NoBrokerError
from pipelines.home import Home
from pipelines.settings import Settings
from pipelines.supervisor import drain
from pipelines.supervisor.keeper import Deaths, Keeper
from pipelines.supervisor.landings import Landings
from pipelines.supervisor.part import Part, PartError

READY_S: Final = 28.0
_POLL_S: Final = 0.2
_EDGE: Final = ("gateway", "ocpi")

# The shutdown's budget: what one part leaves of its share is the next one's.
_STOP_S: Final = 58.0
_STOP_EDGE_S: Final = 10.0
_STOP_WORKER_S: Final = 6.0
_LAND_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Options:
    """What `up` was asked for."""

    host: str = "127.0.0.1"
    gateway_port: int = 9000
    ocpi_port: int = 9001
    land_every_s: float = 60.0
    ready_file: Path | None = None
    upstream: str | None = None


class Live:
    """The live pipeline of one home; `run` until it is told to stop.

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
        self._broker_deaths = Deaths()
        self._bootstrap = ""
        self._keepers: dict[str, Keeper] = {}
        self._urls: dict[str, str] = {}
        self._landings = Landings(home, options.land_every_s, say)

    def run(self, is_stopped: Callable[[], bool]) -> None:
        """Start everything, watch it, and stop it in order once `is_stopped`.

        Raises:
            BrokerError: no broker could be reached or started.
            PartError: a part kept dying or did not become ready; everything else was stopped in order.
        """
        try:
            self._forget_ready_file()
            self._start_broker()
            self._start_parts()
            self._wait_until_ready(is_stopped)
            while not is_stopped():
                self._look_after_all()
                self._landings.look(self._environment())
                time.sleep(_POLL_S)
            self._shut_down()
        except PartError as error:
            self._say(f"Ending: {error}")
            self._shut_down()
            raise
        finally:
            self.kill()

    def kill(self) -> None:
        """End everything at once; what ended before is left alone."""
        self._forget_ready_file()
        for keeper in self._keepers.values():
            keeper.part.kill()
        self._landings.kill()
        if self._broker is not None:
            self._broker.stop()

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
        commands = {
            "worker": [],
            "gateway": [*listen, str(options.gateway_port), *upstream],
            "ocpi": [*listen, str(options.ocpi_port)],
        }
        for name, arguments in commands.items():
            self._keepers[name] = Keeper(Part(self._home, name, arguments, self._environment()), self._say)
            self._keepers[name].start()

    def _environment(self) -> dict[str, str]:
        return {"LADDSTROM_HOME": str(self._home.root), VARIABLE: self._bootstrap}

    def _wait_until_ready(self, is_stopped: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_S
        while waiting := [name for name, keeper in self._keepers.items() if not keeper.part.said]:
            if is_stopped():
                return
            if time.monotonic() > deadline:
                if waiting == ["worker"]:  # it restores history; stations need not wait for that
                    self._say("The worker is still restoring; what stations send meanwhile waits in the log.")
                    break
                raise PartError(
                    f"{', '.join(waiting)} did not become ready within {READY_S:g} s, see {self._home.logs}"
                )
            self._look_after_all()
            time.sleep(_POLL_S)
        self._keep_ports()
        self._say(f"Ready. Type this into a charger, followed by its station id: {self._urls['gateway']}/")
        self._say(f"OCPI receiver: {self._urls['ocpi']}/ocpi/versions")
        self._write_ready_file()

    def _keep_ports(self) -> None:
        """A part that is restarted listens where it listened first."""
        for name in _EDGE:
            part = self._keepers[name].part
            self._urls[name] = str(part.said.get("url", ""))
            port = self._urls[name].rpartition(":")[2].partition("/")[0]
            part.arguments[part.arguments.index("--port") + 1] = port

    def _write_ready_file(self) -> None:
        file = self._options.ready_file
        if file is None or not self._urls:
            return
        pids = {name: keeper.part.pid for name, keeper in self._keepers.items()}
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

    def _forget_ready_file(self) -> None:
        if self._options.ready_file is not None:
            self._options.ready_file.unlink(missing_ok=True)

    # --- watching -------------------------------------------------------------------------------------------------

    def _look_after_all(self) -> None:
        if self._broker is not None and not self._broker.alive:
            self._replace_broker(self._broker)
        # Each is looked at, also after the first that was restarted.
        restarted = [keeper.look() for keeper in self._keepers.values()]
        if any(restarted):
            self._write_ready_file()

    def _replace_broker(self, dead: EmbeddedBroker) -> None:
        since = time.strftime("%H:%M:%S", time.localtime(self._landings.landed_at))
        self._say(
            f"The embedded broker died. What was landed stays; frames that arrived since {since} "
            "(the last landing) may be lost. Everything is restarted with a new one."
        )
        for keeper in self._keepers.values():
            keeper.part.ask_to_stop()
        deadline = time.monotonic() + 2.0  # they would only wait for a broker that is gone
        for keeper in self._keepers.values():
            keeper.part.wait(deadline - time.monotonic())
        self._landings.kill()
        dead.stop()
        time.sleep(self._broker_deaths.add(f"the embedded broker died (see {self._home.logs / 'kafka.log'})"))
        self._broker = embedded.start(self._home)
        self._bootstrap = self._broker.address
        topics.ensure(self._bootstrap, self._settings.kafka.partitions)
        for keeper in self._keepers.values():
            keeper.part.environment.update(self._environment())
            keeper.start()
        self._write_ready_file()

    # --- stopping -------------------------------------------------------------------------------------------------

    def _shut_down(self) -> None:
        """Stop taking in, drain, land, publish; raises `PartError` if the last landing failed."""
        began = time.monotonic()
        self._forget_ready_file()
        self._say("Stopping: no new frames are taken in.")
        edge = [self._keepers[name].part for name in _EDGE if name in self._keepers]
        for part in edge:
            part.ask_to_stop()
        deadline = time.monotonic() + _STOP_EDGE_S
        for part in edge:
            if not part.wait(deadline - time.monotonic()):
                self._say(f"The {part.name} did not stop in time and was ended.")
        if "worker" in self._keepers:
            within_s = began + _STOP_S - _LAND_S - _STOP_WORKER_S - time.monotonic()
            self._drain(self._keepers["worker"].part, within_s)
        self._landings.last(self._environment(), began + _STOP_S - time.monotonic())
        self._say(f"Published {self._home.current.absolute()}.")

    def _drain(self, worker: Part, within_s: float) -> None:
        if worker.pid is None:
            worker.start()
        try:
            drain.until_covered(self._bootstrap, worker, stall_s=within_s, within_s=within_s)
        except (PartError, BrokerError) as error:
            self._say(f"Not everything is folded yet ({error}); the next start goes on there.")
        if not worker.stop(_STOP_WORKER_S):
            self._say("The worker did not stop in time and was ended; the next start goes on where it was.")
