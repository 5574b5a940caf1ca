import platform
import subprocess
import sys

import dagster as dg

from models.tables.catalogue import TABLES
from pipelines.definitions import build_defs, defs
from pipelines.orchestration.installation import Installation
from pipelines.orchestration.liveness import HOST_TAG, PID_TAG, is_dead
from quality.registry import suites
from quality.rules import Severity


def asset_names(keys):
    return sorted(key.to_user_string() for key in keys)


def test_the_graph_is_as_reviewed(snapshot):
    graph = defs.resolve_asset_graph()
    assert {
        "assets": {
            name: asset_names(graph.get(dg.AssetKey(name)).parent_keys)
            for name in asset_names(graph.get_all_asset_keys())
        },
        "checks": {
            table: [f"{rule.name}: {rule.severity}{', blocking' if rule.blocking else ''}" for rule in suite.rules]
            for table, suite in suites().items()
        },
        "jobs": {
            job.name: {"tags": dict(job.tags), "assets": len(job.asset_layer.selected_asset_keys)}
            for job in defs.resolve_all_job_defs()
            if not job.name.startswith("__")
        },
        "schedules": {
            name: [schedule.cron_schedule, schedule.job_name, schedule.default_status.value]
            for name in ("land_often", "report_daily")
            if (schedule := defs.resolve_schedule_def(name))
        },
    } == snapshot


def test_every_table_is_an_asset_and_every_expectation_a_check():
    graph = defs.resolve_asset_graph()
    tables = {name for name in TABLES if not name.startswith("meta__")}
    assert set(asset_names(graph.get_all_asset_keys())) == tables | {"report_page"}
    assert {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys} == {
        (table, rule.name) for table, suite in suites().items() for rule in suite.rules
    }


def test_only_structure_holds_back_what_comes_after():
    graph = defs.resolve_asset_graph()
    for key in graph.asset_check_keys:
        rule = suites()[key.asset_key.to_user_string()].rule(key.name)
        assert graph.get_check_spec(key).blocking == rule.blocking
        assert not rule.blocking or rule.severity is Severity.CRITICAL


def test_both_schedules_run_by_default():
    names = [schedule.name for schedule in defs.schedules]
    assert names == ["land_often", "report_daily"]
    for name in names:
        assert defs.resolve_schedule_def(name).default_status is dg.DefaultScheduleStatus.RUNNING


def test_a_refresh_is_not_asked_for_while_one_is_under_way():
    schedule = defs.resolve_schedule_def("land_often")
    with dg.instance_for_test() as instance, dg.build_schedule_context(instance=instance) as context:
        assert len(schedule.evaluate_tick(context).run_requests) == 1
        job = defs.resolve_job_def("refresh")
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        tick = schedule.evaluate_tick(context)
        assert tick.run_requests == []
        assert tick.skip_message == "the last refresh is still under way"


def test_a_refresh_whose_process_was_killed_is_given_up_at_the_next_tick():
    killed = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    schedule, job = defs.resolve_schedule_def("land_often"), defs.resolve_job_def("refresh")
    with dg.instance_for_test() as instance, dg.build_schedule_context(instance=instance) as context:
        tags = {PID_TAG: str(killed.pid), HOST_TAG: platform.node()}
        run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags)
        assert schedule.evaluate_tick(context).run_requests == []
        killed.kill()
        killed.wait()
        assert len(schedule.evaluate_tick(context).run_requests) == 1
        assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE


def test_a_run_of_another_machine_is_never_taken_for_dead():
    run = dg.DagsterRun(job_name="refresh", tags={PID_TAG: "1", HOST_TAG: "elsewhere"})
    assert not is_dead(run)
    assert not is_dead(dg.DagsterRun(job_name="refresh"))


def test_resources_can_be_replaced(home):
    mine = Installation(home)
    assert build_defs({"installation": mine}).resources["installation"] is mine


def test_loading_the_code_location_imports_no_heavy_part_and_makes_no_home(tmp_path):
    code = (
        "import sys, pipelines.definitions;"
        "heavy = {'great_expectations', 'faust', 'kafka', 'pandas', 'pipelines.lake.land'} & set(sys.modules);"
        "sys.exit(str(sorted(heavy)) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []
