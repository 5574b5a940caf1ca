"""A session's meter through its life: what is left when the usual evidence is missing, late, or odd."""

from decimal import Decimal

import pytest
from captures import Folded, Wire, at

from models.facts import Session
from models.state import SessionState

EVSE = {"id": 1, "connectorId": 1}


def meter(wire: Wire, seconds: float | None, *samples: tuple, transaction_id: int = 7, received: float = 0) -> None:
    """1.6 MeterValues of (value, unit, further fields)."""
    sampled = [{"value": str(value), "unit": unit, **fields} for value, unit, fields in samples]
    value = [{"timestamp": None if seconds is None else at(seconds), "sampledValue": sampled}]
    payload = {"connectorId": 1, "transactionId": transaction_id, "meterValue": value}
    wire.call("MeterValues", payload, seconds=seconds if seconds is not None else received)


def register(wh: object, unit: str | None = "Wh", **fields: object) -> tuple:
    return wh, unit, fields


def power(watts: object, **fields: object) -> tuple:
    return watts, "W", {"measurand": "Power.Active.Import", **fields}


def interval(wh: object, **fields: object) -> tuple:
    return wh, "Wh", {"measurand": "Energy.Active.Import.Interval", **fields}


def started(**fields: object) -> Wire:
    wire = Wire()
    wire.start(7, **({"meterStart": None} | fields))
    return wire


def only(wire: Wire) -> Session:
    (session,) = wire.sessions()
    return session


def test_a_register_without_a_unit_was_in_the_unit_that_the_next_one_names() -> None:
    wire = started()
    meter(wire, 0, register("1000.0", None, context="Transaction.Begin"), register("1000.0", None))
    meter(wire, 300, register("1000.2", None))
    meter(wire, 900, register("1000.9", "kWh"))
    assert only(wire).energy_wh == 900
    assert only(wire).register_start_wh == 1_000_000


def test_a_repeated_register_at_begin_without_a_unit_is_in_the_unit_of_the_others() -> None:
    wire = started()
    meter(wire, 0, register("10.5", "kWh"))
    meter(wire, 900, register("10.5", None, context="Transaction.Begin"))
    meter(wire, 1800, register("12", "kWh"))
    assert only(wire).energy_wh == 1500


def test_one_sample_too_high_is_known_by_the_three_that_go_on_below_it() -> None:
    wire = started(meterStart=1000)
    for number, wh in enumerate((1100, 1200, 9000, 1300, 1400, 1500)):
        meter(wire, 900 * number, register(wh))
    assert (only(wire).energy_wh, only(wire).energy_flags) == (500, "glitch_left_out")


def test_a_register_that_began_anew_without_times_counts_from_its_first_sample() -> None:
    wire = started()
    for number, wh in enumerate((1000, 1500, 10, 20, 30)):
        meter(wire, None, register(wh), received=900 * number)
    assert only(wire).energy_wh == 520


def test_a_register_that_began_far_from_zero_counts_from_its_first_sample() -> None:
    wire = started()
    for number, wh in enumerate((900_000, 900_500, 400_000, 400_100, 400_200)):
        meter(wire, 900 * number, register(wh))
    assert (only(wire).energy_wh, only(wire).energy_flags) == (700, "reset_stitched")


def test_glitches_that_contradict_each_other_are_left_out() -> None:
    wire = started(meterStart=9000)
    for number, wh in enumerate((9000, 9500, 50, 3, 10_000)):
        meter(wire, 900 * number, register(wh))
    assert only(wire).energy_wh == 1000
    assert [row.anomaly for row in wire.fold().of("anomalies")] == ["register_glitch", "register_glitch"]


def test_power_counts_no_time_without_samples_and_no_instant_twice() -> None:
    wire = started()
    for seconds in (0, 900, 900, 300, 1800, 20_000, 20_900):
        meter(wire, seconds, power(4000))
    session = only(wire)
    assert (session.energy_wh, session.energy_basis, session.energy_flags) == (3000, "power", "gaps")


