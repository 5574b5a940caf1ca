"""Landed files on disk: where they lie, how one appears whole or not at all, and whether all still are whole.

Not here: their rows (`raw`, `facts`, `dead_letters`, `states`) or what lists them (`manifest`).
"""

import hashlib
import logging
import math
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from models.tables.landed import LANDED, Origin
from pipelines.home import Home
from pipelines.lake import parquet
from pipelines.lake.errors import ManifestCorruptError, ManifestMissingError
from pipelines.lake.manifest import LandedFile, Manifest, sync_folder

STATES: Final = "states"
_STATES_FIELDS: "list[pa.Field[Any]]" = [
    pa.field("partition", pa.int32(), False),
    pa.field("key", pa.binary(), False),
    pa.field("value", pa.binary()),
]
STATES_SCHEMA: Final = pa.schema(_STATES_FIELDS)
_EMPTY: Final = "empty.parquet"
_TEMPORARY: Final = ".tmp-"
_ORPHAN_AGE_S: Final = 600.0
"""Younger unlisted files are left: a reader that started before a merge may still have them open by name."""
_MOST_ORPHANS: Final = 64
"""A crash leaves at most three. More unlisted files mean that the manifest lost lines, so nothing is deleted."""
REPLAY: Final = "replay-"
"""How the names of a replay's files begin. A crash may leave many of them, and another replay makes them again."""
_REPLACED_AGE_S: Final = 25 * 3600.0
"""Longer than a build is kept for its age."""
_BUILD_S: Final = 3600.0
"""A build names the files of its beginning, and its file's time is its end: no build takes longer."""
_log = logging.getLogger(__name__)


def folder(home: Home, table: str) -> Path:
    """Where a landed table's Parquet files lie; tables that may hold card numbers in the restricted folder."""
    if table == STATES or LANDED[table].origin is Origin.RAW:
        return home.restricted / table
    return home.lake / "facts" / table


def paths(home: Home, table: str) -> list[Path]:
    """The landed Parquet files of a table, oldest first; the first is always the empty one."""
    return paths_in(Manifest(home), table)


def paths_in(manifest: Manifest, table: str) -> list[Path]:
    """As `paths`, with a manifest already read."""
    lake = manifest.home.lake
    return [folder(manifest.home, table) / _EMPTY, *(lake / file.path for file in manifest.files[table])]


def ensure_empty(home: Home) -> None:
    """Give each landed table a file without rows, so that reading a table never fails for want of files."""
    for name, table in LANDED.items():
        place = folder(home, name)
        if not place.is_dir():
            place.mkdir(parents=True, mode=0o700 if home.restricted in place.parents else 0o755)
        data = parquet.encode(parquet.empty(table.schema))
        path = place / _EMPTY
        if not path.exists() or path.read_bytes() != data.to_pybytes():
            _place(path, data)
    folder(home, STATES).mkdir(mode=0o700, parents=True, exist_ok=True)


def name_of(topic: str, generation: int, partition: int, first: int, last: int) -> str:
    """How the files of a range of offsets are named."""
    return f"{topic}-g{generation:04d}-p{partition:03d}-{first:020d}-{last:020d}"


def write(home: Home, table: str, name: str, rows: pa.Table) -> LandedFile:
    """Put rows into `<table>/<name>.parquet`, whole and durable; it counts once the manifest lists it."""
    data = parquet.encode(rows)
    path = folder(home, table) / f"{name}.parquet"
    _place(path, data)
    return LandedFile(
        table=table,
        path=str(path.relative_to(home.lake)),
        rows=rows.num_rows,
        bytes=data.size,
        sha256=hashlib.sha256(data).hexdigest(),
        schema_version=parquet.schema_version(rows.schema),
        memory_bytes=parquet.memory(rows),
    )


def sweep(manifest: Manifest, *, age_s: float = _ORPHAN_AGE_S, now: float | None = None) -> int:
    """Delete what a crash left behind, and what newer files replaced and nobody names any more; returns how many.

    A file that a merge replaced stays for 25 h, for readers that still have its name, and after that as long as
    a build of the warehouse is there that is not an hour younger than the merge: raw views of builds name files.

    Raises:
        ManifestMissingError: so many files are unlisted that the manifest itself must have lost lines.
    """
    home, now = manifest.home, time.time() if now is None else now
    listed = {home.lake / file.path for files in manifest.files.values() for file in files}
    listed |= {home.lake / line.file.path for line in manifest.current_states()}
    merged = {home.lake / path: since for path, since in manifest.replaced.items()}
    replaced = {home.lake / line.file.path for line in manifest.states} - listed
    unlisted = [path for path in _on_disk(home) if path not in listed and path not in merged]
    orphans = [path for path in unlisted if path not in replaced and not path.name.startswith((_TEMPORARY, REPLAY))]
    if len(orphans) > (0 if manifest.is_empty else _MOST_ORPHANS):
        raise ManifestMissingError(
            f"{len(orphans)} landed files are not listed in {home.manifest}; restore that file from a copy, "
            f"or move {home.lake} away and land again from Kafka"
        )
    old = [path for path in unlisted if now - path.stat().st_mtime > age_s]
    until = min(now - _REPLACED_AGE_S, _oldest_build(home) - _BUILD_S)
    old += [path for path in _on_disk(home) if path not in listed and merged.get(path, until) < until]
    for path in old:
        _log.info("removing a file that no landing finished or that another replaced: %s", path.name)
        path.unlink(missing_ok=True)
    return len(old)


def verify(home: Home) -> list[str]:
    """What is wrong with the landed files, one sentence each; nothing wrong is an empty list."""
    try:
        manifest = Manifest(home)
    except ManifestCorruptError as error:
        return [str(error)]
    listed = [file for files in manifest.files.values() for file in files]
    listed += [line.file for line in manifest.current_states()]
    found = [wrong(home, file) for file in listed]
    return [*(said for said in found if said), *_wrong_empties(home)]


def read(home: Home, file: LandedFile, columns: list[str] | None = None) -> pa.Table:
    """A landed file's rows, as written."""
    # One file at a time and by its own schema: folder names are no columns here.
    return pq.ParquetFile(home.lake / file.path).read(columns=columns)


def _place(path: Path, data: pa.Buffer) -> None:
    temporary = path.with_name(f"{_TEMPORARY}{os.getpid()}-{path.name}")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def _on_disk(home: Home) -> Iterator[Path]:
    for table in (*LANDED, STATES):
        for path in folder(home, table).glob("*.parquet"):
            if path.name != _EMPTY:
                yield path


def _oldest_build(home: Home) -> float:
    """When the oldest warehouse file that is still there was finished; infinitely late if there is none."""
    found = math.inf
    for path in home.builds.glob("*.duckdb"):
        # Another process may prune meanwhile.
        with suppress(FileNotFoundError):
            found = min(found, path.stat().st_mtime)
    return found


def wrong(home: Home, file: LandedFile) -> str | None:
    """What is wrong with a landed file, one sentence; null if it is as it was written."""
    path = home.lake / file.path
    try:
        with path.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}); restore it from a copy"
    if found != file.sha256:
        return f"{path} is not as it was written (its sha256 differs); restore it from a copy"
    return None


def _wrong_empties(home: Home) -> Iterator[str]:
    for name, table in LANDED.items():
        path = folder(home, name) / _EMPTY
        if path.exists() and path.read_bytes() != parquet.encode(parquet.empty(table.schema)).to_pybytes():
            yield f"{path} is not as it was written; the next landing writes it again"
