"""The energy ladder as a whole: order, reasons, confidence, conservation, units, duplicates, habits, knowledge."""

import json
from decimal import Decimal

import pytest
from captures import KEY, Folded, Wire, at
from hypothesis import given, settings
from hypothesis import strategies as st

from models.energy import knowledge
from models.energy.knowledge import KnowledgeError, read_knowledge
from models.facts import Session
from models.state import StationState, decode, encode
from models.step import Context, drain, step

EVSE = {"id": 1, "connectorId": 1}
RISES = st.lists(st.integers(0, 5_000), min_size=1, max_size=12)


def value(seconds: float, *samples: dict) -> list[dict]:
    return [{"timestamp": at(seconds), "sampledValue": list(samples)}]


def talk(registers: list, unit: str | None = "Wh", *, every: int = 900, start: int | None = None) -> Wire:
    """A 1.6 session, a register each quarter of an hour; open."""
    wire = Wire()
    wire.start(7, meterStart=start)
    for number, wh in enumerate(registers):
        sample = {"value": str(wh)} | ({"unit": unit} if unit else {})
        payload = {"connectorId": 1, "transactionId": 7, "meterValue": value(every * number, sample)}
        wire.call("MeterValues", payload, seconds=every * number)
    return wire


def only(wire: Wire) -> Session:
    (session,) = wire.sessions()
    return session


def candidates(session: Session) -> dict[str, dict]:
    return {one["rung"]: one for one in json.loads(session.energy_candidates or "[]")}


def totals(rises: list[int], base: int = 1_000_000) -> list[int]:
    found = [base]
    for rise in rises:
        found.append(found[-1] + rise)
    return found


def test_every_rung_of_one_session_says_what_it_knows_and_the_best_one_counts() -> None:
    wire = Wire()
    wire.start(7, meterStart=1000)
    for number in range(5):
        context = {0: "Transaction.Begin", 4: "Transaction.End"}.get(number, "Sample.Periodic")
        samples = [
            {"value": str(1001 + 490 * number), "unit": "Wh", "context": context},
            {"value": "2000", "unit": "W", "measurand": "Power.Active.Import"},
        ]
        if number:
            samples.append({"value": "480", "unit": "Wh", "measurand": "Energy.Active.Import.Interval"})
        wire.call(
            "MeterValues",
            {"connectorId": 1, "transactionId": 7, "meterValue": value(900 * number, *samples)},
            seconds=900 * number,
        )
    wire.stop(7, seconds=3600, meterStop=2970)
    session = only(wire)
    said = candidates(session)
    assert {rung: (one["energy_wh"], one["reason"]) for rung, one in said.items()} == {
        "meter_stop": (1970, None),
        "begin_end": (1960, "better_evidence"),
        "register": (1961, "better_evidence"),
        "interval": (1920, "better_evidence"),
        "power": (2000, "better_evidence"),
    }
    assert [one["is_chosen"] for one in said.values()] == [True, False, False, False, False]
    assert (said["meter_stop"]["begin"], said["meter_stop"]["end"]) == ([1, 0, 0], [1, 0, 7])
    assert (said["begin_end"]["begin"], said["begin_end"]["end"]) == ([1, 0, 2], [1, 0, 6])
    assert session.energy_confidence == 0.95
    assert (session.register_start_wh, session.register_end_wh, session.register_seen_wh) == (1000, 2970, 2970)


def test_a_stop_of_the_sessions_own_zero_is_not_below_samples_of_the_lifetime() -> None:
    wire = talk([500_000 + 375 * number for number in range(5)], start=0)
    wire.stop(7, seconds=3700, meterStop=1600)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis) == (1600, "meter_stop")


def test_an_interval_and_then_power_count_where_no_register_does() -> None:
    for with_interval, expected in ((True, (1800, "interval", 0.65)), (False, (2000, "power", 0.4))):
        wire = Wire()
        wire.start(7, meterStart=None)
        for number in range(5):
            samples = [{"value": "2000", "unit": "W", "measurand": "Power.Active.Import"}]
            if with_interval and number:
                samples.append({"value": "450", "unit": "Wh", "measurand": "Energy.Active.Import.Interval"})
            payload = {"connectorId": 1, "transactionId": 7, "meterValue": value(900 * number, *samples)}
            wire.call("MeterValues", payload, seconds=900 * number)
        session = only(wire)
        expected = expected if not with_interval else (1800, "interval", 0.6)
        assert (session.energy_wh, session.energy_basis, session.energy_confidence) == expected


