"""Awaiting acknowledgements on an event loop, with a real producer and a real broker."""

import asyncio
import gc
import os
import signal

import pytest

from ingest.acks import AckedLog, LogUnavailableError
from ingest.producer import KafkaLogProducer
from models.log import FRAMES, MAX_PAYLOAD_BYTES
from pipelines.broker import embedded, topics
from pipelines.home import Home

# kafka-python forgets sockets of attempts that were refused; they are collected while their test runs
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture
def broker(tmp_path):
    running = embedded.start(Home(tmp_path))
    topics.ensure(running.address, 8)
    yield running
    os.kill(running.pid, signal.SIGCONT)
    running.stop()
    gc.collect()


def with_log(broker, steps, **settings):
    """Run steps with a log on the broker."""

    async def main():
        producer = KafkaLogProducer(broker.address, delivery_s=3)
        log = AckedLog(producer, **settings)
        try:
            return await steps(log)
        finally:
            await log.close(10)
            await asyncio.to_thread(producer.close)

    return asyncio.run(main())


def test_what_settled_is_in_the_log_and_many_settle_together(broker):
    async def steps(log):
        await log.settle([log.send(FRAMES, b"CP", str(number).encode(), []) for number in range(500)])
        return log.admits

    assert with_log(broker, steps)
    assert sum(topics.end_offsets(broker.address, [FRAMES]).values()) == 500


def test_a_record_that_is_too_large_fails_alone(broker):
    async def steps(log):
        large = log.send(FRAMES, b"CP", b"x" * (MAX_PAYLOAD_BYTES + 1), [])
        with pytest.raises(LogUnavailableError, match="RecordTooLargeError"):
            await log.settle([large])
        assert log.admits
        await log.settle([log.send(FRAMES, b"CP", b"small", [])])

    with_log(broker, steps)


def test_too_much_on_its_way_fails_at_once_and_nothing_more_is_admitted_until_it_settled(broker):
    async def steps(log):
        first = log.send(FRAMES, b"CP", b"x" * 900, [])
        with pytest.raises(LogUnavailableError, match="too much"):
            await log.settle([log.send(FRAMES, b"CP", b"x" * 900, [])])
        assert not log.admits
        await log.settle([first])
        assert log.admits

    with_log(broker, steps, max_outstanding_bytes=1000)


def test_a_silent_broker_is_noticed_in_time_and_its_return_too(broker):
    async def steps(log):
        await log.settle([log.send(FRAMES, b"CP", b"1", [])])
        os.kill(broker.pid, signal.SIGSTOP)
        late = log.send(FRAMES, b"CP", b"2", [])
        with pytest.raises(LogUnavailableError, match=r"0\.3 s"):
            await log.settle([late])
        assert not log.admits
        os.kill(broker.pid, signal.SIGCONT)
        await late
        assert log.admits

    with_log(broker, steps, timeout_s=0.3)


def test_after_everything_was_given_up_one_more_try_is_admitted(broker):
    async def steps(log):
        await log.settle([log.send(FRAMES, b"CP", b"1", [])])
        os.kill(broker.pid, signal.SIGSTOP)
        lost = log.send(FRAMES, b"CP", b"2", [])
        assert log.admits
        with pytest.raises(LogUnavailableError):
            await log.settle([lost])
        assert log.admits, "nothing is on its way that could tell whether Kafka is back"
        again = log.send(FRAMES, b"CP", b"3", [])
        assert not log.admits
        os.kill(broker.pid, signal.SIGCONT)
        await asyncio.wait([again])

    with_log(broker, steps, timeout_s=10)
