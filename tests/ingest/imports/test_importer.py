"""Other people's logs through the importer: exact counts, and every line accounted for."""

import gzip
import json
import lzma
from collections import Counter
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from ingest.imports.errors import DamagedFileError, FileChangedError
from ingest.imports.importer import Imported, import_file, survey
from ingest.producer import KafkaLogProducer
from models.log import DEAD_LETTERS, FRAMES, MAX_PAYLOAD_BYTES
from models.reasons import Reason
from models.record import Meta
from pipelines.broker import topics

UP, DOWN = "cp-to-csms", "csms-to-cp"
V16, V20, V201, V21 = "ocpp1.6", "ocpp2.0", "ocpp2.0.1", "ocpp2.1"


def line(raw: object, **fields: object) -> bytes:
    text = raw if isinstance(raw, str) else json.dumps(raw)
    return json.dumps({"timestamp": "2026-01-01T00:00:00Z", "chargePointId": "CS", **fields, "raw": text}).encode()


def written(path: Path, *lines: bytes) -> Path:
    path.write_bytes(b"".join(content + b"\n" for content in lines))
    return path


def assert_conserved(imported: Imported, log) -> None:
    assert imported.lines == imported.sent + sum(imported.refused.values())
    assert imported.sent == len(log.frames) == imported.frames + imported.connections
    assert Counter(letter.reason for letter in log.dead) == Counter(imported.refused)
    assert log.flushes == 1
    ordinals = [sent.meta.ordinal for sent in log.frames] + [letter.meta.ordinal for letter in log.dead]
    assert len(set(ordinals)) == imported.lines


@pytest.mark.parametrize(
    ("name", "lines", "kinds"),
    [
        (
            "sim_sap_emobility_16_201.jsonl",
            4020,
            {
                ("open", None, V16): 18,
                ("open", None, V201): 6,
                ("frame", UP, V16): 1591,
                ("frame", DOWN, V16): 1591,
                ("frame", UP, V201): 407,
                ("frame", DOWN, V201): 407,
            },
        ),
        (
            "sim_solidstudio_vcp_16_201_21.jsonl",
            310,
            {
                ("open", None, V16): 2,
                ("open", None, V201): 1,
                ("open", None, V21): 1,
                ("close", None, V16): 2,
                ("close", None, V201): 1,
                ("close", None, V21): 1,
                **{("frame", direction, V16): 61 for direction in (UP, DOWN)},
                **{("frame", direction, V201): 45 for direction in (UP, DOWN)},
                **{("frame", direction, V21): 45 for direction in (UP, DOWN)},
            },
        ),
        (
            "sim_test_ocpp_cli.jsonl",
            12,
            {
                (kind, direction, version): count
                for version in (V16, V201)
                for kind, direction, count in (
                    ("open", None, 1),
                    ("close", None, 1),
                    ("frame", UP, 2),
                    ("frame", DOWN, 2),
                )
            },
        ),
        ("kwwhat_ocpp16_synthetic_14d.csv", 17_670, {("frame", UP, V16): 8955, ("frame", DOWN, V16): 8715}),
        (
            "checkocpp_capt.jsonl",
            34,
            {
                ("frame", direction, version): count
                for direction in (UP, DOWN)
                for version, count in ((V16, 10), (V20, 3), (V201, 4))
            },
        ),
        ("field_frames.jsonl", 19, {("frame", UP, V16): 18, ("frame", DOWN, V16): 1}),
        # Some of its stations show no version.
        (
            "dc_fleet_excerpt_2025.txt",
            9,
            {("frame", UP, V16): 3, ("frame", DOWN, V16): 2, ("frame", UP, None): 2, ("frame", DOWN, None): 2},
        ),
    ],
)
def test_every_line_of_a_public_log_becomes_a_record(shared_data: Path, log, name: str, lines: int, kinds) -> None:
    imported = import_file(shared_data / "ocpp" / name, log)
    assert (imported.name, imported.lines, imported.sent, imported.refused) == (name, lines, lines, {})
    assert log.kinds() == kinds
    assert_conserved(imported, log)


def test_every_open_ocpp_trace_goes_through_with_its_directions(shared_data: Path, log) -> None:
    traces = sorted((shared_data / "ocpp" / "open_ocpp_trace").glob("*/trace.jsonl"))
    assert len(traces) == 8
    assert sum(import_file(trace, log).sent for trace in traces) == 105
    assert set(log.kinds()) == {("frame", UP, V16), ("frame", DOWN, V16)}


