"""The journal of open OCPP 1.6 transactions: ids that survive a restart. Not here: sessions (`models.step`).

A charger that did not get its answer sends its StartTransaction again, perhaps to a gateway that was
restarted meanwhile; it must get the id that the first answer carried. SQLite with `synchronous=FULL` in
one thread: an id is on disk before it is answered. Card numbers are in it only as keyed hashes.
"""

import asyncio
import hmac
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from models.tokens.pseudonyms import canonical

MAX_ID: Final = 2**31 - 1
KEPT_PER_CONNECTOR: Final = 16
"""Open transactions remembered per connector; chargers that never stop any must not fill the disk."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS counter (only INTEGER PRIMARY KEY CHECK (only = 1), last_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS open_transactions (
    transaction_id INTEGER PRIMARY KEY,
    station_id TEXT NOT NULL, connector_id INTEGER NOT NULL, content BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS by_connector ON open_transactions (station_id, connector_id, content);
INSERT OR IGNORE INTO counter VALUES (1, 0);
"""

T = TypeVar("T")


class JournalError(RuntimeError):
    """The journal cannot be read or written; no transaction can be answered without it."""


class Journal:
    """Hands out transaction ids, once each, and knows which are open."""

    def __init__(self, folder: Path, token_key: bytes) -> None:
        self._path = folder / "transactions.sqlite"
        self._token_key = token_key
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._database = self._thread.submit(self._open).result()
        except (sqlite3.Error, OSError) as error:
            self._thread.shutdown()
            raise JournalError(
                f"{self._path} cannot be opened ({error}); free the disk or move the file away, then start again"
            ) from error

    async def start(self, station_id: str, connector_id: int, token: str, timestamp: str, meter_start: str) -> int:
        """The id of a transaction: a new one, or the same one where an equal start is still open."""
        content = self._hash("\x00".join((canonical(token) or "", timestamp, meter_start)))
        return await self._run(lambda: self._start(station_id, connector_id, content))

    async def stop(self, station_id: str, transaction_id: int) -> None:
        """Close a transaction; a stop of another station's, or of an unknown one, changes nothing."""
        if 0 < transaction_id <= MAX_ID:
            await self._run(lambda: self._stop(station_id, transaction_id))

    async def close(self) -> None:
        """Wait for what is under way and let go of the file."""
        await self._run(self._database.close)
        self._thread.shutdown()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=10)
        self._path.chmod(0o600)
        database.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit in WAL mode returns after fsync
        database.execute("PRAGMA synchronous = FULL")
        database.executescript(_SCHEMA)
        return database

    def _hash(self, text: str) -> bytes:
        return hmac.digest(self._token_key, text.encode("utf-8", "surrogatepass"), "sha256")

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            raise JournalError(f"{self._path} cannot be written: {error}") from error

    def _start(self, station_id: str, connector_id: int, content: bytes) -> int:
        key = (station_id, connector_id, content)
        with _Transaction(self._database) as database:
            found = database.execute(
                "SELECT transaction_id FROM open_transactions "
                "WHERE station_id = ? AND connector_id = ? AND content = ?",
                key,
            ).fetchone()
            if found is not None:
                return int(found[0])
            new = self._next_id(database)
            database.execute("INSERT INTO open_transactions VALUES (?, ?, ?, ?)", (new, *key))
            database.execute(
                "DELETE FROM open_transactions WHERE transaction_id IN (SELECT transaction_id FROM open_transactions "
                "WHERE station_id = ? AND connector_id = ? ORDER BY rowid DESC LIMIT -1 OFFSET ?)",
                (station_id, connector_id, KEPT_PER_CONNECTOR),
            )
            return new

    def _stop(self, station_id: str, transaction_id: int) -> None:
        with _Transaction(self._database) as database:
            database.execute(
                "DELETE FROM open_transactions WHERE transaction_id = ? AND station_id = ?",
                (transaction_id, station_id),
            )

    @staticmethod
    def _next_id(database: sqlite3.Connection) -> int:
        last = int(database.execute("SELECT last_id FROM counter").fetchone()[0])
        while True:
            # two thousand million later it starts again, past those still open
            last = last + 1 if last < MAX_ID else 1
            taken = database.execute("SELECT 1 FROM open_transactions WHERE transaction_id = ?", (last,)).fetchone()
            if taken is None:
                break
        database.execute("UPDATE counter SET last_id = ?", (last,))
        return last


class _Transaction:
    """One SQLite transaction that takes the write lock first: two gateways on one home never share an id."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> sqlite3.Connection:
        self._database.execute("BEGIN IMMEDIATE")
        return self._database

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: object) -> None:
        self._database.execute("COMMIT" if kind is None else "ROLLBACK")
