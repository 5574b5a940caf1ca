"""Runs suites with Great Expectations on pandas frames. Not here: where frames come from, who shows the results.

great_expectations is imported when a frame is validated, not before: its import takes 4-5 s.
"""

import logging
import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
import pandas as pd

from quality.registry import suites
from quality.results import MAX_SAMPLES, CheckResult, sentence
from quality.rules import Rule, Subject
from quality.suite import Suite

_PSEUDONYM = re.compile(r"tok_[0-9a-f]{16}")


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What of a table is looked at.

    `columns` are the table's own, in order, with their DuckDB types; `rows` a pandas frame of the columns
    that its suite names, with a range index; `metrics` a frame of one row.
    """

    columns: Mapping[str, str]
    rows: Any
    metrics: Any = None


def validate(
    table: str, batch: Batch | None, *, tokens_in_clear: bool = False, now: datetime | None = None
) -> list[CheckResult]:
    """Every expectation of the table's suite, in the suite's order; no batch = the table does not exist."""
    suite = suites()[table]
    if batch is None:
        return [_untested(suite, rule, "the table is not in the warehouse") for rule in suite.rules]
    frames = _frames(suite, batch)
    outcomes: dict[str, CheckResult] = {}
    for subject, frame in frames.items():
        asked = []
        for rule in (rule for rule in suite.rules if rule.on is subject):
            # The rule on column names is about just that.
            missing = [c for c in rule.columns if c not in frame.columns and subject is not Subject.COLUMNS]
            if tokens_in_clear and rule.about_pseudonyms:
                outcomes[rule.name] = _not_asked(suite, rule)
            elif missing:
                outcomes[rule.name] = _untested(suite, rule, f"there is no {' and no '.join(missing)}")
            else:
                asked.append(rule)
        outcomes.update(_run(suite, asked, frame, now or datetime.now(UTC)))
    return [outcomes[rule.name] for rule in suite.rules]


def check_warehouse(
    tables: Mapping[str, Callable[[], Batch | None]], *, tokens_in_clear: bool = False, now: datetime | None = None
) -> list[CheckResult]:
    """Validate the tables given, one in memory at a time."""
    return [
        result
        for table, read in tables.items()
        for result in validate(table, read(), tokens_in_clear=tokens_in_clear, now=now)
    ]


def _frames(suite: Suite, batch: Batch) -> dict[Subject, Any]:
    complete = set(suite.columns) <= set(batch.rows.columns)
    rows = suite.derive(batch.rows) if suite.derive and complete else batch.rows
    declared = [f"{name} {kind}" for name, kind in batch.columns.items() if name in suite.types]
    return {
        Subject.COLUMNS: pd.DataFrame(columns=list(batch.columns)),
        Subject.TYPES: pd.DataFrame({"column_type": declared}),
        Subject.ROWS: rows,
        Subject.METRICS: pd.DataFrame() if batch.metrics is None else batch.metrics,
    }


def _run(suite: Suite, rules: list[Rule], frame: Any, now: datetime) -> dict[str, CheckResult]:
    if not rules:
        return {}
    import great_expectations as gx

    expectations = [_expectation(rule, position, now) for position, rule in enumerate(rules)]
    demands = gx.ExpectationSuite(name=suite.table, expectations=expectations)
    batch = _batches().get_batch({"dataframe": frame})
    # Positions of the failing rows, of which the ids of some are looked up after: letting Great Expectations
    # collect the ids takes 15 s for 500,000 rows, this 0.3 s.
    found = batch.validate(demands, result_format={"result_format": "COMPLETE", "return_unexpected_index_query": False})
    results = {}
    for outcome in found.results:
        rule = rules[outcome.expectation_config.meta["position"]]
        results[rule.name] = _result(suite, rule, outcome, frame)
    return results


def _expectation(rule: Rule, position: int, now: datetime) -> Any:
    import great_expectations.expectations as expectations
    from great_expectations.expectations.row_conditions import PassThroughCondition

    arguments = {key: now + value if isinstance(value, timedelta) else value for key, value in rule.arguments.items()}
    if rule.mostly < 1:
        arguments["mostly"] = rule.mostly
    if rule.where:
        arguments["row_condition"] = PassThroughCondition(pass_through_filter=rule.where)
    kind = getattr(expectations, rule.expectation)
    return kind(**arguments, severity=rule.severity.value, meta={"position": position})


@cache
def _batches() -> Any:
    """The one batch definition of an ephemeral context: nothing on disk, nothing sent, no progress bars, no chatter."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    # This logger of theirs sets itself to INFO, where it tells of temporary folders.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return (
        context.data_sources.add_pandas("tables")
        .add_dataframe_asset("table")
        .add_batch_definition_whole_dataframe("rows")
    )