def test_the_frames_are_the_files_own_bytes(shared_data: Path, log) -> None:
    path = shared_data / "ocpp" / "sim_sap_emobility_16_201.jsonl"
    import_file(path, log)
    given = [json.loads(text) for text in path.read_text("utf-8").splitlines()]
    assert [(sent.station_id, sent.payload) for sent in log.frames] == [
        (row["chargePointId"], row["raw"].encode()) for row in given
    ]
    assert [sent.meta.ordinal for sent in log.frames] == list(range(4020))
    assert log.frames[0].meta.received_at_us == 1_795_231_692_967_000


def test_directions_inferred_for_a_log_without_them_are_those_it_was_recorded_with(
    shared_data: Path, tmp_path: Path, log
) -> None:
    rows = [
        json.loads(text)
        for name in ("sim_solidstudio_vcp_16_201_21.jsonl", "sim_sap_emobility_16_201.jsonl")
        for text in (shared_data / "ocpp" / name).read_text("utf-8").splitlines()
    ]
    frames = [row for row in rows if row["direction"] in (UP, DOWN)]
    bare = [{key: row[key] for key in ("timestamp", "chargePointId", "raw")} for row in frames]
    import_file(written(tmp_path / "bare", *(json.dumps(row).encode() for row in bare)), log)
    assert [sent.meta.direction for sent in log.frames] == [row["direction"] for row in frames]


def test_versions_inferred_for_a_log_without_them_are_those_it_was_recorded_with(
    shared_data: Path, tmp_path: Path, log
) -> None:
    """But for 2.1, which shows only in messages that 2.0.1 does not have."""
    rows = [
        json.loads(text)
        for name in ("sim_test_ocpp_cli.jsonl", "sim_sap_emobility_16_201.jsonl")
        for text in (shared_data / "ocpp" / name).read_text("utf-8").splitlines()
    ]
    told = [row for row in rows if row["chargePointId"] not in ("CS-EVLINK-00001", "CS-SCHNEIDER-00001")]
    bare = [{key: row[key] for key in ("chargePointId", "direction", "raw")} for row in told]
    import_file(written(tmp_path / "bare", *(json.dumps(row).encode() for row in bare)), log)
    wrong = [
        (row["chargePointId"], row["raw"][:60])
        for row, sent in zip(told, log.frames, strict=True)
        if sent.meta.protocol != row["subprotocol"]
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "pack", [gzip.compress, lzma.compress, lambda content: gzip.compress(content[:9]) + gzip.compress(content[9:])]
)
@pytest.mark.parametrize(
    "name", ["sim_solidstudio_vcp_16_201_21.jsonl", "dc_fleet_excerpt_2025.txt", "kwwhat_ocpp16_synthetic_14d.csv"]
)
def test_a_compressed_log_is_the_plain_one(shared_data: Path, tmp_path: Path, log, name: str, pack) -> None:
    plain = shared_data / "ocpp" / name
    packed = tmp_path / "log.with-no-telling-name"
    packed.write_bytes(pack(plain.read_bytes()))
    first = import_file(plain, log)
    other = type(log)()
    second = import_file(packed, other)
    assert other.frames == log.frames
    assert (second.source, second.lines, second.sent) == (first.source, first.lines, first.sent)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_cut_off_compressed_log_is_refused_before_anything_is_sent(
    shared_data: Path, tmp_path: Path, log, pack
) -> None:
    packed = pack((shared_data / "ocpp" / "sim_sap_emobility_16_201.jsonl").read_bytes())
    path = tmp_path / "log.gz"
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DamagedFileError, match="cannot be read to its end"):
        import_file(path, log)
    assert log == type(log)()


def test_hostile_lines_are_counted_each_and_end_nothing(tmp_path: Path, log) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    path = written(
        tmp_path / "hostile.jsonl",
        b"this is no JSON",
        line([2, "1", "Heartbeat", {}]),
        b'{"raw": "[]", "chargePointId": "CS", "x": ' + deep + b"}",
        line(deep.decode()),
        b'{"raw": "[2,1' + b"0" * 5000 + b']", "chargePointId": "CS"}',
        b'{"raw": "x", "chargePointId": "CS", "n": ' + b"9" * 5000 + b"}",
        b"",
        b"   \r",
        b'{"raw": "[2,\\"\\ud800\\",\\"A\\",{}]", "chargePointId": "CS"}',
        b'{"raw": "caf\xe9 \xff", "chargePointId": "CS"}',
        b'{"raw": "x"}',
        b'{"chargePointId": "CS"}',
        b'{"raw": "x", "chargePointId": "\xff"}',
        b'{"raw": "x", "chargePointId": "CS\\u0000position"}',
        b'{"raw": "x", "chargePointId": "' + b"C" * 300 + b'"}',
        b'{"raw": "x", "chargePointId": "CS", "subprotocol": "' + b"o" * 100 + b'"}',
        b'["raw"]',
        line("not OCPP at all"),
        line([2, "2", "heartbeat", {}]),
        line([2, "3", "DataTransfer", {"vendorId": "v", "data": "x" * 2_000_000}]),
        b'{"raw": "cut off in the mid',
    )
    imported = import_file(path, log)
    assert_conserved(imported, log)
    assert imported.lines == 19
    assert imported.refused == {Reason.UNREADABLE_LINE: 10}
    sent = {record.meta.ordinal: record.payload for record in log.frames}
    assert sorted(sent) == [1, 3, 4, 5, 8, 9, 17, 18, 19]
    assert sent[8] == b'[2,"\xed\xa0\x80","A",{}]'
    assert sent[9] == b"caf\xe9 \xff"
    assert len(sent[19]) > 2_000_000
    letters = {letter.meta.ordinal: letter for letter in log.dead}
    assert letters[0].payload == b"this is no JSON"
    # details reach reports and logs: they never quote the line
    assert not any(word in letter.detail for letter in log.dead for word in ("position", "CCC", "ooo", "this is"))


