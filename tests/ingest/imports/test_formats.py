"""What is no log is refused by its content, in one sentence that names the formats, before anything is sent."""

import bz2
import gzip
import os
from pathlib import Path

import pytest

from ingest.imports.errors import UnknownFormatError
from ingest.imports.importer import import_file


@pytest.mark.parametrize("name", ["kwwhat_chargers.csv", "kwwhat_ports.csv", "kwwhat_connectors.csv"])
def test_a_dimension_table_is_refused_as_no_ocpp_log(shared_data: Path, log, name: str) -> None:
    with pytest.raises(
        UnknownFormatError, match=r"is a table, but not an OCPP log; .*JSON lines.*CSV.*text lines.*\.gz"
    ):
        import_file(shared_data / "ocpp" / name, log)
    assert log == type(log)()


def test_json_documents_and_the_trace_schema_are_refused(shared_data: Path, log) -> None:
    documents = [
        shared_data / "ocpp" / "dc_fleet_profile_2025.json",
        *(shared_data / "ocpp" / "open_ocpp_trace").glob("*/expected.json"),
        shared_data / "ocpp" / "open_ocpp_trace" / "trace-v1.schema.json",
        *(shared_data / "ocpi").rglob("*.json"),
    ]
    assert len(documents) > 60
    for document in documents:
        with pytest.raises(UnknownFormatError, match="is JSON, but no log"):
            import_file(document, log)
    assert log == type(log)()


def test_session_tables_and_parquet_are_refused(shared_data: Path, log) -> None:
    for path in (shared_data / "sessions").iterdir():
        with pytest.raises(UnknownFormatError, match=r"is a (table|Parquet file)|is JSON"):
            import_file(path, log)
    assert log == type(log)()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n \r\n\t\n", "is empty"),
        (b"\x00\x01\x02binary" * 50, "is a binary file"),
        (bz2.compress(b"x"), "is compressed with bzip2: unpack it first"),
        (gzip.compress(b"just prose\n", mtime=0), "is in no format we know"),
        ('[2,"1"]'.encode("utf-16"), "is not UTF-8: save it as UTF-8 first"),
        (b'[ocpp] CS-1: receive message [2,"1","Heartbeat",{}]\n', "holds OCPP frames, but not in lines that begin"),
        (b'[{"message":[2,"1","Heartbeat",{}]},\n{"message":[3,"1",{}]}]\n', "is JSON, but no log"),
        (b'{"raw": {"not": "a string"}}\n', "is JSON, but no log"),
        (b'{"chargePointId": "CS"}\n{"chargePointId": "CS"}\n', "is JSON, but no log"),
        (
            b'{"station": "CS", "raw": "[2,\\"1\\",\\"Heartbeat\\",{}]"}\n' * 60,
            "names no charger beside them .chargePointId, path",
        ),
        (b"[" * 100_000, "is JSON, but no log"),
        (b"id,timestamp,value\n1,2,3\n", "is a table"),
        (b"dear diary: today [2 chargers] broke\n", "is in no format we know"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_log_is_refused_by_its_content(tmp_path: Path, log, content: bytes, says: str) -> None:
    path = tmp_path / "ocpp.jsonl"
    path.write_bytes(content)
    with pytest.raises(UnknownFormatError, match=says):
        import_file(path, log)
    assert log == type(log)()


def test_folders_missing_files_and_devices_are_refused(tmp_path: Path, log) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path, says in (
        (tmp_path, "is a folder"),
        (tmp_path / "none.jsonl", "does not exist"),
        (Path("/dev/zero"), "is no regular file"),
        (fifo, "is no regular file"),
        (tmp_path / ("x" * 300), "cannot be opened"),
    ):
        with pytest.raises(UnknownFormatError, match=says):
            import_file(path, log)
