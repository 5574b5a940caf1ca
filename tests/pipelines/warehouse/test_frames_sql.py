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


def test_an_answer_belongs_to_the_call_before_it_and_to_no_other(lake: Lake) -> None:
    lake.frames(
        call('[2,"1","Heartbeat",{}]'),  # 1
        answer('[3,"1",{}]'),  # 2
        answer('[3,"1",{}]'),  # 3: answers nothing
        call('[2,"2","Authorize",{}]'),  # 4
        answer('[4,"2","InternalError","",{}]'),  # 5
        answer('[2,"2","Reset",{}]'),  # 6: the CSMS's own call of the same id
        call('[3,"2",{}]'),  # 7
        answer('[3,"9",{}]'),  # 8: orphan
        call('[2,"1","Heartbeat",{}]', station_id="CS2"),  # 9: another station's
    )
    opened = lake.build()
    assert rows(opened, CALLS) == [
        ("1", "result", None, 1, 2),
        ("2", "error", "InternalError", 4, 5),
        ("2", "result", None, 6, 7),
        ("1", "none", None, 9, None),
    ]
    orphans = "SELECT anomaly, station_id, value, evidence_offset FROM core__call_anomalies ORDER BY evidence_offset"
    assert rows(opened, orphans) == [("answer_orphan", "CS1", "1", 3), ("answer_orphan", "CS1", "9", 8)]
    assert rows(opened, "SELECT count(*) FROM core__anomalies WHERE found_by = 'sql'") == [(2,)]


REPEATS = "SELECT call_ordinal, answer_ordinal, is_repeat, repeat_of_ordinal FROM core__calls ORDER BY call_ordinal"
TIMED = '[2,"1","StopTransaction",{"transactionId":7,"meterStop":5,"timestamp":"2026-03-02T08:00:00Z"}]'


def test_a_call_sent_again_is_marked_and_the_answers_go_to_the_newest_in_order(lake: Lake) -> None:
    lake.frames(
        call(TIMED),  # 1: lost
        call(TIMED),  # 2
        call(TIMED),  # 3
        answer('[3,"1",{}]'),  # 4: one of them is late
        answer('[3,"1",{}]'),  # 5
        call('[2,"1","Heartbeat",{}]'),  # 6: the id again, for something else
        answer('[3,"1",{}]'),  # 7
    )
    assert rows(lake.build(), REPEATS) == [
        (1, None, False, None),
        (2, 4, True, 1),
        (3, 5, True, 1),
        (6, 7, False, None),
    ]


def test_an_id_met_again_is_a_new_call_unless_bytes_and_time_say_otherwise(lake: Lake) -> None:
    """Five ids come back 101 times each in a public log, each answered, as new events."""
    status = '[2,"1","StatusNotification",{"connectorId":1,"status":"Faulted","errorCode":"OtherError"}]'
    lake.frames(
        call(status, received_at=at(0)),  # 1
        answer('[3,"1",{}]', received_at=at(1)),  # 2
        call(status, received_at=at(60)),  # 3: answered before, and says no time of its own
        answer('[3,"1",{}]', received_at=at(61)),  # 4
        call(status, received_at=at(300)),  # 5
        call(status, received_at=at(310)),  # 6: unanswered and soon
        call(status, received_at=at(500)),  # 7: not soon
        call(TIMED, received_at=at(600)),  # 8
        answer('[3,"1",{}]', received_at=at(601)),  # 9
        call(TIMED, received_at=at(900)),  # 10: the same event by its own time, though answered
        call(TIMED, received_at=at(7200)),  # 11
    )
    assert [(row[0], row[2], row[3]) for row in rows(lake.build(), REPEATS)] == [
        (1, False, None),
        (3, False, None),
        (5, False, None),
        (6, True, 5),
        (7, False, None),
        (8, False, None),
        (10, True, 8),
        (11, False, None),
    ]


def test_two_chargers_with_the_same_ids_keep_their_own_answers(lake: Lake) -> None:
    """A join on the message id alone gives three rows here, one with the other charger's transaction (kwwhat)."""
    start = '[2,"1000001","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":%s}]'
    lake.frames(
        call(start % 0, received_at=at(0)),  # 1
        call(start % 5, received_at=at(1), station_id="CS2"),  # 2
        answer('[3,"1000001",{"transactionId":7}]', received_at=at(2)),  # 3
        answer('[3,"1000001",{"transactionId":8}]', received_at=at(3), station_id="CS2"),  # 4
        call('[2,"1000002","Heartbeat",{}]', received_at=at(4)),  # 5: never answered
        answer('[3,"1000002",{}]', received_at=at(5), station_id="CS2"),  # 6: nobody asked
    )
    opened = lake.build()
    found = rows(opened, "SELECT station_id, call_ordinal, answer_ordinal FROM core__calls ORDER BY call_ordinal")
    assert found == [("CS1", 1, 3), ("CS2", 2, 4), ("CS1", 5, None)]
    assert rows(opened, "SELECT station_id, evidence_offset FROM core__call_anomalies") == [("CS2", 6)]