@pytest.mark.parametrize(
    "shape",
    ["[\n  {},\n  {}\n]\n", "[{},\n {}]", "[\n{}\n,\n{}\n]\n", "{},\n{}\n"],
    ids=["one a line", "brackets beside", "commas alone", "no brackets"],
)
def test_an_array_with_an_object_a_line_is_read_like_lines(tmp_path: Path, log, shape: str) -> None:
    path = tmp_path / "log.json"
    path.write_text(shape.format(*(line([2, number, "Heartbeat", {}]).decode() for number in ("1", "2"))))
    imported = import_file(path, log)
    assert_conserved(imported, log)
    assert (imported.lines, imported.refused) == (2, {})
    assert [json.loads(sent.payload)[1] for sent in log.frames] == ["1", "2"]


def test_a_frame_that_is_an_array_in_the_line_is_taken_as_it_is_written(tmp_path: Path, log) -> None:
    frame = b'[2, "1","Heartbeat",{"n": 1.50}]'
    path = written(
        tmp_path / "log.jsonl",
        b'{"chargePointId": "CS", "raw": ' + frame + b"}",
        b'{"chargePointId": "CS", "raw": ["no", "frame"]}',
        b'{"chargePointId": "CS", "raw": {"messageTypeId": 2}}',
    )
    imported = import_file(path, log)
    assert_conserved(imported, log)
    assert imported.refused == {Reason.UNREADABLE_LINE: 2}
    assert [sent.payload for sent in log.frames] == [frame]


def test_escapes_are_undone_exactly(tmp_path: Path, log) -> None:
    frame = '[2,"é\\u00e9😀","\\"\\\\/\b\f\n\r\t",{}]'
    path = written(
        tmp_path / "escapes.jsonl",
        json.dumps({"chargePointId": "CS", "raw": frame}).encode(),
        json.dumps({"chargePointId": "CS", "raw": frame}, ensure_ascii=False).encode(),
        # the slow way, which a lone surrogate elsewhere in the line forces
        json.dumps({"chargePointId": "CS", "note": "\ud800", "raw": frame}).encode(),
        json.dumps({"chargePointId": 17, "note": '\udfff "', "raw": frame + "\ud83d"}).encode(),
    )
    assert import_file(path, log).sent == 4
    assert [sent.payload for sent in log.frames[:3]] == [frame.encode()] * 3
    assert log.frames[3].payload == frame.encode() + b"\xed\xa0\xbd"
    assert log.frames[3].station_id == "17"


def test_a_frame_above_the_limit_is_a_dead_letter_without_its_payload(tmp_path: Path, log) -> None:
    path = written(
        tmp_path / "large.jsonl",
        line([2, "1", "Heartbeat", {}]),
        line("x" * MAX_PAYLOAD_BYTES),
        line("x" * (MAX_PAYLOAD_BYTES + 1)),
        line("x" * (3 * MAX_PAYLOAD_BYTES)),
        line([2, "2", "Heartbeat", {}]),
    )
    imported = import_file(path, log)
    assert_conserved(imported, log)
    assert imported.refused == {Reason.TOO_LARGE: 2}
    assert [sent.meta.ordinal for sent in log.frames] == [0, 1, 4]
    assert [(letter.payload, letter.station_id, letter.meta.ordinal) for letter in log.dead] == [
        (b"", "CS", 2),
        (b"", None, 3),
    ]


