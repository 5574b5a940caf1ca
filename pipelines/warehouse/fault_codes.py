"""The crosswalk as a table of a build: the data that came with the program. Not here: what its rows mean."""

import duckdb
import msgspec
import pyarrow as pa

from models.crosswalk import CODES, ROWS, VERSION, Row
from models.tables.catalogue import FAULT_CODES
from pipelines.warehouse.sql import identifier


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `core__fault_codes`."""
    rows = pa.Table.from_pylist([_row(row) for row in ROWS], schema=FAULT_CODES.schema)
    connection.register("crosswalk_rows", rows)
    connection.execute(f"CREATE TABLE {identifier(FAULT_CODES.name)} AS SELECT * FROM crosswalk_rows")
    connection.unregister("crosswalk_rows")


def _row(row: Row) -> dict[str, str | float | None]:
    said = {name: value or None for name, value in msgspec.structs.asdict(row).items()}
    return said | {"meaning": CODES[row.canonical_code][1], "mapping_version": VERSION}
