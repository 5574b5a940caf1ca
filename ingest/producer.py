"""Writing to the Kafka log: a small protocol, and kafka-python behind it. Not here: what the records mean.

No timestamps are passed on. kafka-python then stamps each record with this machine's clock (the message
format has no empty timestamp); topics created by us take the broker's append time, and nothing here or
downstream reads either of them.
"""

import socket
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol

from kafka import KafkaProducer
from kafka.errors import KafkaError

from models.log import DEAD_LETTERS, DEAD_LETTERS_MAX_BYTES, MAX_PAYLOAD_BYTES

OnDone = Callable[[Exception | None], None]

BATCH_BYTES: Final = 256 << 10
RECORD_OVERHEAD_BYTES: Final = 1 << 10
"""What one waiting record costs beside its bytes: kafka-python keeps a future with its lock for each."""
BESIDE_BYTES: Final = 32 << 10
"""Most bytes of key and headers: brokers count them towards a topic's limit, `MAX_PAYLOAD_BYTES` does not."""


class DeliveryError(RuntimeError):
    """Something sent is not known to be in the log."""


class RecordTooLargeError(DeliveryError):
    """A record above what its topic takes; nothing was sent. The embedded broker would not have said so."""


class BufferFullError(DeliveryError):
    """The broker takes records more slowly than they come, or not at all; this one was not sent."""


class Producer(Protocol):
    """What sources need of the log. Safe to call from several threads."""

    def send(
        self,
        topic: str,
        key: bytes,
        value: bytes,
        headers: Sequence[tuple[str, bytes]] = (),
        *,
        partition: int | None = None,
        on_done: OnDone | None = None,
    ) -> None:
        """Hand over one record; order within a partition is the order of the calls.

        `on_done` is called from the client's thread with None once every in-sync replica has the record,
        else with the error. It must be quick and must neither raise nor send. Raises `DeliveryError` where
        the record cannot even be taken; `on_done` is not called then.
        """
        ...

    def flush(self, timeout_s: float = 30.0) -> None:
        """Wait for all that was sent before this call.

        Raises `DeliveryError` if any record sent since the last flush failed, or is unsettled by then.
        """
        ...

    def close(self) -> None:
        """Wait for what is on its way, then let go of the connections. Never raises; a second call does nothing."""
        ...


class KafkaLogProducer(Producer):
    """kafka-python, idempotent, acks=all, lz4, with the bounded buffer that kafka-python 3 lacks.

    Args:
        bootstrap_servers: Kafka addresses, comma-separated.
        linger_ms: How long a batch may wait for company.
        buffer_bytes: Most bytes on their way; `send` waits above it.
        block_s: How long `send` waits for room, and for the partitions of a topic it has not met before; so
            not for an event loop's own thread.
        delivery_s: When a record that the broker does not acknowledge is given up.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        linger_ms: int = 5,
        buffer_bytes: int = 64 << 20,
        block_s: float = 30.0,
        delivery_s: float = 30.0,
    ) -> None:
        self._buffer_bytes = buffer_bytes
        self._block_s = block_s
        self._delivery_s = delivery_s
        self._changed = threading.Condition()
        self._waiting_bytes = 0
        self._epoch = 0
        self._waiting: dict[int, int] = {0: 0}
        self._first_failure: Exception | None = None
        self._failed_unflushed = 0
        self._closed = False
        self.failed = 0
        self._connect = partial(_client, bootstrap_servers, linger_ms, int(block_s * 1000), int(delivery_s * 1000))
        self._renewing = threading.Lock()
        self._client = self._connect()

    def send(
        self,
        topic: str,
        key: bytes,
        value: bytes,
        headers: Sequence[tuple[str, bytes]] = (),
        *,
        partition: int | None = None,
        on_done: OnDone | None = None,
    ) -> None:
        """See `Producer.send`."""
        size = _checked_size(topic, key, value, headers) + RECORD_OVERHEAD_BYTES
        client = self._usable_client()
        epoch = self._take_room(size)
        try:
            future = client.send(topic, key=key, value=value, headers=list(headers), partition=partition)
        except (KafkaError, ValueError) as error:
            self._give_back(epoch, size)
            raise DeliveryError(_topic_sentence(topic, error)) from error
        future.add_both(self._settled, epoch, size, on_done)

    def flush(self, timeout_s: float = 30.0) -> None:
        """See `Producer.flush`. The linger is short enough to be waited for."""
        with self._changed:
            epoch = self._epoch
            self._epoch += 1
            self._waiting[self._epoch] = 0
            done = self._changed.wait_for(lambda: self._settled_up_to(epoch), timeout_s)
            failed, self._failed_unflushed = self._failed_unflushed, 0
            first, self._first_failure = self._first_failure, None
            if not self._waiting.get(epoch):
                self._waiting.pop(epoch, None)
            if not done:
                left = sum(count for started, count in self._waiting.items() if started <= epoch)
                raise DeliveryError(
                    f"Kafka has not acknowledged {left} records within {timeout_s:g} s; is the broker up?"
                )
        if failed:
            raise DeliveryError(f"Kafka did not take {failed} records; the first said: {first!r}") from first

    def close(self) -> None:
        """See `Producer.close`. Everything is either acknowledged or given up within `delivery_s`."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._settled_up_to(self._epoch), self._delivery_s + 5)
        _let_go(self._client, timeout_s=5)

    def _usable_client(self) -> KafkaProducer:
        """The client; a new one in place of one that will never send again. All that the old one had was reported."""
        if _is_beyond_repair(self._client):
            with self._renewing:
                if _is_beyond_repair(self._client) and not self._closed:
                    _let_go(self._client, timeout_s=2)
                    self._client = self._connect()
        return self._client

    def _take_room(self, size: int) -> int:
        with self._changed:
            if not self._changed.wait_for(lambda: self._closed or self._has_room(size), self._block_s):
                raise BufferFullError(
                    f"{self._waiting_bytes} bytes wait for Kafka's acknowledgement and none leave; is the broker up?"
                )
            if self._closed:
                raise DeliveryError("the producer is closed; nothing more can be sent through it")
            self._waiting_bytes += size
            self._waiting[self._epoch] += 1
            return self._epoch

    def _has_room(self, size: int) -> bool:
        # a record larger than the whole buffer goes alone
        return self._waiting_bytes == 0 or self._waiting_bytes + size <= self._buffer_bytes

    def _give_back(self, epoch: int, size: int) -> None:
        with self._changed:
            self._waiting_bytes -= size
            self._waiting[epoch] -= 1
            if self._waiting[epoch] == 0 and epoch != self._epoch:
                del self._waiting[epoch]
            self._changed.notify_all()

    def _settled(self, epoch: int, size: int, on_done: OnDone | None, outcome: object) -> None:
        error = outcome if isinstance(outcome, Exception) else None
        if error is not None:
            with self._changed:
                self.failed += 1
                self._failed_unflushed += 1
                self._first_failure = self._first_failure or error
        try:
            if on_done is not None:
                on_done(error)
        finally:
            self._give_back(epoch, size)

    def _settled_up_to(self, epoch: int) -> bool:
        return not any(count for started, count in self._waiting.items() if started <= epoch)


