"""Deviations of sampled values, worked out by hand."""

from typing import Any

import pytest
from folded import Wire, land, records, shared
from folded import at as wire_at
from metered import meter, sample, session
from small_lake import Lake, rows

ODD = """SELECT anomaly, session_id, value, expected, severity FROM core__measurement_anomalies
  ORDER BY anomaly, session_id"""
CURRENT, POWER = "Current.Import", "Power.Active.Import"


def found(lake: Lake) -> list[Any]:
    return rows(lake.build(), ODD)


def test_voltages_are_held_against_ten_percent_of_the_grid_that_the_station_shows(lake: Lake) -> None:
    lake.facts(
        session("1", 0, 600, 10), session("2", 0, 600, 10, station_id="US"), session("3", 0, 600, 10, station_id="DC")
    )
    for seconds, volt in ((10, 230), (20, 231), (30, 206.9), (40, 207), (50, 3), (60, 253), (70, 200), (80, 254)):
        meter(lake, seconds, sample(volt, "Voltage", "V", phase="L1-N"))
        meter(lake, seconds, sample(120, "Voltage", "V", phase="L1"), transaction_id=2, station_id="US")
        # Direct voltage follows the battery: no phase, no band
        meter(lake, seconds, sample(volt * 2, "Voltage", "V"), transaction_id=3, station_id="DC")
    assert found(lake) == [
        ("overvoltage", "1", "254.0", "207.0 to 253.0", "warning"),
        ("undervoltage", "1", "200.0", "207.0 to 253.0", "warning"),
    ]


def test_a_row_counts_its_samples_and_leads_to_the_first_frame(lake: Lake) -> None:
    lake.facts(session("1", 0, 600, 10))
    for seconds, volt in ((10, 230), (20, 231), (30, 200), (40, 190), (50, 230)):
        meter(lake, seconds, sample(volt, "Voltage", "V", phase="L2-N"))
    query = """SELECT a.value, a.detail, f.payload_text LIKE '%"value": "200"%', a.found_by
      FROM core__anomalies AS a JOIN raw_ocpp__frames AS f ON f."offset" = a.evidence_offset"""
    assert rows(lake.build(), query) == [("190.0", "2 samples of L2 in V are too low.", True, "sql")]


def test_unequal_phases_are_an_imbalance_and_idle_ones_are_not(lake: Lake) -> None:
    lake.facts(*(session(str(n), 0, 600, 10, connector_id=n) for n in (1, 2, 3)))
    for seconds in (10, 20, 30):
        for number, currents in ((1, (16, 10, 16)), (2, (16, 0, 0)), (3, (16, 15, 14.5))):
            phases = [sample(a, CURRENT, "A", phase=f"L{n}") for n, a in enumerate(currents, 1)]
            meter(lake, seconds, *phases, transaction_id=number, connector_id=number)
    assert found(lake) == [("phase_imbalance", "1", "6.0", "at most 2.8", "info")]


def test_derating_is_a_lower_offer_for_minutes_or_less_power_into_an_empty_battery(lake: Lake) -> None:
    lake.facts(*(session(str(n), 0, 6000, 5000, connector_id=n) for n in (1, 2, 3, 4)))
    for step in range(8):
        seconds, is_low = 60 * step, step >= 2
        meter(lake, seconds, sample(10 if is_low else 32, "Current.Offered", "A"))
        for number, soc in ((2, 30), (3, 85)):  # 3: a full battery takes less by itself
            samples = (sample(20 if is_low else 60, POWER, "kW"), sample(soc, "SoC", "Percent"))
            meter(lake, seconds, *samples, transaction_id=number, connector_id=number)
        dip = 10 if step == 4 else 32  # one dip is none
        meter(lake, seconds, sample(dip, "Current.Offered", "A"), transaction_id=4, connector_id=4)
    assert found(lake) == [
        ("derating", "1", "10.0", "at least 22.4", "info"),
        ("derating", "2", "20000.0", "at least 30000.0", "info"),
    ]


