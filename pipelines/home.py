"""Where everything of one installation lives on disk. Not here: what the files hold."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class HomeBusyError(RuntimeError):
    """Another process writes the lake or the warehouse of this home; the message names its pid."""


class HomeUnusableError(RuntimeError):
    """The home is no folder, or none that can be written; the message names the setting."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folder `LADDSTROM_HOME`; all paths below are made by `create`."""

    root: Path

    @property
    def run(self) -> Path:
        """Files of running processes: `kafka.json`, pids, locks."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """What the parts wrote on stderr, one file each."""
        return self.root / "logs"

    @property
    def lake(self) -> Path:
        """Parquet and the manifest."""
        return self.root / "lake"

    @property
    def restricted(self) -> Path:
        """The lake's folder with card numbers in it (mode 0700): raw tables, dead letters, states."""
        return self.lake / "restricted"

    @property
    def manifest(self) -> Path:
        """One JSON line per landed file, generation and imported source."""
        return self.lake / "manifest.jsonl"

    @property
    def builds(self) -> Path:
        """Versioned warehouse files."""
        return self.root / "warehouse"

    @property
    def current(self) -> Path:
        """The published database: a relative symlink to a build."""
        return self.root / "current.duckdb"

    @property
    def report(self) -> Path:
        """The report page's folder."""
        return self.root / "report"

    @property
    def keys(self) -> Path:
        """Secrets made here (mode 0700): the token key, generated OCPI tokens."""
        return self.root / "keys"

    @property
    def journal(self) -> Path:
        """The gateway's journal of open 1.6 transactions."""
        return self.root / "journal"

    def create(self) -> "Home":
        """Make the folders, the private ones with mode 0700; returns itself.

        Raises:
            HomeUnusableError: One of them cannot be made.
        """
        try:
            for folder in (self.root, self.run, self.logs, self.lake, self.builds, self.report, self.journal):
                folder.mkdir(parents=True, exist_ok=True)
            for folder in (self.restricted, self.keys):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.chmod(0o700)
        except OSError as error:
            raise HomeUnusableError(
                f"{error.filename} cannot be made ({error.strerror}); set LADDSTROM_HOME to a folder that you can write"
            ) from None
        return self

    def token_key(self) -> bytes:
        """The key of the token pseudonyms, made once (32 random bytes, mode 0600)."""
        return self.secret("token.key", lambda: os.urandom(32))

    def secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The content of `keys/<name>`, made once; whoever reads it meanwhile waits and never sees half of it."""
        self.create()
        path = self.keys / name
        if not path.exists():
            with self.lock("keys", wait=True):
                if not path.exists():
                    _write_secret(path, make())
        return path.read_bytes()

    @contextmanager
    def lock(self, name: str, *, wait: bool = False) -> Iterator[None]:
        """Hold `run/<name>.lock`; raises `HomeBusyError` naming the holder's pid unless `wait`."""
        self.create()
        path = self.run / f"{name}.lock"
        with path.open("a+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                pid = file.read().strip() or "unknown"
                raise HomeBusyError(
                    f"{self.root} is being written by process {pid}; wait for it to finish or stop it first"
                ) from None
            file.seek(0)
            file.truncate()
            file.write(str(os.getpid()))
            file.flush()
            yield

    @contextmanager
    def share(self, name: str) -> Iterator[None]:
        """Hold `run/<name>.lock` beside others who share it; raises `HomeBusyError` if somebody has it alone."""
        self.create()
        with (self.run / f"{name}.lock").open("a+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                raise HomeBusyError(
                    f"{self.root} is being replayed by process {self.holder(name) or 'unknown'}; "
                    "wait for it to finish or stop it first"
                ) from None
            yield

    def holder(self, name: str) -> str | None:
        """The pid that holds `run/<name>.lock` now, as it wrote it; null if nobody does."""
        try:
            with (self.run / f"{name}.lock").open("r", encoding="ascii") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return file.read().strip() or "unknown"
        except OSError:
            return None  # never locked
        return None


def _write_secret(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # a key that a crash takes back would give every card a second pseudonym
        os.fsync(folder)
    finally:
        os.close(folder)
