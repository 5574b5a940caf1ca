"""A full build: landed Parquet in, a published DuckDB file out. Not here: landing, and the meaning of any table.

Each build starts from nothing but the files it is given, so the same files give the same tables.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from models.tables.catalogue import BUILD, POSITIONS, TABLES
from models.tables.landed import LANDED
from pipelines.home import Home
from pipelines.lake import files
from pipelines.lake.manifest import Manifest
from pipelines.warehouse import fault_codes, ocpi, partners, ports, publish, sql_models
from pipelines.warehouse import landed as landed_tables
from pipelines.warehouse.connection import building
from pipelines.warehouse.landed import Landed
from pipelines.warehouse.ports import Place
from pipelines.warehouse.sql import columns, identifier

Progress = Callable[[str, int, int], None]
"""Called with a table's name before it is made, and how many of how many are done."""


class UnknownTimezoneError(ValueError):
    """The report's time zone is none that the time zone database knows."""


class BuildFailedError(RuntimeError):
    """DuckDB could not make the file; the published one is as it was."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build is made with, besides the files."""

    build_id: int
    timezone: str
    token_key: bytes | None
    spill: Path
    ports: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Built:
    """A published build."""

    path: Path
    build_id: int
    rows: dict[str, int]
    """Rows of every table and view."""


def build(home: Home, *, timezone: str = "UTC", clear_tokens: bool = False, progress: Progress | None = None) -> Built:
    """Build the warehouse from everything landed and publish it; `clear_tokens` shows tokens where they are known.

    Raises:
        BuildFailedError: a landed file is gone or damaged, or the disk is full.
        HomeBusyError: another process builds.
        PortsError: the home's ports.csv cannot be read.
        UnknownTimezoneError: `timezone` is not a zone.
    """
    _check_timezone(timezone)
    with home.lock("warehouse"):
        publish.clear_unfinished(home)
        files.ensure_empty(home)
        build_id = publish.next_id(home)
        path = publish.unfinished(home, build_id)
        key = None if clear_tokens else home.token_key()
        plan = Plan(build_id, timezone, key, _spill(home), ports.read(home.root))
        # One reading of the manifest: a landing meanwhile must not give facts without their raw.
        manifest = Manifest(home)
        try:
            rows = write(path, {name: files.paths_in(manifest, name) for name in LANDED}, plan, progress)
        except duckdb.Error as error:
            raise BuildFailedError(
                f"the warehouse was not built, the published one is unchanged: {str(error).splitlines()[0]}"
            ) from error
        final = publish.publish(home, path)
        publish.prune(home)
    return Built(final, build_id, rows)


def write(path: Path, landed: Landed, plan: Plan, progress: Progress | None = None) -> dict[str, int]:
    """Write one build's file at `path` from the given Parquet files; returns the rows of each table."""
    with building(path, spill=plan.spill) as connection:
        connection.execute("SET VARIABLE report_timezone = ?", [plan.timezone])
        connection.execute("SET VARIABLE ports = ?", [list(plan.ports)])
        landed_tables.create(connection, landed, plan.token_key)
        ocpi.create(connection, plan.token_key)
        fault_codes.create(connection)
        models = sql_models.load()
        for done, model in enumerate(models):
            if progress:
                progress(model.name, done, len(models))
            what = "VIEW" if model.is_view else "TABLE"
            connection.execute(f"CREATE {what} {identifier(model.name)} AS\n{model.sql}")
            if model.name == sql_models.FIRST:
                partners.take_over(connection)
        _meta(connection, landed, plan)
        landed_tables.comment(connection, TABLES)
        if progress:
            progress("", len(models), len(models))
        return _count(connection)


def _meta(connection: duckdb.DuckDBPyConnection, landed: Landed, plan: Plan) -> None:
    connection.execute(f"CREATE TABLE {identifier(POSITIONS.name)} AS {_POSITIONS_SQL}")
    rejects = connection.execute("SELECT count(*) FROM core__ocpi_rejects").fetchall()[0][0]
    values = (
        plan.build_id,
        datetime.now(UTC),
        plan.timezone,
        plan.token_key is None,
        sum(len(paths) for paths in landed.values()),
        rejects,
        version("laddstrom"),
        sql_models.fingerprint(),
        duckdb.__version__,
    )
    connection.execute(
        f"CREATE TABLE {identifier(BUILD.name)} (build_id BIGINT, built_at TIMESTAMPTZ, report_timezone VARCHAR, "
        "is_tokens_clear BOOLEAN, files BIGINT, ocpi_rejects BIGINT, code_version VARCHAR, models_sha256 VARCHAR, "
        "duckdb_version VARCHAR)"
    )
    marks = ", ".join("?" for _ in values)
    connection.execute(f"INSERT INTO {identifier(BUILD.name)} ({columns(BUILD)}) VALUES ({marks})", values)


_POSITIONS_SQL = """
SELECT
  topic, generation, log_id, partition, min("offset") AS first_offset, max("offset") AS last_offset, count(*) AS rows
FROM (
  SELECT topic, generation, log_id, partition, "offset" FROM raw_ocpp__frames
  UNION ALL SELECT topic, generation, log_id, partition, "offset" FROM raw_ocpp__connections
  UNION ALL SELECT topic, generation, log_id, partition, "offset" FROM raw_ocpi__objects
)
GROUP BY topic, generation, log_id, partition
ORDER BY topic, generation, partition
"""


def _count(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    # The staging view would read and compare every frame again, only to be counted.
    counted = [name for name in TABLES if not name.startswith("stg_")]
    return {name: connection.execute(f"SELECT count(*) FROM {identifier(name)}").fetchall()[0][0] for name in counted}


def _check_timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownTimezoneError(
            f"{name!r} is not a time zone; set LADDSTROM_REPORT__TIMEZONE to a name such as Europe/Stockholm or UTC"
        ) from None


def _spill(home: Home) -> Path:
    """A private folder: what DuckDB writes there may hold raw frames."""
    folder = home.restricted / "spill"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
