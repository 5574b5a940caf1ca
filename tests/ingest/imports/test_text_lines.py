"""Text lines `NAME : [frame]`."""

from pathlib import Path

import pytest

from ingest.imports.errors import UnknownFormatError
from ingest.imports.importer import import_file
from models.reasons import Reason


def test_names_frames_and_what_is_neither(tmp_path: Path, log) -> None:
    path = tmp_path / "log"
    path.write_bytes(
        b'charger1 : [2,"1","Heartbeat",{ }]\r\n'
        b'Depot West 7: [2,"2","DataTransfer",{"vendorId":"a : b"}]\n'
        b"\n"
        b"charger1 : connection lost\n"
        b"--- rotated ---\n"
        b'charger1 : [3,"1",{}]'
    )
    result = import_file(path, log)
    assert (result.lines, result.sent, result.refused) == (5, 4, {Reason.UNREADABLE_LINE: 1})
    assert [(sent.station_id, sent.payload, sent.meta.ordinal) for sent in log.frames] == [
        ("charger1", b'[2,"1","Heartbeat",{ }]', 0),
        ("Depot West 7", b'[2,"2","DataTransfer",{"vendorId":"a : b"}]', 1),
        ("charger1", b"connection lost", 3),
        ("charger1", b'[3,"1",{}]', 5),
    ]
    assert log.dead[0].payload == b"--- rotated ---"


def test_a_log_that_begins_with_a_damaged_line_is_still_recognised(tmp_path: Path, log) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'eat",{}]\ncharger1 : [2,"1","StatusNotification",{"connectorId":1,"errorCode":"NoError"}]\n')
    result = import_file(path, log)
    assert (result.sent, result.refused) == (1, {Reason.UNREADABLE_LINE: 1})
    assert log.frames[0].meta.protocol == "ocpp1.6"


@pytest.mark.parametrize(
    ("begin", "us"),
    [
        ("2026-03-01 10:00:{second:02d}.250 CP-7 : ", 250_000),
        ("[2026-03-01T10:00:{second:02d}Z] INFO CP-7: ", 0),
        ("2026/03/01 10:00:{second:02d} CP-7 recv : ", 0),
        ("01.03.2026 12:00:{second:02d} +02:00 recv CP-7: ", 0),
        ("10:00:{second:02d} CP-7 -> : ", None),
        ("Mar  1 10:00:{second:02d} CP-7 : ", None),
    ],
)
def test_a_time_before_the_name_is_the_receipt_and_no_part_of_the_name(
    tmp_path: Path, log, begin: str, us: int | None
) -> None:
    path = tmp_path / "log"
    path.write_text("".join(f'{begin.format(second=second)}[2,"{second}","Heartbeat",{{}}]\n' for second in (1, 2)))
    assert import_file(path, log).sent == 2
    assert [sent.station_id for sent in log.frames] == ["CP-7", "CP-7"]
    start_us = 1_772_359_200_000_000
    expected = [None if us is None else start_us + second * 1_000_000 + us for second in (1, 2)]
    assert [sent.meta.received_at_us for sent in log.frames] == expected


def test_both_ways_of_one_charger_are_one_charger(tmp_path: Path, log) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'CP-7 recv: [2,"1","Heartbeat",{}]\nCP-7 send: [3,"1",{}]\nSendai 7 : [2,"2","Heartbeat",{}]\n')
    import_file(path, log)
    assert [sent.station_id for sent in log.frames] == ["CP-7", "CP-7", "Sendai 7"]


@pytest.mark.parametrize("word", ["Received", "2026-03-01 10:00:00 Sending", "[2026-03-01] Sent", "<-", "TX", "INFO"])
def test_a_log_that_names_no_charger_is_refused(tmp_path: Path, log, word: str) -> None:
    path = tmp_path / "log"
    path.write_text(f'{word}: [2,"1","Heartbeat",{{}}]\n')
    with pytest.raises(
        UnknownFormatError, match="holds OCPP frames, but not in lines that begin with their charger's name"
    ):
        import_file(path, log)


def test_a_line_that_names_no_charger_is_a_dead_letter(tmp_path: Path, log) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'CP-7 : [2,"1","Heartbeat",{}]\nSent: [3,"1",{}]\n')
    assert import_file(path, log).refused == {Reason.UNREADABLE_LINE: 1}
    assert log.dead[0].detail == "the line names no charger before its frame"
