"""Runs the quality suites on the published warehouse and keeps the results for the report. Free of Dagster.

Not here: what must hold (`quality`).
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import duckdb
import msgspec

from pipelines.home import Home
from pipelines.warehouse.read import connect_readonly
from pipelines.warehouse.sql import identifier
from quality.registry import suites
from quality.results import CheckResult
from quality.suite import NEWEST_ROWS, Suite

if TYPE_CHECKING:
    from quality.run import Batch

RESULTS = "checks.json"
"""In the report's folder: what the suites said of the last build that was checked."""


def check(home: Home) -> list[CheckResult]:
    """Run every suite on the published warehouse and write the results down.

    Raises:
        NoWarehouseError: nothing has been published.
    """
    # pandas and Great Expectations take seconds to import.
    from quality.run import check_warehouse

    with connect_readonly(home) as connection:
        (clear,) = connection.execute("SELECT is_tokens_clear FROM meta__build").fetchall()[0]
        tables: dict[str, Callable[[], Batch | None]] = {
            name: partial(batch, connection, suite) for name, suite in suites().items()
        }
        results = check_warehouse(tables, tokens_in_clear=clear)
    _write(home, results)
    return results


def batch(connection: duckdb.DuckDBPyConnection, suite: Suite) -> "Batch | None":
    """What the suite looks at: the columns it names, of a big table the newest rows, and its figures."""
    import pandas as pd

    from quality.run import Batch

    columns = dict(
        connection.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? AND NOT internal "
            "ORDER BY column_index",
            [suite.table],
        ).fetchall()
    )
    if not columns:
        return None
    table = identifier(suite.table)
    read = ", ".join(identifier(name) for name in suite.columns if name in columns)
    newest = f" ORDER BY {identifier(suite.newest_by)} DESC NULLS LAST LIMIT {NEWEST_ROWS}" if suite.newest_by else ""
    rows = connection.sql(f"SELECT {read} FROM {table}{newest}").to_arrow_table()
    # count(*) makes it one row, whatever the figures are.
    figures = "".join(f", {expression} AS {identifier(name)}" for name, expression in suite.metrics.items())
    metrics = connection.sql(f"SELECT count(*) AS rows{figures} FROM {table}").df() if figures else None
    return Batch(columns=columns, rows=rows.to_pandas(types_mapper=pd.ArrowDtype), metrics=metrics)


def _write(home: Home, results: list[CheckResult]) -> None:
    text = {
        "build": home.current.resolve().name,
        "checked_at": datetime.now(UTC).isoformat(),
        "results": msgspec.to_builtins(results),
    }
    path = home.report / RESULTS
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(text, indent=1), encoding="utf-8")
    draft.replace(path)
