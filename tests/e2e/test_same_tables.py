"""Live, replayed, replayed twice, live with kills: the same rows in every table."""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

from contents import tables

from pipelines.home import Home

SAP = "ocpp/sim_sap_emobility_16_201.jsonl"
CUT = 1_900


def test_every_way_to_the_facts_gives_the_same_tables(
    laddstrom: Any, eventually: Any, shared_data: Path, tmp_path: Path
) -> None:
    log = shared_data / SAP
    assert laddstrom.process(log)["whole_warehouse"]["sessions"] == 145 + 51
    live = tables(laddstrom.home)
    for _ in range(2):
        laddstrom.run("replay")
        laddstrom.run("build")
        assert tables(laddstrom.home) == live

    home = Home(tmp_path / "killed").create()
    # Pseudonyms, and ids made with them, come from the home's keys.
    shutil.copytree(laddstrom.home.root / "keys", home.root / "keys", dirs_exist_ok=True)
    killed = type(laddstrom)(home, tmp_path)
    lines = log.read_bytes().splitlines(keepends=True)
    halves = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    halves[0].write_bytes(b"".join(lines[:CUT]))
    halves[1].write_bytes(b"".join(lines[CUT:]))
    with killed.up("--land-every", 3) as up:
        for half in halves:
            killed.run("import", half)
            worker = up.pid("worker")
            os.kill(worker, signal.SIGKILL)
            assert eventually(lambda worker=worker: up.pid("worker") not in (None, worker)), up.said
        assert up.stop() == 0, up.said
    found = tables(killed.home)
    assert [table for table in live if found[table] != live[table]] == []
