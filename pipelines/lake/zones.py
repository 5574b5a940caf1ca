"""The zones that imported logs told, kept for logs that tell none. Not here: how a log tells it (`ingest`)."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from ingest.imports.zones import Told, Zones, settle
from pipelines.home import Home
from pipelines.lake import manifest

_log = logging.getLogger(__name__)
_KNOWN: Final = msgspec.json.Decoder(dict[str, list[Told]])


def remember(home: Home, logs: Sequence[Zones]) -> None:
    """Let logs of one import tell each other, be told what earlier ones told, and keep that."""
    path = home.lake / "zones.json"
    before = _read(path)
    known = settle(logs, before)
    if known != before:
        draft = path.with_suffix(f".{os.getpid()}")
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(known))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        manifest.sync_folder(path.parent)


def _read(path: Path) -> dict[str, list[Told]]:
    try:
        return _KNOWN.decode(path.read_bytes())
    except FileNotFoundError:
        return {}
    except msgspec.DecodeError:
        _log.warning("%s cannot be read: what earlier logs told of their zones is not known any more.", path)
        return {}