def test_stations_versions_and_times_are_found_under_every_name_they_have(tmp_path: Path, log) -> None:
    beat = '[2,"1","Heartbeat",{}]'
    rows: list[dict[str, object]] = [
        {
            "chargePointId": "A",
            "path": "/x/B",
            "device": "C",
            "ocppVersion": "1.6",
            "timestamp": "2023-04-15T12:31:39Z",
        },
        {"path": "/ocpp/B%20b/?token=1", "device": "C", "subprotocol": "ocpp2.1", "timestamp": "2023-04-15 12:31:39"},
        {"device": "My wallbox", "ocpp": "2.0.1", "logged_at": "2023-04-15T14:31:39.5+02:00", "timestamp": None},
        {"chargePointId": "", "device": "D", "ocpp": "OCPP1.6J", "logged_at": None},
        {"chargePointId": "E", "ocpp": 1.6, "timestamp": "4/15/2023 1:00:00 PM"},
        {"chargePointId": "F", "ocpp": "2.0", "timestamp": "0001-01-01T00:00:00+23:59"},
    ]
    import_file(written(tmp_path / "names", *(json.dumps({**row, "raw": beat}).encode() for row in rows)), log)
    noon = 1_681_561_899_000_000
    assert [(sent.station_id, sent.meta.protocol, sent.meta.received_at_us) for sent in log.frames] == [
        ("A", V16, noon),
        ("B b", V21, noon),
        ("My wallbox", V201, noon + 500_000),
        ("D", V16, None),
        ("E", V16, None),
        ("F", V20, -62_135_683_140_000_000),
    ]


def test_blank_lines_count_for_the_ordinal_but_not_as_lines(tmp_path: Path, log) -> None:
    path = written(tmp_path / "gaps", b"", line([2, "1", "Heartbeat", {}]), b"  ", line([2, "2", "Heartbeat", {}]))
    imported = import_file(path, log)
    assert (imported.lines, imported.sent) == (2, 2)
    assert [sent.meta.ordinal for sent in log.frames] == [1, 3]


def test_an_import_again_sends_the_same_records(shared_data: Path, log) -> None:
    path = shared_data / "ocpp" / "kwwhat_ocpp16_synthetic_14d.csv"
    first = import_file(path, log)
    again = type(log)()
    assert import_file(path, again) == first
    assert again.frames == log.frames


def test_a_survey_can_be_used_again(tmp_path: Path, log) -> None:
    beat = [2, "1", "Heartbeat", {}]
    path = written(tmp_path / "log", line(beat, ocpp=None), line(beat, ocpp="1.6"), line(beat, ocpp="2.0.1"))
    found = survey(path)
    for _ in range(2):
        import_file(path, log, known=found)
    assert [sent.meta.protocol for sent in log.frames] == [V16, V16, V201] * 2


def test_progress_counts_up_to_all_lines(shared_data: Path, log) -> None:
    seen: list[tuple[int, int]] = []
    import_file(shared_data / "ocpp" / "sim_sap_emobility_16_201.jsonl", log, progress=lambda *now: seen.append(now))
    assert seen == [(1000, 4020), (2000, 4020), (3000, 4020), (4000, 4020), (4020, 4020)]


def test_a_log_that_grows_meanwhile_is_imported_as_it_was(tmp_path: Path, log) -> None:
    path = written(tmp_path / "log", line([2, "1", "Heartbeat", {}]))
    found = survey(path)
    path.write_bytes(path.read_bytes() + line([2, "2", "Heartbeat", {}]))
    assert import_file(path, log, known=found).sent == 1
    assert len(log.frames) == 1


def test_a_log_that_is_rewritten_meanwhile_is_said(tmp_path: Path, log) -> None:
    path = written(tmp_path / "log", line([2, "1", "Heartbeat", {}]))
    found = survey(path)
    written(path, line([2, "9", "Heartbeat", {}]))
    with pytest.raises(FileChangedError, match="changed while it was read"):
        import_file(path, log, known=found)


def test_the_whole_capture_is_in_kafka_when_the_import_returns(shared_data: Path, broker: str, log) -> None:
    topics.ensure(broker, 4)
    path = shared_data / "ocpp" / "sim_sap_emobility_16_201.jsonl"
    producer = KafkaLogProducer(broker)
    import_file(path, producer)
    assert sum(topics.end_offsets(broker, [FRAMES]).values()) == 4020
    assert sum(topics.end_offsets(broker, [DEAD_LETTERS]).values()) == 0
    producer.close()

    import_file(path, log)
    expected: dict[str, list[tuple[bytes, Meta]]] = {}
    for sent in log.frames:
        expected.setdefault(sent.station_id, []).append((sent.payload, sent.meta))
    consumer = KafkaConsumer(bootstrap_servers=broker, auto_offset_reset="earliest", enable_auto_commit=False)
    consumer.assign([TopicPartition(FRAMES, partition) for partition in range(4)])
    found: dict[str, list[tuple[bytes, Meta]]] = {}
    count = 0
    while count < 4020:
        for batch in consumer.poll(timeout_ms=1000).values():
            for record in batch:
                count += 1
                found.setdefault(record.key.decode(), []).append(
                    (record.value, Meta.decode(dict(record.headers)["meta"]))
                )
    consumer.close()
    assert found == expected
