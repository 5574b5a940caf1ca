"""What Faust does between two assignments must cost no record: chunks that come early, states that come back."""

from collections.abc import Callable
from typing import Any

from pipelines.home import Home

FRAMES_SENT = 4_000
HALF = FRAMES_SENT // 2

SLOW = """
import asyncio
from pipelines.streams import transport, writebehind
_seek, _fold = transport.Consumer.perform_seek, writebehind.WriteBehind.fold
async def _seek_slowly(self):
    await _seek(self)
    await asyncio.sleep(0.5)
async def _fold_slowly(self, partition, chunk):
    await asyncio.sleep(1)
    await _fold(self, partition, chunk)
transport.Consumer.perform_seek, writebehind.WriteBehind.fold = _seek_slowly, _fold_slowly
"""
"""What a loaded machine does: time for a fetch between seek and flow, and for chunks to wait behind one another."""

COUNT_RECOVERED = """
import sys
from pipelines.streams import table
_apply = table.StationStore.apply_changelog_batch
def _tell(self, batch, **arguments):
    batch = list(batch)
    if batch:
        print("a recovered chunk is applied", file=sys.stderr, flush=True)
    _apply(self, batch, **arguments)
table.StationStore.apply_changelog_batch = _tell
"""


def test_what_is_fetched_before_the_flow_goes_on_is_folded(
    log: str, home: Home, start_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> None:
    # Faust resumes the partitions, seeks, and then empties every stream's queue: a chunk that came in between
    # was never folded, and nothing followed it to show the gap.
    kafka = open_log(log)
    kafka.feed(20, HALF)
    first = start_worker(home, log).wait_ready()
    kafka.wait_covered()
    assert first.stop() == 0
    truth = kafka.feed(20, FRAMES_SENT, skip=HALF)
    second = start_worker(home, log, prelude=SLOW).wait_ready()
    kafka.wait_covered()
    assert second.stop() == 0, second.said
    closed = [row for (topic, _), row in kafka.facts().items() if topic == "charging.sessions" and not row["is_open"]]
    assert sum(row["energy_wh"] for row in closed) == truth.energy_wh


def test_a_worker_does_not_read_back_the_states_it_writes(
    log: str, home: Home, start_worker: Callable[..., Any], open_log: Callable[[str], Any]
) -> None:
    # Read back late, an old state would overwrite a newer one's bytes.
    kafka = open_log(log)
    kafka.feed(20, HALF)
    worker = start_worker(home, log, prelude=COUNT_RECOVERED).wait_ready()
    kafka.wait_covered()
    kafka.feed(20, FRAMES_SENT, skip=HALF)
    kafka.wait_covered()
    assert worker.stop() == 0
    assert "a recovered chunk is applied" not in worker.said
    again = start_worker(home, log, prelude=COUNT_RECOVERED).wait_ready()
    assert again.stop() == 0
    assert "a recovered chunk is applied" in again.said