def test_one_sample_of_power_is_no_energy() -> None:
    wire = started()
    meter(wire, 900, power(4000))
    assert only(wire).energy_wh is None


def test_power_that_runs_back_adds_nothing() -> None:
    wire = started()
    for number, watts in enumerate((4000, -4000, 4000)):
        meter(wire, 900 * number, power(watts))
    assert only(wire).energy_wh == 1000


def test_intervals_count_by_instant_whatever_their_order_and_never_below_zero() -> None:
    wire = started()
    for seconds in (900, 2700, 1800, 900):
        meter(wire, seconds, interval(500))
    meter(wire, 3600, interval(-300))
    assert only(wire).energy_wh == 1500
    for number in range(5, 15):
        meter(wire, 900 * number, interval(500))
    meter(wire, 900, interval(500))
    assert only(wire).energy_wh == 6500


def test_clock_aligned_intervals_count_where_there_are_no_others() -> None:
    wire = started()
    for number in (1, 2):
        meter(wire, 900 * number, interval(500, context="Sample.Clock"))
    assert (only(wire).energy_wh, only(wire).energy_basis) == (1000, "interval")


def test_a_standing_register_beside_power_proves_no_unit() -> None:
    wire = started()
    for number in range(5):
        meter(wire, 900 * number, register(1000), power(7000))
    assert (only(wire).energy_wh, only(wire).energy_flags) == (0, None)


def test_watt_hours_labelled_kilowatt_hours_are_found_by_meter_stop() -> None:
    wire = started(meterStart=0)
    for number in range(5):
        meter(wire, 3600 * number, register(800 * number, "kWh"))
    wire.stop(7, seconds=14_400, timestamp=at(14_400), meterStop=3200)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis) == (3200, "meter_stop")
    assert '"rung":"register","energy_wh":3200' in session.energy_candidates


@pytest.mark.parametrize("with_samples", [True, False])
def test_a_meter_stop_in_kilowatt_hours_is_used_where_nothing_is_better(with_samples: bool) -> None:
    wire = started(meterStart=1000)
    for number in range(7):
        samples = (register(1000 + 2 * number),) if with_samples else ()
        meter(wire, 900 * number, *samples, power(8000))
    wire.stop(7, seconds=5400, timestamp=at(5400), meterStop=1012)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis) == ((12_000, "register") if with_samples else (12_000, "power"))
    assert '"rung":"meter_stop","energy_wh":12000,"is_chosen":false,"reason":"unit_fault"' in session.energy_candidates


def test_a_meter_stop_in_kilowatt_hours_is_told_by_samples_that_a_car_can_take() -> None:
    wire = started(meterStart=1000)
    for number in range(5):
        meter(wire, 3600 * number, register(Decimal(1000) + 2 * number, "kWh"))
    wire.stop(7, seconds=14_400, timestamp=at(14_400), meterStop=1008)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis) == (8000, "register")
    assert (session.register_start_wh, session.register_end_wh) == (1_000_000, 1_008_000)


def test_a_habit_of_session_relative_samples_tells_an_open_session() -> None:
    wire = Wire()
    for number in range(3):
        began = 100_000 * number
        start = 1_000_000 + 5000 * number
        wire.start(7 + number, meterStart=start, seconds=began + 1, timestamp=at(began + 1))
        # The first sample is taken late, and so high that nothing but habit says where it counts from.
        for seconds, wh in ((7200, 5000 * (number + 1) - 600), (7260, 5000 * (number + 1) - 500)):
            if number < 2:
                wh = 4400 + (seconds - 7200) * 10 // 6
            meter(wire, began + seconds, register(wh), transaction_id=7 + number)
        if number < 2:
            wire.stop(7 + number, seconds=began + 8000, timestamp=at(began + 8000), meterStop=start + 5000)
    newest = max(wire.sessions(), key=lambda session: session.started_at)
    assert (newest.energy_wh, newest.energy_flags) == (14_500, "samples_session_relative")


