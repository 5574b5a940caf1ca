"""Logs without zones, imported one after the other: what one told of a station is known for the next."""

import json
from pathlib import Path

import pytest

from pipelines import process
from pipelines.home import Home


class Said:
    """Keeps what is said."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def progress(self, task: str, done: int, total: int) -> None:
        pass


def row(clock: str, frame: object, station: str = "CP-1") -> str:
    return json.dumps({"device": station, "logged_at": f"2026-03-01 {clock}", "raw": json.dumps(frame)}) + "\n"


def telling(path: Path, station: str = "CP-1") -> Path:
    rows = [
        row(f"14:00:{second}", [3, second, {"currentTime": f"2026-03-01T12:00:{second}Z"}], station)
        for second in ("10", "20")
    ]
    path.write_text("".join(rows))
    return path


def silent(path: Path, *stations: str) -> Path:
    path.write_text("".join(row("14:30:00", [2, "1", "Heartbeat", {}], station) for station in stations or ["CP-1"]))
    return path


def chosen(home: Home, *paths: Path) -> list[str]:
    """What importing these files says."""
    said = Said()
    new, _ = process.choose(home, process.read(paths, said), said, again=False)
    assert len(new) == len(paths)
    return said.sentences


def test_a_log_that_tells_no_zone_is_read_as_the_stations_earlier_one(home: Home, tmp_path: Path) -> None:
    assert chosen(home, telling(tmp_path / "first")) == []
    assert chosen(home, silent(tmp_path / "second")) == []


def test_logs_of_one_import_tell_each_other_in_any_order(home: Home, tmp_path: Path) -> None:
    assert chosen(home, silent(tmp_path / "second"), telling(tmp_path / "first")) == []


@pytest.mark.parametrize(("stations", "whose"), [(["CP-2"], "1 station"), (["CP-1", "CP-2", "CP-3"], "2 stations")])
def test_times_that_nothing_tells_are_named(home: Home, tmp_path: Path, stations: list[str], whose: str) -> None:
    chosen(home, telling(tmp_path / "first"))
    path = silent(tmp_path / "second", *stations)
    assert chosen(home, path) == [
        f"{path}: has times of {whose} without a zone and nothing that tells it: read as UTC."
    ]


def test_what_is_known_survives_the_next_log_and_is_written_once(home: Home, tmp_path: Path) -> None:
    chosen(home, telling(tmp_path / "first"))
    kept = home.lake / "zones.json"
    before = kept.stat().st_ino
    chosen(home, silent(tmp_path / "second"))
    assert kept.stat().st_ino == before
    chosen(home, telling(tmp_path / "third", "CP-2"))
    assert sorted(json.loads(kept.read_bytes())) == ["CP-1", "CP-2"]
    assert [path.name for path in home.lake.iterdir() if path.name.startswith("zones")] == ["zones.json"]


def test_a_file_of_zones_that_is_torn_is_said_and_begun_anew(home: Home, tmp_path: Path, caplog) -> None:
    (home.lake / "zones.json").write_bytes(b'{"CP-1": [[1')
    assert len(chosen(home, silent(tmp_path / "second"))) == 1
    assert "zones.json cannot be read" in caplog.text
    chosen(home, telling(tmp_path / "first"))
    assert chosen(home, silent(tmp_path / "third", "CP-1")) == []
