"""A landing that is killed anywhere loses nothing, doubles nothing, and the next one writes the same bytes."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from models.dead_letters import DeadLetter
from models.facts import Session
from models.log import DEAD_LETTERS
from models.reasons import Reason
from models.record import Kind, Meta
from pipelines.home import Home
from pipelines.lake import files, restore
from pipelines.lake.land import land
from pipelines.lake.manifest import Manifest, Merged

SWEEP = Path(__file__).with_name("crash_sweep.py")


def test_a_kill_at_any_durable_step_or_in_the_middle_of_a_line_changes_nothing_in_the_end(
    home: Home, tmp_path: Path, embedded_broker: str, open_log
) -> None:
    log = open_log(embedded_broker, 1)
    for ordinal in range(90):
        if ordinal in (10, 20, 25):
            log.flush()
            land(home, embedded_broker)
        kind = Kind.OPEN if ordinal % 45 == 0 else Kind.FRAME
        log.record(f"CP-{ordinal % 4}", Meta(kind, None, None, 1, None, ordinal, "a" * 16), b"x")
    fact = Session(version_generation=1, version_offset=1, session_id="s1", station_id="CP-1")
    log.fact("CP-1", fact)
    meta = Meta(Kind.FRAME, None, None, None, None, 99, "a" * 16)
    letter = DeadLetter(reason=Reason.UNREADABLE_LINE, detail="d", station_id=None, meta=meta, payload=b"p")
    log.send(DEAD_LETTERS, b"", b"p", letter.headers(), partition=0)
    log.states(0, {"CP-1": b"s"}, (1, 9))
    log.flush()

    command = [sys.executable, str(SWEEP), embedded_broker, str(home.root), str(tmp_path / "crashes")]
    swept = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert swept.returncode == 0, swept.stderr
    crashes = json.loads(swept.stdout)["crashes"]
    assert crashes > 40

    roots = sorted((tmp_path / "crashes").iterdir())
    assert len(roots) == crashes + 1
    expected = _seen(Home(roots[-1]))
    first = Manifest(Home(roots[-1])).ranges["ocpp.frames"][0]
    assert isinstance(first, Merged), "three small files and the rest of their fifty offsets became one"
    assert (first.first_offset, first.last_offset, len(first.replaces)) == (0, 49, 4)
    assert (
        sum(line.last_offset - line.first_offset + 1 for line in Manifest(Home(roots[-1])).ranges["ocpp.frames"]) == 90
    )
    for root in roots[:-1]:
        assert files.sweep(Manifest(Home(root)), age_s=-1) <= 1, "at most one temporary file is left by a crash"
        assert _seen(Home(root)) == expected, f"after crash {root.name}"
        assert files.verify(Home(root)) == []
        assert _offsets(Home(root)) == list(range(90)), "each record once, in the order of the log"


def _seen(home: Home) -> tuple[dict[str, str], list[tuple[object, ...]]]:
    """Every file with its digest, and every line of the manifest without its epoch."""
    digests = {
        str(path.relative_to(home.lake)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.lake.rglob("*.parquet")
    }
    manifest = Manifest(home)
    lines: list[tuple[object, ...]] = [("replaced", path) for path in manifest.replaced]
    lines += [
        (topic, line.partition, line.first_offset, line.last_offset, line.files)
        for topic, lines in sorted(manifest.ranges.items())
        for line in lines
    ]
    lines += [("states", line.is_full, line.ends, line.file) for line in manifest.states]
    return digests, lines


def _offsets(home: Home) -> list[int]:
    return [record.offset for record in restore.raw_after(home, {}, stations=lambda _: True)]
