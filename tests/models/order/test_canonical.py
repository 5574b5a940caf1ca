"""The canonical order of a station's records, and a replay that gives the facts of a clean fold (ADR 0014)."""

import random
from collections import defaultdict
from itertools import groupby, pairwise

import captures
import pytest
from captures import KEY, START_US, Folded, Wire
from hypothesis import given, settings
from hypothesis import strategies as st

from models.facts import Fact
from models.order import arrival
from models.order import replay as replaying
from models.order.canonical import canonical
from models.order.replay import replay
from models.order.restatements import HISTORY, changes
from models.reasons import Reason
from models.record import Record
from models.state import StationState, decode, encode
from models.step import Context, Refusal, drain, step

CAPTURES = (
    "sim_sap_emobility_16_201.jsonl",
    "sim_solidstudio_vcp_16_201_21.jsonl",
    "kwwhat_ocpp16_synthetic_14d.csv",
)


def copy(records: list[Record], source: str) -> list[Record]:
    """The same frames as lines of another file, ordinals as there."""
    return [
        Record(
            r.station_id, r.kind, r.direction, r.protocol, r.received_at_us, source, number, r.payload, 1, 0, r.offset
        )
        for number, r in enumerate(records)
    ]


def logged(files: list[list[Record]]) -> list[Record]:
    """Files one after the other, as one log."""
    found = [record for file in files for record in file]
    for offset, record in enumerate(found):
        record.offset = offset
    return found


def names(records: list[Record]) -> list[tuple[int | None, bytes]]:
    return [(record.received_at_us, record.payload) for record in records]


