"""The code location: everything Dagster shows, put together. Not here: the parts (`orchestration`)."""

from collections.abc import Mapping

import dagster as dg

from pipelines.orchestration.assets import build, land, report_page
from pipelines.orchestration.checks import quality
from pipelines.orchestration.installation import Installation
from pipelines.orchestration.jobs import land_often, refresh, report, report_daily


def build_defs(overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """The definitions; `overrides` replaces resources by name, for tests and in-process runs."""
    return dg.Definitions(
        assets=[land, build, report_page],
        asset_checks=[quality],
        jobs=[refresh, report],
        schedules=[land_often, report_daily],
        resources={"installation": Installation(), **(overrides or {})},
        # The work is one process with one writer: a process for each step would only cost its start.
        executor=dg.in_process_executor,
    )


defs = build_defs()
