"""Opening DuckDB: the only module that calls `duckdb.connect`. Not here: what is asked of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

STORAGE_VERSION = "v1.5.0"
"""Readable by every 1.5 and 2.0 tool, whichever DuckDB wrote it."""
BLOCK_BYTES = 65_536
"""A third of the default's disk for small tables (1.2 MB a build, one a minute under `up`), the same for large ones."""


@contextmanager
def building(path: Path, *, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose default database is the new file at `path`; checkpointed and closed on leaving.

    What does not fit in memory goes to `spill`, which must be private: it may hold raw frames.
    """
    connection = duckdb.connect(":memory:", config=_config(spill))
    try:
        connection.execute("SET TimeZone = 'UTC'")
        # ATTACH takes no parameters; the path is quoted as SQL quotes it.
        quoted = str(path).replace("'", "''")
        connection.execute(
            f"ATTACH '{quoted}' AS build (STORAGE_VERSION '{STORAGE_VERSION}', BLOCK_SIZE {BLOCK_BYTES})"
        )
        connection.execute("USE build")
        yield connection
        connection.execute("CHECKPOINT build")
        connection.execute("USE memory")
        connection.execute("DETACH build")
    finally:
        connection.close()


def readonly(path: Path, *, spill: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection in UTC; the caller closes it.

    Give the versioned path, not the symlink: within one process DuckDB hands out the database that it already
    has open under a path.
    """
    connection = duckdb.connect(str(path), read_only=True, config=_config(spill))
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _config(spill: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {
        # The core path needs no extension, and a build must not depend on what a network serves today.
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": str(spill),
    }
