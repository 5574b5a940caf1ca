"""Registers that come in parts: phases apart or late, a unit that only later samples name."""

import pytest
from captures import Wire, at

from models.facts import Session

PHASES = ("L1", "L2", "L3")


def only(wire: Wire) -> Session:
    return min(wire.sessions(), key=lambda session: session.started_at)


def words(wire: Wire) -> list[str]:
    return sorted(row.anomaly for row in wire.fold().of("anomalies"))


def event(wire: Wire, kind: str, seconds: float, samples: list[dict], received: float | None = None) -> None:
    value = [{"timestamp": at(seconds), "sampledValue": samples}]
    payload = {"eventType": kind, "timestamp": at(seconds), "transactionInfo": {"transactionId": "t"}}
    payload |= {"evse": {"id": 1}, "meterValue": value}
    wire.call("TransactionEvent", payload, seconds=seconds if received is None else received)


def by_phase(*values: float | None) -> list[dict]:
    return [{"value": value, "phase": name} for value, name in zip(values, PHASES, strict=False) if value is not None]


@pytest.mark.parametrize("is_timed", [True, False])
def test_phases_in_messages_of_their_own_are_one_register(is_timed: bool) -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=300_000)
    for number in range(10):
        for place, phase in enumerate(PHASES):
            sample = {"value": str(100_000 + number * 100 + place * 37), "unit": "Wh", "phase": phase}
            value = {"timestamp": at(60 + number * 60) if is_timed else None, "sampledValue": [sample]}
            payload = {"connectorId": 1, "transactionId": 7, "meterValue": [value]}
            wire.call("MeterValues", payload, seconds=60 + number * 60 + place)
    session = only(wire)
    assert (session.energy_wh, session.energy_basis, session.energy_flags) == (2811, "register", None)
    assert words(wire) == []


def test_phases_in_events_of_their_own_are_one_register_without_a_meter_start() -> None:
    wire = Wire("ocpp2.0.1")
    event(wire, "Started", 0, [])
    for number in range(10):
        for place, phase in enumerate(PHASES):
            sample = {"value": 100_000 + number * 100 + place * 37, "phase": phase}
            event(wire, "Updated", 60 + number * 60, [sample], received=60 + number * 60 + place)
    event(wire, "Ended", 700, [])
    session = only(wire)
    assert (session.energy_wh, session.register_start_wh, session.energy_flags) == (2700, 300_111, None)


def test_a_phase_that_comes_late_counts_from_its_first_sample() -> None:
    wire = Wire("ocpp2.0.1")
    event(wire, "Started", 0, by_phase(15_000, 15_000))
    for number in range(1, 6):
        event(wire, "Updated", 60 * number, by_phase(*[15_000 + 20 * number] * 3))
    event(wire, "Ended", 400, by_phase(15_120, 15_120, 15_120))
    session = only(wire)
    # 120 of two phases, 100 of the third one since it was first seen
    assert (session.energy_wh, session.energy_flags, session.energy_confidence) == (340, "phases_partly", 0.7)
    assert words(wire) == ["phases_partly"]


def test_phases_that_are_left_out_stand_still() -> None:
    wire = Wire("ocpp2.0.1")
    for number in range(4):
        event(wire, "Updated" if number else "Started", 600 * number, by_phase(*[10_000 + 400 * number] * 3))
    for number in range(4, 9):
        event(wire, "Ended" if number == 8 else "Updated", 600 * number, by_phase(11_200 + 400 * (number - 3)))
    assert (only(wire).energy_wh, only(wire).energy_flags) == (5600, None)


def test_a_late_sample_of_one_phase_moves_nothing() -> None:
    wire = Wire("ocpp2.0.1")
    for number in range(4):
        event(wire, "Updated" if number else "Started", 600 * number, by_phase(*[10_000 + 400 * number] * 3))
    event(wire, "Updated", 600, by_phase(10_390), received=1810)
    event(wire, "Ended", 2400, by_phase(11_600, 11_600, 11_600))
    assert (only(wire).energy_wh, only(wire).energy_flags) == (4800, None)


def test_a_total_between_phases_goes_on_with_them() -> None:
    wire = Wire("ocpp2.0.1")
    event(wire, "Started", 0, [{"value": 30_000}])
    for number in range(1, 6):
        event(wire, "Updated", 60 * number, by_phase(*[10_000 + 40 * number] * 3))
    event(wire, "Ended", 400, [{"value": 30_800}])
    assert only(wire).energy_wh == 800


def test_values_between_lines_are_no_phases() -> None:
    wire = Wire("ocpp2.0.1")
    for kind, seconds, wh in (("Started", 0, 1000), ("Updated", 600, 1100), ("Ended", 1200, 1500)):
        event(wire, kind, seconds, [{"value": wh, "phase": "L1-L2"}])
    assert only(wire).energy_wh == 500


def test_a_unit_that_the_first_sample_lacks_is_that_of_the_next_ones() -> None:
    wire = Wire("ocpp2.0.1")
    event(wire, "Started", 0, [{"value": 15.2}])
    for kind, seconds, kwh in (("Updated", 600, 15.4), ("Ended", 1200, 15.6)):
        event(wire, kind, seconds, [{"value": kwh, "unitOfMeasure": {"unit": "kWh"}}])
    assert (only(wire).energy_wh, only(wire).register_start_wh) == (400, 15_200)
    assert words(wire) == ["unit_missing"]


def test_a_unit_that_the_first_samples_lack_is_named_beside_power_too() -> None:
    wire = Wire()
    wire.start(7, seconds=0, meterStart=15_200)
    for number in range(6):
        register = {"value": f"{15.2 + 0.2 * number:.1f}"} | ({"unit": "kWh"} if number > 2 else {})
        power = {"value": "1200", "unit": "W", "measurand": "Power.Active.Import"}
        value = [{"timestamp": at(60 + 600 * number), "sampledValue": [register, power]}]
        payload = {"connectorId": 1, "transactionId": 7, "meterValue": value}
        wire.call("MeterValues", payload, seconds=60 + 600 * number)
    wire.start(8, seconds=4000, meterStart=16_200, timestamp=at(4000))
    assert (only(wire).energy_wh, only(wire).energy_flags) == (1000, None)


def test_a_first_sample_in_watt_hours_stays_so_where_kilowatt_hours_would_fall() -> None:
    wire = Wire("ocpp2.0.1")
    event(wire, "Started", 0, [{"value": 12_900}])
    event(wire, "Ended", 600, [{"value": 13.3, "unitOfMeasure": {"unit": "kWh"}}])
    assert only(wire).energy_wh == 400
