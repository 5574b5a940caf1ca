"""The manifest: what is written is read, and what was changed is seen."""

import logging
import os
import random
import subprocess
import sys

import msgspec
import pytest

from models.log import FRAMES
from pipelines.home import Home
from pipelines.lake import generations
from pipelines.lake.errors import FencedError, ManifestCorruptError, PartitionsChangedError
from pipelines.lake.manifest import Gap, Manifest, Range, Span, known_sources


def line(first: int, last: int, *, epoch: int = 1, source: str = "f" * 16) -> Range:
    return Range(
        topic=FRAMES,
        log_id="log-1",
        generation=1,
        partition=0,
        first_offset=first,
        last_offset=last,
        files=(),
        sources={source: Span(first=first, last=last, landed=last - first + 1)},
        known=0,
        invalid=0,
        code_version="test",
        epoch=epoch,
    )


@pytest.fixture
def written(home: Home) -> Home:
    manifest = Manifest(home)
    manifest.begin()
    generations.resolve(home, FRAMES, "log-1", partitions=1)
    for first in (0, 10, 20):
        manifest.append(line(first, first + 9))
    return home


def test_a_reader_finds_what_was_appended(written: Home) -> None:
    manifest = Manifest(written)
    assert [found.first_offset for found in manifest.ranges[FRAMES]] == [0, 10, 20]
    assert (manifest.next_offset(FRAMES, 1, 0), manifest.next_offset(FRAMES, 1, 1)) == (30, 0)
    assert manifest.partitions(FRAMES, 1) == 1
    assert known_sources(written) == {"f" * 16: 30}


def test_an_accepted_gap_is_where_landing_goes_on(written: Home) -> None:
    Manifest(written).append(
        Gap(topic=FRAMES, log_id="log-1", generation=1, partition=0, first_offset=30, last_offset=49, epoch=2)
    )
    assert Manifest(written).next_offset(FRAMES, 1, 0) == 50


@pytest.mark.parametrize("torn", [1, 5, 30, 100])
def test_a_torn_last_line_is_ignored_by_readers_and_dropped_and_said_by_the_next_writer(
    written: Home, torn: int, caplog: pytest.LogCaptureFixture
) -> None:
    whole = written.manifest.read_bytes()
    start = whole[:-1].rindex(b"\n") + 1
    os.truncate(written.manifest, start + torn)
    assert Manifest(written).next_offset(FRAMES, 1, 0) == 20
    assert len(written.manifest.read_bytes()) == start + torn, "reading changes nothing"
    with caplog.at_level(logging.WARNING):
        Manifest(written).append(line(20, 29))
    assert f"torn by a crash: {torn} bytes dropped" in caplog.text
    assert written.manifest.read_bytes() == whole


def test_every_flipped_byte_is_seen_or_is_only_a_torn_end(written: Home) -> None:
    whole = written.manifest.read_bytes()
    seeded = random.Random(7)
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << seeded.randrange(8)
        written.manifest.write_bytes(changed)
        with pytest.raises(ManifestCorruptError, match=r"manifest\.jsonl .*; restore the file from a copy"):
            Manifest(written)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_line_taken_out_or_doubled_is_seen(written: Home, number: int) -> None:
    lines = written.manifest.read_bytes().splitlines(keepends=True)
    for changed in ([*lines[:number], *lines[number + 1 :]], [*lines[: number + 1], *lines[number:]]):
        written.manifest.write_bytes(b"".join(changed))
        with pytest.raises(ManifestCorruptError):
            Manifest(written)


def test_a_manifest_that_became_shorter_or_vanished_under_a_reader_is_seen(written: Home) -> None:
    manifest = Manifest(written)
    whole = written.manifest.read_bytes()
    written.manifest.write_bytes(whole[: whole[:-1].rindex(b"\n") + 1])
    with pytest.raises(ManifestCorruptError, match="became shorter"):
        manifest.refresh()
    written.manifest.unlink()
    with pytest.raises(ManifestCorruptError, match="is gone"):
        manifest.refresh()


def test_a_landing_that_slept_through_another_one_may_not_publish(home: Home) -> None:
    zombie = Manifest(home)
    zombie.begin()
    zombie.append(line(0, 9))
    other = Manifest(home)
    assert other.begin() == 2
    other.append(line(10, 19, epoch=2))
    with pytest.raises(FencedError):
        zombie.check_fence()
    with pytest.raises(FencedError):
        zombie.append(line(10, 14))
    assert Manifest(home).next_offset(FRAMES, 1, 0) == 20


def test_two_landings_that_took_the_same_epoch_cannot_both_publish(home: Home) -> None:
    first, second = Manifest(home), Manifest(home)
    assert first.begin() == second.begin() == 1
    first.append(line(0, 9))
    with pytest.raises(FencedError):
        second.append(line(0, 9))


def test_a_disk_that_fails_leaves_no_half_line(written: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = written.manifest.read_bytes()

    def half(descriptor: int, data: bytes, place: int) -> int:
        real(descriptor, data[: len(data) // 2], place)
        raise OSError(28, "No space left on device")

    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", half)
    manifest = Manifest(written)
    with pytest.raises(OSError, match="No space"):
        manifest.append(line(30, 39))
    monkeypatch.undo()
    assert written.manifest.read_bytes() == before
    manifest.append(line(30, 39))
    assert Manifest(written).next_offset(FRAMES, 1, 0) == 40


def test_a_line_of_a_later_version_is_named_as_such(written: Home) -> None:
    manifest = Manifest(written)
    manifest.append(msgspec.structs.replace(line(30, 39), topic="x"))

    class Later(msgspec.Struct, tag="later", tag_field="kind"):
        epoch: int = 9
        topic: str = FRAMES
        generation: int = 1
        partition: int = 0
        last_offset: int = 0

    with pytest.raises(ManifestCorruptError, match="version this one cannot read"):
        _append_foreign(written, Later())


def _append_foreign(home: Home, foreign: msgspec.Struct) -> None:
    manifest = Manifest(home)
    manifest._take = lambda *_, **__: None  # type: ignore[method-assign]
    manifest.append(foreign)  # type: ignore[arg-type]
    Manifest(home)


def test_generations_count_from_one_for_each_topic(home: Home) -> None:
    assert generations.resolve(home, FRAMES, "a") == 1
    assert generations.resolve(home, FRAMES, "b", partitions=8) == 2
    assert generations.resolve(home, FRAMES, "a") == 1
    assert generations.resolve(home, "ocpi.objects", "c") == 1
    assert generations.resolve(home, FRAMES, "a", partitions=4) == 1, "learnt later"
    assert (Manifest(home).partitions(FRAMES, 1), Manifest(home).partitions(FRAMES, 2)) == (4, 8)
    assert generations.resolve(home, FRAMES, "d") == 3
    assert generations.resolve(home, FRAMES, "b") == 2


def test_more_partitions_within_one_log_are_refused(home: Home) -> None:
    generations.resolve(home, FRAMES, "a", partitions=4)
    with pytest.raises(PartitionsChangedError, match="has 8 partitions, but 4 when it was first met"):
        generations.resolve(home, FRAMES, "a", partitions=8)


def test_many_processes_at_once_agree_on_the_numbers(home: Home) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from pipelines.home import Home; from pipelines.lake import generations\n"
        "home = Home(Path(sys.argv[1]))\n"
        "print(*[generations.resolve(home, 'ocpp.frames', f'log-{n}') for n in range(8)])"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(home.root)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(set(said)) == 1
    assert sorted(map(int, said[0].split())) == list(range(1, 9))
