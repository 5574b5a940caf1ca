"""`laddstrom process`: files in, numbers out, on both brokers."""

import csv
import gzip
import json
import lzma
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipelines.warehouse import read

SAP = "ocpp/sim_sap_emobility_16_201.jsonl"
CSV_LOG = "ocpp/kwwhat_ocpp16_synthetic_14d.csv"
NUMBERS = """
    SELECT protocol, count(*) AS sessions, count(*) FILTER (started_at IS NOT NULL AND ended_at IS NOT NULL) AS whole,
           sum(energy_wh) AS energy_wh
    FROM core__sessions GROUP BY protocol ORDER BY protocol
"""
TABLES = (
    "core__sessions",
    "core__fault_episodes",
    "core__statuses",
    "core__authorizations",
    "core__rates",
    "core__stations",
    "core__measurements",
    "core__calls",
    "report__energy_daily",
    "report__error_trend_daily",
    "report__rfid_usage_daily",
)
PLACES = {"log_id", "generation", "topic", "partition", "offset", "source", "ordinal", "call_ordinal", "answer_ordinal"}


def everything(laddstrom: Any, tables: tuple[str, ...] = TABLES) -> dict[str, list[str]]:
    """The rows of tables, in any order, without where in which log they stand."""

    def is_place(name: str) -> bool:
        return name in PLACES or name.endswith(("_offset", "_source", "_generation", "_partition"))

    with read.connect_readonly(laddstrom.home) as opened:
        found = {}
        for table in tables:
            answer = read.query(opened, f"SELECT * FROM {table}")
            names = answer.columns
            found[table] = sorted(
                str({name: value for name, value in zip(names, row, strict=True) if not is_place(name)})
                for row in answer.rows
            )
        return found


def test_the_sap_capture_gives_its_numbers_once_and_again(laddstrom: Any, broker: str, shared_data: Path) -> None:
    summary = laddstrom.process(shared_data / SAP)
    run = summary["this_run"]
    assert (run["lines_in"], run["frames_in"], run["landed"], run["already_known"]) == (4020, 3996, 4020, 0)
    assert run["refused"] == run["dead_letters"] == {}
    assert summary["is_conserved"] is True
    assert {kind: count for kind, count in summary["whole_warehouse"]["facts"].items() if count} == run["facts"]
    assert (run["late_frames"], run["replayed"]) == (0, 0)
    assert laddstrom.sql("SELECT count(*) AS n FROM raw_ocpp__frames") == [{"n": 3996}]
    by_protocol = {row["protocol"]: row for row in laddstrom.sql(NUMBERS)}
    assert by_protocol["ocpp1.6"] == {"protocol": "ocpp1.6", "sessions": 145, "whole": 145, "energy_wh": 34_975}
    assert by_protocol["ocpp2.0.1"]["sessions"] == 51
    late = laddstrom.sql("SELECT energy_wh, is_open FROM core__sessions WHERE transaction_id = '1142'")
    assert late == [{"energy_wh": 1596, "is_open": False}]

    before, raw = everything(laddstrom), laddstrom.sql("SELECT * FROM raw_ocpp__frames ORDER BY source, ordinal")
    assert "skipped, known already" in laddstrom.run("process", shared_data / SAP).stderr
    summary = laddstrom.process("--again", shared_data / SAP)
    run = summary["this_run"]
    assert (run["landed"], run["already_known"], run["facts"], run["sessions"]) == (0, 4020, {}, 0)
    assert summary["is_conserved"] is True
    assert everything(laddstrom) == before
    assert laddstrom.sql("SELECT * FROM raw_ocpp__frames ORDER BY source, ordinal") == raw


def test_the_fourteen_day_csv_gives_its_numbers(laddstrom: Any, shared_data: Path) -> None:
    laddstrom.process(shared_data / CSV_LOG)
    assert laddstrom.sql("SELECT count(*) AS n, sum(energy_wh) AS wh FROM core__sessions WHERE NOT is_open") == [
        {"n": 39, "wh": 62_400}
    ]


def test_a_log_cut_in_two_at_midnight_gives_the_numbers_of_one(
    laddstrom: Any, shared_data: Path, tmp_path: Path
) -> None:
    with (shared_data / CSV_LOG).open(newline="") as file:
        header, *rows = csv.reader(file)
    midnight = sorted({row[0][:10] for row in rows})[7]
    halves = []
    for name, part in (
        ("first", [row for row in rows if row[0] < midnight]),
        ("second", [row for row in rows if row[0] >= midnight]),
    ):
        halves.append(tmp_path / f"{name}.csv")
        with halves[-1].open("w", newline="") as file:
            csv.writer(file).writerows([header, *part])
    laddstrom.process(shared_data / CSV_LOG)
    whole = everything(laddstrom)
    cut = type(laddstrom)(type(laddstrom.home)(tmp_path / "cut").create(), tmp_path)
    (cut.home.keys / "token.key").write_bytes(laddstrom.home.token_key())
    # two runs: the embedded broker, and with it the log, is another one each time
    for half in halves:
        cut.process(half)
    assert everything(cut) == whole


def test_every_log_goes_through_and_everything_else_is_refused(laddstrom: Any, shared_data: Path) -> None:
    ocpp = shared_data / "ocpp"
    logs = sorted([*ocpp.rglob("*.jsonl"), *ocpp.rglob("*.txt"), ocpp / CSV_LOG.partition("/")[2]])
    assert len(logs) >= 13
    others = sorted([*ocpp.rglob("*.json"), *(path for path in ocpp.glob("*.csv") if path not in logs)])
    assert len(others) >= 5
    for path in others:
        refused = laddstrom.run("process", path, code=2)
        assert "JSON lines with a `raw` frame each" in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
    assert not laddstrom.home.manifest.exists()
    laddstrom.run("process", logs[0], others[0], code=2)
    assert not laddstrom.home.manifest.exists()
    summary = laddstrom.process(*logs)
    assert summary["is_conserved"] is True
    assert len(summary["files"]) == len(logs)


