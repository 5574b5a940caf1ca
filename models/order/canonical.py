"""One station's records in the order of receipt, whatever files hold them (ADR 0014). Pure; not here: folding.

A frame with a time of receipt is named by (time, kind, direction, payload): once, however many lines hold it. Frames
of one instant stand as the files that hold them say; where no file says it, a call stands before an answer. Frames
without a time stay at their place in the log.
"""

from collections import defaultdict
from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from itertools import pairwise

import msgspec

from models import times
from models.frames import Call, CallError, CallResult, CallResultError, decode
from models.order import unsaid
from models.record import Kind, Record

_Name = tuple[str, str | None, bytes]
"""Kind, direction and payload of a frame: what tells it from others of its instant."""
_Key = tuple[bool, _Name]
_Span = tuple[int, int]
"""A source's first and last time of receipt."""


def canonical(records: Iterable[Record]) -> list[Record]:
    """The records of one station, each frame once, in an order that depends on nothing but what the lines say.

    Of several lines that hold a frame the one that stands first in the log is handed out, with direction and protocol
    where only another line knew them, or other frames tell (`unsaid`). A line that is there twice is one line.
    """
    lines = in_log_order(records)
    instants: dict[int, list[Record]] = defaultdict(list)
    spans: dict[str, _Span] = {}
    untimed = []
    for line in lines:
        received = times.plausible(line.received_at_us)
        if received is None:
            untimed.append(line)
            continue
        instants[received].append(line)
        first, last = spans.get(line.source, (received, received))
        spans[line.source] = (min(first, received), max(last, received))
    timed: list[Record] = []
    for received in sorted(instants):
        group = instants.pop(received)
        timed += group if len(group) == 1 else _Instant(group).order(received, spans)
    return unsaid.told(_with_untimed(timed, untimed) if untimed else timed)


def in_log_order(records: Iterable[Record]) -> list[Record]:
    """Each line once, by its first place in the log."""
    found: dict[tuple[str, int], Record] = {}
    for record in sorted(records, key=_position):
        found.setdefault((record.source, record.ordinal), record)
    return list(found.values())


def name(record: Record) -> _Name:
    """What names a frame within its instant."""
    return record.kind, record.direction, record.payload


class _Node:
    """A frame of the instant: the lines that hold it, and how many frames must stand before it."""

    __slots__ = ("after", "before", "lines")

    def __init__(self) -> None:
        self.lines: list[Record] = []
        self.before = 0
        self.after: list[_Node] = []

    @property
    def record(self) -> Record:
        """The first line of the log; what it does not know, another does."""
        record = self.lines[0]
        if len(self.lines) == 1:
            return record
        direction = record.direction or min((line.direction for line in self.lines if line.direction), default=None)
        # Which line was first depends on the order of the files, so any protocol but the least would, too.
        protocol = min((line.protocol for line in self.lines if line.protocol), default=None)
        if (direction, protocol) == (record.direction, record.protocol):
            return record
        return msgspec.structs.replace(record, direction=direction, protocol=protocol)

    @property
    def key(self) -> _Key:
        """Decides where no file does: calls first, then by content."""
        kind, direction, payload = name(self.record)
        is_answer = kind == Kind.FRAME and isinstance(decode(payload), CallResult | CallError | CallResultError)
        return is_answer, (kind, direction or "", payload)


class _Instant:
    """The frames received at one instant."""

    def __init__(self, lines: list[Record]) -> None:
        self._nodes: dict[_Name, _Node] = defaultdict(_Node)
        self._sources: dict[str, list[Record]] = defaultdict(list)
        known: dict[tuple[str, bytes], str] = {}
        for line in lines:
            if line.direction is not None:
                held = known.setdefault((line.kind, line.payload), line.direction)
                known[line.kind, line.payload] = min(held, line.direction)
        self._directions = known
        for line in lines:
            self._nodes[self._name(line)].lines.append(line)
            self._sources[line.source].append(line)

    def order(self, received: int, spans: dict[str, _Span]) -> list[Record]:
        """The frames in the files' order, merged."""
        chains = {source: self._chain(lines) for source, lines in self._sources.items()}
        if len(chains) == 1:
            return [node.record for chain in chains.values() for node in chain]
        for chain in chains.values():
            for one, other in pairwise(chain):
                _put_before(one, other)
        self._join(chains, received, spans)
        return [node.record for node in _sorted(list(self._nodes.values()))]

    def _name(self, line: Record) -> _Name:
        # A file that does not tell the direction holds the same frame as one that does.
        return line.kind, line.direction or self._directions.get((line.kind, line.payload)), line.payload

    def _chain(self, lines: list[Record]) -> list[_Node]:
        ordered = sorted(lines, key=lambda line: line.ordinal)
        return list(dict.fromkeys(self._nodes[self._name(line)] for line in ordered))

    def _join(self, chains: dict[str, list[_Node]], received: int, spans: dict[str, _Span]) -> None:
        """A file cut in two within the instant: what ends here stands before what begins here."""
        ending = [chain for source, chain in chains.items() if spans[source][0] < received == spans[source][1]]
        beginning = [chain for source, chain in chains.items() if spans[source][0] == received < spans[source][1]]
        for one in ending:
            held = set(one)
            for other in beginning:
                if held.isdisjoint(other) and not _answers(one, other):
                    _put_before(one[-1], other[0])


def _answers(one: list[_Node], other: list[_Node]) -> bool:
    """Whether a frame of one file answers a call that only the other holds: then that was no cut between the two."""
    frames = [decode(node.lines[0].payload) for node in one]
    answered = {frame.message_id for frame in frames if isinstance(frame, CallResult | CallError)}
    answered -= {frame.message_id for frame in frames if isinstance(frame, Call)}
    calls = [decode(node.lines[0].payload) for node in other] if answered else []
    return any(isinstance(frame, Call) and frame.message_id in answered for frame in calls)


def _put_before(one: _Node, other: _Node) -> None:
    one.after.append(other)
    other.before += 1


def _sorted(nodes: list[_Node]) -> list[_Node]:
    """Topologically, the least key first; where files disagree, the frame that fewest others hold back goes on."""
    keys = {node: node.key for node in nodes}
    numbers = {node: number for number, node in enumerate(sorted(nodes, key=lambda node: keys[node]))}
    by_number = {number: node for node, number in numbers.items()}
    ready = [numbers[node] for node in nodes if node.before == 0]
    heapify(ready)
    left = set(nodes)
    found = []
    while left:
        node = by_number[heappop(ready)] if ready else min(left, key=lambda node: (node.before, numbers[node]))
        left.remove(node)
        found.append(node)
        for other in node.after:
            other.before -= 1
            if other.before == 0 and other in left:
                heappush(ready, numbers[other])
    return found


def _with_untimed(timed: list[Record], untimed: list[Record]) -> list[Record]:
    """Each frame without a time behind the last frame that stands before it in the log."""
    places = {id(record): place for place, record in enumerate(timed)}
    behind: dict[int, list[Record]] = defaultdict(list)
    last = -1
    for record in sorted([*timed, *untimed], key=_position):
        place = places.get(id(record))
        if place is None:
            behind[last].append(record)
        else:
            last = max(last, place)
    found = list(behind[-1])
    for place, record in enumerate(timed):
        found.append(record)
        found += behind.get(place, [])
    return found


def _position(record: Record) -> tuple[int, int]:
    return record.generation, record.offset