def test_more_than_any_charger_gives_counts_nowhere() -> None:
    wire = Wire()
    wire.start(7, meterStart=0)
    wire.stop(7, seconds=600, timestamp=at(600), meterStop=5_000_000)
    session = only(wire)
    assert (session.energy_wh, session.energy_flags, session.energy_confidence) == (None, "over_capacity", None)
    assert [anomaly.anomaly for anomaly in wire.fold().of("anomalies")] == ["energy_impossible"]


def test_meter_values_of_an_evse_count_for_its_open_session() -> None:
    for evse, expected in ((1, 900), (2, None), (0, None)):
        wire = Wire("ocpp2.0.1")
        wire.transaction("Started", wh=100, evse=EVSE)
        payload = {"evseId": evse, "meterValue": value(60, {"value": 1000})}
        wire.call("MeterValues", payload, seconds=60)
        assert only(wire).energy_wh == expected
    wire.transaction("Ended", seconds=90, wh=1100)
    wire.call("MeterValues", {"evseId": 1, "meterValue": value(120, {"value": 1200})}, seconds=120)


def test_meter_values_of_an_evse_after_its_session_extend_the_register() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", wh=100, evse=EVSE)
    wire.transaction("Ended", seconds=90, wh=1100)
    wire.call("MeterValues", {"evseId": 1, "meterValue": value(120, {"value": 1200})}, seconds=120)
    session = only(wire)
    assert (session.energy_wh, session.register_end_wh, session.register_seen_wh) == (1000, 1100, 1200)


@settings(deadline=None, max_examples=60)
@given(RISES, st.sampled_from(["Wh", "kWh", None]))
def test_a_register_in_any_unit_gives_the_same_energy(rises: list[int], unit: str | None) -> None:
    registers = totals(rises)
    written = [Decimal(wh) / 1000 for wh in registers] if unit == "kWh" else registers
    assert only(talk(written, unit)).energy_wh == sum(rises)


@settings(deadline=None, max_examples=60)
@given(RISES.filter(lambda rises: sum(rises) >= 500), st.sampled_from(["Wh", None]))
def test_kilowatt_hours_labelled_otherwise_give_the_same_energy_beside_power(
    rises: list[int], unit: str | None
) -> None:
    wire = Wire()
    wire.start(7, meterStart=None)
    registers = totals([0, *rises, 0])
    for number, wh in enumerate(registers):
        rise = registers[min(number + 1, len(registers) - 1)] - wh
        samples = [
            {"value": str(Decimal(wh) / 1000)} | ({"unit": unit} if unit else {}),
            {"value": str(4 * rise), "unit": "W", "measurand": "Power.Active.Import"},
        ]
        payload = {"connectorId": 1, "transactionId": 7, "meterValue": value(900 * number, *samples)}
        wire.call("MeterValues", payload, seconds=900 * number)
    # Of many samples only some are weighed before the end.
    wire.stop(7, seconds=900 * len(registers), timestamp=at(900 * len(registers)), meterStop=None)
    assert only(wire).energy_wh == sum(rises)


@settings(deadline=None, max_examples=60)
@given(RISES, st.data())
def test_samples_sent_again_at_any_time_change_nothing(rises: list[int], data: st.DataObject) -> None:
    once = talk(totals(rises))
    again = Wire()
    again.start(7, meterStart=None)
    payloads = [json.loads(record.payload)[3] for record in once.records[2:]]
    for number, payload in enumerate(payloads):
        again.call("MeterValues", payload, seconds=900 * number)
        for earlier in data.draw(st.lists(st.integers(0, number), max_size=2)):
            again.call("MeterValues", payloads[earlier], seconds=900 * number)
    assert only(again).energy_wh == only(once).energy_wh


@settings(deadline=None, max_examples=80)
@given(st.lists(st.lists(st.integers(1, 5_000), min_size=3, max_size=6), min_size=1, max_size=3))
def test_parts_between_resets_add_up(parts: list[list[int]]) -> None:
    registers = []
    for part in parts:
        # The first three stay below where the part before ended: else the fall would be a glitch.
        registers += totals([200, 0, *part], base=0 if registers else 100_000)
    wire = talk(registers)
    session = only(wire)
    # A register that began anew at 0 has lost nothing; what it shows first counts from there.
    assert session.energy_wh == sum(200 + sum(part) for part in parts)
    assert ("reset_stitched" in (session.energy_flags or "")) == (len(parts) > 1)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 500)), min_size=1, max_size=6))
