"""The embedded broker's life."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from pipelines.broker import address, embedded, ports, topics
from pipelines.broker.errors import BrokerStartError, NoBrokerError
from pipelines.home import Home
from pipelines.settings import Settings

START_AND_SLEEP = """
import sys, time
from pathlib import Path
from pipelines.broker import embedded
from pipelines.home import Home
print(embedded.start(Home(Path(sys.argv[1]))).pid, flush=True)
time.sleep(600)
"""


def eventually(what: Callable[[], bool], within_s: float = 10) -> bool:
    deadline = time.monotonic() + within_s
    while not what() and time.monotonic() < deadline:
        time.sleep(0.05)
    return what()


def settings(home: Home, **kafka: object) -> Settings:
    return Settings.model_validate({"home": home.root, "kafka": kafka})


def test_a_started_broker_is_found_through_the_home_until_it_stops(home: Home) -> None:
    with pytest.raises(NoBrokerError, match="LADDSTROM_KAFKA__BOOTSTRAP_SERVERS"):
        address.resolve(settings(home), home)
    broker = embedded.start(home)
    try:
        said = json.loads((home.run / "kafka.json").read_text())
        assert said["address"] == broker.address == address.resolve(settings(home), home)
        assert said["pid"] == broker.pid
        assert broker.address.startswith("127.0.0.1:")
        topics.ensure(broker.address, 8)
        assert "listening" in (home.logs / "kafka.log").read_text()
    finally:
        broker.stop()
    broker.stop()
    assert not broker.alive
    assert not (home.run / "kafka.json").exists()


def test_a_setting_goes_before_the_embedded_broker(home: Home) -> None:
    broker = embedded.start(home)
    assert address.resolve(settings(home, bootstrap_servers="kafka.example:9092"), home) == "kafka.example:9092"
    broker.stop()


@pytest.mark.parametrize("content", ['{"address": "127.0.0.1:1", "pid": PID, "started": "x"}', "{", "[]", '{"pid": 1}'])
def test_a_stale_file_counts_as_no_broker(home: Home, content: str) -> None:
    (home.run / "kafka.json").write_text(content.replace("PID", str(os.getpid())))
    assert embedded.running(home) is None


def test_a_dead_pid_counts_as_no_broker(home: Home) -> None:
    broker = embedded.start(home)
    os.kill(broker.pid, signal.SIGKILL)
    broker.process.wait()
    assert (home.run / "kafka.json").exists()
    assert embedded.running(home) is None


def test_the_broker_dies_with_its_parent_even_by_sigkill(home: Home) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", START_AND_SLEEP, str(home.root)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert ports.alive(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: not ports.alive(pid))
    assert embedded.running(home) is None


def test_a_program_that_ends_at_once_is_reported_with_its_words(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    program = home.root / "broken"
    program.write_text("#!/bin/sh\necho no memory left >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("CALF_TANSU_BIN", str(program))
    with pytest.raises(BrokerStartError, match="no memory left"):
        embedded.start(home)


def test_topics_of_a_restarted_broker_have_other_identities(home: Home) -> None:
    seen = set()
    for _ in range(2):
        broker = embedded.start(home)
        topics.ensure(broker.address, 1)
        seen.add(topics.topic_id(broker.address, "ocpp.frames"))
        broker.stop()
    assert len(seen) == 2