def by_station(records: list[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record.station_id].append(record)
    return found


def replayed(records: list[Record]) -> Folded:
    """Every station replayed over all its records."""
    folded = Folded()
    for station, lines in by_station(records).items():
        last = max((line.generation, line.offset) for line in lines)
        folded.states[station] = replay(station, lines, Context(KEY), position=last, revision=1)
    folded.take()
    return folded


class Pipeline:
    """The worker's way with files one after the other: fold, then replay who is marked, say what differs."""

    def __init__(self) -> None:
        self.states: dict[str, StationState] = {}
        self.said: dict[str, dict[tuple[str, str], Fact]] = defaultdict(dict)
        self.log: dict[str, list[Record]] = defaultdict(list)
        self.replays = 0

    def take(self, file: list[Record]) -> None:
        for record in file:
            station = record.station_id
            self.log[station].append(record)
            step(self.states.setdefault(station, StationState(station_id=station)), record, Context(KEY))
        for station, state in self.states.items():
            self._say(station, drain(state))
            # As after a restart: from its bytes.
            self.states[station] = decode(encode(state))
            if state.mark is not None:
                self._replay(station, state)

    def rows(self) -> dict[tuple[str, str], dict[str, object]]:
        folded = Folded()
        for facts in self.said.values():
            folded.facts |= {key: fact for key, fact in facts.items() if fact.kind not in HISTORY}
        return folded.rows()

    def _replay(self, station: str, old: StationState) -> None:
        position = old.generation, old.offset
        state = replay(station, self.log[station], Context(KEY), position=position, revision=old.revision + 1)
        fresh = drain(state)
        arrival.keep_lines(state, old)
        found = changes(self.said[station], fresh, state, old.mark)
        self._say(station, [*found.history, *found.facts])
        self.states[station] = decode(encode(state))
        self.replays += 1

    def _say(self, station: str, facts: list[Fact]) -> None:
        for fact in facts:
            known = self.said[station].get((fact.kind, fact.fact_id))
            assert known is None or fact.version >= known.version
            self.said[station][fact.kind, fact.fact_id] = fact


def tied() -> Wire:
    """Four frames of one instant between two others."""
    wire = Wire()
    wire.call("Heartbeat", {}, seconds=1)
    wire.start(7, seconds=5)
    wire.status("Charging", seconds=5)
    wire.stop(7, seconds=5)
    wire.call("Heartbeat", {}, seconds=9)
    return wire


def test_one_file_in_order_stays_as_it_is() -> None:
    records = tied().records
    assert canonical(reversed(records)) == records


def test_a_frame_counts_once_however_many_lines_hold_it() -> None:
    records = tied().records
    twice = logged([copy(records, "a"), copy(records[2:], "b"), copy([*records[:2], *records[:2]], "c")])
    assert names(canonical(twice)) == names(records)


def test_frames_of_one_instant_are_ordered_by_the_file_that_holds_both() -> None:
    records = tied().records
    parts = [copy(records[:4], "z"), copy(records[3:], "a")]
    assert names(canonical(logged(parts[::-1]))) == names(records)


@pytest.mark.parametrize("cut", range(1, 7))
def test_a_file_cut_within_an_instant_is_joined_again(cut: int) -> None:
    records = tied().records
    parts = [copy(records[:cut], "z"), copy(records[cut:], "a")]
    assert names(canonical(logged(parts[::-1]))) == names(records)


def test_where_no_file_says_it_a_call_stands_before_its_answer() -> None:
    wire = Wire()
    wire.start(7, seconds=5)
    call, answer = wire.records
    for files in ([copy([answer], "a"), copy([call], "b")], [copy([call], "a"), copy([answer], "b")]):
        assert names(canonical(logged(files))) == names([call, answer])


def test_files_that_share_out_calls_and_answers_are_no_cut_of_one() -> None:
    wire = Wire()
    wire.call("Heartbeat", {}, seconds=1)
    wire.start(7, seconds=5)
    wire.call("Heartbeat", {}, seconds=9)
    first, call, answer, last = wire.records
    files = [copy([first, answer], "a"), copy([call, last], "b")]
    for order in (files, files[::-1]):
        assert names(canonical(logged(order))) == names(wire.records)


@pytest.mark.parametrize("cut", range(1, 5))
def test_a_file_cut_within_an_instant_of_equal_ids_is_joined_again(cut: int) -> None:
    wire = Wire()
    wire.call("Heartbeat", {}, seconds=1)
    for number in range(2):
        wire.call("StatusNotification", {"connectorId": number}, "1", seconds=5)
        wire.answer("1", {}, seconds=5)
    wire.records[-1].payload += b" "  # else two frames of the instant are one
    wire.call("Heartbeat", {}, seconds=9)
    parts = [copy(wire.records[:cut], "z"), copy(wire.records[cut:], "a")]
    assert names(canonical(logged(parts[::-1]))) == names(wire.records)


def test_files_that_disagree_give_one_order_whichever_comes_first() -> None:
    records = tied().records
    first, second, third = copy(records, "a"), copy(records[::-1], "b"), copy([records[3], records[1]], "c")
    found = [names(canonical(logged(files))) for files in ([first, second, third], [third, second, first])]
    assert found[0] == found[1]
    assert sorted(found[0]) == sorted(names(records))


def test_a_file_that_does_not_tell_the_direction_holds_the_same_frames() -> None:
    records = tied().records
    blind = copy(records, "a")
    for record in blind:
        record.direction = record.protocol = None
    for files in ([blind, copy(records, "b")], [copy(records, "b"), blind]):
        found = canonical(logged(files))
        assert [(r.direction, r.protocol, r.payload) for r in found] == [
            (r.direction, r.protocol, r.payload) for r in records
        ]


def test_frames_without_a_time_stay_at_their_place_in_the_log() -> None:
    wire = Wire()
    for seconds in (10, 20, 30, 40, 15):
        wire.call("Heartbeat", {})
        wire.records[-1].received_at_us = START_US + seconds * 1_000_000
    for number in (1, 3):
        wire.records[number].received_at_us = None
    ten, untimed, thirty, other, late = wire.records
    assert canonical(wire.records) == [ten, untimed, late, thirty, other]


def test_connections_take_part() -> None:
    wire = Wire()
    for kind, seconds in (("open", 1), ("close", 5), ("open", 3)):
        wire.add({"path": "/CP"}, None)
        wire.records[-1].kind, wire.records[-1].received_at_us = kind, START_US + seconds * 1_000_000
    assert [record.kind for record in canonical(wire.records)] == ["open", "open", "close"]


def test_a_replay_takes_the_position_it_is_given_and_knows_every_line() -> None:
    records = logged([copy(tied().records, "a"), copy(tied().records[2:], "b")])
    state = replay("CP", records, Context(KEY), position=(3, 99), revision=4)
    facts = drain(state)
    assert {fact.version for fact in facts} == {(3, 99, 4)}
    assert (state.source, state.ordinal, state.sources) == ("b", 4, {"a": 6})
    assert (state.generation, state.offset, state.revision, state.mark) == (3, 99, 4, None)
    assert state.repeated == 5
    encode(state)
    for record in logged([copy(tied().records, "a"), copy(tied().records[2:], "b")]):
        record.generation = 4
        assert step(state, record, Context(KEY)) is None
    assert drain(state) == []
    assert state.mark is None


def test_after_a_replay_the_newest_instant_goes_on_for_the_file_that_holds_all_of_it() -> None:
    wire = tied()
    wire.status("Available", seconds=9)
    one, other = copy(wire.records, "a"), copy(wire.records[6:7], "b")
    records = logged([other, one[:-1]])
    for source, is_marked in (("a", False), ("b", True)):
        state = replay("CP", records, Context(KEY), position=(1, 50), revision=1)
        drain(state)
        last = copy(wire.records, source)[-1]
        last.offset = 51
        step(state, last, Context(KEY))
        assert (state.mark is not None) is is_marked


def test_a_replay_sets_aside_what_the_step_cannot_read() -> None:
    wire = tied()
    wire.add(b"no JSON", "cp-to-csms", seconds=7)
    found: list[tuple[Record, object]] = []
    replay("CP", wire.records, Context(KEY), position=(1, 9), revision=1, refused=lambda *what: found.append(what))
    assert [record for record, _ in found] == [wire.records[-1]]


def test_a_defect_with_one_record_does_not_stop_a_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    real = replaying.fold

    def defective(state: StationState, record: Record, context: Context) -> Refusal | None:
        if b"Charging" in record.payload:
            raise OverflowError("4111111111111111")
        return real(state, record, context)

    monkeypatch.setattr(replaying, "fold", defective)
    found: list[Refusal] = []
    state = replay(
        "CP",
        tied().records,
        Context(KEY),
        position=(1, 9),
        revision=1,
        refused=lambda _, refusal: found.append(refusal),
    )
    assert found == [Refusal(Reason.STEP_FAILED, "OverflowError")]
    assert {fact.kind for fact in drain(state)} >= {"sessions"}


def test_a_replay_without_times_goes_on_as_the_log_does() -> None:
    wire = tied()
    for record in wire.records:
        record.received_at_us = None
    state = replay("CP", wire.records, Context(KEY), position=(1, 50), revision=1)
    assert (state.received_at_us, state.instant, state.ordinal) == (None, {}, len(wire.records) - 1)


@pytest.mark.parametrize("name", CAPTURES)
def test_a_replay_of_a_capture_gives_the_facts_of_the_live_fold(name: str) -> None:
    records = captures.records(captures.shared(name))
    live = Folded().fold(records, drain_every=97)
    assert all(state.mark is None for state in live.states.values())
    random.Random(7).shuffle(records)
    assert replayed(records).rows() == live.rows()


_cache: dict[str, tuple[list[Record], dict[tuple[str, str], dict[str, object]]]] = {}


def _whole(name: str) -> tuple[list[Record], dict[tuple[str, str], dict[str, object]]]:
    if name not in _cache:
        records = captures.records(captures.shared(name))
        if len(records) > 6_000:  # a few days are enough for a property
            records = records[:3_000]
        rows = Folded().fold(records).rows()
        _cache[name] = records, {key: row for key, row in rows.items() if key[0] not in HISTORY}
    return _cache[name]


@pytest.mark.parametrize("name", CAPTURES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_cuts_overlaps_and_orders_of_a_capture_give_its_facts(name: str, data: st.DataObject) -> None:
    records, expected = _whole(name)
    place = st.integers(0, len(records))
    cuts = sorted({0, len(records), *data.draw(st.lists(place, max_size=4))})
    overlap = st.integers(0, 400)
    ranges = [(max(0, one - data.draw(overlap)), other + data.draw(overlap)) for one, other in pairwise(cuts)]
    ranges += data.draw(st.lists(st.tuples(place, place), max_size=1))
    files = [copy(records[one:other], f"f{number}") for number, (one, other) in enumerate(ranges)]
    ordered = data.draw(st.permutations(files))
    logged(list(ordered))
    pipeline = Pipeline()
    for file in ordered:
        pipeline.take(file)
    assert pipeline.rows() == expected
    replays = pipeline.replays
    again = [copy(file, file[0].source) for file in ordered if file]
    for number, record in enumerate(record for file in again for record in file):
        record.generation, record.offset = 2, number
    for file in again:
        pipeline.take(file)
    assert (pipeline.rows(), pipeline.replays) == (expected, replays), "the same files once more mark nobody"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=25), st.randoms(use_true_random=False))