def test_samples_that_count_from_the_boot_count_from_the_first_of_them() -> None:
    wire = started(meterStart=5_000_000)
    for number, wh in enumerate((700_000, 701_000, 702_000)):
        meter(wire, 60 + 900 * number, register(wh))
    assert (only(wire).energy_wh, only(wire).energy_flags) == (2000, "samples_boot_relative")
    wire.stop(7, seconds=2000, timestamp=at(2000), meterStop=5_002_100)
    habits = wire.fold().of("meter_habits")
    assert [habit.samples_boot for habit in habits] == [1]


def test_samples_below_a_start_that_has_no_time_count_from_zero() -> None:
    wire = Wire()
    wire.start(7, meterStart=5_000_000, seconds=10)
    for wh in (0, 900):
        meter(wire, None, register(wh), received=900)
    assert only(wire).energy_wh == 900


def test_a_transaction_that_a_state_of_before_holds_is_metered_from_now_on() -> None:
    wire = started(meterStart=1000)
    folded = Folded().fold(wire.records)
    (session,) = folded.states["CP"].open_sessions.values()
    assert isinstance(session, SessionState)
    session.meter = None
    meter(wire, 900, register(1500))
    wire.stop(7, seconds=1800, timestamp=at(1800), meterStop=2000)
    (found,) = folded.fold(wire.records[2:]).of("sessions")
    assert (found.energy_wh, found.energy_basis) == (1000, "meter_stop")
    folded = Folded().fold(wire.records[:2])
    (session,) = folded.states["CP"].open_sessions.values()
    session.meter = None
    (found,) = folded.fold(wire.records[-2:]).of("sessions")
    assert found.energy_wh == 1000


def test_a_session_of_a_state_of_before_is_said_without_new_samples() -> None:
    wire = started(meterStart=1000)
    folded = Folded().fold(wire.records)
    (session,) = folded.states["CP"].open_sessions.values()
    session.meter, session.register_first, session.register_last = None, Decimal(1000), Decimal(1800)
    wire.status("Charging", seconds=60)
    (found,) = folded.fold(wire.records[2:]).of("sessions")
    assert (found.energy_wh, found.energy_basis, found.register_end_wh) == (800, "register", 1800)


def test_a_signed_record_that_says_nothing_is_no_reading() -> None:
    wire = started(meterStart=1000)
    meter(wire, 60, ("not a record", None, {"format": "SignedData"}))
    assert only(wire).energy_candidates.count("rung") == 1  # meterStart, which waits for its stop


def test_a_stop_above_its_start_says_nothing_where_the_register_began_anew_between() -> None:
    wire = started(meterStart=1000)
    for number, wh in enumerate((1000, 5000, 10_000, 0, 500, 1000)):
        meter(wire, 900 * number, register(wh))
    wire.stop(7, seconds=5000, timestamp=at(5000), meterStop=1500)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis) == (10_500, "register")
    assert '"rung":"meter_stop","energy_wh":500,"is_chosen":false,"reason":"reset_between"' in session.energy_candidates


def test_a_stop_that_its_samples_contradict_is_disputed() -> None:
    wire = started(meterStart=1000)
    for number in range(2):
        meter(wire, 1800 * number, register(1000 + 3000 * number))
    wire.stop(7, seconds=3600, timestamp=at(3600), meterStop=1100)
    session = only(wire)
    assert (session.energy_wh, session.energy_flags, session.energy_confidence) == (100, "disagrees", 0.7)
    (said,) = wire.fold().of("anomalies")
    assert (said.anomaly, said.value, said.expected) == ("energy_disagrees", "3000", "100")


def test_a_session_without_any_time_has_no_capacity_to_exceed() -> None:
    wire = started(meterStart=0)
    meter(wire, None, register(90_000_000), received=60)
    assert only(wire).energy_wh == 90_000_000


