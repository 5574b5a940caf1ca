"""Apache Kafka on this machine: KRaft, one node, loopback, durable. Jars through Maven, run by Java.

The jars are kept in the user's cache folder, data in a folder of the caller's. Not here: the embedded
broker (see `embedded`); a Kafka that runs elsewhere, which only needs the setting.
"""

import base64
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from typing import Final

from models.log import DEAD_LETTERS_MAX_BYTES, DEFAULT_PARTITIONS
from pipelines.broker import leash, ports, topics
from pipelines.broker.errors import BrokerStartError, BrokerUnreachableError

POM: Final = Path(__file__).parents[2] / "deploy" / "kafka" / "pom.xml"
_READY_S: Final = 30.0
_STOP_S: Final = 15.0

SETTINGS: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "num.partitions": str(DEFAULT_PARTITIONS),
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "8",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # A worker that joins alone need not wait for others.
    "group.initial.rebalance.delay.ms": "0",
    "log.retention.ms": "-1",
    "log.retention.bytes": "-1",
    # Batches hold several records and their overhead; the topics' own limits are the real ones.
    "message.max.bytes": str(DEAD_LETTERS_MAX_BYTES),
    "replica.fetch.max.bytes": str(DEAD_LETTERS_MAX_BYTES),
}


@dataclass(slots=True)
class ApacheKafka:
    """A Kafka that this process started."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """Process id of the JVM."""
        return self.process.pid

    def stop(self) -> None:
        """Shut it down in order; what it holds stays on disk. Safe to call twice."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


def start(folder: Path, *, port: int = 0, say: Callable[[str], None] = lambda _: None) -> ApacheKafka:
    """Start Kafka with its data, settings and log in `folder`; port 0 picks a free one.

    Raises:
        BrokerStartError: no Java, no Maven, no way to fetch the jars, or Kafka ended; with its last words.
    """
    java = _program("java", "Java 17 or newer")
    classpath = f"{jars(say)}/*"
    data = folder / "data"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    data.chmod(0o700)  # the raw topics lie in it, card numbers and all
    address = f"127.0.0.1:{port or ports.free()}"
    if ports.listening(address):
        raise BrokerStartError(f"something listens at {address} already; stop it or choose another --port")
    lock = _lock(folder)
    try:
        process = _spawn(java, classpath, folder, address, lock, say)
    finally:
        os.close(lock)
    kafka = ApacheKafka(address, process, folder / "kafka.log")
    _wait(kafka)
    return kafka


def jars(say: Callable[[str], None] = lambda _: None) -> Path:
    """The folder with Kafka's jars, fetched once for each version of the pom."""
    if not POM.exists():
        raise BrokerStartError(f"{POM} is missing; run from a checkout of the repository")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "laddstrom"
    folder = cache / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    if folder.is_dir():
        return folder
    maven = _program("mvn", "Maven 3")
    say("Fetching Kafka's jars through Maven (43 MB, once) ...")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        fetched = Path(scratch) / "jars"
        shutil.copy(POM, scratch)
        command = [maven, "--quiet", "--batch-mode", "--file", f"{scratch}/pom.xml", "dependency:copy-dependencies"]
        done = subprocess.run(
            [*command, f"-DoutputDirectory={fetched}", "-DincludeScope=runtime"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BrokerStartError(f"Maven could not fetch Kafka's jars: {_words(done.stdout + done.stderr)}")
        with suppress(OSError):  # another process was quicker: its folder holds the same
            fetched.rename(folder)
    return folder


def empty(address: str) -> None:
    """Delete every topic and idle group, for a broker that is used again; waits until the topics are gone."""
    with topics.admin(address) as client:
        names = [name for name in client.list_topics() if not name.startswith("__")]
        if names:
            client.delete_topics(names)
        groups = [group["group_id"] for group in client.list_groups()]
        if groups:
            client.delete_groups(groups)
        deadline = time.monotonic() + _READY_S
        while any(not name.startswith("__") for name in client.list_topics()):
            if time.monotonic() > deadline:
                raise BrokerUnreachableError(f"Kafka at {address} does not delete its topics; look at its log")
            time.sleep(0.05)


def _program(name: str, wanted: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise BrokerStartError(f"`{name}` is not installed; install {wanted}, or set the address of a running Kafka")
    return path


def _lock(folder: Path) -> int:
    """Hold the folder for as long as the JVM runs, which inherits this descriptor."""
    # Kafka's own lock comes after it has opened, and may have repaired, the other one's files.
    lock = os.open(folder / "kafka.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise BrokerStartError(f"another Kafka runs on {folder}; stop it or choose another --data folder") from None
    return lock


def _properties(address: str, data: Path) -> str:
    controller = f"127.0.0.1:{ports.free()}"
    places = {
        "listeners": f"PLAINTEXT://{address},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{address}",
        "controller.quorum.voters": f"1@{controller}",
        "log.dirs": str(data),
    }
    return "".join(f"{name}={value}\n" for name, value in {**SETTINGS, **places}.items())


def _spawn(
    java: str, classpath: str, folder: Path, address: str, lock: int, say: Callable[[str], None]
) -> subprocess.Popen[bytes]:
    settings, data = folder / "server.properties", folder / "data"
    settings.write_text(_properties(address, data), encoding="utf-8")
    if not (data / "meta.properties").exists():
        say("Formatting the data folder ...")
        _format(java, classpath, settings)
    say("Starting Kafka ...")
    command = [java, "-Xmx1g", "-Dorg.slf4j.simpleLogger.showDateTime=true", "-cp", classpath, "kafka.Kafka"]
    with (folder / "kafka.log").open("wb") as out:
        return subprocess.Popen(
            leash.command([*command, str(settings)], with_signal=SIGTERM),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=folder,
            start_new_session=True,
            pass_fds=[lock],
        )


def _format(java: str, classpath: str, settings: Path) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
    command = [java, "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", classpath, "kafka.tools.StorageTool", "format"]
    done = subprocess.run(
        [*command, f"--cluster-id={cluster}", "--config", str(settings)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BrokerStartError(f"Kafka's data folder could not be formatted: {_words(done.stdout + done.stderr)}")


def _wait(kafka: ApacheKafka) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline and kafka.process.poll() is None:
        if ports.listening(kafka.address, 0.2):
            with suppress(BrokerUnreachableError), topics.admin(kafka.address, timeout_s=_READY_S) as client:
                client.describe_cluster()
                return
        time.sleep(0.1)
    kafka.stop()
    raise BrokerStartError(f"Kafka did not start: {_words(kafka.log.read_text('utf-8', 'replace'))} (see {kafka.log})")


def _words(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "ERROR" in line or "Exception" in line or "Caused by" in line] or lines
    return " / ".join(telling[:3])[:600] or "it said nothing"
