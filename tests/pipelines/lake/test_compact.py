"""Compaction: few files, the same rows in the same order, and nothing deleted that somebody still names."""

import logging
import os
import time
from collections import Counter
from pathlib import Path

import pytest

from models.dead_letters import DeadLetter
from models.facts import Session
from models.log import DEAD_LETTERS, FRAMES, OBJECTS
from models.reasons import Reason
from models.record import Kind, Meta, Record
from models.tables.landed import LANDED
from pipelines.broker import embedded
from pipelines.home import Home
from pipelines.lake import batches, compact, files, known, restore
from pipelines.lake.errors import FencedError
from pipelines.lake.land import land
from pipelines.lake.manifest import Manifest, Merged, Range, known_sources
from pipelines.warehouse import build, read
from pipelines.warehouse.fingerprint import fingerprint

FILE = "9f86d081884c7d65"
HOUR = 3600


def everything(station: str) -> bool:
    return bool(station)


def letter(source: str, ordinal: int) -> DeadLetter:
    meta = Meta(Kind.FRAME, None, None, None, None, ordinal, source)
    return DeadLetter(reason=Reason.UNREADABLE_LINE, detail="d", station_id=None, meta=meta, payload=b"p")


def minute(log, number: int) -> None:
    """What comes between two landings: frames, now and then of a known line, connections, facts, documents."""
    for station in range(1 + number % 3):
        payload = b'[2,"%d","Heartbeat",{}]' % number
        log.frame(f"CP-{station}", number, payload)
    if number % 7 == 0:
        kind = Kind.CLOSE if number % 14 else Kind.OPEN
        log.record("CP-1", Meta(kind, None, "ocpp1.6", number, "c1", number, "live-aaaaaaaa-c1"), b"{}")
    if number % 37 == 36:
        log.frame("CP-0", number - 30, b"said again")
    session = Session(
        version_generation=1, version_offset=number, session_id=f"s{number // 5}", station_id="CP-1", energy_wh=number
    )
    log.fact("CP-1", session)
    if number % 11 == 0:
        said = letter("a" * 16, number)
        log.send(DEAD_LETTERS, b"", said.payload, said.headers(), partition=0)
        meta = Meta(Kind.PUT, None, "ocpi2.2.1", number, None, number, "live-bbbbbbbb-r1")
        log.send(OBJECTS, b"SE-LAD/tariffs/t%d" % (number % 3), b"{}", [("meta", meta.encode())], partition=0)
    log.flush()


def bytes_of(home: Home) -> dict[str, bytes]:
    """The landed files that count now, by name."""
    listed = [file for found in Manifest(home).files.values() for file in found]
    return {file.path: (home.lake / file.path).read_bytes() for file in listed}


def live(home: Home) -> dict[tuple[str, str], int]:
    """Files by table and partition."""
    found = Counter[tuple[str, str]]()
    for table, listed in Manifest(home).files.items():
        found.update((table, file.path.split("-p")[1][:3]) for file in listed)
    return found


def spans(home: Home, topic: str = FRAMES) -> list[tuple[int, int]]:
    return [(line.first_offset, line.last_offset) for line in Manifest(home).ranges[topic]]


def records(home: Home, covered: dict[tuple[int, int], int]) -> list[Record]:
    return list(restore.raw_after(home, covered, stations=everything))


def test_hundreds_of_landings_leave_few_files_and_the_same_tables(
    home: Home, tmp_path: Path, embedded_broker: str, open_log
) -> None:
    log = open_log(embedded_broker, 2)
    for number in range(260):
        minute(log, number)
        land(home, log.address)
        assert max(live(home).values()) <= 15 + 15 + 1
    other = Home(tmp_path / "other").create()
    land(other, log.address)
    assert max(live(other).values()) == 1
    assert len(Manifest(home).replaced) > 700
    assert files.verify(home) == []
    assert known_sources(home) == known_sources(other) == {FILE: 519, "a" * 16: 24}
    assert len(records(home, {})) == 519 + 38
    for offset in (-1, 0, 100, 255, 256, 299, 10_000):
        covered = {(1, 0): offset, (1, 1): 3}
        assert records(home, covered) == records(other, covered)
    built = []
    for each in (home, other):
        build.build(each, clear_tokens=True)
        with read.connect_readonly(each) as opened:
            built.append(fingerprint(opened))
    assert built[0] == built[1]
    assert built[0]["core__sessions"].startswith("52:")