def _is_beyond_repair(client: KafkaProducer) -> bool:
    """Whether the client is in the state that its authors leave to "close the producer".

    It gets there when a broker that forgot it (replaced at the same address) refuses its producer id. There is
    no public way to ask; a test sees to it that this one goes on answering.
    """
    return bool(client._transaction_manager.has_fatal_error())


def _let_go(client: KafkaProducer, timeout_s: float) -> None:
    try:
        client.close(timeout=timeout_s)
    except KafkaError:
        # what is still on its way was reported or will be by on_done; the client's thread ends with the process
        return


def _client(bootstrap_servers: str, linger_ms: int, block_ms: int, delivery_ms: int) -> KafkaProducer:
    _check_listening(bootstrap_servers)
    try:
        return KafkaProducer(
            bootstrap_servers=bootstrap_servers.split(","),
            client_id="laddstrom",
            enable_idempotence=True,
            acks="all",
            compression_type="lz4",
            linger_ms=linger_ms,
            batch_size=BATCH_BYTES,
            max_request_size=DEAD_LETTERS_MAX_BYTES,
            delivery_timeout_ms=delivery_ms,
            request_timeout_ms=max(1, min(10_000, delivery_ms - linger_ms - 1)),
            max_block_ms=max(1, block_ms),
            bootstrap_timeout_ms=10_000,
            allow_auto_create_topics=False,
            # a broker that is back must be found again soon: chargers wait for their answers
            reconnect_backoff_max_ms=1_000,
            metrics_enabled=False,
        )
    except KafkaError as error:
        raise DeliveryError(_no_broker(bootstrap_servers, error)) from error


def _checked_size(topic: str, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]]) -> int:
    beside = len(key) + sum(len(name) + len(content) for name, content in headers)
    limit = DEAD_LETTERS_MAX_BYTES - 2 * BESIDE_BYTES if topic == DEAD_LETTERS else MAX_PAYLOAD_BYTES
    if len(value) > limit or beside > BESIDE_BYTES:
        raise RecordTooLargeError(
            f"a record of {len(value)} bytes with {beside} bytes of key and headers is above what {topic} takes "
            f"({limit} and {BESIDE_BYTES})"
        )
    return len(value) + beside


def _check_listening(bootstrap_servers: str) -> None:
    # asked first: kafka-python logs every refused attempt and leaves its sockets open
    error: Exception = ValueError("no address")
    for server in bootstrap_servers.split(","):
        host, _, port = server.strip().rpartition(":") if ":" in server else (server.strip(), "", "9092")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=5):
                return
        except (OSError, ValueError, OverflowError) as refused:
            error = refused
    raise DeliveryError(_no_broker(bootstrap_servers, error)) from error


def _no_broker(bootstrap_servers: str, error: Exception) -> str:
    return (
        f"no Kafka broker answers at {bootstrap_servers} ({type(error).__name__}); "
        "start one or set LADDSTROM_KAFKA__BOOTSTRAP_SERVERS, such as 127.0.0.1:9092"
    )


def _topic_sentence(topic: str, error: Exception) -> str:
    return f"Kafka does not take records for {topic} ({type(error).__name__}: {error}); does the topic exist?"
