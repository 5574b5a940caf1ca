"""CSV logs by other hands: quoted newlines, broken quotes, other column orders."""

from pathlib import Path

import pytest

from ingest.imports.errors import UnknownFormatError
from ingest.imports.importer import import_file
from ingest.imports.reader import LINE_LIMIT_BYTES
from models.log import MAX_PAYLOAD_BYTES
from models.reasons import Reason

HEADER = b"timestamp,id,action,msg\n"


def row(message_id: int, frame: bytes | None = None) -> bytes:
    frame = frame or b'[2,""%d"",""Heartbeat"",{}]' % message_id
    return b'2026-01-01T00:00:%02dZ,CS-1,Heartbeat,"%s"\n' % (message_id, frame)


def imported(path: Path, log, content: bytes):
    path.write_bytes(content)
    return import_file(path, log)


def test_rows_are_numbered_without_the_header_and_blank_lines(tmp_path: Path, log) -> None:
    result = imported(tmp_path / "log", log, b"\n" + HEADER + row(1) + b"\n" + row(2) + row(3).rstrip())
    assert (result.lines, result.sent) == (3, 3)
    assert [(sent.meta.ordinal, sent.payload) for sent in log.frames] == [
        (number - 1, b'[2,"%d","Heartbeat",{}]' % number) for number in (1, 2, 3)
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_quoted_frame_may_run_over_several_lines(tmp_path: Path, log, end: bytes) -> None:
    frame = b'[2,""1"",' + end + b'""Heartbeat"",' + end + end + b"{}]"
    result = imported(tmp_path / "log", log, HEADER.replace(b"\n", end) + row(1, frame).rstrip(b"\n") + end + row(2))
    assert (result.lines, result.sent) == (2, 2)
    assert log.frames[0].payload == frame.replace(b'""', b'"')
    assert log.frames[1].meta.ordinal == 1


def test_a_quote_that_is_never_closed_costs_its_own_row_only(tmp_path: Path, log) -> None:
    result = imported(tmp_path / "log", log, HEADER + row(1) + row(2).replace(b']"', b"]") + row(3) + row(4))
    assert result.refused == {Reason.UNREADABLE_LINE: 1}
    assert [sent.meta.ordinal for sent in log.frames] == [0, 2, 3]
    assert log.dead[0].payload == row(2).replace(b']"', b"]").rstrip(b"\n")


def test_columns_are_found_by_their_names(tmp_path: Path, log) -> None:
    content = (
        b'\xef\xbb\xbfid, msg ,"action",Timestamp,note\nCS-1,"[2,""1"",""Heartbeat"",{}]",,2026-01-01T00:00:01Z,x\n'
    )
    assert imported(tmp_path / "log", log, content).sent == 1
    assert log.frames[0].station_id == "CS-1"
    assert log.frames[0].meta.received_at_us == 1_767_225_601_000_000


def test_rows_with_another_number_of_fields_are_dead_letters(tmp_path: Path, log) -> None:
    five = b'2026-01-01T00:00:01Z,CS-1,Heartbeat,cp,"[2, ""1"", ""Heartbeat"", {}]"\n'
    result = imported(tmp_path / "log", log, HEADER + five + b"one,two\n" + row(1) + b",,,\n")
    assert (result.lines, result.sent, result.refused) == (4, 1, {Reason.UNREADABLE_LINE: 3})


def test_a_frame_above_the_limit_and_a_row_without_end_are_counted(tmp_path: Path, log) -> None:
    large = b"x" * (MAX_PAYLOAD_BYTES + 1)
    endless = b"y" * (LINE_LIMIT_BYTES + 5)
    result = imported(tmp_path / "log", log, HEADER + row(1) + row(2, large) + endless + b"\n" + row(3))
    assert (result.lines, result.sent, result.refused) == (4, 2, {Reason.TOO_LARGE: 2})
    assert [sent.meta.ordinal for sent in log.frames] == [0, 3]


def test_a_header_alone_is_a_log_without_lines(tmp_path: Path, log) -> None:
    result = imported(tmp_path / "log", log, HEADER)
    assert (result.lines, result.sent) == (0, 0)


def test_a_table_that_lacks_a_column_is_refused(tmp_path: Path, log) -> None:
    with pytest.raises(UnknownFormatError, match="is a table"):
        imported(tmp_path / "log", log, b"timestamp,id,msg\n" + row(1))


def test_a_frame_that_nobody_quoted_is_still_the_last_field(tmp_path: Path, log) -> None:
    frame = b'[2,"7","StatusNotification",{"connectorId":1,"status":"Available","info":"a, b"}]'
    unquoted = b"2026-01-01T00:00:07Z,CS-1,StatusNotification," + frame + b"\r\n"
    result = imported(tmp_path / "log", log, HEADER + row(1) + unquoted + row(2))
    assert (result.lines, result.sent, result.refused) == (3, 3, {})
    assert log.frames[1].payload == frame


def test_a_header_may_be_quoted_in_capitals_after_a_byte_order_mark(tmp_path: Path, log) -> None:
    content = b'\xef\xbb\xbf"Timestamp","Site","MSG","Action","ID"\r\n'
    content += b'2026-01-01T00:00:01Z,"a, b","[2,""1"",""Heartbeat"",{}]",Heartbeat,CS-1\r\n\r\n'
    result = imported(tmp_path / "log", log, content)
    assert (result.lines, result.sent) == (1, 1)
    assert (log.frames[0].station_id, log.frames[0].payload) == ("CS-1", b'[2,"1","Heartbeat",{}]')


@pytest.mark.parametrize("mark", [b";", b"\t"])
@pytest.mark.parametrize("is_quoted", [True, False])
def test_a_table_may_separate_its_columns_otherwise(tmp_path: Path, log, mark: bytes, is_quoted: bool) -> None:
    frame = b'[2,"1","DataTransfer",{"vendorId":"a;b\\tc"}]'
    field = b'"' + frame.replace(b'"', b'""') + b'"' if is_quoted else frame
    rows = [b"timestamp,id,action,msg", b"2026-01-01T00:00:01Z,CS-1,DataTransfer,"]
    content = rows[0].replace(b",", mark) + b"\r\n" + rows[1].replace(b",", mark) + field + b"\r\n"
    assert imported(tmp_path / "log", log, content).sent == 1
    assert (log.frames[0].station_id, log.frames[0].payload) == ("CS-1", frame)
    assert log.frames[0].meta.received_at_us == 1_767_225_601_000_000


def test_a_quote_that_is_never_closed_costs_its_own_row_only_between_semicolons(tmp_path: Path, log) -> None:
    begun = b'2026-01-01T00:00:01Z;CS-1;;"[2,""1"",""Heartbeat"",{}]'
    content = b"timestamp;id;action;msg\n" + begun + b"\n" + begun + b'"\n'
    assert imported(tmp_path / "log", log, content).refused == {Reason.UNREADABLE_LINE: 1}
    assert [sent.meta.ordinal for sent in log.frames] == [1]


@pytest.mark.parametrize("mark", [b",", b";", b"\t"])
@pytest.mark.parametrize("action", [b"Heart;beat", b"Heart,beat", b"Heart\tbeat", b'"Heart,;\tbeat"'])
def test_a_row_after_an_unclosed_quote_is_found_by_the_tables_own_separator(
    tmp_path: Path, log, mark: bytes, action: bytes
) -> None:
    if mark in action and not action.startswith(b'"'):
        action = b"Heartbeat"
    frames = [b'"[2,""%d"",""Heartbeat"",{}]"' % number for number in (1, 2, 3)]
    actions = [b'"Heart', action, b""]
    rows = [
        mark.join((b"2026-01-01T00:00:01Z", b"CS;1" if mark == b"," else b"CS,1", action, frame))
        for action, frame in zip(actions, frames, strict=True)
    ]
    content = b"\n".join([mark.join((b"timestamp", b"id", b"action", b"msg")), *rows, b""])
    result = imported(tmp_path / "log", log, content)
    assert (result.lines, result.refused) == (3, {Reason.UNREADABLE_LINE: 1})
    assert [sent.payload for sent in log.frames] == [b'[2,"%d","Heartbeat",{}]' % number for number in (2, 3)]
