"""One part as a subprocess: `python -m pipelines.cli <part>`, its log, its last words. Not here: restarting it."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pipelines.broker import leash
from pipelines.home import Home
from pipelines.supervisor import announce

_LOG_LIMIT_BYTES: Final = 20 << 20


class PartError(RuntimeError):
    """A part ended that should not have; the message holds its last words."""


class Part:
    """A part of the pipeline that may run now.

    Args:
        home: Whose part it is.
        name: Command of the part; also the name of its log and of the file in which it says it is ready.
        arguments: Options of the command.
        environment: Settings on top of this process's own; may be changed before the next start.
    """

    def __init__(self, home: Home, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self.home = home
        self.name = name
        self.arguments = list(arguments)
        self.environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def log(self) -> Path:
        """What it writes on stderr and stdout."""
        return self.home.logs / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def code(self) -> int | None:
        """Its exit code once it has ended; negative: the signal that ended it."""
        return self._process.poll() if self._process is not None else None

    @property
    def said(self) -> dict[str, object]:
        """What this very process has announced, if it is ready."""
        found = announce.read(self.home, self.name)
        return found if found is not None and found["pid"] == self.pid and found.get("ready") else {}

    def start(self) -> None:
        """Start it; it ends by SIGKILL if this process goes away without stopping it."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        # -P: a folder named `models` in the user's working directory must not stand in for ours.
        program = [sys.executable, "-P", "-m", "pipelines.cli", self.name, *self.arguments]
        with self.log.open("ab") as out:
            self._log_start = out.tell()
            self._process = subprocess.Popen(
                leash.command(program),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **self.environment},
                # Ctrl-C reaches the supervisor alone, which stops the parts in their order.
                start_new_session=True,
            )

    def ask_to_stop(self) -> None:
        """SIGTERM, if it runs."""
        self._signal(signal.SIGTERM)

    def stop(self, within_s: float) -> bool:
        """SIGTERM, then SIGKILL when it takes longer; whether it ended by itself."""
        self.ask_to_stop()
        return self.wait(within_s)

    def wait(self, within_s: float) -> bool:
        """Wait for its end, then SIGKILL; whether it ended by itself."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(within_s, 0))
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def kill(self) -> None:
        """SIGKILL."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def last_words(self, lines: int = 3) -> str:
        """The last lines that this run of it wrote."""
        try:
            with self.log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(self._log_start, size - 8192))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return "it said nothing"
        said = [line.strip() for line in text.splitlines() if line.strip()]
        return " / ".join(said[-lines:]) or "it said nothing"

    def ending(self) -> str:
        """How it ended, as the beginning of a sentence."""
        code = self.code
        if code is None:
            return f"the {self.name} runs"
        how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return f"the {self.name} ended {how}"

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
