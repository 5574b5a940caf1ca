"""A receiver's clock: what the order of receipt rests on."""

import time

from ingest.gateway.recording import Run


def test_no_two_records_of_a_receiver_are_of_one_instant_even_when_its_clock_is_set_back(monkeypatch):
    run = Run()
    clock = iter([2_000_000_000, 2_000_000_000, 1_000_000_000, 3_000_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(clock))
    assert [run.now_us() for _ in range(4)] == [2_000_000, 2_000_001, 2_000_002, 3_000_000]
