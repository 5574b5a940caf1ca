"""What a replay changes of what was said before: facts said again, taken back, and the rows that tell of it (ADR 0014).

Not here: the replay itself (`replay`), reading what was said before, or sending anything.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from models import ids
from models.facts import Fact, FaultEpisode, Replay, Restatement, Session
from models.state import Mark, StationState
from models.tables.landed import VERSION_COLUMNS
from models.times import as_utc

HISTORY = frozenset({Restatement.kind, Replay.kind})
"""Kinds that tell what was said when: a replay takes none of them back."""
LATE_FRAMES, REPLAY = "late_frames", "replay"
"""Causes: frames that came late; else `laddstrom replay`, for other rules or to mend what was said wrong."""

_TIMES = {Session.kind: ("started_at", "ended_at"), FaultEpisode.kind: ("opened_at", "closed_at")}
"""Begin and end of what a restatement tells of."""


class Changes(msgspec.Struct):
    """What there is to say, `history` before `facts`: a crash between them must not lose the former."""

    history: list[Fact]
    facts: list[Fact]


def changes(
    said: Mapping[tuple[str, str], Fact], fresh: Iterable[Fact], state: StationState, mark: Mark | None
) -> Changes:
    """What differs between the newest facts said of a station and those of its replay.

    Args:
        said: The newest version of each fact said, by kind and id, also those taken back.
        fresh: Every fact of the replayed `state`, taken back or not.
        state: The station after the replay; its position and revision become the version of what differs.
        mark: Why it was replayed; null if nothing came late.
    """
    version = (state.generation, state.offset, state.revision)
    # What the replay itself took back is not there.
    now = {(fact.kind, fact.fact_id): fact for fact in fresh if not fact.deleted}
    found = Changes([], [])
    added = changed = retracted = 0
    cause = REPLAY if mark is None else LATE_FRAMES
    for key, fact in now.items():
        before = said.get(key)
        if before is None or before.deleted:
            if fact.kind not in HISTORY or before is None:
                added += fact.kind not in HISTORY
                found.facts.append(_versioned(fact, version, before))
        elif fact.kind not in HISTORY and (columns := differing(before, fact)):
            changed += 1
            found.facts.append(_versioned(fact, version, before))
            _tell(found.history, state, before, fact, columns, cause)
    for key, before in said.items():
        if key not in now and not before.deleted and before.kind not in HISTORY:
            retracted += 1
            found.facts.append(_versioned(msgspec.structs.replace(before, deleted=True), version, before))
            _tell(found.history, state, before, None, [], cause)
    if mark is not None:
        found.history.append(_replay(state, mark, added, changed, retracted))
    # What an attempt before a crash said of this replay stands: it saw what was said before, this one may not.
    found.history = [fact for fact in found.history if (fact.kind, fact.fact_id) not in said]
    return found


def differing(one: Fact, other: Fact) -> list[str]:
    """The columns in which two facts of one id differ, their versions left out."""
    return [
        name
        for name in one.__struct_fields__
        if name not in VERSION_COLUMNS and getattr(one, name) != getattr(other, name)
    ]


def _versioned(fact: Fact, version: tuple[int, int, int], before: Fact | None) -> Fact:
    """The fact with this version, or the one after the version it replaces where that is not below."""
    if before is not None and before.version >= version:
        version = (before.version_generation, before.version_offset, before.version_revision + 1)
    fact.version_generation, fact.version_offset, fact.version_revision = version
    return fact


def _tell(
    history: list[Fact], state: StationState, before: Fact, after: Fact | None, columns: list[str], cause: str
) -> None:
    """A restatement, for the kinds whose figures people report."""
    if before.kind not in _TIMES:
        return
    begin, end = _TIMES[before.kind]

    def time(fact: Fact | None, name: str) -> datetime | None:
        value: datetime | None = getattr(fact, name, None)
        return value

    history.append(
        Restatement(
            version_generation=state.generation,
            version_offset=state.offset,
            version_revision=state.revision,
            restatement_id=ids.digest(cause, before.table, before.fact_id, state.revision),
            station_id=state.station_id,
            table_name=before.table,
            entity_id=before.fact_id,
            cause=cause,
            is_retracted=after is None,
            changed_columns=", ".join(columns),
            energy_before_wh=getattr(before, "energy_wh", None),
            energy_after_wh=getattr(after, "energy_wh", None),
            started_before_at=time(before, begin),
            started_after_at=time(after, begin),
            ended_before_at=time(before, end),
            ended_after_at=time(after, end),
            restated_at=as_utc(state.received_at_us),
        )
    )


def _replay(state: StationState, mark: Mark, added: int, changed: int, retracted: int) -> Replay:
    return Replay(
        version_generation=state.generation,
        version_offset=state.offset,
        version_revision=state.revision,
        replay_id=ids.digest("replay", state.station_id, state.revision),
        station_id=state.station_id,
        cause=LATE_FRAMES,
        late_frames=mark.frames,
        late_since=as_utc(mark.since_us),
        late_source=mark.source,
        facts_added=added,
        facts_changed=changed,
        facts_retracted=retracted,
        until_generation=state.generation,
        until_offset=state.offset,
        replayed_at=as_utc(state.received_at_us),
    )
