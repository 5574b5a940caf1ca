"""The staging view and the tables derived from raw frames."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from small_lake import Lake, answer, at, call, rows

from models.record import Record
from models.state import StationState
from models.step import Context, step

CALLS = "SELECT message_id, outcome, error_code, call_ordinal, answer_ordinal FROM core__calls ORDER BY call_ordinal"


def test_equal_frames_of_two_files_count_once_and_of_one_file_as_often_as_they_stand_there(lake: Lake) -> None:
    same = call('[2,"a","Heartbeat",{}]', received_at=at(0))
    lake.frames({**same, "source": "file-a"}, {**same, "source": "file-a"}, {**same, "source": "file-b"})
    lake.frames({**same, "source": "file-b"}, {**same, "source": "file-b"}, {**same, "station_id": "CS2"})
    opened = lake.build()
    assert rows(opened, "SELECT station_id, source, ordinal FROM stg_ocpp__frames ORDER BY ordinal") == [
        ("CS1", "file-a", 1),
        ("CS1", "file-a", 2),
        ("CS1", "file-b", 5),
        ("CS2", "file-a", 6),
    ]
    assert rows(opened, "SELECT count(*) FROM raw_ocpp__frames") == [(6,)]


def test_frames_without_a_time_of_receipt_are_never_taken_for_equal(lake: Lake) -> None:
    same = call('[2,"a","Heartbeat",{}]', received_at=None)
    lake.frames({**same, "source": "file-a"}, {**same, "source": "file-b"})
    assert rows(lake.build(), "SELECT count(*) FROM stg_ocpp__frames") == [(2,)]


def test_an_answer_belongs_to_the_call_before_it_and_to_no_other(lake: Lake) -> None:
    lake.frames(
        call('[2,"1","Heartbeat",{}]'),  # 1: repeated before it is answered
        call('[2,"1","Heartbeat",{}]'),  # 2
        answer('[3,"1",{}]'),  # 3
        answer('[3,"1",{}]'),  # 4: answers nothing
        call('[2,"2","Authorize",{}]'),  # 5
        answer('[4,"2","InternalError","",{}]'),  # 6
        answer('[2,"2","Reset",{}]'),  # 7: the CSMS's own call of the same id
        call('[3,"2",{}]'),  # 8
        answer('[3,"9",{}]'),  # 9: orphan
        call('[2,"1","Heartbeat",{}]', station_id="CS2"),  # 10: another station's
    )
    assert rows(lake.build(), CALLS) == [
        ("1", "none", None, 1, None),
        ("1", "result", None, 2, 3),
        ("2", "error", "InternalError", 5, 6),
        ("2", "result", None, 7, 8),
        ("1", "none", None, 10, None),
    ]


def test_at_equal_times_a_file_decides_the_order_and_across_files_the_call_comes_first(lake: Lake) -> None:
    lake.frames(
        answer('[3,"1",{}]', received_at=at(0)),
        call('[2,"1","Heartbeat",{}]', received_at=at(0)),
        answer('[3,"2",{}]', received_at=at(0), source="file-b"),
        call('[2,"2","Heartbeat",{}]', received_at=at(0)),
    )
    assert rows(lake.build(), CALLS) == [("1", "none", None, 2, None), ("2", "result", None, 4, 3)]


def test_calls_are_paired_by_time_whatever_order_the_files_came_in(lake: Lake) -> None:
    lake.frames(answer('[3,"1",{}]', received_at=at(9), source="file-b"))
    lake.frames(call('[2,"1","Heartbeat",{}]', received_at=at(8.5)))
    found = rows(lake.build(), "SELECT outcome, answer_ms, call_source, answer_source FROM core__calls")
    assert found == [("result", 500, "file-a", "file-b")]


def test_without_times_a_call_is_paired_within_its_file_only(lake: Lake) -> None:
    lake.frames(
        call('[2,"1","Heartbeat",{}]', received_at=None),
        answer('[3,"1",{}]', received_at=None, source="file-b"),
        call('[2,"2","Heartbeat",{}]', received_at=None),
        answer('[3,"2",{}]', received_at=None),
    )
    assert rows(lake.build(), CALLS) == [("1", "none", None, 1, None), ("2", "result", None, 3, 4)]


HOSTILE = [
    b"",
    b"not json",
    b"\xff\xfe[2]",
    b"[" * 100_000 + b"]" * 100_000,
    b'[2,"n","MeterValues",{"connectorId":' + b"9" * 5_000 + b"}]",
    b'[2,"\\ud800","Heartbeat",{}]',
    b'[2,"nul\x00","Heartbeat",{}]',
    b"[2]",
    b'[2,{},"Heartbeat",[]]',
    b'[2,"x",{"a":1},{}]',
    b'["2","x","Heartbeat",{}]',
    b'[99999999999999999999,"x","Heartbeat",{}]',
    b'{"2":"x"}',
    b"null",
    b'[2,"m","MeterValues",{"connectorId":"one","meterValue":{"timestamp":1}}]',
    b'[2,"m","MeterValues",{"connectorId":1,"meterValue":[1,null,"x",{"sampledValue":7},{"sampledValue":[null,5]}]}]',
    b'[2,"m","MeterValues",7]',
    b'[2,"m","MeterValues",{"meterValue":[{"timestamp":"99999-99-99","sampledValue":[{"value":"1e999"}]}]}]',
]


def test_hostile_frames_are_all_there_and_break_no_table(lake: Lake) -> None:
    lake.frames(*({"payload": payload} for payload in HOSTILE))
    opened = lake.build()
    assert rows(opened, "SELECT count(*) FROM raw_ocpp__frames") == [(len(HOSTILE),)]
    assert rows(opened, "SELECT count(*), count(payload_text) FROM stg_ocpp__frames") == [(18, 17)]
    assert [row[0] for row in rows(opened, "SELECT value FROM core__measurements")] == [None] * 3


SAMPLED = "SELECT measurand, unit, value, context, location, phase, meter_value, sample FROM core__measurements"
METER_16 = """[2,"m","MeterValues",{"connectorId":1,"transactionId":7,"meterValue":[
  {"timestamp":"2026-03-02T09:00:00+01:00","sampledValue":[
    {"value":"1.5","unit":"kWh","phase":"L1","context":"Transaction.Begin","location":"Inlet"},
    {"value":"12"}, {"value":"9","measurand":"Energy.Reactive.Import.Register"}]},
  {"timestamp":"2026-03-02T08:00:01Z","sampledValue":[
    {"value":"23","measurand":"SoC"}, {"value":"0123","format":"SignedData"}, {"value":"NaN"}]}]}]"""
REGISTER = "Energy.Active.Import.Register"


def test_1_6_samples_take_the_defaults_of_the_specification(lake: Lake) -> None:
    lake.frames(call(METER_16))
    opened = lake.build()
    assert rows(opened, SAMPLED + " ORDER BY meter_value, sample") == [
        (REGISTER, "kWh", 1.5, "Transaction.Begin", "Inlet", "L1", 1, 1),
        (REGISTER, "Wh", 12.0, "Sample.Periodic", "Outlet", None, 1, 2),
        ("Energy.Reactive.Import.Register", "varh", 9.0, "Sample.Periodic", "Outlet", None, 1, 3),
        ("SoC", None, 23.0, "Sample.Periodic", "Outlet", None, 2, 1),
        (REGISTER, "Wh", None, "Sample.Periodic", "Outlet", None, 2, 2),
        (REGISTER, "Wh", None, "Sample.Periodic", "Outlet", None, 2, 3),
    ]
    assert rows(
        opened, "SELECT DISTINCT station_id, connector_id, evse_id, transaction_id FROM core__measurements"
    ) == [("CS1", 1, None, "7")]
    assert rows(opened, "SELECT DISTINCT sampled_at FROM core__measurements ORDER BY 1") == [(at(0),), (at(1),)]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (
            '[2,"m","TransactionEvent",{"evse":{"id":2,"connectorId":1},"transactionInfo":{"transactionId":"T"},'
            '"meterValue":[{"timestamp":"2026-03-02T08:00:00Z","sampledValue":[{"value":5.25,"measurand":'
            '"Power.Active.Import","unitOfMeasure":{"unit":"W","multiplier":3}}]}]}]',
            ("TransactionEvent", 2, 1, "T", "Power.Active.Import", "W", 5250.0),
        ),
        (
            '[2,"m","MeterValues",{"evseId":3,"meterValue":[{"timestamp":"2026-03-02T08:00:00Z",'
            '"sampledValue":[{"value":123,"unitOfMeasure":{"multiplier":-2}}]}]}]',
            ("MeterValues", 3, None, None, REGISTER, "Wh", 1.23),
        ),
    ],
)
def test_2_x_samples_carry_their_multiplier(lake: Lake, payload: str, expected: tuple[Any, ...]) -> None:
    lake.frames(call(payload, protocol="ocpp2.0.1"))
    found = rows(
        lake.build(),
        "SELECT action, evse_id, connector_id, transaction_id, measurand, unit, value FROM core__measurements",
    )
    assert found == [expected]


def test_a_stop_brings_its_transaction_data_and_no_text_of_a_value_leaves_raw(lake: Lake) -> None:
    lake.frames(
        call(
            '[2,"s","StopTransaction",{"transactionId":7,"idTag":"CARD1","transactionData":[{"timestamp":'
            '"1970-01-01T00:00:00Z","sampledValue":[{"value":"OCMF|{\\"ID\\":\\"CARD1\\"}","format":"SignedData"}]}]}]'
        )
    )
    opened = lake.build()
    assert rows(opened, "SELECT action, transaction_id, sampled_at, value FROM core__measurements") == [
        ("StopTransaction", "7", None, None)
    ]
    for table in ("core__measurements", "core__calls"):
        assert "CARD1" not in str(rows(opened, f"FROM {table}"))


def test_ocpp_2_0_stays_out_of_the_derived_tables(lake: Lake) -> None:
    lake.frames(call('[2,"1","Heartbeat",{}]', protocol="ocpp2.0"))
    opened = lake.build()
    assert rows(opened, "SELECT count(*) FROM stg_ocpp__frames") == [(1,)]
    assert rows(opened, "SELECT count(*) FROM core__calls") == [(0,)]


def test_late_frames_are_those_older_than_the_newest_of_another_source(lake: Lake) -> None:
    heartbeat = call('[2,"1","Heartbeat",{}]')
    lake.frames(
        {**heartbeat, "received_at": at(10)},  # 1
        {**heartbeat, "received_at": at(5)},  # 2: its own file's order counts
        {**heartbeat, "received_at": at(8), "source": "file-b"},  # 3: late
        {**heartbeat, "received_at": at(10), "source": "file-b"},  # 4: the same frame as 1
        {**heartbeat, "received_at": at(12), "source": "file-b"},  # 5
        {**heartbeat, "received_at": at(11)},  # 6: late
        {**heartbeat, "received_at": None, "source": "file-c"},  # 7: has no time
        {**heartbeat, "received_at": at(1), "source": "file-c", "station_id": "CS2"},  # 8
        {"payload": b"refused", "received_at": at(1), "source": "file-c"},  # 9
    )
    lake.add(
        "core__dead_letters",
        [
            {
                "dead_letter_id": "d",
                "reason": "not_json",
                "detail": "",
                "source": "file-c",
                "ordinal": 9,
                "payload": b"x",
            }
        ],
    )
    assert rows(lake.build(), "SELECT ordinal, newest_before_at FROM core__late_frames ORDER BY ordinal") == [
        (3, at(10)),
        (6, at(12)),
    ]


def test_answers_are_matched_as_the_public_traces_expect(lake: Lake, shared_data: Path) -> None:
    folders = sorted(path.parent for path in (shared_data / "ocpp/open_ocpp_trace").glob("*/expected.json"))
    expected = {}
    for folder in folders:
        lines = [json.loads(line) for line in (folder / "trace.jsonl").read_text(encoding="utf-8").splitlines()]
        lake.frames(
            *(
                {
                    "payload": line["raw"].encode(),
                    "station_id": line["chargePointId"],
                    "direction": line["direction"],
                    "received_at": datetime.fromisoformat(line["timestamp"]),
                    "source": folder.name,
                    "ordinal": index,
                }
                for index, line in enumerate(lines)
            )
        )
        records = json.loads((folder / "expected.json").read_bytes())["records"]
        answers = {record["correlatesWith"]: record["index"] for record in records if "correlatesWith" in record}
        expected |= {
            (folder.name, record["index"]): (record["action"], answers.get(record["index"]))
            for record in records
            if record["messageType"] == "CALL"
        }
    found = rows(lake.build(), "SELECT call_source, call_ordinal, action, answer_ordinal FROM core__calls")
    assert {(source, ordinal): (action, answered) for source, ordinal, action, answered in found} == expected
    assert len(folders) == 8


def test_measurements_and_calls_of_a_real_capture_are_complete(lake: Lake, shared_data: Path) -> None:
    """Counted in plain Python: every sampled value of every message, every call and its answer."""
    path = shared_data / "ocpp/sim_sap_emobility_16_201.jsonl"
    frames, samples = [], 0
    for ordinal, text in enumerate(path.read_text(encoding="utf-8").splitlines()):
        line = json.loads(text)
        if line["direction"] in ("open", "close"):
            continue
        protocol, station = line["subprotocol"], line["chargePointId"]
        frame = {"payload": line["raw"].encode(), "station_id": station, "protocol": protocol, "ordinal": ordinal}
        received = datetime.fromisoformat(line["timestamp"])
        frames.append(frame | {"direction": line["direction"], "received_at": received})
        message = json.loads(line["raw"])
        if message[0] == 2 and message[2] in ("MeterValues", "StopTransaction", "TransactionEvent"):
            values = message[3].get("meterValue") or message[3].get("transactionData") or []
            samples += sum(len(value["sampledValue"]) for value in values)
    lake.frames(*frames)
    opened = lake.build()
    assert rows(opened, "SELECT count(*), count(sampled_at) FROM core__measurements") == [(samples, samples)]
    assert samples == 2020
    assert rows(opened, "SELECT outcome, count(*) FROM core__calls GROUP BY ALL") == [("result", 1998)]
    assert rows(opened, "SELECT count(*) FROM core__late_frames") == [(0,)]


def test_late_frames_are_the_ones_the_step_itself_counts_as_late(lake: Lake, shared_data: Path) -> None:
    """A capture cut in two, the second half imported first."""
    lines = (shared_data / "ocpp/sim_sap_emobility_16_201.jsonl").read_text(encoding="utf-8").splitlines()
    half, states, frames = len(lines) // 2, {}, []
    for offset, index in enumerate([*range(half, len(lines)), *range(half)]):
        line, source = json.loads(lines[index]), "file-b" if index >= half else "file-a"
        if line["direction"] in ("open", "close"):
            continue
        row = {"station_id": line["chargePointId"], "protocol": line["subprotocol"], "direction": line["direction"]}
        row |= {"source": source, "ordinal": index, "offset": offset, "payload": line["raw"].encode()}
        frames.append(row | {"received_at": datetime.fromisoformat(line["timestamp"])})
        us = round(frames[-1]["received_at"].timestamp() * 1_000_000)
        record = Record(**row, kind="frame", received_at_us=us, generation=1, partition=0)
        step(states.setdefault(row["station_id"], StationState()), record, Context())
    lake.frames(*frames)
    found = rows(lake.build(), "SELECT station_id, count(*) FROM core__late_frames GROUP BY ALL")
    assert dict(found) == {station: state.late for station, state in states.items() if state.late}
    assert sum(count for _, count in found) > 1000