def test_the_order_depends_on_the_lines_and_not_on_the_log(
    frames: list[tuple[int, int]], chance: random.Random
) -> None:
    wire = Wire()
    for seconds, number in frames:
        wire.call("Heartbeat", {}, message_id=str(number))
        wire.records[-1].received_at_us = START_US + seconds * 1_000_000
    files = [copy(chance.sample(wire.records, chance.randint(0, len(frames))), str(number)) for number in range(4)]
    found = names(canonical(logged(files)))
    chance.shuffle(files)
    assert names(canonical(logged(files))) == found
    assert [time for time, _ in groupby(found, key=lambda item: item[0])] == sorted({time for time, _ in found})


STATUSES = ("Available", "Preparing", "Charging", "Finishing", "Faulted")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(STATUSES)), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_files_that_disagree_give_the_same_facts_in_any_order(
    frames: list[tuple[int, str]], chance: random.Random
) -> None:
    wire = Wire()
    for number, (seconds, status) in enumerate(frames):
        payload = {"connectorId": 1, "status": status, "errorCode": "NoError"}
        wire.call("StatusNotification", payload, message_id=str(number))
        wire.records[-1].received_at_us = START_US + seconds * 1_000_000
    files = [
        copy(chance.sample(wire.records, chance.randint(1, len(frames))), f"f{number}")
        for number in range(chance.randint(1, 4))
    ]
    found = []
    for _ in range(3):
        logged(files)
        pipeline = Pipeline()
        for file in files:
            pipeline.take(file)
        found.append(pipeline.rows())
        chance.shuffle(files)
    assert found[0] == found[1] == found[2]
