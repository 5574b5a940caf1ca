"""The staging view and the tables derived from raw frames."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from small_lake import Lake, at, call, rows

from models.record import Record
from models.state import StationState
from models.step import Context, step


def test_equal_frames_count_once_however_many_lines_hold_them(lake: Lake) -> None:
    same = call('[2,"a","Heartbeat",{}]', received_at=at(0))
    lake.frames({**same, "source": "file-a"}, {**same, "source": "file-a"}, {**same, "source": "file-b"})
    lake.frames({**same, "source": "file-b"}, {**same, "source": "file-b"}, {**same, "station_id": "CS2"})
    opened = lake.build()
    assert rows(opened, "SELECT station_id, source, ordinal FROM stg_ocpp__frames ORDER BY ordinal") == [
        ("CS1", "file-a", 1),
        ("CS2", "file-a", 6),
    ]
    assert rows(opened, "SELECT count(*) FROM raw_ocpp__frames") == [(6,)]


def test_a_line_that_does_not_tell_the_direction_holds_the_same_frame(lake: Lake) -> None:
    frame = call('[2,"a","Heartbeat",{}]', received_at=at(0))
    lake.frames({**frame, "direction": None, "protocol": None, "source": "file-a"}, {**frame, "source": "file-b"})
    found = rows(lake.build(), "SELECT source, direction, protocol FROM stg_ocpp__frames")
    assert found == [("file-a", "cp-to-csms", "ocpp1.6")]


def test_frames_without_a_time_of_receipt_are_never_taken_for_equal(lake: Lake) -> None:
    same = call('[2,"a","Heartbeat",{}]', received_at=None)
    lake.frames({**same, "source": "file-a"}, {**same, "source": "file-b"})
    assert rows(lake.build(), "SELECT count(*) FROM stg_ocpp__frames") == [(2,)]


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


def test_late_frames_are_those_older_than_the_newest(lake: Lake) -> None:
    heartbeat = call('[2,"1","Heartbeat",{}]')
    lake.frames(
        {**heartbeat, "received_at": at(10)},  # 1
        {**heartbeat, "received_at": at(5)},  # 2: late, although its file holds it behind
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
    lake.add("core__replays", [replayed("CS1", until_offset=3)])
    found = rows(lake.build(), "SELECT ordinal, newest_before_at, is_replayed FROM core__late_frames ORDER BY ordinal")
    assert found == [(2, at(10), True), (3, at(10), True), (6, at(12), False)]


def replayed(station: str, until_offset: int) -> dict[str, Any]:
    said = {"version_generation": 1, "version_offset": until_offset, "version_revision": 1, "deleted": False}
    counts = {"late_frames": 2, "facts_added": 0, "facts_changed": 0, "facts_retracted": 0}
    until = {"until_generation": 1, "until_offset": until_offset}
    return {"replay_id": "r", "station_id": station, "cause": "late_frames", **said, **counts, **until}


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
