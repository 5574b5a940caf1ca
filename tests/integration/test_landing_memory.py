"""Many records: memory is that of one file, whatever waits in the log."""

import json
import subprocess
import sys
from pathlib import Path

from ingest.producer import KafkaLogProducer
from models.log import FRAMES
from models.record import Kind, Meta
from pipelines.broker import topics

LAND = """
import json, resource, sys
from pathlib import Path
from pipelines.home import Home
from pipelines.lake.land import land
from pipelines.lake import files, restore
home = Home(Path(sys.argv[1]))
landed = land(home, sys.argv[2])
count = sum(1 for _ in restore.raw_after(home, {}, stations=lambda _: True))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
print(json.dumps({"rows": landed.total_rows, "back": count, "files": landed.files, "peak_mb": peak}))
"""


def _land(root: Path, address: str) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "-c", LAND, str(root), address], capture_output=True, text=True, timeout=200, check=True
    )
    said: dict[str, int] = json.loads(done.stdout)
    return said


def test_twice_the_records_take_no_more_memory(embedded_broker: str, tmp_path: Path) -> None:
    topics.ensure(embedded_broker, 1)
    producer = KafkaLogProducer(embedded_broker)
    payload = bytes(range(256)) * 2
    landed = []
    for part in range(2):
        for ordinal in range(part * 100_000, part * 100_000 + 100_000):
            meta = Meta(Kind.FRAME, "cp-to-csms", "ocpp1.6", ordinal, None, ordinal, "a" * 16)
            producer.send(FRAMES, b"CP-%d" % (ordinal % 50), payload, [("meta", meta.encode())])
        producer.flush()
        landed.append(_land(tmp_path / f"home-{part}", embedded_broker))
    producer.close()
    assert [(found["rows"], found["back"], found["files"]) for found in landed] == [
        (100_000, 100_000, 1),
        (200_000, 200_000, 2),
    ]
    peaks = [found["peak_mb"] for found in landed]
    assert peaks[1] < peaks[0] * 1.3, f"peak memory {peaks} MiB"
