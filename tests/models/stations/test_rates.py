"""Rates per hour of receipt."""

from captures import Wire, at

HOUR = 3600
START = 22 * HOUR + 13 * 60 + 20  # the conversation starts at 22:13:20
TO_23 = 23 * HOUR - START


def rates(wire: Wire, **options: int) -> dict[str, tuple[int, int, int, int]]:
    found = sorted(wire.fold(**options).of("rates"), key=lambda rate: rate.hour)
    return {rate.rate_id[-2:]: (rate.energy_wh, rate.sessions, rate.faults, rate.fault_s) for rate in found}


def test_energy_counts_in_the_hour_in_which_it_was_received() -> None:
    wire = Wire()
    wire.start(7)
    wire.meter(1400, seconds=60, transaction_id=7)
    wire.meter(1900, seconds=TO_23 + 60, transaction_id=7)
    wire.stop(7, seconds=TO_23 + HOUR)
    assert rates(wire) == {"22": (400, 1, 0, 0), "23": (500, 0, 0, 0), "00": (1100, 0, 0, 0)}
    assert rates(wire) == rates(wire, drain_every=1)


def test_a_stop_below_the_last_register_takes_back_from_the_newest_hours() -> None:
    wire = Wire()
    wire.start(7)
    wire.meter(1400, seconds=60, transaction_id=7)
    wire.meter(1900, seconds=TO_23 + 60, transaction_id=7)
    wire.stop(7, seconds=TO_23 + 2 * HOUR, meterStop=1300)
    assert rates(wire) == {"22": (300, 1, 0, 0), "23": (0, 0, 0, 0)}


def test_fault_time_is_split_at_full_hours_and_counts_overlaps_once() -> None:
    wire = Wire()
    wire.status("Faulted", "WeakSignal", seconds=TO_23 - 100)
    wire.status("Faulted", "OtherError", connector=2, seconds=TO_23 - 50)
    wire.status("Available", seconds=TO_23 + 10)
    wire.call("Heartbeat", {}, seconds=TO_23 + HOUR + 5)
    wire.status("Available", connector=2, seconds=TO_23 + HOUR + 7)
    wire.call("Heartbeat", {}, seconds=TO_23 + HOUR + 500)
    assert rates(wire) == {"22": (0, 0, 2, 100), "23": (0, 0, 0, 3600), "00": (0, 0, 0, 7)}
    assert rates(wire) == rates(wire, drain_every=1)


def test_a_fault_that_stays_open_counts_as_the_log_s_time_passes() -> None:
    wire = Wire()
    wire.status("Faulted", "WeakSignal", seconds=0)
    wire.call("Heartbeat", {}, seconds=30)
    assert rates(wire)["22"] == (0, 0, 1, 30)


def test_years_of_silence_with_an_open_fault_count_nothing_and_end_quickly() -> None:
    wire = Wire()
    wire.status("Faulted", "WeakSignal", seconds=0)
    wire.call("Heartbeat", {}, seconds=20 * 365 * 86_400)
    assert rates(wire) == {"22": (0, 0, 1, 0)}


def test_two_days_of_a_fault_are_all_told_although_the_state_keeps_fewer_hours() -> None:
    wire = Wire()
    wire.status("Faulted", "WeakSignal", seconds=0)
    wire.status("Available", seconds=48 * HOUR)
    folded = wire.fold()
    assert sum(rate.fault_s for rate in folded.of("rates")) == 48 * HOUR
    assert len(folded.states["CP"].hours) <= 26


def test_a_log_without_times_of_receipt_counts_by_the_charger_s_clock() -> None:
    wire = Wire()
    wire.start(7)
    wire.stop(7, timestamp=at(TO_23 + 5))
    for record in wire.records:
        record.received_at_us = None
    assert rates(wire) == {"22": (0, 1, 0, 0), "23": (2000, 0, 0, 0)}


def test_an_hour_from_before_all_that_are_kept_is_final_and_counts_nothing() -> None:
    """Only a log without times of receipt goes back: by the charger's clock, which may be set back."""
    for hours, counted in ((25, 26), (26, 26)):
        wire = Wire()
        for number in range(hours):
            wire.start(number + 1, connectorId=number + 1, timestamp=at(number * HOUR))
        wire.start(99, connectorId=99, timestamp=at(-5 * HOUR))
        for record in wire.records:
            record.received_at_us = None
        found = wire.fold().of("rates")
        assert sum(rate.sessions for rate in found) == counted
        assert ("17" in {rate.rate_id[-2:] for rate in found if rate.hour.day == 14}) is (hours == 25)


def test_a_session_of_two_days_takes_back_no_more_than_its_newest_hours_still_hold() -> None:
    wire = Wire()
    wire.start(7)
    for hour in range(48):
        taken = {"value": "100", "unit": "Wh", "measurand": "Energy.Active.Import.Interval"}
        value = [{"timestamp": at(hour * HOUR + 60), "sampledValue": [taken]}]
        payload = {"connectorId": 1, "transactionId": 7, "meterValue": value}
        wire.call("MeterValues", payload, seconds=hour * HOUR + 60)
    open_session = wire.fold()
    assert sum(rate.energy_wh for rate in open_session.of("rates")) == 4800
    (session,) = open_session.states["CP"].open_sessions.values()
    assert len(session.hours_wh) == 26
    wire.stop(7, seconds=47 * HOUR + 120, timestamp=at(47 * HOUR + 90), meterStop=1100)
    folded = wire.fold()
    assert [found.energy_wh for found in folded.of("sessions")] == [100]
    found = sorted(folded.of("rates"), key=lambda rate: rate.hour)
    assert [rate.energy_wh for rate in found] == [100] * 22 + [0] * 26


def test_no_time_counts_twice_where_the_charger_s_clock_runs_back_between_two_faults() -> None:
    wire = Wire()
    for status, error, said in (
        *(("Faulted", "WeakSignal", 100), ("Available", "NoError", 700)),
        *(("Faulted", "GroundFailure", 0), ("Available", "NoError", 900)),
    ):
        payload = {"connectorId": 1, "status": status, "errorCode": error, "timestamp": at(said)}
        wire.call("StatusNotification", payload)
        wire.records[-1].received_at_us = None
    assert rates(wire) == {"22": (0, 0, 2, 800)}
    assert rates(wire) == rates(wire, drain_every=1)
