"""Calls and their answers: across retries, ids used again, two chargers, files and versions."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from small_lake import Lake, answer, at, call, rows

from models.ocpp.versions import ADAPTERS

CALLS = "SELECT message_id, outcome, error_code, call_ordinal, answer_ordinal FROM core__calls ORDER BY call_ordinal"


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


@pytest.mark.parametrize("protocol", ADAPTERS)
def test_every_action_of_a_version_is_a_call_by_its_name(lake: Lake, protocol: str) -> None:
    expected: list[tuple[str, str]] = []
    for send, direction, actions in (
        (call, "cp-to-csms", ADAPTERS[protocol].CP_ACTIONS),
        (answer, "csms-to-cp", ADAPTERS[protocol].CSMS_ACTIONS),
    ):
        lake.frames(*(send(json.dumps([2, name, name, {}]), protocol=protocol) for name in sorted(actions)))
        expected += [(direction, name) for name in sorted(actions)]
    assert rows(lake.build(), "SELECT direction, action FROM core__calls ORDER BY ALL") == expected


def test_plain_exchanges_are_paired_as_those_that_need_the_exact_rules(lake: Lake) -> None:
    """One exchange of an id makes all of that id be read by the exact rules; the other id's stay plain."""
    for second in (0, 7200, 14400):
        for name in ("plain", "odd"):
            lake.frames(
                call(f'[2,"{name}","Heartbeat",{{}}]', received_at=at(second)),
                answer(f'[3,"{name}",{{}}]', received_at=at(second + 1)),
                call(f'[2,"{name}","Authorize",{{}}]', received_at=at(second + 2)),  # never answered
                call(f'[2,"{name}","StatusNotification",{{}}]', received_at=at(second + 3)),
                answer(f'[3,"{name}",{{}}]', received_at=at(second + 3 + (3601 if second else 9))),  # no answer
            )
    lake.frames(answer('[3,"odd",{}]', received_at=at(14400 + 9000)))
    query = """SELECT called_at, answered_at, action, outcome, is_repeat FROM core__calls
      WHERE message_id = '{}' ORDER BY called_at"""
    opened = lake.build()
    plain, odd = rows(opened, query.format("plain")), rows(opened, query.format("odd"))
    assert plain == odd
    outcomes = [row[3] for row in plain]
    assert outcomes == ["result", "none", "result", "result", "none", "none", "result", "none", "none"]


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


def test_an_answer_on_another_connection_is_not_the_earlier_call_s(lake: Lake) -> None:
    beat, done = '[2,"1","Heartbeat",{}]', '[3,"1",{}]'
    lake.frames(
        call(beat, connection="a"),  # 1
        answer(done, connection="b"),  # 2: of a call on b that nobody logged
        call(beat, connection="c", station_id="CS2"),  # 3
        call(TIMED, connection="b"),  # 4: sent again on the next connection, and answered there
        call(TIMED, connection="c"),  # 5
        answer(done, connection="c"),  # 6
        answer(done, connection="c", station_id="CS2"),  # 7
    )
    opened = lake.build()
    assert rows(opened, REPEATS) == [
        (1, None, False, None),
        (3, 7, False, None),
        (4, None, False, None),
        (5, 6, True, 4),
    ]
    orphans = "SELECT evidence_offset FROM core__call_anomalies"
    assert rows(opened, orphans) == [(2,)]


def test_where_a_log_names_no_connection_the_opened_ones_tell(lake: Lake) -> None:
    beat, done = '[2,"1","Heartbeat",{}]', '[3,"1",{}]'
    lake.frames(call(beat), answer(done), call(beat))  # 1 to 3
    lake.frames(*[{**call(beat), "station_id": "CS2"}])  # 4: a station whose log says nothing of connections
    place = {"log_id": "log", "generation": 1, "topic": "topic", "partition": 0, "source": "file-a", "payload": b""}
    closed = [("close", 5), ("open", 6)]
    lake.add(
        "raw_ocpp__connections",
        [
            place | {"station_id": "CS1", "kind": kind, "offset": offset, "ordinal": offset, "received_at": at(offset)}
            for kind, offset in [("open", 0), *closed]
        ],
    )
    lake.frames(answer(done, received_at=at(7)), answer(done, received_at=at(8), station_id="CS2"))
    opened = lake.build()
    found = "SELECT station_id, outcome, count(*) FROM core__calls GROUP BY ALL ORDER BY ALL"
    assert rows(opened, found) == [("CS1", "none", 1), ("CS1", "result", 1), ("CS2", "result", 1)]
    assert rows(opened, "SELECT station_id, happened_at FROM core__call_anomalies") == [("CS1", at(7))]
