"""A lake of several logs: stations that moved between partitions are whole, whatever is in which file."""

import json
from pathlib import Path

import polars as pl

from ingest.producer import KafkaLogProducer
from models.facts import Session
from models.log import FRAMES, META_HEADER
from models.record import Meta
from models.state import decode
from pipelines.broker import embedded, topics
from pipelines.home import Home
from pipelines.lake import files, restore
from pipelines.lake.land import land
from pipelines.replay import plan
from pipelines.replay.run import replay

STATIONS = [f"CP-{number}" for number in range(9)]
KEY = b"k" * 32
TIME = "2026-11-21T11:00:00Z"


def test_a_session_whose_log_was_made_anew_with_other_partitions_is_one_and_is_found_again(
    home: Home, tmp_path: Path, monkeypatch
) -> None:
    start = {"connectorId": 1, "idTag": "CARD1", "meterStart": 1000, "timestamp": "2026-11-21T10:00:00Z"}
    frames = [
        ("cp-to-csms", [2, "a", "StartTransaction", start]),
        ("csms-to-cp", [3, "a", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}]),
        ("cp-to-csms", [2, "b", "StopTransaction", {"transactionId": 7, "meterStop": 4500, "timestamp": TIME}]),
    ]
    _live(home, tmp_path / "one", 2, frames[:2], 0)
    _live(home, tmp_path / "two", 5, frames[2:], 2)
    monkeypatch.setattr(plan, "GROUP_ROWS", 4)
    first = replay(home, token_key=KEY)
    assert (first.stations, first.frames, first.facts["sessions"].new, first.edition) == (9, 27, 9, 1)
    paths = files.paths(home, Session.table)
    rows = pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths])
    assert rows["station_id"].sort().to_list() == STATIONS
    assert rows["energy_wh"].to_list() == [3500] * 9
    assert replay(home, token_key=KEY).edition is None
    assert replay(home, token_key=KEY, stations=STATIONS[:1]).edition is None
    snapshot = restore.snapshot(home)
    assert sorted(snapshot.states) == STATIONS
    assert {decode(state).generation for state in snapshot.states.values()} == {2}
    assert next(restore.raw_after(home, snapshot.covered, stations=lambda _: True), None) is None, "all is covered"


def _live(home: Home, broker_home: Path, partitions: int, frames: list[tuple[str, list[object]]], first: int) -> None:
    broker = embedded.start(Home(broker_home))
    topics.ensure(broker.address, partitions)
    producer = KafkaLogProducer(broker.address)
    for ordinal, (direction, frame) in enumerate(frames, first):
        for station in STATIONS:
            received = 1_795_237_375_000_000 + ordinal * 1_000_000
            meta = Meta("frame", direction, "ocpp1.6", received, None, ordinal, f"live-0-{station}")
            producer.send(FRAMES, station.encode(), json.dumps(frame).encode(), [(META_HEADER, meta.encode())])
    producer.close()
    land(home, broker.address)
    broker.stop()


def test_refused_frames_become_dead_letters_once(home: Home, tmp_path: Path) -> None:
    _live(home, tmp_path / "one", 2, [("cp-to-csms", [2, "a", "Unheard", {}])], 0)
    tried = replay(home, token_key=KEY, is_dry=True)
    assert (tried.dead_letters, tried.differing) == (9, 0)
    done = replay(home, token_key=KEY)
    assert (done.dead_letters, done.edition) == (9, 1)
    paths = files.paths(home, "core__dead_letters")
    letters = pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths])
    assert set(letters["reason"]) == {"unknown_action"}
    assert sorted(letters["station_id"]) == STATIONS
    assert letters["log_id"].null_count() == 0
    assert replay(home, token_key=KEY).edition is None
