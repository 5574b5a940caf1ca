"""One station id, two connections: one of them always works."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed

SILENT_STATION = """
import sys
from websockets.sync.client import connect
with connect(sys.argv[1], subprotocols=["ocpp1.6"], proxy=None, legacy=True) as station:
    station.send('[2,"1","Heartbeat",{}]')
    print(station.recv(10), flush=True)
    station.recv()
"""


@pytest.fixture
def frozen(gateway):
    """Makes a station whose process is stopped: its socket stays open, and nobody answers on it."""
    processes = []

    def freeze(station):
        process = subprocess.Popen(
            [sys.executable, "-c", SILENT_STATION, f"{gateway.url}/{station}"], stdout=subprocess.PIPE
        )
        processes.append(process)
        assert process.stdout.readline().startswith(b"[3,")
        os.kill(process.pid, signal.SIGSTOP)
        # A signal takes a while on a busy machine, and a station that is not stopped yet answers.
        os.waitpid(process.pid, os.WUNTRACED)

    yield freeze
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_live_incumbent_is_kept_and_the_newcomer_is_closed(gateway):
    with gateway.connect("live") as incumbent:
        assert gateway.call(incumbent, "Heartbeat", {})[0] == 3
        with gateway.connect("live") as newcomer:
            with pytest.raises(ConnectionClosed) as closed:
                newcomer.recv(10)
            assert closed.value.rcvd.code == 1008
        assert gateway.call(incumbent, "Heartbeat", {})[0] == 3


def test_an_incumbent_that_does_not_answer_is_replaced(gateway, log, frozen):
    frozen("dead")
    began = time.monotonic()
    with gateway.connect("dead") as newcomer:
        assert gateway.call(newcomer, "Heartbeat", {})[0] == 3
        assert time.monotonic() - began < 6
        with gateway.connect("dead") as third, pytest.raises(ConnectionClosed):
            third.recv(10)
        assert gateway.call(newcomer, "Heartbeat", {})[0] == 3
    entries = log.wait_for_close("dead", 2)
    kinds = [entry.meta.kind for entry in entries if entry.meta.kind != "frame"]
    assert kinds == ["open", "close", "open", "close"], "the old connection's records end before the new one's begin"


def test_after_the_incumbent_left_the_id_is_free(gateway):
    for _ in range(3):
        with gateway.connect("leaving") as station:
            assert gateway.call(station, "Heartbeat", {})[0] == 3


def test_of_a_crowd_of_newcomers_exactly_one_works(gateway, frozen):
    frozen("crowded")
    working, done = [], threading.Event()

    def try_it():
        try:
            with gateway.connect("crowded") as station:
                gateway.call(station, "Heartbeat", {})
                working.append(station)
                done.wait(10)
        except (ConnectionClosed, EOFError):
            pass

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(4)
    done.set()
    for thread in threads:
        thread.join()
    assert len(working) == 1


def test_a_newcomer_that_is_refused_leaves_no_record(gateway, log):
    with gateway.connect("unseen") as incumbent:
        with gateway.connect("unseen") as newcomer, pytest.raises(ConnectionClosed):
            newcomer.recv(10)
        assert gateway.call(incumbent, "Heartbeat", {})[0] == 3
    entries = log.wait_for_close("unseen")
    assert [entry.meta.kind for entry in entries] == ["open", "frame", "frame", "close"]
