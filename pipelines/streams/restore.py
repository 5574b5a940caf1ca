"""What a newly assigned partition starts from: its changelog, or, for another generation, the lake.

Not here: how the changelog is read (Faust), how the lake is (see `pipelines.lake.restore`).
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from itertools import islice

import msgspec

from models.log import FRAMES
from models.step import Context
from pipelines.broker.topics import partition_of
from pipelines.home import Home
from pipelines.lake import generations, restore
from pipelines.lake.manifest import Manifest
from pipelines.streams.states import POSITION_KEY, Log, PartitionStates, Position
from pipelines.streams.writebehind import WriteBehind

_SLICE = 2_000

_log = logging.getLogger("laddstrom.worker")


async def current_log(home: Home, log_id: str) -> Log:
    """The generation that this topic id is, numbered now if nobody met it before, and the lake's edition."""

    def look() -> Log:
        manifest = Manifest(home)
        return Log(log_id, generations.resolve_in(manifest, FRAMES, log_id), manifest.edition)

    return await asyncio.to_thread(look)


def recovered(partition: int, log: Log, context: Context, saved: dict[bytes, bytes]) -> PartitionStates | None:
    """The partition as its changelog left it; null if that is of another log or edition, or nothing."""
    position = _position(saved)
    if position is None or (position.generation, position.edition) != (log.generation, log.edition):
        return None
    _log.info(
        "%s[%d]: recovered %d stations of generation %d at offset %d",
        FRAMES,
        partition,
        len(saved) - 1,
        position.generation,
        position.offset,
    )
    return PartitionStates(partition, log, context, saved, next_offset=position.offset + 1)


async def from_lake(
    home: Home,
    partitions: Mapping[int, PartitionStates],
    of: int,
    write_behind: WriteBehind,
    *,
    still_ours: Callable[[], bool],
) -> None:
    """Give these partitions, of `of` in all, the newest landed states and all raw after them.

    Facts are said again on the way: same ids, same versions. The marker comes last, so a crash begins anew.
    Stops quietly once the partitions are no longer ours.
    """
    snapshot = await asyncio.to_thread(restore.snapshot, home)
    ours = _Ours(partitions, of)
    landed: dict[int, dict[bytes, bytes]] = {number: {} for number in partitions}
    for station, data in snapshot.states.items():
        if (states := ours.of(station)) is not None:
            landed[states.partition][station.encode()] = data
    for number, states in partitions.items():
        states.replace(landed[number])
    raw = restore.raw_after(home, snapshot.covered, stations=lambda station: ours.of(station) is not None)
    records = 0
    while slice_ := await asyncio.to_thread(lambda: list(islice(raw, _SLICE))):
        records += len(slice_)
        for record in slice_:
            if (states := ours.of(record.station_id)) is not None:
                states.replay(record)
        await _save(write_behind, (states for states in partitions.values() if states.is_full), still_ours)
    for number, states in partitions.items():
        if not still_ours():
            return
        # Frames of this very log that a replay has covered are not read again.
        states.next_offset = snapshot.covered.get((states.log.generation, number), -1) + 1
        await write_behind.save(states, Position(states.log.generation, states.next_offset - 1, states.log.edition))
        _log.info(
            "%s[%d]: restored %d stations out of the lake for generation %d",
            FRAMES,
            number,
            len(landed[number]),
            states.log.generation,
        )
    if records:
        _log.info("took %d landed records that no snapshot covered through the step", records)


async def _save(write_behind: WriteBehind, full: Iterable[PartitionStates], still_ours: Callable[[], bool]) -> None:
    for states in full:
        if still_ours():
            await write_behind.save(states, None)


class _Ours:
    """Which of our partitions a station belongs to."""

    def __init__(self, partitions: Mapping[int, PartitionStates], of: int) -> None:
        self._partitions = partitions
        self._of = of

    def of(self, station_id: str) -> PartitionStates | None:
        return self._partitions.get(partition_of(station_id.encode(), self._of))


def _position(saved: Mapping[bytes, bytes]) -> Position | None:
    try:
        return Position.decode(saved[POSITION_KEY])
    except (KeyError, msgspec.MsgspecError):
        return None
