"""The zone of a log that writes times without one, told from its frames. Not here: logs that say their zone.

Central systems answer a boot or a heartbeat with their own clock, in UTC. A log written beside them in local time is
whole quarters of an hour away from these answers: that is its zone, once two different answers agree on it, summer
time apart. An answer that is sent again with the same clock, canned, counts once. A log without such answers is
read as the station's other logs were (`recall`); without those its times are UTC, and `untold` counts them.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from ingest.imports.entries import Entry
from models import times
from models.stations import clock

_SAYS: Final = b'"currentTime"'
_ANSWER: Final = re.compile(rb'\s*\[\s*3\s*,[^{]*\{.*?"currentTime"\s*:\s*"([^"\\]{1,40})"', re.DOTALL)
_NEEDED: Final = 2
"""Answers that must agree."""
_SHARE: Final = 4
"""One answer in so many must agree: a system may tell another time to some of its stations' boots."""
_CLOCKS: Final = 64
"""A station's answers that are kept, to know one that is sent again."""
_MOST: Final = 64
"""Stretches within one log of a station; with more, it has none to remember."""
_JOINED_US: Final = 14 * 24 * times.HOUR_US
"""Logs of one offset no farther apart are one stretch: no summer time is as short."""


class Told(NamedTuple):
    """A stretch of local time at one offset, from the first answer that told it to the last."""

    first_us: int
    last_us: int
    offset_us: int


Known = Mapping[str, Sequence[Told]]
"""What is known of each station, in order of time."""


class Evidence:
    """What the answers to one station told."""

    def __init__(self) -> None:
        self._counts: Counter[int | None] = Counter()
        self._clocks: dict[int, None] = {}
        self.stretches: list[Told] = []

    def add(self, received_us: int, system_us: int) -> None:
        """One answer; its like counts once."""
        is_again = system_us in self._clocks
        self._clocks.pop(system_us, None)
        self._clocks[system_us] = None
        if is_again:
            return
        if len(self._clocks) > _CLOCKS:
            del self._clocks[next(iter(self._clocks))]
        offset_us = _offset(received_us - system_us)
        self._counts[offset_us] += 1
        if offset_us is not None and len(self.stretches) <= _MOST:
            _extend(self.stretches, Told(received_us, received_us, offset_us))

    def agreed(self, known: Sequence[Told]) -> list[int]:
        """The offsets that enough answers tell, or that fit what is known; what was told first before others."""
        counts, total = self._counts, self._counts.total()
        found = []
        for offset_us, count in counts.items():
            if offset_us is None:
                continue
            beside = (offset_us - times.HOUR_US, offset_us + times.HOUR_US)
            is_known = any(told.offset_us in (offset_us, *beside) for told in known)
            support = count + max(counts[summer_us] for summer_us in beside)
            if is_known or (support >= _NEEDED and support * _SHARE >= total):
                found.append(offset_us)
        return found

    def contradicts(self) -> bool:
        """Whether enough answers tell some zone, for a log of which nothing has agreed."""
        total = self._counts.total()
        return any(offset is not None and count * _SHARE >= total for offset, count in self._counts.items())