def test_an_answer_logged_a_little_before_its_call_is_its_answer(lake: Lake) -> None:
    lake.frames(
        answer('[3,"1",{}]', received_at=at(0)),  # 1
        call('[2,"1","Heartbeat",{}]', received_at=at(0.5)),  # 2
        call('[2,"2","Heartbeat",{}]', received_at=at(1)),  # 3
        answer('[3,"2",{}]', received_at=at(2)),  # 4
        answer('[3,"2",{}]', received_at=at(3)),  # 5
        call('[2,"2","Heartbeat",{}]', received_at=at(4)),  # 6
        answer('[3,"3",{}]', received_at=at(5)),  # 7: too long before
        call('[2,"3","Heartbeat",{}]', received_at=at(8)),  # 8
        answer('[3,"4",{}]', received_at=at(9)),  # 9: the call has an answer of its own
        call('[2,"4","Heartbeat",{}]', received_at=at(10)),  # 10
        answer('[3,"4",{}]', received_at=at(11)),  # 11
    )
    found = rows(lake.build(), "SELECT call_ordinal, answer_ordinal, answer_ms FROM core__calls ORDER BY call_ordinal")
    assert found == [(2, 1, None), (3, 4, 1000), (6, 5, None), (8, None, None), (10, 11, 1000)]


def test_an_answer_an_hour_later_answers_nothing(lake: Lake) -> None:
    lake.frames(
        call('[2,"1","Heartbeat",{}]', received_at=at(0)), answer('[3,"1",{}]', received_at=at(3601)),
        call('[2,"2","Heartbeat",{}]', received_at=at(0)), answer('[3,"2",{}]', received_at=at(3600)),
    )  # fmt: skip
    opened = lake.build()
    assert rows(opened, CALLS) == [("1", "none", None, 1, None), ("2", "result", None, 3, 4)]
    assert rows(opened, "SELECT evidence_offset FROM core__call_anomalies") == [(2,)]


def test_in_2_1_the_caller_may_refuse_an_answer(lake: Lake) -> None:
    more = {"protocol": "ocpp2.1"}
    lake.frames(
        call('[2,"1","Heartbeat",{}]', **more),  # 1
        answer('[3,"1",{"currentTime":7}]', **more),  # 2
        call('[5,"1","TypeConstraintViolation","",{}]', **more),  # 3
        call('[5,"2","GenericError","",{}]', **more),  # 4: refuses nothing
        call('[2,"3","Heartbeat",{}]', **more),  # 5
        answer('[3,"3",{}]', **more),  # 6
    )
    found = rows(lake.build(), "SELECT call_ordinal, outcome, result_error_code FROM core__calls ORDER BY call_ordinal")
    assert found == [(1, "result", "TypeConstraintViolation"), (5, "result", None)]


def test_ids_and_actions_that_are_anything_at_all_stay_bounded(lake: Lake) -> None:
    lake.frames(
        call(json.dumps([2, "x" * 5000, "Heartbeat", {}])),
        call(json.dumps([2, "1", "04A2B3C4D5E6F7", {}])),
        call(json.dumps([2, "2", "ABCDEFAB", {}])),
        call(json.dumps([2, "3", "heartbeat", {}])),
        call(json.dumps([2, "4", "H" * 51, {}])),
        call(json.dumps([2, "5", "Authorize", {}])),
        answer(json.dumps([4, "5", "04A2B3C4D5E6F7", "", {}])),
        call(json.dumps([2, "6", "Authorize", {}])),
        answer(json.dumps([4, "6"])),
    )
    found = rows(lake.build(), "SELECT length(message_id), action, error_code FROM core__calls ORDER BY call_ordinal")
    assert found == [
        (64, "Heartbeat", None), (1, "(implausible)", None), (1, "(implausible)", None), (1, "heartbeat", None),
        (1, "(implausible)", None), (1, "Authorize", "(implausible)"), (1, "Authorize", None),
    ]  # fmt: skip


def test_a_call_that_only_lacks_a_value_is_a_call_and_its_samples_are_there(lake: Lake) -> None:
    lake.frames(
        call(
            '[2,"1","MeterValues",{"connectorId":1,"transactionId":,"meterValue":[{"timestamp":"2026-03-02T08:00:00Z",'
            '"sampledValue":[{"value":"5","context": }]}]}]'
        ),
        answer('[3,"1",{}]'),
        call('[2,"2","Heartbeat",{,}]'),
    )
    opened = lake.build()
    assert rows(opened, CALLS) == [("1", "result", None, 1, 2)]
    assert rows(opened, "SELECT value, transaction_id FROM core__measurements") == [(5.0, None)]


def test_at_equal_times_across_files_the_call_comes_first(lake: Lake) -> None:
    lake.frames(
        answer('[3,"2",{}]', received_at=at(0), source="file-b"),
        call('[2,"2","Heartbeat",{}]', received_at=at(0)),
    )
    assert rows(lake.build(), CALLS) == [("2", "result", None, 2, 1)]


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
