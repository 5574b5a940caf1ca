"""Text lines `NAME : [frame]`."""

from pathlib import Path

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
