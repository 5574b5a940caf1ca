"""The zone of a log that writes times without one, told from its frames. Not here: logs that say their zone.

Central systems answer a boot or a heartbeat with their own clock, in UTC. A log written beside them in local time is
whole quarters of an hour away from these answers: that is its zone. Without such an answer its times are UTC.
"""

import re
from collections import Counter
from typing import Final

from ingest.imports.entries import Entry
from models import times
from models.stations import clock

_SAYS: Final = b'"currentTime"'
_ANSWER: Final = re.compile(rb'\s*\[\s*3\s*,[^{]*\{.*?"currentTime"\s*:\s*"([^"\\]{1,40})"', re.DOTALL)
_SHARE: Final = 4
"""One answer in so many must agree: two zones a year, and none where the answers are canned."""


class Zones:
    """How far each station's times of receipt are ahead of UTC, gathered over the whole file before it is sent."""

    def __init__(self, seen: dict[str, Counter[int | None]] | None = None) -> None:
        self._seen = {} if seen is None else seen
        self._current: dict[str, int] = {}

    def from_the_start(self) -> "Zones":
        """The same evidence for another reading of the log."""
        return Zones(self._seen)

    def learn(self, entry: Entry) -> None:
        """Take one line's evidence."""
        if (lag_us := _lag(entry)) is not None:
            self._seen.setdefault(entry.station_id, Counter())[_offset(lag_us)] += 1

    def received(self, entry: Entry) -> int | None:
        """Its receipt in UTC, in the order of the log: summer time begins with the first answer that tells it."""
        if not entry.is_zoneless or entry.received_at_us is None or not (seen := self._seen.get(entry.station_id)):
            return entry.received_at_us
        agreed = [offset for offset, count in seen.items() if offset is not None and count * _SHARE >= seen.total()]
        if not agreed:
            return entry.received_at_us
        lag_us = _lag(entry)
        offset_us = None if lag_us is None else _offset(lag_us)
        if offset_us in agreed:
            self._current[entry.station_id] = offset_us
        return entry.received_at_us - self._current.get(entry.station_id, agreed[0])


def _lag(entry: Entry) -> int | None:
    """Receipt minus the system's clock, where the line is an answer that says it."""
    if not entry.is_zoneless or entry.received_at_us is None or _SAYS not in entry.payload:
        return None
    answer = _ANSWER.match(entry.payload)
    system_us = times.parse(answer[1].decode("ascii", "replace")) if answer else None
    return None if system_us is None else entry.received_at_us - system_us


def _offset(lag_us: int) -> int | None:
    """The zone's offset; None where the answer tells no zone."""
    return 0 if abs(lag_us) <= clock.TOLERANCE_US else clock.zone(lag_us)
