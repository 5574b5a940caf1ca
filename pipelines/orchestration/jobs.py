"""What runs, and when. Not here: what the steps do (`assets`, `checks`)."""

from collections.abc import Iterator

import dagster as dg

from pipelines.orchestration.graph import REPORT_PAGE
from pipelines.orchestration.liveness import is_dead

LAND_CRON = "*/5 * * * *"
REPORT_CRON = "15 4 * * *"
_TAGS = {"laddstrom/writes": "home"}
_RUNNING = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(REPORT_PAGE),
    description="Land what is new, build and publish the warehouse, check it.",
    # The next tick is the retry.
    tags={**_TAGS, "dagster/max_runtime": "3600", "dagster/max_retries": "0"},
    executor_def=dg.in_process_executor,
)
report = dg.define_asset_job(
    "report",
    selection=dg.AssetSelection.assets(REPORT_PAGE),
    description="Write the report page over the published warehouse.",
    tags={"dagster/max_runtime": "900"},
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    job=refresh,
    cron_schedule=LAND_CRON,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every five minutes; left out while the last one still runs.",
)
def land_often(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for a refresh unless one is under way: runs that wait for the writer would only pile up."""
    under_way = context.instance.get_runs(dg.RunsFilter(job_name=refresh.name, statuses=_RUNNING))
    dead = [run for run in under_way if is_dead(run)]
    for run in dead:
        context.instance.report_run_failed(run, "the process of this run was killed")
    if len(dead) == len(under_way):
        yield dg.RunRequest()
    else:
        yield dg.SkipReason("the last refresh is still under way")


report_daily = dg.ScheduleDefinition(
    name="report_daily",
    job=report,
    cron_schedule=REPORT_CRON,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every day, after the nights of most time zones that charge have begun to end.",
)
