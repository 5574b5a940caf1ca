"""A wrong unit needs evidence: what travels agree with, and what a habit may decide in a session of its own kind."""

import pytest
from captures import Wire, at

from models.facts import Session

DAY = 24 * 3600


def meter(wire: Wire, seconds: float, wh: float, transaction_id: int, **fields: object) -> None:
    wire.meter(wh, seconds=seconds, transaction_id=transaction_id, unit="Wh", **fields)


def idle_all_night(wire: Wire, number: int, began: float, start: int) -> None:
    """7 kWh in two hours, samples from the session's zero until 22 hours later; so little on average as to look odd."""
    wire.start(number, seconds=began, meterStart=start, timestamp=at(began))
    for hour in range(23):
        meter(wire, began + 60 + hour * 3600, min(50 + hour * 3500, 7050), number)
    stop = began + 23 * 3600
    wire.stop(number, meterStop=start + 7050, seconds=stop, timestamp=at(stop))


def booted() -> Wire:
    wire = Wire()
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "1"})
    return wire


def newest(wire: Wire) -> Session:
    return max(wire.sessions(), key=lambda session: session.started_at or 0)


def test_samples_whose_travel_is_meter_stop_s_vote_for_no_other_unit() -> None:
    wire = booted()
    for number in range(2):
        idle_all_night(wire, 100 + number, 100 + number * DAY, 12_000 + 7050 * number)
    began = 100 + 2 * DAY
    wire.start(102, seconds=began, meterStart=26_100, timestamp=at(began))
    for place in range(5):
        meter(wire, began + 60 + place * 1200, 50 + place * 1500, 102)
    wire.start(103, seconds=began + 90_000, meterStart=32_150, timestamp=at(began + 90_000))
    sessions = sorted(wire.sessions(), key=lambda session: session.started_at)
    assert [session.energy_wh for session in sessions[:3]] == [7050, 7050, 6050]
    assert all("unit" not in (session.energy_flags or "") for session in sessions)
    (habit,) = wire.fold().of("meter_habits")
    assert (habit.unit_kwh_as_wh, habit.samples_session) == (0, 2)


def test_a_first_sample_that_the_session_s_own_rate_explains_is_not_meter_start_in_kilowatt_hours() -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=12_000)
    for place in range(5):
        # 15 Wh in the first minute is what the session goes on with, though it is near 12 kWh, too.
        meter(wire, 60 + 3600 * place, 15 + 300 * place, 7)
    assert (newest(wire).energy_wh, newest(wire).energy_flags) == (1215, "samples_session_relative")


def mislabelled(count: int) -> Wire:
    """Sessions whose registers are kWh labelled Wh, as meterStop shows, at 4 kW."""
    wire = booted()
    for number in range(count):
        began, start = number * DAY, 1_000_000 + 4000 * number
        wire.start(100 + number, seconds=began, meterStart=start, timestamp=at(began))
        for place in range(5):
            meter(wire, began + 900 * place, start / 1000 + place, 100 + number)
        wire.stop(100 + number, meterStop=start + 4000, seconds=began + 3600, timestamp=at(began + 3600))
    return wire


@pytest.mark.parametrize(
    ("rise", "power", "stop", "expected"),
    [
        (1, None, None, (4000, "unit_by_habit")),
        (1, 7000, None, (4000, "unit_by_habit")),
        # no car takes 4 MWh in an hour
        (1000, None, None, (4000, None)),
        # more than twice the highest power
        (1, 1000, None, (4, None)),
        # the stop says how far the register went
        (100, None, 400, (400, None)),
        (100, None, 400_000, (400_000, None)),
    ],
)
def test_a_habit_decides_only_what_the_session_itself_allows(
    rise: float, power: int | None, stop: int | None, expected: tuple[int, str | None]
) -> None:
    wire = mislabelled(2)
    began, start = 2 * DAY, None if stop is None else 9_000
    wire.start(200, seconds=began, meterStart=start, timestamp=at(began))
    for place in range(5):
        samples = [{"value": str(500 + rise * place), "unit": "Wh"}]
        if power is not None and place == 2:
            samples.append({"value": str(power), "unit": "W", "measurand": "Power.Active.Import"})
        value = [{"timestamp": at(began + 900 * place), "sampledValue": samples}]
        payload = {"connectorId": 1, "transactionId": 200, "meterValue": value}
        wire.call("MeterValues", payload, seconds=began + 900 * place)
    if start is not None and stop is not None:
        wire.stop(200, meterStop=start + stop, seconds=began + 3600, timestamp=at(began + 3600))
    session = newest(wire)
    assert session.energy_wh == expected[0]
    assert session.energy_flags == expected[1]


def test_a_habit_does_not_turn_a_first_sample_into_energy_that_no_car_takes() -> None:
    wire = mislabelled(2)
    wire.start(200, seconds=2 * DAY, meterStart=26_100, timestamp=at(2 * DAY))
    meter(wire, 2 * DAY + 60, 50, 200)
    assert newest(wire).energy_wh == 50
