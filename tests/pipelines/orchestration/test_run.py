"""The graph materialised in this process: with nothing, with a broker, with a writer in the way."""

import os
import threading
import time

import dagster as dg
import pytest

from ingest.producer import KafkaLogProducer
from models.log import FRAMES
from models.record import Meta
from pipelines.broker import topics
from pipelines.definitions import build_defs
from pipelines.orchestration import assets
from pipelines.orchestration.installation import Installation
from pipelines.orchestration.liveness import PID_TAG
from pipelines.orchestration.run import materialize
from pipelines.settings import KafkaSettings, Settings
from pipelines.warehouse.read import NoWarehouseError
from quality.registry import suites


def send(bootstrap, frames):
    topics.ensure(bootstrap, 8)
    producer = KafkaLogProducer(bootstrap)
    for ordinal, payload in enumerate(frames):
        meta = Meta("frame", "cp-to-csms", "ocpp1.6", 1_795_237_375_000_000 + ordinal, "c1", ordinal, "live-00000000-1")
        producer.send(FRAMES, b"CP1", payload, [("meta", meta.encode())])
    producer.flush()
    producer.close()


def test_materialising_all_without_a_broker_succeeds_and_says_so(home):
    definitions = build_defs({"installation": Installation(home)})
    with dg.instance_for_test() as instance:
        result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)
        assert result.success
        assert instance.get_run_by_id(result.run_id).tags[PID_TAG] == str(os.getpid())
        logged = [record.user_message for record in instance.all_logs(result.run_id)]
    assert any(message.startswith("no broker: nothing new") for message in logged)
    landed = result.asset_materializations_for_node("land")
    assert {it.metadata["broker"].value[:22] for it in landed} == {"no broker: nothing new"}
    assert home.current.exists()
    assert (home.report / "index.html").exists()


def test_an_unreachable_broker_is_no_broker(home):
    settings = Settings(kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1"))
    made = materialize(home, settings, job="refresh")
    assert made.broker.startswith("no broker: nothing new (nothing listens at 127.0.0.1:1")
    assert made.rows["core__sessions"] == 0
    assert len(made.checks) == sum(len(suite.rules) for suite in suites().values())


def test_landing_through_dagster_brings_every_record_into_the_warehouse(home, broker):
    send(broker, [b'[2,"%d","Heartbeat",{}]' % number for number in range(50)] + [b"not json"])
    made = materialize(home, Settings(kafka=KafkaSettings(bootstrap_servers=broker)), job="refresh")
    assert made.broker == f"broker {broker}"
    assert made.new_rows["raw_ocpp__frames"] == 51
    assert made.rows["core__calls"] == 50
    unanswered = next(check for check in made.checks if check.expectation == "share_unanswered")
    assert unanswered.sentence == "Share of calls that were never answered: 1 (allowed: up to 0.05)."
    again = materialize(home, Settings(kafka=KafkaSettings(bootstrap_servers=broker)), job="refresh")
    assert again.new_rows["raw_ocpp__frames"] == 0
    assert again.rows == made.rows


def test_a_step_waits_while_another_process_writes_the_home(home, monkeypatch):
    monkeypatch.setattr(assets, "WAIT_S", 1)
    held, release = threading.Event(), threading.Event()

    def write() -> None:
        with home.lock("warehouse"):
            held.set()
            release.wait(30)

    writer = threading.Thread(target=write)
    writer.start()
    held.wait(10)
    threading.Timer(3, release.set).start()
    began = time.monotonic()
    made = materialize(home, job="refresh")
    writer.join()
    assert time.monotonic() - began > 3
    assert made.rows["core__sessions"] == 0


def test_what_a_step_raises_reaches_the_caller(home):
    with pytest.raises(NoWarehouseError, match="laddstrom process"):
        materialize(home, job="report")


def test_each_expectation_is_a_check_with_its_severity_and_what_it_found(home):
    definitions = build_defs({"installation": Installation(home)})
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def("refresh").execute_in_process(instance=instance)
    evaluated = result.get_asset_check_evaluations()
    assert len(evaluated) == sum(len(suite.rules) for suite in suites().values())
    for evaluation in evaluated:
        rule = suites()[evaluation.asset_key.to_user_string()].rule(evaluation.check_name)
        assert (evaluation.severity is dg.AssetCheckSeverity.ERROR) == (rule.severity == "critical")
        assert {"severity", "unexpected", "looked_at", "sample_ids"} <= evaluation.metadata.keys()
