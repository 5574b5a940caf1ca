"""A reader always has a whole build: publishing, crashing, pruning."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.facts import Session
from models.tables.landed import rows_of
from pipelines.home import Home, HomeBusyError
from pipelines.lake import files
from pipelines.lake.manifest import Manifest, Range
from pipelines.warehouse import build, publish, read

DAY = 24 * 3600


def build_id(home: Home) -> int:
    with read.connect_readonly(home) as opened:
        return int(opened.execute("SELECT build_id FROM meta__build").fetchall()[0][0])


def fake_builds(home: Home, count: int, *, age_s: float) -> list[Path]:
    made = []
    for number in range(1, count + 1):
        path = home.builds / f"laddstrom.{number:06d}.duckdb"
        path.write_bytes(b"")
        os.utime(path, (path.stat().st_mtime - age_s,) * 2)
        made.append(path)
    return made


def test_the_pointer_is_a_relative_link_to_a_versioned_file_and_ids_rise(home: Home) -> None:
    assert [build.build(home).build_id, build.build(home).build_id] == [1, 2]
    assert home.current.readlink() == Path("warehouse/laddstrom.000002.duckdb")
    assert build_id(home) == 2
    assert sorted(path.name for path in home.builds.iterdir()) == ["laddstrom.000001.duckdb", "laddstrom.000002.duckdb"]


def test_a_reader_keeps_its_build_while_the_next_is_published(home: Home) -> None:
    build.build(home)
    with read.connect_readonly(home) as before:
        build.build(home)
        assert before.execute("SELECT build_id FROM meta__build").fetchall() == [(1,)]
        assert build_id(home) == 2


def test_a_moved_home_keeps_its_pointer(home: Home) -> None:
    build.build(home)
    moved = home.root.rename(home.root.with_name("elsewhere"))
    assert build_id(Home(moved)) == 1


CRASHES = """
import os, sys
from pathlib import Path
from pipelines.home import Home
from pipelines.warehouse import build, ocpi

def die(*_):
    os.kill(os.getpid(), 9)

ocpi.create = die
build.build(Home(Path(sys.argv[1])))
"""


def test_a_build_killed_in_the_middle_leaves_the_published_one_and_the_next_clears_up(home: Home) -> None:
    build.build(home)
    died = subprocess.run([sys.executable, "-c", CRASHES, str(home.root)], check=False)
    assert died.returncode == -9
    assert list(home.builds.glob("*.building"))
    assert build_id(home) == 1
    assert build.build(home).build_id == 2
    assert not list(home.builds.glob("*.building*"))


def test_a_damaged_lake_fails_the_build_in_one_sentence_and_the_next_one_clears_up(home: Home) -> None:
    build.build(home)
    landed = files.write(home, "core__sessions", "part", rows_of(Session, []))
    line = {"topic": "charging.sessions", "log_id": "log", "generation": 1, "partition": 0}
    Manifest(home).append(
        Range(
            **line,
            first_offset=0,
            last_offset=0,
            files=(landed,),
            sources={},
            known=0,
            invalid=0,
            code_version="0",
            epoch=1,
        )
    )
    (home.lake / landed.path).rename(home.root / "aside")
    with pytest.raises(build.BuildFailedError, match="the published one is unchanged") as error:
        build.build(home)
    assert "\n" not in str(error.value)
    assert build_id(home) == 1
    (home.root / "aside").rename(home.lake / landed.path)
    assert build.build(home).build_id == 2


def test_two_builds_at_once_are_refused_with_the_pid(home: Home) -> None:
    with home.lock("warehouse"), pytest.raises(HomeBusyError, match=str(os.getpid())):
        build.build(home)


def test_old_builds_go_but_three_stay_and_so_do_those_of_the_last_day(home: Home) -> None:
    made = fake_builds(home, 6, age_s=2 * DAY)
    os.utime(made[1])
    assert publish.prune(home) == [made[0], made[2]]
    assert sorted(publish.builds(home)) == [2, 4, 5, 6]


def test_the_published_build_is_never_pruned(home: Home) -> None:
    made = fake_builds(home, 5, age_s=2 * DAY)
    home.current.symlink_to(made[0].relative_to(home.root))
    assert publish.prune(home) == [made[1]]


def test_ids_rise_even_when_the_published_file_was_deleted(home: Home) -> None:
    for _ in range(3):
        built = build.build(home)
    for path in publish.builds(home).values():
        path.unlink()
    assert publish.published(home) is None
    assert build.build(home).build_id == built.build_id + 1


def test_the_database_holds_no_path_to_itself(home: Home) -> None:
    """Views name no catalog, so the file opens under any name."""
    built = build.build(home)
    copy = built.path.with_name("a copy.duckdb")
    copy.write_bytes(built.path.read_bytes())
    from pipelines.warehouse.connection import readonly

    with readonly(copy, spill=home.restricted) as opened:
        assert opened.execute("SELECT count(*) FROM stg_ocpp__frames").fetchall() == [(0,)]
