"""Registers that break off: boots as witnesses of a reset, spikes known by what follows, zeros that are no register."""

import pytest
from captures import Wire, at

from models.facts import Session

EVSE = {"id": 1}
BOOT = {"reason": "Watchdog", "chargingStation": {"vendorName": "V", "model": "M"}}


def only(wire: Wire) -> Session:
    (session,) = wire.sessions()
    return session


def words(wire: Wire) -> list[str]:
    return sorted(row.anomaly for row in wire.fold().of("anomalies"))


def talk(samples: list[tuple[float, object]], boot: float | None = None) -> Wire:
    """A 2.x transaction of (seconds, register), the last one of Ended; the station boots at `boot`."""
    wire = Wire("ocpp2.0.1")
    for number, (seconds, wh) in enumerate(samples):
        if boot is not None and boot < seconds:
            wire.call("BootNotification", BOOT, seconds=boot)
            boot = None
        event = "Ended" if number == len(samples) - 1 else "Updated" if number else "Started"
        wire.transaction(event, seconds=seconds, wh=wh, seqNo=number, evse=EVSE)
    return wire


def test_a_spike_before_the_last_sample_is_known_by_the_register_before_it() -> None:
    steady = [(60 * n, 1_000_000 + 100 * n) for n in range(30)]
    wire = talk([*steady, (1800, 1_022_000), (1860, 1_003_100)])
    assert (only(wire).energy_wh, only(wire).energy_flags) == (3100, "glitch_left_out")
    assert words(wire) == ["register_glitch"]


def test_a_last_sample_a_little_lower_proves_no_spike() -> None:
    wire = talk([(0, 1000), (900, 2000), (1800, 3000), (1900, 2990)])
    assert (only(wire).energy_wh, only(wire).energy_flags) == (2000, "fall_unconfirmed")


ANEW = [(0, 0), (500, 3000), (600, 100), (1200, 3700), (1800, 7300), (2400, 10_900), (2500, 11_500)]


def test_a_register_that_begins_anew_at_a_boot_and_overtakes_the_old_one_is_stitched() -> None:
    wire = talk(ANEW, boot=560)
    assert (only(wire).energy_wh, only(wire).energy_flags) == (14_500, "reset_stitched")
    assert words(wire) == ["register_reset", "resumed"]
    assert only(talk(ANEW)).energy_wh == 11_500  # without a boot the one low sample is a glitch


@pytest.mark.parametrize("stop", [11_500, 14_450])
def test_meter_stop_goes_on_from_the_new_register_or_from_the_old_one(stop: int) -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=0)
    for seconds, wh in ANEW[1:-1]:
        if seconds == 600:
            wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, seconds=560)
        wire.meter(wh, seconds=seconds, transaction_id=7, unit="Wh")
    wire.stop(7, seconds=2500, timestamp=at(2500), meterStop=stop)
    session = only(wire)
    expected = (14_500, "register", 11_500) if stop == 11_500 else (14_450, "meter_stop", 14_450)
    assert (session.energy_wh, session.energy_basis, session.register_end_wh) == expected


def test_two_samples_below_after_a_boot_are_a_reset() -> None:
    wire = talk([(0, 5000), (600, 8000), (1200, 200), (1500, 1700), (1600, 2200)], boot=1100)
    assert (only(wire).energy_wh, only(wire).energy_flags) == (5200, "reset_stitched")
    assert [habit.resets_at_boot for habit in wire.fold().of("meter_habits") if habit.sessions] == [1]


def test_one_sample_below_after_a_boot_is_a_reset_at_the_end_where_it_fits_the_rate() -> None:
    for seconds, expected in ((900, (5000, "reset_stitched")), (570, (3000, "fall_unconfirmed"))):
        wire = talk([(0, 0), (500, 3000), (seconds, 2000)], boot=560)
        assert (only(wire).energy_wh, only(wire).energy_flags) == expected


def test_a_meter_that_reads_0_once_after_a_boot_has_not_begun_anew() -> None:
    wire = talk([(0, 0), (500, 3000), (600, 0), (660, 3500), (720, 3800)], boot=560)
    assert (only(wire).energy_wh, only(wire).energy_flags) == (3800, "glitch_left_out")


@pytest.mark.parametrize("zeros", [1, 2, 3, 9])
def test_zeros_between_agreeing_registers_are_none(zeros: int) -> None:
    samples = [(60 * n, 0 if 10 <= n < 10 + zeros else 1_000_000 + 100 * n) for n in range(30)]
    wire = talk(samples)
    assert (only(wire).energy_wh, only(wire).energy_flags) == (2900, "glitch_left_out")
    assert "register_reset" not in words(wire)


def test_zeros_are_a_reset_once_the_register_rises_from_them() -> None:
    wire = talk([(0, 5000), (600, 8000), (1200, 0), (1800, 0), (2400, 0), (3000, 500), (3600, 1000)])
    assert (only(wire).energy_wh, only(wire).energy_flags) == (4000, "reset_stitched")


def test_two_samples_of_which_the_last_is_lower_are_no_energy() -> None:
    wire = talk([(0, 100), (900, 3)])
    assert only(wire).energy_wh is None
    assert words(wire) == ["energy_negative"]


def test_a_last_sample_that_no_charger_can_reach_is_not_believed() -> None:
    wire = talk([(0, 100), (900, 1100), (1800, 99_999_999)])
    assert (only(wire).energy_wh, only(wire).energy_flags) == (1000, "fall_unconfirmed")
