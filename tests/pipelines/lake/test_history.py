"""What the lake holds of a few stations: their raw records and the newest version of their facts, and no others'."""

import pytest

from models.facts import Session, Status
from models.record import Meta
from pipelines.home import Home
from pipelines.lake import files, history, parquet, restore
from pipelines.lake.errors import FileDamagedError
from pipelines.lake.land import land
from pipelines.lake.manifest import Manifest

FILE = "a" * 16
STATIONS = [f"CP-{number:02}" for number in range(24)]


def _send(log, ordinals: range) -> None:
    for ordinal in ordinals:
        kind = "open" if ordinal % 7 == 0 else "frame"
        received = None if ordinal % 11 == 0 else 1_795_237_375_000_001 + ordinal
        meta = Meta(kind, None if kind == "open" else "cp-to-csms", "ocpp1.6", received, None, ordinal, FILE)
        log.record(STATIONS[ordinal % len(STATIONS)], meta, b"%d" % ordinal)
    log.flush()


def test_a_station_s_records_come_back_as_written_out_of_few_row_groups(
    home: Home, embedded_log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_ROWS", 16)
    for ordinals in (range(200), range(200, 500)):
        _send(embedded_log, ordinals)
        land(home, embedded_log.address)
    manifest = Manifest(home)
    chosen = ["CP-03", "CP-04", "CP-17", "CP-99"]
    found = dict(history.raw(manifest, chosen))
    expected = list(restore.raw_after(home, {}, stations=lambda station: station in chosen))
    assert sorted(found) == chosen[:3]
    for station, records in found.items():
        assert records == [record for record in expected if record.station_id == station]
    assert dict(history.raw(manifest, ["CP-99"])) == {}


def test_stations_are_grouped_by_their_number_of_records(
    home: Home, embedded_log, monkeypatch: pytest.MonkeyPatch
) -> None:
    _send(embedded_log, range(240))
    land(home, embedded_log.address)
    monkeypatch.setattr(history, "_GROUP_ROWS", 30)
    groups = list(history.groups(Manifest(home), STATIONS[::-1]))
    assert groups == [STATIONS[first : first + 3] for first in range(0, len(STATIONS), 3)]


def test_the_newest_version_of_a_fact_is_found_by_generation_offset_and_revision(home: Home, embedded_log) -> None:
    def said(offset: int, revision: int, energy: int, *, deleted: bool = False) -> None:
        version = {"version_generation": 1, "version_offset": offset, "version_revision": revision}
        fact = Session(**version, session_id="s", station_id="CP-1", energy_wh=energy, deleted=deleted)
        embedded_log.fact("CP-1", fact)

    said(5, 1, 700)
    said(5, 0, 500)
    said(4, 3, 400)
    status = Status(version_generation=1, version_offset=9, status_id="x", station_id="CP-2", status="Available")
    embedded_log.fact("CP-2", status)
    embedded_log.flush()
    land(home, embedded_log.address)
    found = history.facts(Manifest(home), ["CP-1"])
    assert {station: list(facts) for station, facts in found.items()} == {"CP-1": [("sessions", "s")]}
    assert found["CP-1"]["sessions", "s"].energy_wh == 700
    said(5, 2, 700, deleted=True)
    embedded_log.flush()
    land(home, embedded_log.address)
    assert history.facts(Manifest(home), ["CP-1"])["CP-1"]["sessions", "s"].deleted


def test_a_damaged_file_is_said(home: Home, embedded_log) -> None:
    _send(embedded_log, range(10))
    land(home, embedded_log.address)
    for path in files.paths(home, "raw_ocpp__frames")[1:]:
        path.write_bytes(b"damaged")
    with pytest.raises(FileDamagedError, match="restore it from a copy"):
        dict(history.raw(Manifest(home), STATIONS))