def test_frequency_unreadable_values_connector_0_and_gaps_of_the_register_are_said(lake: Lake) -> None:
    registers = {"register_start_wh": 100, "register_end_wh": 200, "register_seen_wh": 200}
    lake.facts(
        session("1", 0, 600, 100, **registers),
        session("2", 700, 900, 50, **registers | {"register_start_wh": 260, "register_end_wh": 310}),
    )
    meter(lake, 10, sample("50.3", "Frequency", "Hz"), sample("50.51", "Frequency", "Hz"), sample("", CURRENT, "A"))
    meter(lake, 20, sample("60.1", "Frequency"), sample("5", CURRENT), connector_id=0)
    meter(lake, 30, sample("signed", format="SignedData"))
    assert found(lake) == [
        ("frequency_deviation", "1", "50.51", "49.5 to 50.5", "warning"),
        ("meter_on_connector_0", "1", "0", "above 0", "info"),
        ("register_gap", "2", "260.0000", "200.0000", "warning"),
        ("value_unreadable", "1", "Current.Import", "a number", "info"),
    ]


def test_sap_capture_has_two_sessions_with_unequal_phases_and_some_whose_power_is_made_up(lake: Lake) -> None:
    opened = land(lake, records(shared("sim_sap_emobility_16_201.jsonl"))).build()
    query = (
        "SELECT anomaly, count(*), count(evidence_offset) FROM core__measurement_anomalies GROUP BY ALL ORDER BY ALL"
    )
    found = [("energy_disagrees", 1, 0), ("phase_imbalance", 2, 2), ("power_disagrees", 1, 0)]
    assert rows(opened, query) == found


def said(lake: Lake, wire: Wire, kind: str) -> list[tuple[object, ...]]:
    query = f"SELECT value, expected FROM core__measurement_anomalies WHERE anomaly = '{kind}'"
    return rows(land(lake, wire.records).build(), query)


def sampled(wire: Wire, second: int, measurand: str, unit: str, value: object, **more: str) -> None:
    sample = {"value": str(value), "measurand": measurand, "unit": unit} | more
    values = [{"timestamp": wire_at(second), "sampledValue": [sample]}]
    wire.call("MeterValues", {"connectorId": 1, "transactionId": 5, "meterValue": values}, seconds=second)


def charging(values: list[object], measurand: str, unit: str, **more: str) -> Wire:
    wire = Wire()
    wire.start(5, seconds=0, timestamp=wire_at(0), meterStart=0)
    for place, value in enumerate(values):
        sampled(wire, 60 * (place + 1), measurand, unit, value, **more)
    return wire


@pytest.mark.parametrize(
    ("volts", "more", "found"),
    [
        ([230] * 6 + [180] * 3, {}, [("180.0", "207.0 to 253.0")]),  # no phase, yet a household's voltage
        ([185] * 8, {"phase": "L1"}, [("185.0", "198.0 to 242.0")]),  # steadily too low
        ([230] * 6 + [180] * 3, {"location": "EV"}, []),  # the battery's
        ([380, 390, 400, 340], {}, []),
    ],
)
def test_a_voltage_that_stays_low_or_names_no_phase_is_too_low_all_the_same(
    lake: Lake, volts: list[object], more: dict[str, str], found: list[tuple[str, str]]
) -> None:
    assert said(lake, charging(volts, "Voltage", "V", **more), "undervoltage") == found


@pytest.mark.parametrize(
    ("watts", "found"),
    [
        ([22_000] * 3 + [4_000] * 5, [("4000.0", "at least 11000.0")]),
        ([22_000, 20_000, 17_000, 14_000, 10_000, 8_000, 6_000, 4_000], []),  # a car that tapers
        ([22_000] * 3 + [9_000, 6_000, 4_000, 3_000], []),
    ],
)
def test_without_a_state_of_charge_power_that_falls_at_once_and_stays_is_derating(
    lake: Lake, watts: list[object], found: list[tuple[str, str]]
) -> None:
    assert said(lake, charging(watts, "Power.Active.Import", "W"), "derating") == found


@pytest.mark.parametrize(
    ("wish", "status", "found"),
    [
        ({"connectorId": 1}, "Accepted", 0),
        ({"connectorId": 1}, "Rejected", 1),
        ({"connectorId": 0}, "Accepted", 0),  # the station as a whole
        ({"connectorId": 2}, "Accepted", 1),  # another connector's
        ({"evseId": 2}, "Accepted", 1),
        ({}, "Accepted", 0),
    ],
)
def test_an_offer_that_the_system_lowered_is_no_derating(
    lake: Lake, wish: dict[str, int], status: str, found: int
) -> None:
    wire = charging([32, 32, 32], "Current.Offered", "A")
    wire.add([2, "p1", "SetChargingProfile", wish], "csms-to-cp", 185)
    wire.add([3, "p1", {"status": status}], "cp-to-csms", 186)
    for second in range(240, 600, 60):
        sampled(wire, second, "Current.Offered", "A", 10)
    assert len(said(lake, wire, "derating")) == found
