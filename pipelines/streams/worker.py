"""The worker process: runs the Faust app until a signal comes or something fails. Not here: settings, brokers."""

import asyncio
import json
import logging
import os
import signal
import sys
from contextlib import suppress
from typing import Final

import uvloop

from models.step import Context
from pipelines.home import Home
from pipelines.streams.app import WorkerApp
from pipelines.streams.garbage import Garbage

_STOP_S: Final = 40.0
_STOP_AFTER_CRASH_S: Final = 5.0
_STOP_RESTATING_S: Final = 3.0
_RESTATE_S: Final = 0.5
_JOIN_S: Final = 60.0
"""A group is joined in 2 to 14 s; after this long something hangs, and a new process is the better try."""

_log = logging.getLogger("laddstrom.worker")


class WorkerError(RuntimeError):
    """The worker cannot go on; the message says why."""


def run(home: Home, bootstrap: str, *, token_key: bytes | None, flush_s: float = 1.0) -> None:
    """Fold `ocpp.frames` until SIGTERM or SIGINT; the topics exist already.

    Says "worker ready" on stderr and in `run/worker.json` once partitions are assigned and recovered.

    Raises:
        WorkerError: something failed; nothing unsaved is committed, so a restart loses nothing.
    """
    _log_to_stderr()
    home.create()
    garbage = Garbage()
    garbage.off()
    try:
        # Several workers may share the log; a replay must have the states for itself.
        with home.share("worker"), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(home, bootstrap, Context(token_key=token_key), flush_s, garbage))
    finally:
        garbage.on()
        (home.run / "worker.json").unlink(missing_ok=True)


async def _serve(home: Home, bootstrap: str, context: Context, flush_s: float, garbage: Garbage) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    status = Status(home)

    def on_ready() -> None:
        _log.info("worker ready")
        status.tell(ready=True, marked=app.write_behind.marked)

    def after_flush() -> None:
        garbage.collect()
        # Before the offsets are committed: whoever sees them committed sees this, too.
        status.tell(marked=app.write_behind.marked)

    app = WorkerApp(home, bootstrap, context, on_ready=on_ready, after_flush=after_flush)
    starting = asyncio.create_task(app.start())
    flushing = asyncio.create_task(_flush_regularly(app, stop, flush_s))
    restating = asyncio.create_task(_restate_regularly(app, status, stop))
    joining = asyncio.create_task(_join(app))
    crashed = asyncio.create_task(app._crashed.wait())
    try:
        await asyncio.wait([starting, crashed, flushing], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
        await asyncio.wait([crashed, flushing], return_when=asyncio.FIRST_COMPLETED)
    except Exception as error:  # noqa: BLE001 - becomes the reason that `run` raises
        await app.crash(error)
    stop.set()
    joining.cancel()
    await _end(restating, app)
    await _stop(app)
    if app.crash_reason is not None:
        raise WorkerError(str(app.crash_reason) or type(app.crash_reason).__name__) from app.crash_reason


async def _join(app: WorkerApp) -> None:
    try:
        await asyncio.wait_for(app.assigned.wait(), _JOIN_S)
    except TimeoutError:
        await app.crash(WorkerError(f"Kafka gave the worker no partitions within {_JOIN_S:.0f} s; restart it"))


async def _flush_regularly(app: WorkerApp, stop: asyncio.Event, flush_s: float) -> None:
    while not stop.is_set() and not app.crashed:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), flush_s)
        await app.guard(app.write_behind.flush())


async def _restate_regularly(app: WorkerApp, status: "Status", stop: asyncio.Event) -> None:
    while not stop.is_set() and not app.crashed:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _RESTATE_S)
        if not stop.is_set():
            await app.guard(app.restater.look())
            status.tell(marked=app.write_behind.marked, restating=app.restater.error)


async def _end(restating: asyncio.Task[None], app: WorkerApp) -> None:
    app.restater.stop()
    await asyncio.wait([restating], timeout=_STOP_RESTATING_S)
    restating.cancel()
    with suppress(asyncio.CancelledError):
        await restating


async def _stop(app: WorkerApp) -> None:
    try:
        await asyncio.wait_for(app.stop(), _STOP_AFTER_CRASH_S if app.crashed else _STOP_S)
    except Exception as error:  # noqa: BLE001 - becomes the reason that `run` raises, unless there is one
        if not app.crashed:
            await app.crash(error)


class Status:
    """`run/worker.json`: whether the worker is ready, and how many stations wait for a replay."""

    def __init__(self, home: Home) -> None:
        self._file = home.run / "worker.json"
        self._said: dict[str, object] = {"pid": os.getpid()}
        self.tell(ready=False, marked=0, restating=None)

    def tell(self, **what: object) -> None:
        """Say what is new; `restating` is why a replay failed."""
        said = self._said | what
        if said != self._said:
            temporary = self._file.with_suffix(".tmp")
            temporary.write_text(json.dumps(said), encoding="utf-8")
            temporary.replace(self._file)
            self._said = said


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("laddstrom").setLevel(logging.INFO)
