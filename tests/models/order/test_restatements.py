"""What a replay changes: facts said again, taken back, restatements, and the same after a crash (ADR 0014)."""

import captures
import msgspec
from captures import KEY, START_US, Wire

from models.facts import Fact
from models.order.replay import replay
from models.order.restatements import HISTORY, changes
from models.record import Record
from models.state import StationState
from models.step import Context, drain, step

Said = dict[tuple[str, str], Fact]


def received(record: Record, seconds: float, source: str = "s") -> Record:
    """The record as if another file held it, received then."""
    return msgspec.structs.replace(record, received_at_us=START_US + round(seconds * 1e6), source=source)


def log() -> list[Record]:
    """Two sessions; the first one's stop and a status come late, from another file, and so does a start of its own."""
    wire = Wire()
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    wire.start(7, seconds=10)
    wire.meter(1500, seconds=60, transaction_id=7)
    wire.status("Faulted", "GroundFailure", seconds=70)
    wire.start(8, seconds=5000, meterStart=4000, connectorId=2, timestamp=captures.at(5000))
    late = Wire(source="late")
    late.stop(7, seconds=65, meterStop=1700, timestamp=captures.at(65))
    late.status("Charging", seconds=67)
    records = [*wire.records, *late.records]
    for offset, record in enumerate(records):
        record.offset = offset
    return records


def live(records: list[Record]) -> tuple[StationState, Said]:
    state, said = StationState(station_id="CP"), {}
    for record in records:
        step(state, record, Context(KEY))
        said |= {(fact.kind, fact.fact_id): fact for fact in drain(state)}
    return state, said


def replayed(records: list[Record], old: StationState) -> tuple[StationState, list[Fact]]:
    position = old.generation, old.offset
    state = replay("CP", records, Context(KEY), position=position, revision=old.revision + 1)
    return state, drain(state)


def apply(said: Said, facts: list[Fact]) -> Said:
    """The newest version of each fact, as every reader of the log finds it."""
    found = dict(said)
    for fact in facts:
        known = found.get((fact.kind, fact.fact_id))
        if known is None or fact.version >= known.version:
            found[fact.kind, fact.fact_id] = fact
    return found


def contents(said: Said) -> dict[tuple[str, str], object]:
    return {key: msgspec.structs.asdict(fact) for key, fact in said.items()}


def test_late_frames_restate_a_session_and_say_what_changed() -> None:
    records = log()
    old, said = live(records)
    assert old.mark is not None
    state, fresh = replayed(records, old)
    found = changes(said, fresh, state, old.mark)
    (session,) = [fact for fact in found.history if fact.kind == "restatements" and fact.table_name == "core__sessions"]
    assert (session.cause, session.is_retracted, session.energy_before_wh) == ("late_frames", False, 500)
    assert (session.energy_after_wh, session.ended_before_at) == (700, None)
    assert session.ended_after_at.timestamp() == START_US / 1e6 + 65
    assert {"ended_at", "energy_wh", "is_open"} <= set(session.changed_columns.split(", "))
    (told,) = [fact for fact in found.history if fact.kind == "replays"]
    assert (told.late_frames, told.late_source, told.until_offset) == (3, "late", records[-1].offset)
    assert told.facts_changed + told.facts_added == sum(not fact.deleted for fact in found.facts)
    assert all(fact.version == (1, records[-1].offset, 1) for fact in [*found.history, *found.facts])


def test_the_time_of_a_restatement_is_the_log_s() -> None:
    records = log()
    old, said = live(records)
    state, fresh = replayed(records, old)
    found = changes(said, fresh, state, old.mark)
    newest = max(record.received_at_us or 0 for record in records) / 1e6
    times = {getattr(fact, "restated_at", None) or getattr(fact, "replayed_at", None) for fact in found.history}
    assert {time.timestamp() for time in times} == {newest}


def test_what_a_replay_no_longer_yields_is_taken_back_once() -> None:
    records = log()
    old, said = live(records)
    (key,) = [key for key in said if key[0] == "sessions" and said[key].transaction_id == "8"]
    without = [
        record for record in records if b'"8"' not in record.payload and b'"connectorId": 2' not in record.payload
    ]
    state, fresh = replayed(without, old)
    found = changes(said, fresh, state, old.mark)
    (gone,) = [fact for fact in found.facts if fact.deleted and fact.kind == "sessions"]
    assert (gone.kind, gone.fact_id) == key
    assert [fact.is_retracted for fact in found.history if getattr(fact, "entity_id", "") == gone.fact_id] == [True]
    said = apply(said, [*found.history, *found.facts])
    state, fresh = replayed(without, state)
    assert changes(said, fresh, state, None).facts == []
    state, fresh = replayed(records, state)
    (back,) = [fact for fact in changes(said, fresh, state, None).facts if fact.kind == "sessions"]
    assert (back.fact_id, back.deleted) == (key[1], False)


def test_what_the_replay_itself_takes_back_is_taken_back_though_it_was_said_alike() -> None:
    wire = Wire()
    wire.start(seconds=0)
    wire.stop(9, seconds=100, timestamp=captures.at(100))
    wire.start(9, seconds=105)
    records = [received(record, place) for place, record in enumerate(wire.records)]
    # The answer that shows the second start to be the first one's retry comes with another file.
    old, said = live(records[:4])
    assert len([fact for fact in said.values() if fact.kind == "sessions" and not fact.deleted]) == 2
    state, fresh = replayed(records, old)
    said = apply(said, changes(said, fresh, state, old.mark).facts)
    assert len([fact for fact in said.values() if fact.kind == "sessions" and not fact.deleted]) == 1
    assert changes(said, fresh, state, old.mark).facts == []


def test_a_replay_that_changes_nothing_says_only_that_it_was() -> None:
    records = log()
    old, said = live(records)
    state, fresh = replayed(records, old)
    first = changes(said, fresh, state, old.mark)
    said = apply(said, [*first.history, *first.facts])
    again, fresh = replayed(records, state)
    found = changes(said, fresh, again, old.mark)
    assert found.facts == []
    assert [(fact.kind, fact.facts_changed) for fact in found.history] == [("replays", 0)]


def test_a_crash_after_any_message_is_done_again_with_the_same_result() -> None:
    records = log()
    old, said = live(records)
    state, fresh = replayed(records, old)
    whole = changes(said, fresh, state, old.mark)
    messages = [*whole.history, *whole.facts]
    expected = contents(apply(said, messages))
    assert len(messages) > 5
    # History is acknowledged before a fact is sent; within either, any of them may have arrived.
    for arrived in [
        *(messages[:count] for count in range(len(messages) + 1)),
        *([*whole.history, fact] for fact in whole.facts),
        *([fact] for fact in whole.history),
    ]:
        before = apply(said, arrived)
        again, fresh = replayed(records, old)
        found = changes(before, fresh, again, old.mark)
        assert contents(apply(before, [*found.history, *found.facts])) == expected


def test_a_version_is_never_below_the_one_it_replaces() -> None:
    records = log()
    old, said = live(records)
    ahead = {key: msgspec.structs.replace(fact, version_offset=900, version_revision=4) for key, fact in said.items()}
    state, fresh = replayed(records, old)
    for fact in changes(ahead, fresh, state, old.mark).facts:
        if (before := ahead.get((fact.kind, fact.fact_id))) is not None and fact.kind not in HISTORY:
            assert fact.version == (before.version_generation, 900, 5)
