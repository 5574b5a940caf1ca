"""OCPI tables of a build: raw documents through the pure fold, one object at a time. Not here: the fold's rules."""

import logging
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from models.ocpi.fold import MODULES, Change, fold
from models.ocpi.rows import ROWS, OcpiRow
from models.ocpi.shape import rows
from models.tables.catalogue import OCPI_REJECTS, ocpi_table
from models.tables.landed import Table
from models.tokens.pseudonyms import pseudonym
from pipelines.warehouse.sql import identifier

_log = logging.getLogger(__name__)
_PARTY = re.compile(r"[A-Za-z]{2}-[A-Za-z0-9]{3}")
_FETCH = 2_000
_BATCH = 20_000

# Sorted by object, so that only one is in memory at a time. Locations are one object with their EVSEs and
# connectors; ids are case-insensitive.
_DOCUMENTS = """
SELECT
  lower(party) AS party_key, module,
  CASE WHEN module = 'locations' THEN lower(split_part(object_id, '/', 1)) ELSE lower(object_id) END AS root,
  party, object_id, method, received_at, payload, source, ordinal, generation, partition, "offset"
FROM raw_ocpi__objects
ORDER BY party_key, module, root, generation, partition, "offset"
"""


class Collected:
    """Rows of one table on their way into DuckDB: Arrow batches, so that a long history stays small."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._rows: list[dict[str, Any]] = []
        self._batches: list[pa.RecordBatch] = []

    def add(self, row: dict[str, Any]) -> None:
        """Take one row."""
        self._rows.append(row)
        if len(self._rows) >= _BATCH:
            self._pack()

    def arrow(self) -> pa.Table:
        """All rows."""
        self._pack()
        return pa.Table.from_batches(self._batches, self.table.schema)

    def _pack(self) -> None:
        if self._rows:
            self._batches.append(pa.RecordBatch.from_pylist(self._rows, self.table.schema))
            self._rows = []


def create(connection: duckdb.DuckDBPyConnection, token_key: bytes | None) -> None:
    """Make the OCPI tables out of `raw_ocpi__objects`; without a key, tokens stand in clear."""
    tables = {row: Collected(ocpi_table(row)) for row in ROWS}
    rejects = Collected(OCPI_REJECTS)
    _fill(_documents(connection), tables, rejects, partial(pseudonym, key=token_key))
    for collected in (*tables.values(), rejects):
        _store(connection, collected)
    count = rejects.arrow().num_rows
    if count:
        _log.info("%d OCPI documents were not used; see core__ocpi_rejects", count)


def _fill(
    documents: Iterator[dict[str, Any]],
    tables: dict[type[OcpiRow], Collected],
    rejects: Collected,
    hide: Callable[[str | None], str | None],
) -> None:
    for (_, module, _), group in groupby(documents, key=itemgetter("party_key", "module", "root")):
        received = list(group)
        root, refused = fold(
            Change(it["module"], it["object_id"], it["method"], it["received_at"], it["payload"]) for it in received
        )
        for place, reject in refused.items():
            rejects.add(_shown(received[place]) | {"reason": reject.reason, "detail": reject.detail})
        if root is not None:
            places = [(it["generation"], it["partition"], it["offset"]) for it in received]
            for row in rows(received[-1]["party"], module, root, hide, places):
                tables[type(row)].add(msgspec.structs.asdict(row))


def _shown(received: dict[str, Any]) -> dict[str, Any]:
    """A rejected document's row; of its path only what cannot be a card number."""
    module = received["module"] if received["module"] in MODULES else None
    party = received["party"] if _PARTY.fullmatch(received["party"]) else None
    return {**received, "module": module, "party": party}


def _documents(connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    result = connection.execute(_DOCUMENTS)
    names = [column[0] for column in result.description]
    while fetched := result.fetchmany(_FETCH):
        for row in fetched:
            yield dict(zip(names, row, strict=True))


def _store(connection: duckdb.DuckDBPyConnection, collected: Collected) -> None:
    connection.register("collected", collected.arrow())
    connection.execute(f"CREATE TABLE {identifier(collected.table.name)} AS SELECT * FROM collected")
    connection.unregister("collected")
