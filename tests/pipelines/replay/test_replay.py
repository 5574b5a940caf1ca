"""A replay of the lake: the facts of the live path again, and what differs mended, at once or not at all."""

import json
import multiprocessing
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from models.facts import Session, Status
from models.log import FRAMES
from models.state import decode
from pipelines.broker import ports
from pipelines.home import Home, HomeBusyError
from pipelines.lake import files, restore
from pipelines.lake.errors import FileDamagedError
from pipelines.lake.manifest import Gap, Manifest
from pipelines.replay import plan
from pipelines.replay.compare import Counts
from pipelines.replay.processes import ReplayError
from pipelines.replay.run import FramesLostError, Outcome, WorkerRunsError
from pipelines.warehouse.read import connect_readonly

Again = Callable[..., Outcome]
SWEEP = Path(__file__).with_name("crash_sweep.py")


@pytest.mark.parametrize("processes", [1, 2])
def test_a_replay_of_the_live_paths_lake_changes_no_fact_and_a_second_one_nothing_at_all(
    processed: Home, again: Again, numbers, landed, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    monkeypatch.setattr(plan, "SHARE_ROWS", 1000)
    live = numbers(processed)
    first = again(processed, processes=processes)
    assert first.differing == 0, first
    assert first.processes == processes
    assert sum(counts.same for counts in first.facts.values()) > 500
    assert first.frames == sum(file.rows for table in plan.RAW for file in Manifest(processed).files[table]), (
        "every landed record was taken"
    )
    assert numbers(processed) == live
    files_before = landed(processed)
    second = again(processed, processes=processes)
    assert (second.differing, second.states_changed, second.edition) == (0, 0, None)
    assert landed(processed) == files_before
    assert numbers(processed) == live


def test_one_group_or_many_give_the_same(lake: Home, again: Again, monkeypatch: pytest.MonkeyPatch, landed) -> None:
    monkeypatch.setattr(plan, "GROUP_ROWS", 1)
    assert again(lake, is_dry=True).differing == 0
    monkeypatch.setattr(plan, "GROUP_ROWS", 10**9)
    assert again(lake, is_dry=True).differing == 0


def spoil(home: Home, plant, rows_in_partition_of) -> tuple[str, str, str]:
    """What other rules might have said: one session's energy, one session less, one more."""
    one, other = rows_in_partition_of(home, Session)[:2]
    higher = {"version_offset": one["version_offset"] + 10**6}
    plant(
        home,
        Session,
        [
            {**one, **higher, "energy_wh": 1},
            {**other, **higher, "deleted": True},
            {**one, **higher, "session_id": "a session that nobody charged"},
        ],
    )
    return one["session_id"], other["session_id"], "a session that nobody charged"


def test_facts_of_other_rules_are_mended_and_a_dry_run_only_says_so(
    lake: Home, again: Again, numbers, landed, plant, rows_in_partition_of
) -> None:
    live = numbers(lake)
    spoil(lake, plant, rows_in_partition_of)
    spoilt = numbers(lake)
    assert spoilt["core__sessions"] != live["core__sessions"]

    before = landed(lake)
    tried = again(lake, is_dry=True)
    assert tried.facts["sessions"] == Counts(194, new=1, changed=1, retracted=1)
    assert tried.facts["restatements"].new == 2, "of what was said and is otherwise, not of what was never said"
    assert tried.differing == 5
    assert tried.edition is None
    assert landed(lake) == before

    done = again(lake)
    assert (done.facts, done.edition) == (tried.facts, 1)
    mended = numbers(lake)
    assert mended.pop("core__restatements") != live.pop("core__restatements")
    assert mended == live
    with connect_readonly(lake) as opened:
        told = opened.execute("SELECT cause, is_retracted FROM core__restatements ORDER BY is_retracted").fetchall()
    assert told == [("replay", False), ("replay", True)]
    assert again(lake).differing == 0
    assert files.verify(lake) == []


def test_only_the_chosen_station_is_mended(lake: Home, again: Again, plant, rows_in_partition_of) -> None:
    spoil(lake, plant, rows_in_partition_of)
    station = rows_in_partition_of(lake, Session)[0]["station_id"]
    other = rows_in_partition_of(lake, Status, -1)[0]
    assert other["station_id"] != station
    plant(lake, Status, [{**other, "version_offset": 10**6, "status": "Spoilt"}], after=-1)
    covered = restore.snapshot(lake).covered
    done = again(lake, stations=[station])
    assert (done.stations, done.differing) == (1, 5)
    assert restore.snapshot(lake).covered == covered, "other stations' frames are covered by their own states only"
    left = again(lake)
    assert (left.differing, left.facts["statuses"].changed) == (1, 1)


def test_what_differs_gets_versions_above_all_that_was_said_and_states_count_the_replay(
    lake: Home, again: Again, plant, rows_in_partition_of
) -> None:
    spoilt = spoil(lake, plant, rows_in_partition_of)
    station = rows_in_partition_of(lake, Session)[0]["station_id"]
    before = decode(restore.snapshot(lake).states[station])
    again(lake)
    (line,) = Manifest(lake).replays
    sessions = [file for file in line.files if file.table == "core__sessions"]
    said = {row["session_id"]: row for file in sessions for row in files.read(lake, file).to_pylist()}
    assert set(said) == set(spoilt)
    assert [said[name]["deleted"] for name in spoilt] == [False, False, True]
    planted = [row["version_offset"] for row in rows_in_partition_of(lake, Session)]
    assert all(row["version_offset"] > max(planted) for row in said.values())
    after = decode(restore.snapshot(lake).states[station])
    assert (after.generation, after.offset) == (before.generation, before.offset)
    assert after.revision == before.revision + 1


def test_a_missing_or_changed_raw_file_stops_it_before_anything_is_said(lake: Home, again: Again, landed) -> None:
    before = landed(lake)
    path = lake.lake / Manifest(lake).ranges[FRAMES][0].files[0].path
    aside = path.with_suffix(".aside")
    shutil.move(path, aside)
    with pytest.raises(
        FileDamagedError, match=f"{path.name} cannot be read .*restore it from a copy; nothing was repl"
    ):
        again(lake)
    data = bytearray(aside.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(FileDamagedError, match="is not as it was written"):
        again(lake)
    assert landed(lake) == before


def test_frames_lost_before_they_were_landed_need_a_word(lake: Home, again: Again) -> None:
    manifest = Manifest(lake)
    log = manifest.ranges[FRAMES][0]
    manifest.append(
        Gap(
            topic=FRAMES,
            log_id=log.log_id,
            generation=log.generation,
            partition=log.partition,
            first_offset=10**6,
            last_offset=10**6 + 4,
            epoch=manifest.begin(),
        )
    )
    with pytest.raises(FramesLostError, match=r"^5 frames were lost .* --accept-loss"):
        again(lake)
    assert again(lake, accept_loss=True).differing == 0


def test_a_killed_process_is_said_and_nothing_counts(
    lake: Home, again: Again, landed, monkeypatch: pytest.MonkeyPatch, plant, rows_in_partition_of
) -> None:
    monkeypatch.setattr(plan, "SHARE_ROWS", 500)
    monkeypatch.setattr(plan, "GROUP_ROWS", 1)
    spoil(lake, plant, rows_in_partition_of)
    before = landed(lake)

    def kill(task: str, done: int, total: int) -> None:
        if done and task == "Replaying":
            for child in multiprocessing.active_children():
                child.kill()

    with pytest.raises(ReplayError, match="was killed"):
        again(lake, processes=2, progress=kill)
    assert landed(lake) == before
    assert again(lake).facts["sessions"].differing == 3


def test_processes_end_with_the_one_that_started_them(lake: Home, again: Again) -> None:
    program = f"""
import multiprocessing, sys, time
from pathlib import Path
from pipelines.home import Home
from pipelines.replay import plan
from pipelines.replay.run import replay
plan.SHARE_ROWS, plan.GROUP_ROWS = 500, 1

def hang(task, done, total):
    if task == "Replaying" and done:
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        time.sleep(60)

replay(Home(Path({str(lake.root)!r})), token_key=b"k", processes=2, progress=hang)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        children = [int(word) for word in started.stdout.readline().split()]
        started.kill()
    assert len(children) == 2
    deadline = time.monotonic() + 10
    while any(ports.alive(child) for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert again(lake).differing == 0, "the lock is free again"


def test_a_station_nobody_landed_and_a_home_in_use_are_refused(lake: Home, again: Again) -> None:
    with pytest.raises(plan.UnknownStationError, match="nothing of station 'CS-NONE' was landed"):
        again(lake, stations=["CS-NONE"])
    with lake.lock("pipeline"), pytest.raises(HomeBusyError):
        again(lake)
    with lake.share("worker"):
        with pytest.raises(WorkerRunsError, match="stop it, then replay"):
            again(lake)
        assert again(lake, is_dry=True).differing == 0, "a dry run disturbs nobody"


def test_an_empty_home_has_nothing_to_replay(home: Home, again: Again) -> None:
    outcome = again(home)
    assert (outcome.frames, outcome.stations, outcome.edition) == (0, 0, None)


def test_what_a_crashed_replay_left_is_cleaned_however_much(lake: Home, again: Again) -> None:
    for number in range(80):
        (files.folder(lake, "core__sessions") / f"{files.REPLAY}e0001-000-{number:04d}.parquet").write_bytes(b"left")
    assert files.sweep(Manifest(lake), age_s=-1) == 80


def test_a_kill_at_any_durable_step_leaves_everything_as_it_was_or_done(
    lake: Home, again: Again, tmp_path: Path, landed, plant, rows_in_partition_of
) -> None:
    spoil(lake, plant, rows_in_partition_of)
    before = landed(lake)
    command = [sys.executable, str(SWEEP), str(lake.root), str(tmp_path / "crashes")]
    swept = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert swept.returncode == 0, swept.stderr
    roots = sorted((tmp_path / "crashes").iterdir())
    assert len(roots) == json.loads(swept.stdout)["crashes"] + 1
    done = landed(Home(roots[-1]))
    assert len(done) == len(before) - len(Manifest(lake).current_states()) + 3, "two files of facts, one of states"
    seen = [landed(Home(root)) for root in roots]
    # the last step is the line on disk: a process that dies in it has written it, or the next reader drops it
    assert seen[:-2] == [before] * (len(roots) - 2)
    assert seen[-2] in (before, done)
    for root, was in list(zip(roots, seen, strict=True))[1::4]:
        assert again(Home(root)).differing == (0 if was == done else 5)
        files.sweep(Manifest(Home(root)), age_s=-1)
        assert files.verify(Home(root)) == []
        assert landed(Home(root)) == done, "the same bytes as without a crash"
        on_disk = {path.name for path in files.folder(Home(root), "core__sessions").glob(f"{files.REPLAY}*")}
        assert len(on_disk) == 1