def test_a_merged_file_has_the_bytes_of_one_landing_of_its_records(
    home: Home, tmp_path: Path, embedded_broker: str, open_log
) -> None:
    log = open_log(embedded_broker, 1)
    twin, once = Home(tmp_path / "twin").create(), Home(tmp_path / "once").create()
    for number in range(16):
        for key in (b"SE-LAD/tariffs/t1", b"SE-LAD/tariffs/t-1", b"SE-L/tariffs/t/1")[: 1 + number % 3]:
            meta = Meta(Kind.PUT, None, "ocpi2.2.1", number, None, number, "live-cccccccc-r1")
            log.send(OBJECTS, key, b"{}", [("meta", meta.encode())])
        minute(log, number)
        minute(log, number)
        land(home, log.address)
        land(twin, log.address)
    land(once, log.address)
    facts = files.folder(home, "core__sessions").relative_to(home.lake)
    merged = {path for path in bytes_of(once) if "frames" in path or "objects" in path or str(facts) in path}
    assert len(merged) == 4
    for path in merged:
        assert bytes_of(home)[path] == bytes_of(once)[path] == bytes_of(twin)[path]


def test_a_full_multiple_of_offsets_becomes_one_file(
    home: Home, tmp_path: Path, embedded_log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "FILE_ROWS", 100)
    for ordinal in range(350):
        embedded_log.frame("CP-1", ordinal)
        if ordinal % 30 == 29:
            embedded_log.flush()
            land(home, embedded_log.address)
    embedded_log.flush()
    once = Home(tmp_path / "once").create()
    land(once, embedded_log.address)
    land(home, embedded_log.address)
    assert spans(home) == [(0, 99), (100, 199), (200, 299), (300, 329), (330, 349)]
    whole = {path: data for path, data in bytes_of(once).items() if "0349" not in path}
    assert len(whole) == 3
    assert whole.items() <= bytes_of(home).items()


def test_an_older_log_is_finished_when_a_newer_one_was_landed(home: Home, tmp_path: Path, open_log) -> None:
    for generation in (1, 2):
        broker = embedded.start(Home(tmp_path / f"broker-{generation}"))
        log = open_log(broker.address, 1)
        for ordinal in range(3):
            log.frame("CP-1", ordinal, source=f"{generation:016d}")
            log.flush()
            land(home, broker.address)
        log.close()
        broker.stop()
    found = [(line.generation, line.first_offset, line.last_offset) for line in Manifest(home).ranges[FRAMES]]
    assert found == [(1, 0, 2), (2, 0, 0), (2, 1, 1), (2, 2, 2)]


def test_no_merged_file_is_larger_than_a_landed_one_may_be(
    home: Home, embedded_log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "FILE_BYTES", 5_000)
    monkeypatch.setattr(compact, "FAN", 4)
    for ordinal in range(40):
        embedded_log.frame("CP-1", ordinal, b"x" * (1_500 if ordinal % 5 == 0 else 200))
        embedded_log.flush()
        land(home, embedded_log.address)
    sizes = [sum(file.memory_bytes for file in line.files) for line in Manifest(home).ranges[FRAMES]]
    assert max(sizes) <= 5_000
    assert len(sizes) < 15
    assert [record.offset for record in records(home, {})] == list(range(40))


def _range(first: int, last: int) -> Range:
    return Range(
        topic=FRAMES,
        log_id="log-1",
        generation=1,
        partition=0,
        first_offset=first,
        last_offset=last,
        files=(),
        sources={},
        known=last - first + 1,
        invalid=0,
        code_version="test",
        epoch=1,
    )


def test_offsets_that_were_accepted_as_lost_are_in_no_merged_range(home: Home) -> None:
    manifest = Manifest(home)
    for first, last in ((0, 9), (10, 19), (25, 29), (30, 39), (40, 40)):
        manifest.append(_range(first, last))
    assert compact.compact(manifest, manifest.begin()) == 2
    assert spans(home) == [(0, 19), (25, 29), (30, 39), (40, 40)]
    assert Manifest(home).ranges[FRAMES][0].known == 20
    assert Manifest(home).next_offset(FRAMES, 1, 0) == 41


def test_a_landing_that_slept_through_another_one_merges_nothing(home: Home) -> None:
    slept = Manifest(home)
    for first in range(16):
        slept.append(_range(first, first))
    epoch = slept.begin()
    later = Manifest(home)
    assert compact.compact(later, later.begin()) == 16
    with pytest.raises(FencedError):
        compact.compact(slept, epoch)
    assert spans(home) == [(0, 15)]


