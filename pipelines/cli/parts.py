"""`gateway`, `ocpi`, `worker`: one part in the foreground, until SIGTERM or SIGINT. Not here: what they do."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from pipelines import settings
from pipelines.broker import address, topics
from pipelines.cli import logs
from pipelines.home import Home
from pipelines.settings import Settings, TokenPrivacy
from pipelines.supervisor import announce


def gateway(host: str, port: int, upstream: str | None) -> None:
    """Run the OCPP gateway."""
    logs.of_part()
    found = settings.load()
    home, bootstrap = _log_of(found)
    from ingest.gateway.config import GatewayConfig
    from ingest.gateway.server import serve
    from ingest.producer import KafkaLogProducer

    config = GatewayConfig(
        journal=home.journal,
        token_key=home.token_key(),
        host=host,
        port=port,
        stations=settings.listed(found.gateway.stations),
        tokens=settings.listed(found.gateway.tokens),
        allow_no_subprotocol=found.gateway.allow_no_subprotocol,
        heartbeat_s=found.gateway.heartbeat_s,
        max_frame_bytes=found.gateway.max_frame_bytes,
        upstream=upstream,
    )
    config.check()
    producer = KafkaLogProducer(bootstrap)
    try:
        _until_told(serve(config, producer, ready=lambda url: _ready(home, "gateway", url)))
    finally:
        producer.close()
        announce.gone(home, "gateway")


def ocpi(host: str, port: int) -> None:
    """Run the OCPI receiver."""
    logs.of_part()
    found = settings.load()
    home, bootstrap = _log_of(found)
    from ingest.ocpi.config import OcpiConfig
    from ingest.ocpi.server import serve
    from ingest.producer import KafkaLogProducer
    from pipelines import ocpi_tokens

    config = OcpiConfig(
        tokens=ocpi_tokens.resolve(found, home, host),
        registrations=home.keys / "ocpi-partners.json",
        partitions=found.kafka.partitions,
        host=host,
        port=port,
    )
    config.check()
    producer = KafkaLogProducer(bootstrap)
    try:
        _until_told(serve(config, producer, ready=lambda url: _ready(home, "ocpi", url)))
    finally:
        producer.close()
        announce.gone(home, "ocpi")


def worker() -> None:
    """Run a stream worker."""
    found = settings.load()
    home, bootstrap = _log_of(found)
    from pipelines.streams.worker import run

    is_clear = found.privacy.tokens is TokenPrivacy.CLEAR
    run(home, bootstrap, token_key=None if is_clear else home.token_key())


def _log_of(found: Settings) -> tuple[Home, str]:
    """The home and the log; without a broker nothing is made."""
    home = found.locate_home()
    bootstrap = address.resolve(found, home)
    topics.ensure(bootstrap, found.kafka.partitions)
    return home.create(), bootstrap


def _ready(home: Home, part: str, url: str) -> None:
    announce.ready(home, part, url=url)
    print(url, flush=True)


def _until_told(serving: Coroutine[Any, Any, None]) -> None:
    async def main() -> None:
        task = asyncio.ensure_future(serving)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with suppress(asyncio.CancelledError):
            await task

    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
