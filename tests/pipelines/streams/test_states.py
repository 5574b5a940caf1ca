"""The stations of one partition: what is folded, said, kept and let go."""

import json
from dataclasses import dataclass, field

import pytest

from models import step
from models.reasons import Reason
from models.record import Meta, Record
from models.state import StationState, decode
from models.step import Context
from pipelines.streams.states import POSITION_KEY, Log, PartitionStates, Position, Said

LOG = Log("11111111-2222-3333-4444-555555555555", 2)


@dataclass
class Raw:
    """A record as aiokafka unpacks it."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)


def _boot(offset: int, station: str = "ST-1", model: str = "M") -> Raw:
    frame = [2, str(offset), "BootNotification", {"chargePointVendor": "V", "chargePointModel": model}]
    meta = Meta("frame", "cp-to-csms", "ocpp1.6", 1_795_237_375_000_000 + offset, None, offset, "live-0-1").encode()
    return Raw(offset, station.encode(), json.dumps(frame).encode(), [("meta", meta)])


def _states(saved: dict[bytes, bytes] | None = None, **options: int) -> PartitionStates:
    return PartitionStates(3, LOG, Context(), {} if saved is None else saved, **options)


def _stations(said: Said) -> list[tuple[str, bytes, bytes]]:
    """The facts about stations: a boot is an event as well."""
    return [fact for fact in said.facts if fact[0] == "charging.stations"]


def test_facts_of_one_flush_are_coalesced_to_the_newest_version() -> None:
    states = _states()
    states.fold([_boot(0, model="A"), _boot(1, model="B")])
    said = states.take()
    ((topic, key, value),) = _stations(said)
    fact = json.loads(value)
    assert (topic, key, fact["model"]) == ("charging.stations", b"ST-1", "B")
    assert (fact["version_generation"], fact["version_offset"]) == (2, 1)
    assert not states.has_news


def test_records_before_the_position_are_not_folded_again() -> None:
    states = _states(next_offset=2)
    states.fold([_boot(0), _boot(1)])
    assert not states.has_news
    states.fold([_boot(2)])
    assert states.next_offset == 3
    assert states.has_news


def test_only_stations_that_changed_are_said() -> None:
    saved: dict[bytes, bytes] = {}
    states = _states(saved)
    states.fold([_boot(0, "ST-1"), _boot(1, "ST-2")])
    states.kept(states.take())
    states.fold([_boot(2, "ST-2", model="new")])
    assert set(states.take().states) == {b"ST-2"}
    assert decode(saved[b"ST-2"]).offset == 1, "bytes change only once they are acknowledged"


def test_states_long_unused_are_let_go_and_come_back_from_their_bytes() -> None:
    saved: dict[bytes, bytes] = {}
    states = _states(saved, cached=2)
    states.fold([_boot(number, f"ST-{number}") for number in range(10)])
    states.kept(states.take())
    assert len(states._live) == 2
    states.fold([_boot(10, "ST-0")])
    states.kept(states.take())
    state = decode(saved[b"ST-0"])
    assert (state.offset, state.ordinal) == (10, 10)
    assert len(saved) == 10


def test_a_changed_state_is_never_let_go() -> None:
    states = _states(cached=1)
    states.fold([_boot(0, "ST-0")])
    said = states.take()
    states.fold([_boot(1, "ST-0", model="newer"), _boot(2, "ST-1"), _boot(3, "ST-2")])
    states.kept(said)
    assert {json.loads(value)["station_id"] for _, _, value in states.take().facts} == {"ST-0", "ST-1", "ST-2"}


def test_a_station_whose_facts_cannot_be_said_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    real = step.drain

    def defective(state: StationState) -> object:
        if state.station_id == "ST-1":
            raise OverflowError("4111111111111111")
        return real(state)

    states = _states()
    states.fold([_boot(0, "ST-1"), _boot(1, "ST-2")])
    monkeypatch.setattr(step, "drain", defective)
    said = states.take()
    assert {key for _, key, _ in said.facts} == {b"ST-2"}
    assert set(said.states) == {b"ST-2"}
    (letter,) = said.letters
    assert (letter.reason, letter.detail, letter.offset) == (Reason.STEP_FAILED, "OverflowError", 0)


def test_a_saved_state_that_cannot_be_read_starts_anew() -> None:
    states = _states({b"ST-1": b"\xc1 not a state"})
    states.fold([_boot(0)])
    assert len(_stations(states.take())) == 1


def test_a_partition_is_full_before_its_payloads_fill_the_memory() -> None:
    states = _states()
    raw = _boot(0)
    raw.value = b"x" * (8 << 20)
    for offset in range(9):
        raw.offset = offset
        states.fold([raw])
    assert states.is_full
    states.take()
    assert not states.is_full


def test_replacing_states_says_the_difference_to_the_changelog() -> None:
    source = _states()
    source.fold([_boot(0, "ST-1")])
    data = source.take().states[b"ST-1"]
    assert data is not None
    saved = {b"ST-9": b"of another log", POSITION_KEY: Position(1, 5).encode()}
    states = _states(saved)
    states.replace({b"ST-1": data})
    said = states.take()
    assert dict(said.states) == {b"ST-1": data, b"ST-9": None}
    states.kept(said)
    states.mark(Position(2, -1))
    assert saved == {b"ST-1": data, POSITION_KEY: Position(2, -1).encode()}


def test_a_replayed_record_leaves_the_reading_position() -> None:
    states = _states()
    raw = _boot(40)
    record = Record("ST-1", "frame", "cp-to-csms", "ocpp1.6", 1, "live-0-1", 0, raw.value or b"", 1, 0, 40)
    states.replay(record)
    assert states.next_offset == 0
    ((_, _, value),) = _stations(states.take())
    assert json.loads(value)["version_generation"] == 1
