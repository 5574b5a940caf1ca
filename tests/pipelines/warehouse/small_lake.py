"""Real Parquet in the landed schemas, and warehouses built from it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from models.facts import Fact
from models.tables.landed import LANDED, rows_of
from pipelines.warehouse import connection
from pipelines.warehouse.build import Plan, write
from pipelines.warehouse.ports import Place

KEY = b"a key for tests"
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """A moment of the test's morning."""
    return MORNING + timedelta(seconds=seconds)


class Lake:
    """Landed files of one test; `build` makes a warehouse of them and opens it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.landed: dict[str, list[Path]] = defaultdict(list)
        self._offset = 0
        self._open: list[duckdb.DuckDBPyConnection] = []

    def add(self, table: str, rows: Sequence[dict[str, Any]] | pa.Table) -> Path:
        """One more file of a table."""
        schema = LANDED[table].schema
        if not isinstance(rows, pa.Table):
            rows = pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema)
        path = self.folder / table / f"day=1{len(self.landed[table])}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, path)
        self.landed[table].append(path)
        return path

    def facts(self, *facts: Fact) -> None:
        """Facts of one kind."""
        self.add(facts[0].table, rows_of(type(facts[0]), list(facts)))

    def frames(self, *frames: dict[str, Any]) -> None:
        """Frames, at rising offsets; each names what differs from a frame of CS1 to its CSMS."""
        self.add("raw_ocpp__frames", [self._position() | _FRAME | frame for frame in frames])

    def objects(self, *objects: dict[str, Any]) -> None:
        """OCPI documents, at rising offsets."""
        self.add("raw_ocpi__objects", [self._position() | _OBJECT | document for document in objects])

    def build(
        self, *, timezone: str = "UTC", token_key: bytes | None = KEY, ports: tuple[Place, ...] = ()
    ) -> duckdb.DuckDBPyConnection:
        """A warehouse of everything added so far, opened read-only."""
        path = self.folder / f"warehouse-{len(self._open)}.duckdb"
        write(path, self.landed, Plan(1, timezone, token_key, self.folder / "spill", ports))
        opened = connection.readonly(path, spill=self.folder / "spill")
        self._open.append(opened)
        return opened

    def close(self) -> None:
        """Close what is open."""
        for opened in self._open:
            opened.close()

    def _position(self) -> dict[str, Any]:
        self._offset += 1
        place = {"log_id": "log", "generation": 1, "topic": "topic", "partition": 0, "offset": self._offset}
        return {**place, "ordinal": self._offset, "source": "file-a", "received_at": at(self._offset)}


_FRAME = {"station_id": "CS1", "protocol": "ocpp1.6", "direction": "cp-to-csms"}
_OBJECT = {"party": "BE-BEC", "method": "put", "protocol": "ocpi2.2.1"}


def call(frame: str, **more: Any) -> dict[str, Any]:
    """A frame from the charger."""
    return {"payload": frame.encode(), **more}


def answer(frame: str, **more: Any) -> dict[str, Any]:
    """A frame from the CSMS."""
    return {"payload": frame.encode(), "direction": "csms-to-cp", **more}


def rows(opened: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    """The rows of a query."""
    return opened.execute(query).fetchall()
