"""Which records count: positions, known lines, equal and late frames (contract, sections 2 and 3)."""

import captures
import msgspec
from captures import Wire

from models.order import arrival
from models.record import Record
from models.state import Mark, encode
from models.step import Context, step


def moved(records: list[Record], *, source: str | None = None, offset: int = 0, shift_us: int = 0) -> list[Record]:
    """The same lines elsewhere in the log, of another source where one is given."""
    return [
        Record(
            r.station_id,
            r.kind,
            r.direction,
            r.protocol,
            None if r.received_at_us is None else r.received_at_us + shift_us,
            source or r.source,
            r.ordinal,
            r.payload,
            r.generation,
            r.partition,
            r.offset + offset,
        )
        for r in records
    ]


def conversation() -> list[Record]:
    wire = Wire()
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    wire.answer(wire.call("Authorize", {"idTag": "CARD"}), {"idTagInfo": {"status": "Accepted"}})
    wire.status("Faulted", "WeakSignal")
    wire.status("Charging")
    wire.start(7)
    wire.meter(1500, seconds=30, transaction_id=7)
    wire.stop(7, seconds=40)
    wire.start(8, seconds=50, meterStart=3000)
    return wire.records


def test_records_at_or_before_the_position_are_no_ops() -> None:
    records = conversation()
    once = captures.Folded().fold(records)
    twice = captures.Folded().fold([*records, *records])
    assert twice.rows() == once.rows()
    assert [f.version_offset for f in twice.facts.values()] == [f.version_offset for f in once.facts.values()]


def test_the_same_lines_at_other_offsets_change_no_fact() -> None:
    records = conversation()
    again = [*records, *moved(records, offset=1000), *moved(records, offset=2000)]
    assert captures.Folded().fold(again, drain_every=3).rows() == captures.Folded().fold(records).rows()


def test_the_whole_capture_sent_again_changes_no_fact() -> None:
    records = captures.records(captures.shared("sim_sap_emobility_16_201.jsonl"))
    again = captures.Folded().fold([*records, *moved(records, offset=len(records))])
    assert again.rows() == captures.Folded().fold(records).rows()


def test_facts_do_not_depend_on_the_source_s_name_or_the_offsets() -> None:
    records = conversation()
    elsewhere = moved(records, source="other", offset=77)
    assert captures.Folded().fold(elsewhere).rows() == captures.Folded().fold(records).rows()


def test_a_log_cut_in_two_files_gives_the_facts_of_one() -> None:
    records = captures.records(captures.shared("kwwhat_ocpp16_synthetic_14d.csv"))
    whole = captures.Folded().fold(records)
    for cut in (1, 5_000, 12_345):
        parts = [*records[:cut], *moved(records[cut:], source="second")]
        assert captures.Folded().fold(parts).rows() == whole.rows()


def test_equal_frames_of_one_instant_from_two_sources_count_once() -> None:
    wire = Wire()
    wire.start(seconds=2)
    wire.stop(-1, seconds=2)
    second = moved(wire.records, source="second", offset=10)
    once = captures.Folded().fold(wire.records)
    both = captures.Folded().fold([*wire.records, *second])
    assert both.rows() == once.rows()
    assert len(both.of("sessions")) == 1  # a start repeated after its stop would be a session of its own
    assert both.states["CP"].repeated == 3


def test_equal_frames_of_one_instant_count_once_within_a_file_too() -> None:
    wire = Wire()
    for _ in range(2):
        wire.start(7, seconds=1)
        wire.stop(7, seconds=1)
    for record in wire.records:
        record.payload = record.payload.replace(b"m4", b"m0").replace(b"m6", b"m2")
    state = captures.Folded().fold(wire.records).states["CP"]
    assert state.repeated == 4
    assert state.mark is None


def test_a_late_frame_of_another_source_marks_the_station_and_is_not_folded() -> None:
    wire, late = Wire(), Wire(source="late")
    wire.start(7, seconds=100)
    late.stop(7, seconds=50)
    folded = captures.Folded().fold([*wire.records, *moved(late.records, offset=10)])
    state = folded.states["CP"]
    assert state.late == 2
    assert state.mark == Mark(captures.START_US + 50_000_000, "late", 2, 1, 11)
    assert folded.of("sessions")[0].is_open