def test_gz_and_xz_are_the_same_file(laddstrom: Any, shared_data: Path, tmp_path: Path) -> None:
    content = (shared_data / "ocpp/sim_solidstudio_vcp_16_201_21.jsonl").read_bytes()
    (tmp_path / "log.jsonl.gz").write_bytes(gzip.compress(content))
    (tmp_path / "log.jsonl.xz").write_bytes(lzma.compress(content))
    first = laddstrom.process(tmp_path / "log.jsonl.gz")
    assert first["this_run"]["frames_in"] == 302
    again = laddstrom.run("process", tmp_path / "log.jsonl.xz")
    assert "log.jsonl.xz: skipped, known already" in again.stderr
    assert first["this_run"]["sessions"] == 9


def test_late_frames_are_landed_counted_and_named(laddstrom: Any, tmp_path: Path) -> None:
    def log(name: str, hour: int) -> Path:
        file = tmp_path / name
        lines = [
            {"timestamp": f"2026-01-01T{hour:02}:00:0{n}Z", "chargePointId": "CP-1", "subprotocol": "ocpp1.6",
             "direction": "cp-to-csms", "raw": f'[2,"{hour}-{n}","Heartbeat",{{}}]'}
            for n in range(3)
        ]  # fmt: skip
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return file

    laddstrom.process(log("new.jsonl", 10))
    summary = laddstrom.process(log("old.jsonl", 9))
    assert (summary["this_run"]["landed"], summary["this_run"]["late_frames"]) == (3, 3)
    assert summary["whole_warehouse"]["late_frames"] == 3
    assert "late frames" in laddstrom.run("process", tmp_path / "old.jsonl").stdout


def hostile_lines() -> list[bytes]:
    def line(raw: str, **more: object) -> bytes:
        return json.dumps(
            {"timestamp": "2026-01-01T00:00:00Z", "chargePointId": "CP-1", "subprotocol": "ocpp1.6", "raw": raw, **more}
        ).encode()

    boot = '[2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
    return [
        line(boot),
        b"not JSON at all",
        b"{" * 10_000,
        b"[" * 100_000 + b"]" * 100_000,
        line("[" * 100_000 + "]" * 100_000),
        line('[2,"2","Heartbeat",{"n":' + "9" * 5000 + "}]"),
        b'{"chargePointId":"CP-1","n":' + b"9" * 5000 + b',"raw":"[2,\\"3\\",\\"Heartbeat\\",{}]"}',
        line('[2,"4","bootnotification",{}]'),
        line('[2,"\ud800","Heartbeat",{}]'),
        line('[2,"5","StatusNotification",{"connectorId":"\udfff"}]'),
        b'{"chargePointId":"CP-1","raw":"\xff\xfe"}',
        line('[2,"6","DataTransfer",{"data":"' + "x" * 2_000_000 + '"}]'),
        line("not OCPP"),
        line('[2,"7","StartTransaction",{"connectorId":"one"}]'),
        line('[2,"8","MeterValues",{"connectorId":1,"meterValue":[{"sampledValue":[{"value":"NaN"}]}]}]'),
        line(boot, chargePointId="\u0000\u202e" + "x" * 500),
        line('[4,"9","InternalError","",{}]'),
        b"\x00" * 100,
        line('[2,"10","Heartbeat",{}]'),
    ]


def test_hostile_lines_are_all_accounted_for(laddstrom: Any, broker: str, tmp_path: Path) -> None:
    log = tmp_path / "hostile.jsonl"
    lines = hostile_lines()
    log.write_bytes(b"\n".join(lines))
    summary = laddstrom.process(log)
    run = summary["this_run"]
    assert summary["is_conserved"] is True
    assert run["lines_in"] == len(lines) == run["landed"] + sum(run["refused"].values())
    assert run["landed"] == laddstrom.sql("SELECT count(*) AS n FROM raw_ocpp__frames")[0]["n"]
    assert sum(run["dead_letters"].values()) >= sum(run["refused"].values()) > 0
    again = laddstrom.process("--again", log)
    assert again["is_conserved"] is True
    assert (again["this_run"]["landed"], again["this_run"]["already_known"]) == (0, len(lines))
    assert again["whole_warehouse"] == summary["whole_warehouse"]


def workers(laddstrom: Any) -> int | None:
    try:
        return int(json.loads((laddstrom.home.run / "worker.json").read_text())["pid"])
    except (OSError, ValueError):
        return None


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_without_its_worker_it_fails_with_a_clear_error(
    laddstrom: Any, eventually: Any, shared_data: Path, how: int
) -> None:
    laddstrom.environment["LADDSTROM_WORKER__STALL_S"] = "8"
    running = laddstrom.start("process", shared_data / SAP, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    pid = eventually(lambda: workers(laddstrom))
    os.kill(pid, how)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 1
    assert b"Error: the worker" in said
    assert b"Traceback" not in said
    assert not laddstrom.home.current.exists()


def test_ctrl_c_leaves_nothing_behind_and_the_next_run_completes_it(
    laddstrom: Any, eventually: Any, shared_data: Path
) -> None:
    running = laddstrom.start("process", shared_data / SAP, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert eventually(lambda: workers(laddstrom))
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert b"Interrupted" in said
    assert not (laddstrom.home.run / "kafka.json").exists()
    assert laddstrom.process(shared_data / SAP)["whole_warehouse"]["sessions"] == 196