def test_sessions_and_gaps_are_the_register_s_travel(pairs: list[tuple[int, int]]) -> None:
    wire = Wire()
    register, seconds = 1_000_000, 0
    for number, (wh, gap) in enumerate(pairs):
        register += gap
        wire.start(number + 1, meterStart=register, seconds=seconds, timestamp=at(seconds))
        register, seconds = register + wh, seconds + 3600
        wire.stop(number + 1, meterStop=register, seconds=seconds, timestamp=at(seconds))
        seconds += 600
    sessions = sorted(wire.sessions(), key=lambda session: session.started_at or 0)
    ends = [session.register_end_wh for session in sessions]
    gaps = [b.register_start_wh - a for a, b in zip(ends, sessions[1:], strict=False)]
    assert sum(s.energy_wh for s in sessions) + sum(gaps) == ends[-1] - sessions[0].register_start_wh
    assert {session.register_base for session in sessions} == {"lifetime"}


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from([0, 3, 1000, 1500, 2000, 2500, 90_000_000]), max_size=12),
    st.sampled_from(["Wh", "kWh", None]),
    st.integers(1, 4),
)
def test_nothing_depends_on_drains_or_on_states_written_between(registers: list[int], unit: str | None, n: int) -> None:
    wire = talk(registers, unit, start=900)
    wire.stop(7, seconds=20_000, timestamp=at(20_000), meterStop=4000)
    whole = Folded().fold(wire.records)
    assert Folded().fold(wire.records, drain_every=n).rows() == whole.rows()
    cut = Folded()
    for record in wire.records:
        cut.fold([record])
        cut.states = {name: decode(encode(state)) for name, state in cut.states.items()}
    assert cut.rows() == whole.rows()


def faulty(count: int, *, with_power: bool) -> Wire:
    """Sessions of a station whose registers are kWh labelled Wh; power shows it in all but the last one."""
    wire = Wire()
    wire.call("BootNotification", {"chargePointVendor": "Vendor", "chargePointModel": "M", "firmwareVersion": "1"})
    for number in range(count):
        began = 20_000 * number
        wire.start(number + 1, meterStart=None, seconds=began + 1, timestamp=at(began + 1))
        for quarter in range(4):
            seconds = began + 1 + 900 * quarter
            samples = [{"value": str(Decimal(100 * number) + quarter), "unit": "Wh"}]
            if with_power and number < count - 1:
                samples.append({"value": "4000", "unit": "W", "measurand": "Power.Active.Import"})
            payload = {"connectorId": 1, "transactionId": number + 1, "meterValue": value(seconds, *samples)}
            wire.call("MeterValues", payload, seconds=seconds)
        wire.stop(number + 1, meterStop=None, seconds=began + 3000, timestamp=at(began + 3000))
    return wire


def newest(wire: Wire) -> Session:
    return max(wire.sessions(), key=lambda session: session.started_at or 0)


def test_a_station_s_habit_decides_where_a_session_shows_nothing_and_is_flagged() -> None:
    assert (newest(faulty(3, with_power=True)).energy_wh, newest(faulty(3, with_power=True)).energy_flags) == (
        3000,
        "unit_by_habit",
    )
    # one session alone is no habit
    assert newest(faulty(2, with_power=True)).energy_wh == 3
    assert newest(faulty(3, with_power=False)).energy_wh == 3


def test_knowledge_crosses_stations_only_as_a_file_and_is_flagged() -> None:
    lines = ["vendor,model,firmware,samples_shift,samples_base,source", "VENDOR,m,*,3,,a report"]
    known = read_knowledge("1", lines)
    wire = faulty(1, with_power=False)
    state = StationState(station_id="CP")
    for record in wire.records:
        step(state, record, Context(KEY, known))
    (session,) = [fact for fact in drain(state) if isinstance(fact, Session)]
    assert (session.energy_wh, session.energy_flags, session.energy_confidence) == (3000, "unit_by_knowledge", 0.5)
    assert knowledge.shipped().version
    assert read_knowledge("1", lines[:1]).of("Vendor", "M", "1") is None
    assert known.of("vendor", "other", "1") is None


@pytest.mark.parametrize("line", ["V,M,*,2,,s", "V,M,*,3,day,s", "V,M,*,3,session,"])
def test_a_line_of_knowledge_that_says_nothing_usable_is_refused(line: str) -> None:
    with pytest.raises(KnowledgeError, match="Line 2"):
        read_knowledge("1", ["vendor,model,firmware,samples_shift,samples_base,source", line])


def test_a_session_taken_back_takes_its_votes_back() -> None:
    wire = Wire()
    wire.start(7)
    wire.stop(7)
    again = wire.start()  # the same start in another system's log, whose answer comes after the stop
    wire.stop(-1, timestamp=at(3601))
    before = wire.fold()
    assert [habit.sessions for habit in before.of("meter_habits")] == [2]
    wire.started(again, 7)
    folded = wire.fold()
    assert len(folded.of("sessions")) == 1
    assert [habit.sessions for habit in folded.of("meter_habits")] == [1]