def test_registers_below_zero_are_no_energy() -> None:
    wire = started(meterStart=1000)
    for number, wh in enumerate((-500, -400)):
        meter(wire, 900 * number, register(wh))
    session = only(wire)
    assert (session.energy_wh, session.register_end_wh) == (None, None)
    assert "register_negative" in [row.anomaly for row in wire.fold().of("anomalies")]


def test_a_register_at_end_below_that_at_begin_is_no_energy() -> None:
    wire = started()
    meter(wire, 0, register(5000, context="Transaction.Begin"))
    meter(wire, 900, register(4000, context="Transaction.End"))
    session = only(wire)
    assert session.energy_wh is None
    assert '"rung":"begin_end","energy_wh":null,"is_chosen":false,"reason":"negative"' in session.energy_candidates


def test_samples_after_the_end_of_a_stop_that_came_late_are_seen_and_not_counted() -> None:
    wire = started(meterStart=1000)
    for seconds, wh in ((900, 1500), (1900, 1700)):
        meter(wire, seconds, register(wh))
    wire.stop(7, seconds=2000, timestamp=at(1000), meterStop=1510)
    session = only(wire)
    assert (session.energy_wh, session.register_end_wh, session.register_seen_wh) == (510, 1510, 1700)


def stopped_and_seen(wire: Wire, seconds: float, sample: tuple) -> tuple[Session, list[str]]:
    """A stop without a register, and a sample of the port an hour later."""
    wire.stop(7, seconds=seconds, timestamp=at(seconds), meterStop=None)
    sampled = [{"value": str(sample[0]), "unit": sample[1], **sample[2]}]
    payload = {"connectorId": 1, "meterValue": [{"timestamp": at(seconds + 3600), "sampledValue": sampled}]}
    wire.call("MeterValues", payload, seconds=seconds + 3600)
    return only(wire), [row.anomaly for row in wire.fold().of("anomalies")]


def test_a_register_after_a_session_without_any_has_nothing_to_go_on_from() -> None:
    session, said = stopped_and_seen(started(), 1800, register(9000))
    assert (session.energy_wh, session.register_seen_wh) == (None, None)
    assert "register_after_stop" not in said


def test_a_register_after_the_session_without_a_unit_is_in_the_session_s() -> None:
    wire = started()
    for number, kwh in enumerate(("10", "11", "12")):
        meter(wire, 900 * number, register(kwh, "kWh"))
    session, said = stopped_and_seen(wire, 1800, register("13", None))
    assert (session.energy_wh, session.register_end_wh, session.register_seen_wh) == (2000, 12_000, 13_000)
    assert "register_after_stop" in said


def test_a_register_after_the_session_is_mislabelled_as_the_session_s_were() -> None:
    wire = started()
    for number in range(5):
        meter(wire, 900 * number, register(Decimal("1000") + Decimal("1.75") * number), power(7000))
    session, said = stopped_and_seen(wire, 3600, register(1010))
    assert (session.energy_wh, session.energy_flags) == (7000, "unit_fault")
    assert (session.register_end_wh, session.register_seen_wh) == (1_007_000, 1_010_000)
    assert "register_after_stop" in said


@pytest.mark.parametrize(("open_sessions", "energy"), [(1, [500]), (2, [None, None])])
def test_connector_0_meters_the_only_open_session_or_none(open_sessions: int, energy: list[int | None]) -> None:
    wire = Wire()
    for number in range(open_sessions):
        wire.start(7 + number, connectorId=1 + number, meterStart=None)
    for number, wh in enumerate((1000, 1500)):
        value = [{"timestamp": at(900 * number), "sampledValue": [{"value": str(wh)}]}]
        wire.call("MeterValues", {"connectorId": 0, "meterValue": value}, seconds=900 * number)
    assert [session.energy_wh for session in wire.sessions()] == energy
