"""One planted bad row per expectation: the fixture that every suite's test file uses."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from models.tables.catalogue import TABLES
from quality.registry import suites
from quality.rules import Subject
from quality.run import Batch, validate

DAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NOW = DAY + timedelta(days=2)


def frame_of(table, rows):
    """Rows as the warehouse hands them out: the suite's columns, Arrow types."""
    suite = suites()[table]
    declared = {column.name: column.arrow for column in TABLES[table].columns}
    columns = {name: pa.array([row.get(name) for row in rows], declared[name]) for name in suite.columns}
    return pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)


def batch_of(table, rows, metrics, *, columns=None):
    suite = suites()[table]
    names = suite.rule("columns").arguments["column_list"]
    whole = {name: suite.types.get(name, "VARCHAR") for name in names}
    return Batch(
        columns=whole | (columns or {}),
        rows=frame_of(table, rows),
        metrics=pd.DataFrame([metrics]) if metrics else None,
    )


def plant(table, rule, good, bad, metrics):
    """The batch with one fault, made for `rule`."""
    suite = suites()[table]
    rows, figures, columns = [dict(row) for row in good], dict(metrics), {}
    if rule.on is Subject.METRICS:
        figures |= bad[rule.name]
    elif rule.on is Subject.COLUMNS:
        columns = {"undeclared": "VARCHAR"}
    elif rule.on is Subject.TYPES:
        columns = {next(iter(suite.types)): "HUGEINT"}
    elif rule.name in bad:
        rows[0] |= bad[rule.name]
    elif rule.name == f"{suite.id_columns[0]}_unique":
        rows[0][suite.id_columns[0]] = rows[1][suite.id_columns[0]]
    elif rule.name.endswith("_known"):
        rows[0][rule.columns[0]] = None
    elif rule.name == "rows_unique":
        rows[0] |= {name: rows[1].get(name) for name in suite.id_columns}
    else:
        pytest.fail(f"no bad row is planted for {table}: {rule.name}")
    return batch_of(table, rows, figures, columns=columns)


@pytest.fixture(scope="session")
def passed():
    """Tables whose good rows have been seen to pass."""
    return set()


@pytest.fixture
def only_fails(passed):
    """Checks that a good table passes and that one planted fault fails exactly one expectation."""

    def check(table, rule, good, bad, metrics=()):
        if table not in passed:
            results = validate(table, batch_of(table, good, dict(metrics)), now=NOW)
            assert [result.sentence for result in results if not result.success] == []
            passed.add(table)
        results = validate(table, plant(table, rule, good, bad, dict(metrics)), now=NOW)
        failed = {result.expectation: result for result in results if not result.success}
        assert failed.keys() == {rule.name}, [result.sentence for result in failed.values()]
        result = failed[rule.name]
        assert result.unexpected_count in (1, 2)
        assert result.severity is rule.severity
        assert len(result.sample_ids) == (result.unexpected_count if rule.on in (Subject.ROWS, Subject.TYPES) else 0)

    return check