def _result(suite: Suite, rule: Rule, outcome: Any, frame: Any) -> CheckResult:
    found = outcome.result
    if not outcome.success and not found:
        return _untested(suite, rule, _trouble(outcome.exception_info))
    whole = rule.on in (Subject.COLUMNS, Subject.METRICS)
    unexpected = int(not outcome.success) if whole else found["unexpected_count"]
    looked_at = len(frame.columns) if rule.on is Subject.COLUMNS else found["element_count"]
    observed: int | float | str | None = None
    if rule.on is Subject.METRICS:
        observed = _figure(frame[rule.name].iloc[0])
    elif rule.on is Subject.COLUMNS:
        observed = _difference(rule.arguments["column_list"], list(frame.columns))
    return CheckResult(
        table=suite.table,
        expectation=rule.name,
        severity=rule.severity,
        success=bool(outcome.success),
        unexpected_count=unexpected,
        looked_at=looked_at,
        sample_ids=() if whole or not unexpected else _samples(suite, rule, found["unexpected_index_list"], frame),
        sentence=sentence(
            rule, success=bool(outcome.success), unexpected=unexpected, looked_at=looked_at, observed=observed
        ),
    )


def _samples(suite: Suite, rule: Rule, positions: list[int], frame: Any) -> tuple[str, ...]:
    columns = ["column_type"] if rule.on is Subject.TYPES else [c for c in suite.id_columns if c in frame.columns]
    rows = frame[columns].iloc[positions[:MAX_SAMPLES]].itertuples(index=False, name=None)
    return tuple(" / ".join(_shown(suite, *pair) for pair in zip(columns, row, strict=True)) for row in rows)


def _shown(suite: Suite, column: str, value: Any) -> str:
    if pd.isna(value):
        return "-"
    return str(value) if column not in suite.token_columns or _PSEUDONYM.fullmatch(str(value)) else "(token)"


def _figure(value: Any) -> int | float | None:
    if pd.isna(value):
        return None
    return int(value) if float(value).is_integer() else float(value)


def _difference(declared: list[str], found: list[str]) -> str:
    missing, more = [c for c in declared if c not in found], [c for c in found if c not in declared]
    parts = [f"missing {', '.join(missing)}"] * bool(missing) + [f"not declared {', '.join(more)}"] * bool(more)
    return "; ".join(parts) or "another order"


def _trouble(info: Mapping[str, Any]) -> str:
    # An exception's text may quote a row: only its type is said.
    for part in (info, *(value for value in info.values() if isinstance(value, Mapping))):
        if text := part.get("exception_traceback"):
            return f"the test itself failed with {str(text).strip().splitlines()[-1].split(':')[0]}"
    return "the test itself failed"


def _untested(suite: Suite, rule: Rule, why: str) -> CheckResult:
    return _plain(suite, rule, success=False, text=f"Not tested: {why}.")


def _not_asked(suite: Suite, rule: Rule) -> CheckResult:
    return _plain(suite, rule, success=True, text="Not asked: tokens are shown in clear by setting.")


def _plain(suite: Suite, rule: Rule, *, success: bool, text: str) -> CheckResult:
    return CheckResult(
        table=suite.table,
        expectation=rule.name,
        severity=rule.severity,
        success=success,
        unexpected_count=int(not success),
        looked_at=0,
        sample_ids=(),
        sentence=text,
    )
