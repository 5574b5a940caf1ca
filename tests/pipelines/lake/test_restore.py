"""What a worker gets back out of the lake: the newest states, and exactly the records after them."""

import random
from pathlib import Path

import pytest

from models.log import FRAMES
from models.record import Kind, Meta, Record
from pipelines.broker import embedded, topics
from pipelines.home import Home
from pipelines.lake import batches, files, generations, restore, states
from pipelines.lake.land import land
from pipelines.lake.manifest import Manifest, Range, Replayed
from pipelines.lake.states import Newest

FILE = "a" * 16


def everything(station: str) -> bool:
    return bool(station)


def test_raw_records_come_back_exactly_as_written_and_in_order(home: Home, log, monkeypatch) -> None:
    monkeypatch.setattr(batches, "FILE_ROWS", 64)
    seeded = random.Random(5)
    sent: dict[int, list[tuple[str, Meta, bytes]]] = {}
    for ordinal in range(400):
        station = f"CP-{seeded.randrange(12)}"
        kind = seeded.choice([Kind.FRAME] * 8 + [Kind.OPEN, Kind.CLOSE])
        meta = Meta(
            kind,
            seeded.choice(["cp-to-csms", "csms-to-cp", None]),
            seeded.choice(["ocpp1.6", None]),
            seeded.choice([None, 1_795_237_375_000_001 + ordinal]),
            seeded.choice([None, "c1"]),
            ordinal,
            FILE,
        )
        payload = seeded.randbytes(seeded.randrange(50))
        log.record(station, meta, payload)
        sent.setdefault(log.partition(station), []).append((station, meta, payload))
        if ordinal % 150 == 149:
            log.flush()
            land(home, log.address)
    log.flush()
    land(home, log.address)
    expected = [
        Record(
            station,
            meta.kind,
            meta.direction,
            meta.protocol,
            meta.received_at_us,
            meta.source,
            meta.ordinal,
            payload,
            1,
            partition,
            offset,
        )
        for partition, records in sorted(sent.items())
        for offset, (station, meta, payload) in enumerate(records)
    ]
    assert list(restore.raw_after(home, {}, stations=everything)) == expected
    covered = {(1, partition): len(records) // 2 for partition, records in sent.items()}
    after = [record for record in expected if record.offset > covered[1, record.partition]]
    assert list(restore.raw_after(home, covered, stations=everything)) == after
    chosen = {"CP-1", "CP-5"}
    assert list(restore.raw_after(home, covered, stations=chosen.__contains__)) == [
        record for record in after if record.station_id in chosen
    ]


def test_increments_and_merges_give_the_same_states_as_one_pass(home: Home, embedded_log) -> None:
    seeded = random.Random(11)
    wanted: dict[str, bytes] = {}
    kinds = []
    for landing in range(12):
        touched = {f"CP-{seeded.randrange(40)}": seeded.randbytes(8) for _ in range(40 if landing == 0 else 5)}
        for station, value in touched.items():
            embedded_log.states(embedded_log.partition(station), {station: value}, None)
        embedded_log.states(0, {}, (1, landing))
        embedded_log.flush()
        wanted |= touched
        land(home, embedded_log.address)
        kinds.append(Manifest(home).states[-1].is_full)
        found = restore.snapshot(home)
        assert {station: found.states[station] for station in wanted} == wanted == found.states
        assert found.covered == {(1, 0): landing} if landing else True
    assert kinds[0]
    assert 0 < sum(kinds[1:]) < 5, "merged now and then, not each time"
    assert len(Manifest(home).current_states()) < 8


def test_replaced_state_files_are_removed_later_and_the_snapshot_stays(home: Home, embedded_log) -> None:
    for landing in range(6):
        embedded_log.states(0, {"CP-1": b"%d" % landing}, (1, landing))
        embedded_log.flush()
        land(home, embedded_log.address)
    assert len(list(files.folder(home, "states").glob("*.parquet"))) == 6
    files.sweep(Manifest(home), age_s=-1)
    assert len(list(files.folder(home, "states").glob("*.parquet"))) == len(Manifest(home).current_states())
    assert restore.snapshot(home).states == {"CP-1": b"5"}
    assert files.verify(home) == []


def test_a_deleted_state_is_gone(home: Home) -> None:
    manifest = Manifest(home)
    files.ensure_empty(home)
    _write_states(manifest, 1, 0, [(b"CP-1", b"a"), (b"CP-2", b"b")])
    _write_states(manifest, 1, 10, [(b"CP-1", None)])
    assert restore.snapshot(home).states == {"CP-2": b"b"}
    for more in range(20, 60, 10):
        _write_states(manifest, 1, more, [(b"CP-3", b"c"), (b"CP-4", b"d")])
    assert set(restore.snapshot(home).states) == {"CP-2", "CP-3", "CP-4"}


def test_a_new_log_goes_on_from_the_old_ones_states(home: Home, tmp_path: Path, open_log) -> None:
    for generation in (1, 2, 3):
        broker = embedded.start(Home(tmp_path / f"broker-{generation}"))
        log = open_log(broker.address, 2)
        for ordinal in range(20):
            log.frame("CP-1", ordinal, source=f"{generation:016d}")
        log.flush()
        land(home, broker.address)
        assert generations.resolve(home, FRAMES, topics.topic_id(broker.address, FRAMES)) == generation
        if generation != 2:
            log.states(log.partition("CP-1"), {"CP-1": b"%d" % generation}, (generation, 9))
            log.flush()
            land(home, broker.address)
        log.close()
        broker.stop()
        found = restore.snapshot(home)
        left = [
            (record.generation, record.offset) for record in restore.raw_after(home, found.covered, stations=everything)
        ]
        first = [(1, offset) for offset in range(10, 20)]
        second = [(2, offset) for offset in range(20)]
        third = [(3, offset) for offset in range(10, 20)]
        assert left == {1: first, 2: first + second, 3: third}[generation]
        assert found.states == {"CP-1": b"3" if generation == 3 else b"1"}


@pytest.mark.parametrize(
    ("then", "now", "markers", "is_covered"),
    [
        (4, 4, [(0, 2)], True),
        (4, 4, [(1, 2)], False),
        (4, 2, [(0, 2)], False),
        (4, 2, [(0, 2), (1, 2)], True),
        (4, 2, [(0, 2), (1, 3)], False),
        (4, None, [(0, 2), (1, 2)], False),
    ],
)
def test_an_older_generation_is_covered_once_all_who_took_it_over_have_said_so(
    home: Home, then: int, now: int | None, markers: list[tuple[int, int]], is_covered: bool
) -> None:
    manifest = Manifest(home)
    files.ensure_empty(home)
    generations.resolve(home, FRAMES, "one", partitions=then)
    generations.resolve(home, FRAMES, "two", partitions=now)
    manifest.refresh()
    manifest.append(
        Range(
            topic=FRAMES,
            log_id="one",
            generation=1,
            partition=0,
            first_offset=0,
            last_offset=99,
            files=(),
            sources={},
            known=0,
            invalid=0,
            code_version="test",
            epoch=1,
        )
    )
    newest = Newest()
    for partition, generation in [(0, 1), *markers]:
        newest.take(partition, states.POSITION_KEY, bytes([0x92, generation, 5]))
    manifest.append(
        states.write(manifest, newest.rows(), log_id="c", generation=1, ends={0: 5}, epoch=manifest.epoch + 1)
    )
    assert restore.snapshot(home).covered[1, 0] == (99 if is_covered else 5)


def test_nothing_landed_is_an_empty_snapshot(home: Home) -> None:
    found = restore.snapshot(home)
    assert (found.states, found.covered) == ({}, {})
    assert list(restore.raw_after(home, {}, stations=everything)) == []


def _write_states(manifest: Manifest, generation: int, end: int, rows: list[tuple[bytes, bytes | None]]) -> None:
    newest = Newest()
    for key, value in rows:
        newest.take(0, key, value)
    manifest.append(
        states.write(
            manifest, newest.rows(), log_id="c", generation=generation, ends={0: end}, epoch=manifest.epoch + 1
        )
    )


def test_markers_of_settled_generations_do_not_pile_up(home: Home) -> None:
    files.ensure_empty(home)
    for generation in range(1, 30):
        generations.resolve(home, FRAMES, f"log-{generation}", partitions=2)
        manifest = Manifest(home)
        newest = Newest()
        for partition in (0, 1):
            newest.take(partition, states.POSITION_KEY, bytes([0x92, generation, 7]))
        manifest.append(
            states.write(
                manifest, newest.rows(), log_id="c", generation=generation, ends={0: 1}, epoch=manifest.epoch + 1
            )
        )
    assert restore.snapshot(home).covered[29, 1] == 7
    assert states.whole_generation(manifest, states.current(manifest).markers) == 29
    assert sum(line.file.rows for line in manifest.current_states()) < 10


def test_states_that_a_worker_wrote_before_a_replay_are_not_landed_after_it(home: Home, embedded_log) -> None:
    manifest = Manifest(home)
    files.ensure_empty(home)
    snapshot = states.Snapshot({b"CP-1": b"replayed"}, {b"CP-1": 0}, {(0, 1): 9})
    manifest.append(
        Replayed(
            edition=1,
            stations=1,
            files=(),
            file=states.write_full(manifest, snapshot, f"{files.REPLAY}e0001"),
            code_version="test",
            epoch=manifest.begin(),
        )
    )
    embedded_log.states(0, {"CP-1": b"before"}, (1, 9))
    embedded_log.flush()
    land(home, embedded_log.address)
    assert restore.snapshot(home).states == {"CP-1": b"replayed"}
    assert restore.snapshot(home).covered == {(1, 0): 9}

    embedded_log.states(0, {"CP-1": b"restored"}, None)
    embedded_log.flush()
    land(home, embedded_log.address)
    assert restore.snapshot(home).states == {"CP-1": b"replayed"}, "the restoring is not over yet"

    embedded_log.states(0, {}, (1, 19, 1))
    embedded_log.flush()
    land(home, embedded_log.address)
    assert restore.snapshot(home).states == {"CP-1": b"restored"}
    assert restore.snapshot(home).covered == {(1, 0): 19}
