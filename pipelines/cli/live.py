"""`up` and `kafka`: what runs in the foreground and holds subprocesses. Not here: supervising (`supervisor.live`)."""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import typer

from pipelines import ocpi_tokens, settings
from pipelines.cli import logs
from pipelines.home import Home
from pipelines.settings import Settings
from pipelines.supervisor.live import Live, Options


def up(
    host: str, gateway_port: int, ocpi_port: int, land_every_s: float, ready_file: Path | None, upstream: str | None
) -> None:
    """Run the live pipeline until a signal; a second one ends it at once."""
    logs.quiet()
    found = settings.load()
    _check(found, host, upstream, ready_file)
    home = found.open_home()
    options = Options(host, gateway_port, ocpi_port, land_every_s, ready_file, upstream)
    with home.lock("pipeline"):
        _show_ocpi_token(found, home, host)
        live = Live(found, home, options, _say)
        signals: list[int] = []

        def on_signal(number: int, frame: FrameType | None) -> None:
            signals.append(number)
            if len(signals) > 1:
                live.kill()
                _say("Ended at once; frames that were not landed are in the log, if it is a durable one.")
                os._exit(1)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, on_signal)
        live.run(lambda: bool(signals))


def kafka(port: int, data: Path | None) -> None:
    """Run Apache Kafka until a signal."""
    logs.quiet()
    found = settings.load()
    from pipelines.broker import apache
    from pipelines.broker.errors import VARIABLE

    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: signals.append(number))
    running = apache.start(data.absolute() if data else found.open_home().root / "kafka", port=port, say=_say)
    try:
        print(f"export {VARIABLE}={running.address}", flush=True)
        _say(f"Kafka runs (process {running.pid}, log {running.log}); Ctrl-C stops it.")
        while not signals and running.process.poll() is None:
            time.sleep(0.2)
    finally:
        running.stop()
    if not signals:
        _say(f"Error: Kafka ended with exit code {running.process.returncode}; see {running.log}")
        raise typer.Exit(1)


def _check(found: Settings, host: str, upstream: str | None, ready_file: Path | None) -> None:
    """What would make a part refuse to start is said here, before anything is started."""
    from ingest.gateway.config import GatewayConfig

    if ready_file is not None and not ready_file.absolute().parent.is_dir():
        raise typer.BadParameter(f"the folder of {ready_file} does not exist")

    GatewayConfig(
        journal=Path(),
        token_key=b"",
        host=host,
        stations=settings.listed(found.gateway.stations),
        max_frame_bytes=found.gateway.max_frame_bytes,
        upstream=upstream,
    ).check()


def _show_ocpi_token(found: Settings, home: Home, host: str) -> None:
    tokens = ocpi_tokens.resolve(found, home, host)
    if ocpi_tokens.configured(found) is None:
        _say(f"OCPI token of this home (LADDSTROM_OCPI__TOKENS is not set): {', '.join(tokens)}")


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