def test_a_damaged_small_file_is_not_merged_and_does_not_stop_the_others(
    home: Home, embedded_log, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compact, "FAN", 4)
    for ordinal in range(12):
        embedded_log.frame("CP-1", ordinal)
        embedded_log.flush()
        land(home, embedded_log.address)
        if ordinal == 1:
            path = files.paths(home, "raw_ocpp__frames")[2]
            whole = path.read_bytes()
            path.write_bytes(whole[:50] + bytes([whole[50] ^ 1]) + whole[51:])
    assert spans(home) == [(0, 0), (1, 1), (2, 2), (3, 3), (4, 7), (8, 11)]
    assert [str(path) in said for said in files.verify(home)] == [True]
    assert "small files are left as they are" in caplog.text
    path.write_bytes(whole)
    land(home, None)
    assert spans(home) == [(0, 3), (4, 7), (8, 11)]
    assert files.verify(home) == []


def test_one_landing_merges_a_bounded_number_of_files_and_the_next_goes_on(
    home: Home, embedded_log, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ordinal in range(13):
        embedded_log.frame("CP-1", ordinal)
        embedded_log.flush()
        land(home, embedded_log.address)
    monkeypatch.setattr(compact, "FAN", 2)
    monkeypatch.setattr(compact, "_RUN_FILES", 4)
    counts = []
    for _ in range(6):
        land(home, None)
        counts.append(len(spans(home)))
    assert counts == [11, 9, 7, 5, 3, 3]
    assert spans(home) == [(0, 7), (8, 11), (12, 12)]


def test_dead_letters_are_known_in_merged_ranges_that_name_too_many_connections(
    home: Home, embedded_broker: str, open_log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "MOST_LIVE_SOURCES", 3)
    monkeypatch.setattr(compact, "FAN", 2)
    log = open_log(embedded_broker, 1)

    def say(*sources: str, ordinal: int) -> int:
        for source in sources:
            said = letter(source, ordinal)
            log.send(DEAD_LETTERS, b"", said.payload, said.headers(), partition=0)
        log.flush()
        return land(home, log.address).rows.get("core__dead_letters", 0)

    many = [f"live-aaaaaaaa-{number}" for number in range(5)]
    assert say(*many, ordinal=7) == 5
    assert say(many[0], ordinal=1) == 1
    assert len(spans(home, DEAD_LETTERS)) == 1, "merged"
    assert say(*many, ordinal=7) == 0
    assert say(many[0], ordinal=1) == 0


def test_replaced_files_stay_while_a_build_may_name_them(
    home: Home, embedded_log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact, "FAN", 4)
    for ordinal in range(4):
        if ordinal == 3:
            first = build.build(home).path
        embedded_log.frame("CP-1", ordinal)
        embedded_log.flush()
        land(home, embedded_log.address)
    assert spans(home) == [(0, 3)]
    (merged,) = [line for line in Manifest(home).ranges[FRAMES] if isinstance(line, Merged)]
    replaced = [home.lake / path for path in Manifest(home).replaced]
    assert len(replaced) == 4

    def left(hours: float) -> int:
        files.sweep(Manifest(home), now=merged.merged_at + hours * HOUR)
        return sum(path.exists() for path in replaced)

    assert left(24.9) == left(1000) == 4, "the only build names three of them"
    with read.connect_readonly(home) as opened:
        assert opened.execute("SELECT count(*) FROM raw_ocpp__frames").fetchall() == [(3,)]
    second = build.build(home).path
    os.utime(second, (time.time() + 2 * HOUR,) * 2)
    assert left(1000) == 4, "the first build is still there"
    first.unlink()
    assert left(24.9) == 4, "a reader may still have their names"
    assert left(25.1) == 0
    assert files.verify(home) == []
    with read.connect_readonly(home) as opened:
        assert opened.execute("SELECT count(*) FROM raw_ocpp__frames").fetchall() == [(4,)]
    assert all(files.paths(home, table) for table in LANDED)


def test_a_build_that_began_before_a_merge_keeps_its_files(
    home: Home, embedded_log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact, "FAN", 2)
    for ordinal in range(2):
        embedded_log.frame("CP-1", ordinal)
        embedded_log.flush()
        land(home, embedded_log.address)
    path = build.build(home).path
    merged_at = max(Manifest(home).replaced.values())
    os.utime(path, (merged_at + 0.9 * HOUR,) * 2)
    assert files.sweep(Manifest(home), now=merged_at + 100 * HOUR) == 0
    os.utime(path, (merged_at + 1.1 * HOUR,) * 2)
    assert files.sweep(Manifest(home), now=merged_at + 100 * HOUR) == 2


@pytest.fixture(autouse=True)
def _log_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
