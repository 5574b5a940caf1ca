"""What a log leaves out, told from its frames: who spoke, and which OCPP version. Not here: reading lines.

Only a frame's head (type, message id, action) and its top-level names are looked at; the frame may be
anything, and what cannot be told stays unknown.
"""

import re
from collections import OrderedDict
from typing import Final, NamedTuple

from ingest.imports.actions import CSMS_CALLS, ONLY_V2X, ONLY_V16, ONLY_V21, TELLING_NAMES
from models.ocpp.versions import V16, V21, V201
from models.record import Direction

CALL, RESULT, ERROR, RESULT_ERROR, SEND = "2", "3", "4", "5", "6"

_HEAD: Final = re.compile(rb'\s*\[\s*([2-6])\s*,\s*"((?:[^"\\]|\\.){0,255})"(?:\s*,\s*"(\w{1,64})")?')
_KEPT_CALLS: Final = 100_000
"""Open calls remembered in all: unanswered ones of a long log must not fill the memory."""

_V2X: Final = "2.x"


class Head(NamedTuple):
    """A frame's first words; the action is empty in an answer."""

    type: str
    message_id: bytes
    action: str


def head(frame: bytes) -> Head | None:
    """The head of a frame, null where it has none."""
    match = _HEAD.match(frame)
    if match is None:
        return None
    return Head(match[1].decode("ascii"), match[2], (match[3] or b"").decode("utf-8", "replace"))


class Directions:
    """Who spoke, frame by frame in the order of the log: an answer goes against its newest open call."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, bytes], tuple[str, ...]] = OrderedDict()

    def of(self, station_id: str, frame: bytes, given: str | None) -> str | None:
        """The direction: the given one, else the inferred one; null for an answer to nothing."""
        if (start := head(frame)) is None:
            return given
        key = station_id, start.message_id
        if start.type in (CALL, SEND):
            spoken = given or (Direction.CSMS_TO_CP if start.action in CSMS_CALLS else Direction.CP_TO_CSMS)
            if start.type == CALL:
                self._remember(key, spoken)
            return str(spoken)
        if start.type == RESULT_ERROR:
            # 2.1: the caller says that the answer it got was bad; the call itself is answered already
            return given
        return given or self._against(key)

    def _remember(self, key: tuple[str, bytes], direction: str) -> None:
        # both sides may use one id at once; more than a few under one id are repeats that nobody answered
        self._open[key] = (*self._open.pop(key, ())[-3:], direction)
        if len(self._open) > _KEPT_CALLS:
            self._open.popitem(last=False)

    def _against(self, key: tuple[str, bytes]) -> str | None:
        calls = self._open.pop(key, ())
        if not calls:
            return None
        if len(calls) > 1:
            self._open[key] = calls[:-1]
        return str(Direction.CSMS_TO_CP if calls[-1] == Direction.CP_TO_CSMS else Direction.CP_TO_CSMS)


class Versions:
    """Which OCPP version each station speaks, gathered over the whole file before its records are sent."""

    def __init__(self, seen: dict[str, dict[str, None]] | None = None) -> None:
        self._seen = {} if seen is None else seen
        self._current: dict[str, str] = {}

    def from_the_start(self) -> "Versions":
        """The same evidence for another reading of the log."""
        return Versions(self._seen)

    def learn(self, station_id: str, frame: bytes, given: str | None) -> None:
        """Take one line's evidence."""
        if evidence := given or told(frame):
            self._seen.setdefault(station_id, {})[evidence] = None

    def of(self, station_id: str, frame: bytes, given: str | None) -> str | None:
        """One record's version, in the order of the log.

        The given one; else what the frame shows; else the station's newest before it, or its first in the file;
        else null: what other stations speak says nothing, and another file may tell (`models.order.unsaid`).
        """
        seen = self._seen.get(station_id, {})
        version = given or _resolved(told(frame), seen)
        if version is not None:
            self._current[station_id] = version
            return version
        if station_id in self._current:
            return self._current[station_id]
        return _resolved(next(iter(seen)), seen) if seen else None


def told(frame: bytes) -> str | None:
    """What a frame shows of its version: `ocpp1.6`, `ocpp2.1`, `2.x` (any of them), or nothing."""
    start = head(frame)
    if start is None:
        return None
    if start.type in (RESULT_ERROR, SEND) or start.action in ONLY_V21:
        return V21
    if start.action in ONLY_V16:
        return V16
    if start.action in ONLY_V2X:
        return _V2X
    for name, version in zip(TELLING_NAMES.get(start.action, ()), (V16, _V2X), strict=False):
        if name in frame:
            return version
    return None


def _resolved(evidence: str | None, seen: dict[str, None]) -> str | None:
    if evidence != _V2X:
        return evidence
    return next((version for version in seen if version.startswith("ocpp2")), V201)
