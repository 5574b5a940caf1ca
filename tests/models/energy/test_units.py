"""Whether a register is in the unit it names: what is too little to tell, and from when on."""

import pytest
from captures import START_US, Wire, at

from models.facts import Session


def talk(samples: list[tuple[float, str, int | None]], unit: str, begin: float = 0) -> Session:
    """A 1.6 session of (seconds, register, watts)."""
    wire = Wire()
    wire.start(7, meterStart=None, timestamp=at(begin), seconds=begin)
    for seconds, value, watts in samples:
        sampled = [{"value": value, "unit": unit}]
        if watts is not None:
            sampled.append({"value": str(watts), "unit": "W", "measurand": "Power.Active.Import"})
        values = [{"timestamp": at(seconds), "sampledValue": sampled}]
        wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": values}, seconds=seconds)
    (session,) = wire.sessions()
    assert session.started_at is not None
    assert session.started_at.timestamp() == START_US / 1e6 + begin
    return session


@pytest.mark.parametrize(("watts", "wh", "flags"), [(60, 0, None), (6_000, 200, "unit_fault")])
def test_a_few_watt_hours_beside_power_prove_no_unit(watts: int, wh: int, flags: str | None) -> None:
    """The register shows a thousandth of what power does, in both cases."""
    kwh = [f"{1000 + watts * minute / 60_000:.6f}" for minute in range(3)]
    session = talk([(60 * minute, kwh[minute], watts) for minute in range(3)], "Wh")
    assert (session.energy_wh, session.energy_flags) == (wh, flags)


@pytest.mark.parametrize(("begin", "wh", "flags"), [(0, 100_000, None), (3_600, 100, "unit_fault")])
def test_what_a_register_took_before_its_first_sample_counts_from_the_start(
    begin: float, wh: int, flags: str | None
) -> None:
    session = talk([(3_600, "10", None), (3_660, "110", None)], "kWh", begin)
    assert (session.energy_wh, session.energy_flags) == (wh, flags)


def test_a_battery_that_a_simulator_charges_in_a_second_keeps_its_kilowatt_hours() -> None:
    session = talk([(0, "7", None), (1, "67", None)], "kWh")
    assert (session.energy_wh, session.energy_flags) == (60_000, None)
