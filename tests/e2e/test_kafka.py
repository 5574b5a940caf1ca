"""`laddstrom kafka`: Apache Kafka with one command."""

import signal
import subprocess
from typing import Any

from pipelines.broker import topics


def test_it_prints_the_setting_and_keeps_what_it_holds(laddstrom: Any, apache_broker: str) -> None:
    # apache_broker: only to skip where Java or Maven is missing
    identities = set()
    for _ in range(2):
        running = laddstrom.start("kafka", "--port", 0, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            name, _, address = running.stdout.readline().strip().removeprefix("export ").partition("=")
            assert name == "LADDSTROM_KAFKA__BOOTSTRAP_SERVERS"
            topics.ensure(address, 2)
            identities.add(topics.topic_id(address, "ocpp.frames"))
            running.send_signal(signal.SIGTERM)
            _, said = running.communicate(timeout=30)
            assert running.returncode == 0, said
        finally:
            running.kill()
    assert len(identities) == 1
