"""Materialises the graph in this process, as `make demo` does.

Not here: schedules and the web pages (`dagster dev`), nor what is materialised (`assets`, `checks`).
"""

import json
from dataclasses import dataclass
from typing import Any

import dagster as dg
import msgspec

from pipelines.home import Home
from pipelines.orchestration.checking import RESULTS
from pipelines.orchestration.installation import Installation
from pipelines.settings import Settings
from quality.results import CheckResult

EVERYTHING = "everything"
"""Not a job of its own: all assets and checks, the page included."""


@dataclass(frozen=True, slots=True)
class Materialized:
    """What a run made."""

    rows: dict[str, int]
    """Rows of each published table that the run made."""
    new_rows: dict[str, int]
    """Rows that it landed, by raw table."""
    checks: list[CheckResult]
    """What the suites said of the last checked build."""
    broker: str | None
    """Which broker was read, or that there was none; null when nothing was landed."""


def materialize(home: Home, settings: Settings | None = None, *, job: str = EVERYTHING) -> Materialized:
    """Run a job of the code location here and now; Dagster keeps nothing of it. Raises what a failing step raised."""
    from pipelines.definitions import build_defs

    definitions = build_defs({"installation": Installation(home, settings)})
    chosen = (
        definitions.resolve_implicit_global_asset_job_def() if job == EVERYTHING else definitions.resolve_job_def(job)
    )
    quiet = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        result = chosen.execute_in_process(run_config=quiet, instance=instance)
    said = _metadata(result)
    return Materialized(
        rows={name: int(it["dagster/row_count"]) for name, it in said.items() if "dagster/row_count" in it},
        new_rows={name: int(it["new_rows"]) for name, it in said.items() if "new_rows" in it},
        checks=_checks(home),
        broker=next((it["broker"] for it in said.values() if "broker" in it), None),
    )


def _metadata(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    events = [event.step_materialization_data.materialization for event in result.get_asset_materialization_events()]
    return {
        event.asset_key.to_user_string(): {name: value.value for name, value in event.metadata.items()}
        for event in events
    }


def _checks(home: Home) -> list[CheckResult]:
    path = home.report / RESULTS
    if not path.exists():
        return []
    return msgspec.convert(json.loads(path.read_text(encoding="utf-8"))["results"], list[CheckResult])
