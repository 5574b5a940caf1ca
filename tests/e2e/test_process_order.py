"""Parts of a log through `process`, cut, overlapping and in any order: the tables of the whole log (ADR 0014)."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from contents import tables

from pipelines.home import Home

SAP = "ocpp/sim_sap_emobility_16_201.jsonl"
SOLIDSTUDIO = "ocpp/sim_solidstudio_vcp_16_201_21.jsonl"
CSV_LOG = "ocpp/kwwhat_ocpp16_synthetic_14d.csv"
CASES = {
    # The first cut parts a StartTransaction from its answer, and this log names no directions.
    "monday_then_the_rest_in_parts": (CSV_LOG, [[(6_000, 9_348)], [(12_900, None)], [(9_348, 13_000), (0, 6_100)]]),
    "the_last_half_first": (SAP, [[(1_900, None), (0, 2_100)]]),
    "parts_in_no_order": (SOLIDSTUDIO, [[(200, None), (0, 80)], [(150, 250), (60, 160)]]),
}


def part(whole: Path, folder: Path, first: int, last: int | None) -> Path:
    """Some lines of a log as a file of its own, with the head of a CSV log."""
    lines = whole.read_text(encoding="utf-8").splitlines(keepends=True)
    head = lines[:1] if whole.suffix == ".csv" else []
    file = folder / f"{first}-{last}{whole.suffix}"
    file.write_text("".join([*head, *lines[len(head) :][first:last]]), encoding="utf-8")
    return file


@pytest.mark.parametrize("case", CASES)
def test_parts_of_a_log_give_the_tables_of_the_whole(
    laddstrom: Any, case: str, shared_data: Path, tmp_path: Path
) -> None:
    name, runs = CASES[case]
    laddstrom.process(shared_data / name)
    expected = tables(laddstrom.home)
    other = Home(tmp_path / "parts")
    other.create()
    # Pseudonyms, and ids made with them, come from the home's key.
    shutil.copytree(laddstrom.home.root / "keys", other.root / "keys", dirs_exist_ok=True)
    laddstrom.home = other
    laddstrom.environment["LADDSTROM_HOME"] = str(other.root)
    summaries = [
        laddstrom.process(*(part(shared_data / name, tmp_path, first, last) for first, last in ranges))
        for ranges in runs
    ]
    found = tables(laddstrom.home)
    assert [table for table in expected if found[table] != expected[table]] == []
    this_run = summaries[-1]["this_run"]
    assert this_run["late_frames"] > 0
    assert this_run["replayed"] > 0
    assert laddstrom.sql("select count(*) as waiting from core__late_frames where not is_replayed") == [{"waiting": 0}]


def test_the_same_files_once_more_are_not_late(laddstrom: Any, shared_data: Path, tmp_path: Path) -> None:
    files = [part(shared_data / SOLIDSTUDIO, tmp_path, *lines) for lines in ((150, None), (0, 160))]
    first = laddstrom.process(*files)["whole_warehouse"]
    assert (first["replayed"] > 0, first["sessions"]) == (True, 9)
    shown = laddstrom.run("process", "--again", *files).stdout
    assert "stations replayed for them" in shown
    again = laddstrom.process("--again", files[1])
    assert {
        name: again["this_run"][name] for name in ("landed", "late_frames", "replayed", "restated", "retracted")
    } == {
        "landed": 0,
        "late_frames": 0,
        "replayed": 0,
        "restated": 0,
        "retracted": 0,
    }
    assert again["whole_warehouse"] == first


def test_up_folds_late_frames_in_after_a_landing(
    laddstrom: Any, eventually: Any, shared_data: Path, tmp_path: Path
) -> None:
    newer, older = (part(shared_data / SOLIDSTUDIO, tmp_path, *lines) for lines in ((150, None), (0, 160)))
    with laddstrom.up("--land-every", 2) as up:
        laddstrom.run("import", newer)
        assert eventually(laddstrom.home.current.exists)
        laddstrom.run("import", older)
        assert eventually(lambda: laddstrom.sql("select count(*) as n from core__replays")[0]["n"] > 0, 60), up.said
        assert up.stop() == 0
    assert laddstrom.sql("select count(*) as waiting from core__late_frames where not is_replayed") == [{"waiting": 0}]
    found = laddstrom.sql("select count(*) as sessions, count(*) filter (not is_open) as closed from core__sessions")
    assert found == [{"sessions": 9, "closed": 9}]


def test_late_frames_that_a_run_left_behind_are_folded_in_by_the_next(
    laddstrom: Any, shared_data: Path, tmp_path: Path
) -> None:
    newer, older = (part(shared_data / SOLIDSTUDIO, tmp_path, *lines) for lines in ((150, None), (0, 160)))
    with laddstrom.up("--land-every", 1_000) as up:
        laddstrom.run("import", newer)
        laddstrom.run("import", older)
        assert up.stop() == 0
    assert laddstrom.sql("select count(*) as n from core__replays") == [{"n": 0}]
    summary = laddstrom.process(older)
    assert summary["files"][0]["is_skipped"]
    assert summary["this_run"]["replayed"] > 0
    assert summary["whole_warehouse"]["sessions"] == 9
    waiting = laddstrom.sql("select count(*) as waiting from core__late_frames where not is_replayed")
    assert waiting == [{"waiting": 0}]
