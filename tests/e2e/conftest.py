"""The command line as users run it: real processes on a home of the test's own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipelines.broker import ports
from pipelines.home import Home

KAFKA = "LADDSTROM_KAFKA__BOOTSTRAP_SERVERS"


def wait_for(what: Callable[[], Any], within_s: float = 30) -> Any:
    """The first truthy value of `what` within the time, else its last one."""
    deadline = time.monotonic() + within_s
    while not (found := what()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


class Up:
    """A running `laddstrom up`."""

    def __init__(self, process: subprocess.Popen[bytes], ready_file: Path, said: Path) -> None:
        self.process = process
        self.ready_file = ready_file
        self._said = said

    @property
    def said(self) -> str:
        """What it wrote on stderr so far."""
        return self._said.read_text()

    @property
    def ready(self) -> dict[str, Any]:
        """Its ready file as it is now."""
        ready: dict[str, Any] = json.loads(self.ready_file.read_text())
        return ready

    def pid(self, part: str) -> int | None:
        """The process id of a part as it is now."""
        try:
            return int(self.ready["pids"][part])
        except (FileNotFoundError, KeyError):
            return None

    def stop(self) -> int:
        """SIGTERM; its exit code, which comes within 60 s."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


class Laddstrom:
    """Runs commands on one home."""

    def __init__(self, home: Home, folder: Path) -> None:
        self.home = home
        self.folder = folder
        self.environment = {**os.environ, "LADDSTROM_HOME": str(home.root)}

    def start(self, *arguments: object, **options: Any) -> subprocess.Popen[bytes]:
        """A command that goes on."""
        command = [sys.executable, "-P", "-m", "pipelines.cli", *map(str, arguments)]
        return subprocess.Popen(command, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, **options)

    def run(self, *arguments: object, code: int = 0, within_s: float = 240) -> subprocess.CompletedProcess[str]:
        """A command to its end; fails the test on another exit code."""
        command = [sys.executable, "-P", "-m", "pipelines.cli", *map(str, arguments)]
        done = subprocess.run(
            command,
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )
        assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def process(self, *arguments: object) -> dict[str, Any]:
        """`process … --json`."""
        summary: dict[str, Any] = json.loads(self.run("process", "--json", *arguments).stdout)
        return summary

    def sql(self, query: str) -> list[dict[str, Any]]:
        """`sql --json`."""
        rows: list[dict[str, Any]] = json.loads(self.run("sql", "--json", query).stdout)
        return rows

    @contextmanager
    def up(self, *arguments: object, within_s: float = 30) -> Iterator[Up]:
        """`up` on free ports, ready; killed at the end if it still runs."""
        ready_file, said = self.folder / "ready.json", self.folder / "up.err"
        ready_file.unlink(missing_ok=True)
        command = ("up", "--gateway-port", 0, "--ocpi-port", 0, "--ready-file", ready_file, *arguments)
        with said.open("ab") as err, (self.folder / "up.out").open("ab") as out:
            process = self.start(*command, stdout=out, stderr=err)
        up = Up(process, ready_file, said)
        try:
            wait_for(lambda: ready_file.exists() or process.poll() is not None, within_s)
            assert ready_file.exists(), up.said
            yield up
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """`wait_for`, for tests."""
    return wait_for


@pytest.fixture
def laddstrom(home: Home, tmp_path: Path) -> Laddstrom:
    """The command line on this test's home, with nothing configured."""
    return Laddstrom(home, tmp_path)


@pytest.fixture(params=["embedded", "apache"])
def broker(request: pytest.FixtureRequest, laddstrom: Laddstrom) -> str:
    """What a user has: nothing configured, so the embedded broker of the command; or Apache Kafka by its setting."""
    if request.param == "apache":
        laddstrom.environment[KAFKA] = request.getfixturevalue("apache_broker")
    return str(request.param)


@pytest.fixture(autouse=True)
def _no_process_is_left(laddstrom: Laddstrom) -> Iterator[None]:
    yield
    left = []
    for file in laddstrom.home.run.glob("*.json"):
        pid = json.loads(file.read_text())["pid"]
        if wait_for(lambda pid=pid: not ports.alive(pid), 5) is False:
            left.append(f"{file.stem} ({pid})")
    assert not left, f"still running: {left}"