def test_a_clock_that_steps_back_within_one_source_makes_late_frames() -> None:
    wire = Wire()
    wire.start(7, seconds=100)
    wire.stop(7, seconds=100)
    wire.records[-1].received_at_us -= 50_000_000
    assert captures.Folded().fold(wire.records).states["CP"].mark is not None


def test_files_that_disagree_on_the_order_of_one_instant_mark_the_station() -> None:
    wire = Wire()
    wire.call("Heartbeat", {}, seconds=1)
    wire.status("Available", seconds=1)
    one, other = wire.records
    same = moved([one, other], source="second", offset=10)
    assert captures.Folded().fold([one, other, *same]).states["CP"].mark is None
    swapped = moved([other, one], source="second")
    for number, record in enumerate(swapped):
        record.ordinal, record.offset = number, 10 + number
    assert captures.Folded().fold([one, other, *swapped]).states["CP"].mark is not None


def test_more_records_of_one_instant_than_are_told_apart_mark_the_station() -> None:
    wire = Wire()
    for _ in range(65):
        wire.call("Heartbeat", {}, seconds=1)
    assert captures.Folded().fold(wire.records[:64]).states["CP"].mark is None
    assert captures.Folded().fold(wire.records).states["CP"].mark is not None


def test_without_times_of_receipt_the_order_is_the_file_s_and_files_are_not_merged() -> None:
    wire = Wire()
    wire.start(7)
    wire.stop(7)
    for record in wire.records:
        record.received_at_us = None
    other = moved(wire.records, source="other", offset=10)
    folded = captures.Folded().fold([*wire.records, *other])
    assert folded.states["CP"].repeated == folded.states["CP"].late == 0
    assert len(folded.of("sessions")) == 1  # the answer carries the same transactionId: the same session


def test_a_new_generation_goes_on_where_the_old_one_ended() -> None:
    records = conversation()
    cut = len(records) - 5
    later = [*records[:cut], *records[cut:]]
    for number, record in enumerate(later[cut:]):
        record.generation, record.offset = 2, number
    assert captures.Folded().fold(later).rows() == captures.Folded().fold(conversation()).rows()


def test_a_record_of_an_older_generation_changes_nothing() -> None:
    folded = captures.Folded().fold(conversation())
    state = folded.states["CP"]
    state.generation = 2
    before = encode(state)
    older = msgspec.structs.replace(conversation()[-1], offset=10_000, ordinal=10_000)
    assert step(state, older, Context()) is None
    assert encode(state) == before


def test_more_sources_than_are_kept_forget_the_oldest() -> None:
    wire = Wire()
    wire.call("Heartbeat", {})
    records = []
    for number in range(100):
        records += moved(wire.records, source=f"s{number}", offset=number, shift_us=number * 1_000_000)
    state = captures.Folded().fold(records).states["CP"]
    assert len(state.sources) == 32
    assert state.source == "s99"
    assert "s98" in state.sources


def test_connections_are_noted_in_their_order_and_carry_no_fact() -> None:
    wire = Wire()
    for kind, seconds in (("open", 1), ("close", 5), ("open", 7)):
        wire.add({"path": "/CP"}, "cp-to-csms", seconds=seconds)
        wire.records[-1].kind, wire.records[-1].direction = kind, None
    folded = captures.Folded().fold(wire.records)
    assert folded.refusals == []
    assert folded.facts == {}
    assert folded.states["CP"].connection == "open"
    assert folded.states["CP"].late == 0
    assert captures.Folded().fold(wire.records[:2]).states["CP"].connection == "close"
    late = moved(wire.records[1:2], source="other", offset=10)
    assert captures.Folded().fold([*wire.records, *late]).states["CP"].connection == "open"


def test_a_replayed_state_takes_over_which_lines_the_replaced_one_has_seen() -> None:
    wire = Wire()
    wire.status("Charging", seconds=10)
    wire.status("Finishing", seconds=20)
    late = moved(wire.records[:1], source="other", offset=5, shift_us=-5_000_000)
    old = captures.Folded().fold([*wire.records, *late]).states["CP"]
    new = captures.Folded().fold(wire.records).states["CP"]
    arrival.keep_lines(new, old)
    assert (new.source, new.ordinal, new.sources, new.late) == ("other", 0, {"s": 1}, 1)
    (again,) = moved(late, offset=9)
    assert not arrival.is_new(new, again)
