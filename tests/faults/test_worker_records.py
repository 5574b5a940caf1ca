"""Records no charger of ours wrote, and defects of our own: set aside, and the partition goes on."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from models.dead_letters import DeadLetter
from models.log import DEAD_LETTERS
from models.reasons import Reason
from models.record import Meta
from pipelines.home import Home


def _meta(ordinal: int, kind: str = "frame") -> tuple[str, bytes]:
    return "meta", Meta(kind, "cp-to-csms", "ocpp1.6", 1_795_237_375_000_000 + ordinal, None, ordinal, "test").encode()


BOOT = b'[2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'


def test_what_cannot_be_read_becomes_a_dead_letter_and_the_partition_goes_on(
    log: str, home: Home, start_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> None:
    kafka = open_log(log)
    kafka.send(None, b"no key", _meta(0))
    kafka.send(b"", b"empty key", _meta(1))
    kafka.send(b"\xff\xfe", b"key is not text", _meta(2))
    kafka.send(b"\x00position", b"our own marker's key", _meta(3))
    kafka.send(b"ST-1", b"no header")
    kafka.send(b"ST-1", b"bad header", ("meta", b"one two"))
    kafka.send(b"ST-1", b"not ascii", ("meta", "frame é - - - 1 test".encode()))
    kafka.send(b"ST-1", b"ordinal too wide", ("meta", f"frame - - - - {10**30} test".encode()))
    kafka.send(b"ST-1", b"time too wide", ("meta", f"frame - - {10**30} - 1 test".encode()))
    kafka.send(b"ST-1", b"an OCPI object", _meta(4, "put"))
    kafka.send(b"ST-1", None, _meta(5))
    kafka.send(b"ST-1", b"\xff not UTF-8", _meta(6))
    kafka.send(b"ST-1", BOOT, _meta(7), ("other", b"header"))
    worker = start_worker(home, log).wait_ready()
    kafka.wait_covered()
    assert worker.stop() == 0, worker.said
    letters = [_letter(record) for record in kafka.read(DEAD_LETTERS)]
    unreadable = [letter for letter in letters if letter.reason is Reason.INVALID_META]
    assert [letter.offset for letter in unreadable] == list(range(10))
    assert [letter.payload for letter in unreadable][:2] == [b"no key", b"empty key"]
    assert len({letter.dead_letter_id for letter in letters}) == len(letters) == 12
    assert [letter.station_id for letter in unreadable] == [None] * 4 + ["ST-1"] * 6
    assert ("charging.stations", "ST-1") in kafka.facts(), "the last record was folded"
    assert "Traceback" not in worker.said


def test_a_defect_of_the_step_costs_one_record_and_its_words_stay_inside(
    log: str, home: Home, tmp_path: Path, open_log: Callable[[str], Any]
) -> None:
    kafka = open_log(log)
    kafka.send(b"ST-1", b"poison", _meta(0))
    kafka.send(b"ST-1", BOOT, _meta(1))
    script = """
import sys
from pathlib import Path
from models import step
real = step.step
def defective(state, record, context):
    if record.payload == b"poison":
        raise KeyError("CARD0000042")
    return real(state, record, context)
step.step = defective
from pipelines.home import Home
from pipelines.streams.worker import run
run(Home(Path(sys.argv[1])), sys.argv[2], token_key=None, flush_s=0.1)
"""
    said = tmp_path / "worker.log"
    with said.open("wb") as stderr:
        process = subprocess.Popen([sys.executable, "-c", script, str(home.root), log], stderr=stderr)
    try:
        deadline = time.monotonic() + 40
        while not kafka.read("charging.stations"):
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.2)
    finally:
        process.terminate()
        assert process.wait(45) == 0
    (record,) = kafka.read(DEAD_LETTERS)
    letter = _letter(record)
    assert (letter.reason, letter.detail, letter.payload) == (Reason.STEP_FAILED, "KeyError", b"poison")
    assert "CARD" not in said.read_text()


def test_a_payload_too_large_for_a_dead_letter_is_named_without_it(
    log: str, home: Home, start_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> None:
    kafka = open_log(log)
    kafka.send(b"ST-1", b"x" * ((8 << 20) + 100_000))
    worker = start_worker(home, log).wait_ready()
    kafka.wait_covered()
    assert worker.stop() == 0, worker.said
    (record,) = kafka.read(DEAD_LETTERS)
    assert record.value == b""
    assert "8488608 bytes" in _letter(record).detail


def _letter(record: Any) -> DeadLetter:
    return DeadLetter.decode(record.key, record.value, dict(record.headers))
