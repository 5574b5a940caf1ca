"""What one line says of station, version, direction and time, in other people's spellings."""

import json
from pathlib import Path

import pytest

from ingest.imports.entries import kind_and_direction, protocol
from ingest.imports.importer import import_file
from models.record import Kind

BEAT = '[2,"1","Heartbeat",{}]'


def imported(path: Path, log, *rows: dict[str, object]):
    path.write_bytes(b"".join(json.dumps({"raw": BEAT, **row}).encode() + b"\r\n" for row in rows))
    return import_file(path, log)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ocpp1.6", "ocpp1.6"),
        ("OCPP1.6", "ocpp1.6"),
        ("ocpp16", "ocpp1.6"),
        ("OCPP 1.6", "ocpp1.6"),
        ("OCPP_1.6J", "ocpp1.6"),
        ("1.6-J", "ocpp1.6"),
        ("OCPP-J 1.6", "ocpp1.6"),
        ("v1.6", "ocpp1.6"),
        ("1.6.0", "ocpp1.6"),
        ("ocpp1.6-json", "ocpp1.6"),
        ("ocpp201", "ocpp2.0.1"),
        ("OCPP2.0.1", "ocpp2.0.1"),
        ("2.1", "ocpp2.1"),
        ("2.0", "ocpp2.0"),
        ("ocpp2.0", "ocpp2.0"),
        ("ocpp1.5", "ocpp1.5"),
        ("soap", "soap"),
        ("ocpp1.6,1.6", "ocpp1.6"),
        ("ocpp2.0.1, ocpp1.6", None),
        ("unknown", None),
        ("-", None),
        ("", None),
    ],
)
def test_a_version_is_read_however_it_is_written(written: str, meant: str | None) -> None:
    assert protocol(written.encode()) == meant


def test_an_offer_of_versions_is_told_by_the_frames(tmp_path: Path, log) -> None:
    start = '[2,"2","StartTransaction",{}]'
    offer = {"chargePointId": "CS", "subprotocol": "ocpp2.0.1,ocpp1.6"}
    imported(tmp_path / "log", log, offer, {**offer, "raw": start})
    assert [sent.meta.protocol for sent in log.frames] == ["ocpp1.6", "ocpp1.6"]


@pytest.mark.parametrize("word", ["cp-to-csms", "CP_TO_CSMS", "Cp To Csms", "cp-to-csms "])
def test_a_direction_is_read_however_its_words_are_joined(word: str) -> None:
    assert kind_and_direction(word.encode()) == (Kind.FRAME, "cp-to-csms")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("CS_TO_CSMS", "cp-to-csms"),
        ("cp-to-cs", "cp-to-csms"),
        ("Charge Point -> Central System", "cp-to-csms"),
        ("ChargingStationToCSMS", "cp-to-csms"),
        ("CSMS_TO_CS", "csms-to-cp"),
        ("cs-to-cp", "csms-to-cp"),
        ("central_system to charger", "csms-to-cp"),
        ("cs-to-cs", None),
    ],
)
def test_a_direction_that_names_both_ends_is_read(word: str, meant: str | None) -> None:
    assert kind_and_direction(word.encode()) == (Kind.FRAME, meant)


@pytest.mark.parametrize("word", ["in", "received", "→", ""])
def test_an_unknown_direction_is_inferred(tmp_path: Path, log, word: str) -> None:
    rows = [{"chargePointId": "CS", "direction": word, "raw": raw} for raw in (BEAT, '[3,"1",{}]')]
    imported(tmp_path / "log", log, *rows)
    assert [sent.meta.direction for sent in log.frames] == ["cp-to-csms", "csms-to-cp"]


@pytest.mark.parametrize(
    ("time", "microseconds"),
    [
        ("2023-11-14T22:13:20.5Z", 1_700_000_000_500_000),
        ("2023-11-14 22:13:20,5 UTC", 1_700_000_000_500_000),
        (1_700_000_000, 1_700_000_000_000_000),
        (1_700_000_000.25, 1_700_000_000_250_000),
        (1_700_000_000_250, 1_700_000_000_250_000),
        ("1700000000250", 1_700_000_000_250_000),
        ("2023/11/14 22:13:20", 1_700_000_000_000_000),
        ("14.11.2023 22:13:20.5", 1_700_000_000_500_000),
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("Tuesday", None),
        (True, None),
        (None, None),
    ],
    ids=str,
)
def test_a_time_of_receipt_may_be_text_or_a_number(tmp_path: Path, log, time: object, microseconds: int | None) -> None:
    imported(tmp_path / "log", log, {"chargePointId": "CS", "timestamp": time})
    assert [sent.meta.received_at_us for sent in log.frames] == [microseconds]


@pytest.mark.parametrize(
    ("row", "station"),
    [
        ({"chargePointId": "  ", "path": "/ocpp/CS%2F1"}, "CS/1"),
        ({"chargePointId": "Säule 1/2"}, "Säule 1/2"),
        ({"path": "ws://host:9000/ocpp/1.6/CS-1/?x=/y"}, "CS-1"),
        ({"path": "/ocpp/%E5%85%85%E9%9B%BB"}, "充電"),
        ({"path": "/", "device": "wallbox"}, "wallbox"),
        ({"chargePointId": 42}, "42"),
    ],
    ids=str,
)
def test_a_station_is_found_however_it_is_named(tmp_path: Path, log, row: dict[str, object], station: str) -> None:
    imported(tmp_path / "log", log, row)
    assert [sent.station_id for sent in log.frames] == [station]