class Zones:
    """How far each station's times of receipt are ahead of UTC, gathered over the whole file before it is sent."""

    def __init__(self, seen: dict[str, Evidence] | None = None, known: Known | None = None) -> None:
        self._seen: dict[str, Evidence] = {} if seen is None else seen
        self._known: Known = {} if known is None else known
        self._judged: dict[str, tuple[list[int], Sequence[Told]]] = {}
        self._current: dict[str, int] = {}

    def from_the_start(self) -> "Zones":
        """The same evidence for another reading of the log."""
        return Zones(self._seen, self._known)

    def learn(self, entry: Entry) -> None:
        """Take one line's evidence."""
        if entry.is_zoneless and entry.received_at_us is not None:
            seen = self._seen.get(entry.station_id)
            if seen is None:
                seen = self._seen[entry.station_id] = Evidence()
            if (system_us := _system(entry)) is not None:
                seen.add(entry.received_at_us, system_us)

    def recall(self, known: Known) -> None:
        """Read what this log does not tell as `known`, the station's other logs."""
        self._known = known
        self._judged.clear()

    def told(self) -> Known:
        """What this log tells, for others to recall."""
        found: dict[str, list[Told]] = {}
        for station_id, seen in self._seen.items():
            agreed, _ = self._judge(station_id)
            if agreed and len(seen.stretches) <= _MOST:
                found[station_id] = [told for told in seen.stretches if told.offset_us in agreed]
        return found

    def untold(self) -> int:
        """The stations whose times lack a zone that nothing tells."""
        return sum(not agreed and not known for agreed, known in map(self._judge, self._seen))

    def received(self, entry: Entry) -> int | None:
        """Its receipt in UTC, in the order of the log: summer time begins and ends with the first answer that tells it.

        So receipts run backwards where the hour in which summer time ends holds lines before that answer.
        """
        received_us, station_id = entry.received_at_us, entry.station_id
        if not entry.is_zoneless or received_us is None:
            return received_us
        agreed, known = self._judge(station_id)
        if agreed and (system_us := _system(entry)) is not None:
            offset_us = _offset(received_us - system_us)
            if offset_us in agreed:
                self._current[station_id] = offset_us
        current_us = self._current.get(station_id)
        if current_us is None:
            current_us = _at(known, received_us) if known else agreed[0] if agreed else 0
        return received_us - current_us

    def _judge(self, station_id: str) -> tuple[list[int], Sequence[Told]]:
        """The offsets that the log's own answers tell, and what else is known that does not contradict them."""
        judged = self._judged.get(station_id)
        if judged is None:
            seen, known = self._seen.get(station_id), self._known.get(station_id, ())
            known = known if _is_steady(known) else ()
            agreed = [] if seen is None else seen.agreed(known)
            if seen is not None and not agreed and seen.contradicts():
                known = ()
            judged = self._judged[station_id] = agreed, known
        return judged


def settle(logs: Sequence[Zones], known: Known) -> Known:
    """Let logs, in any order, tell each other and what is known already; returns what is known now."""
    for _ in range(2):  # what one log tells can make a single answer in another count
        for log in logs:
            known = _merged(known, log.told())
        for log in logs:
            log.recall(known)
    return known


def _merged(known: Known, told: Known) -> Known:
    merged = dict(known)
    for station_id, stretches in told.items():
        by_offset: dict[int, list[Told]] = {}
        for stretch in sorted([*known.get(station_id, ()), *stretches]):
            _extend(by_offset.setdefault(stretch.offset_us, []), stretch)
        merged[station_id] = sorted(stretch for same in by_offset.values() for stretch in same)
    return merged


def _extend(stretches: list[Told], told: Told) -> None:
    """Add a stretch, to the last one where that is near and of the same offset."""
    last = stretches[-1] if stretches else None
    if last is not None and last.offset_us == told.offset_us and _apart(last, told) <= _JOINED_US:
        first_us, last_us = min(last.first_us, told.first_us), max(last.last_us, told.last_us)
        stretches[-1] = Told(first_us, last_us, told.offset_us)
    else:
        stretches.append(told)


def _apart(one: Told, other: Told) -> int:
    return max(one.first_us, other.first_us) - min(one.last_us, other.last_us)


def _is_steady(known: Sequence[Told]) -> bool:
    """Whether this can be one zone: one offset, or two an hour apart, at once only in the hour that comes twice."""
    offsets = {told.offset_us for told in known}
    return len(offsets) <= 1 or (
        max(offsets) - min(offsets) <= times.HOUR_US
        and all(one.last_us - other.first_us <= times.HOUR_US for one, other in pairwise(known))
    )


def _at(known: Sequence[Told], local_us: int) -> int:
    """The offset of the newest stretch that begins no later, or of the first."""
    place = bisect_right(known, local_us, key=lambda told: told.first_us)
    return known[max(place - 1, 0)].offset_us


def _system(entry: Entry) -> int | None:
    """The system's clock, where the line is an answer that says it."""
    answer = _ANSWER.match(entry.payload) if _SAYS in entry.payload else None
    return times.parse(answer[1].decode("ascii", "replace")) if answer else None


def _offset(lag_us: int) -> int | None:
    """The zone's offset from receipt minus the system's clock; None where the answer tells no zone."""
    return 0 if abs(lag_us) <= clock.TOLERANCE_US else clock.zone(lag_us)
