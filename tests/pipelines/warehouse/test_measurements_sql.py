"""Normalised units, sessions and repeats of `core__measurements`."""

import json
from datetime import timedelta

import pytest
from folded import land, records, shared
from metered import meter, sample, second, session
from small_lake import Lake, at, call, rows

NORMALISED = "SELECT value_normalised, unit_normalised FROM core__measurements ORDER BY ordinal, meter_value, sample"


UNITS = [
    (sample("7.4", "Power.Active.Import", "kW"), 7400.0, "W"),
    (sample("7400", "Power.Active.Import"), 7400.0, "W"),  # quirk 31: no unit
    (sample("7400", "Power.Active.Import", "Wh"), 7400.0, "W"),  # 2.x's schema default, absurd for power
    (sample("7.4", "Power.Active.Import", "kWh"), None, None),
    (sample("1.5", None, "kWh"), 1500.0, "Wh"),
    (sample("12"), 12.0, "Wh"),
    (sample("12", ""), 12.0, "Wh"),
    (sample("3", "Energy.Reactive.Import.Register", "kvarh"), 3000.0, "varh"),
    (sample("31.5", "Temperature", "Celcius"), 31.5, "celsius"),  # quirk 40
    (sample("212", "Temperature", "Fahrenheit"), 100.0, "celsius"),
    (sample("273.15", "Temperature", "K"), 0.0, "celsius"),
    (sample("49.98", "Frequency"), 49.98, "hertz"),  # 1.6 errata 3.84
    (sample("49.98", "Frequency", "Hz"), 49.98, "hertz"),
    (sample("80", "SoC", "Percent"), 80.0, "percent"),
    (sample("80", "SoC"), 80.0, "percent"),
    (sample("230", "Voltage", "V"), 230.0, "V"),
    (sample("230", "Voltage", "A"), None, None),
    (sample("9", "Power.Active.Import", "VA"), 9.0, "VA"),
    (sample("16", "Current.Import"), 16.0, "A"),
    (sample("40", "Request.Energy", "Wh"), 40.0, "Wh"),  # quirk 40: no measurand of OCPP's
    (sample("", "Voltage", "V"), None, "V"),
    (sample("0.98", "Power.Factor"), 0.98, "ratio"),
]


def test_units_follow_the_measurand(lake: Lake) -> None:
    for seconds, (said, _, _) in enumerate(UNITS):
        meter(lake, seconds, said)
    found = rows(lake.build(), NORMALISED)
    assert found == [(None if value is None else pytest.approx(value), unit) for _, value, unit in UNITS]


def test_a_register_without_unit_after_kwh_is_kwh_where_that_fits(lake: Lake) -> None:
    lake.facts(session("1", 0, 100, 750), session("2", 0, 100, 750, connector_id=2))
    for seconds, value, unit in ((10, "0.30", "kWh"), (20, "0.60", "kWh"), (30, "0.75", None)):
        meter(lake, seconds, sample(value, None, unit))
        meter(lake, seconds, sample(value if unit else "750", None, unit), transaction_id=2, connector_id=2)
    found = rows(lake.build(), NORMALISED.replace("ORDER BY", "ORDER BY session_id,"))
    assert [value for value, _ in found] == [300.0, 600.0, 750.0, 300.0, 600.0, 750.0]


def test_phase_location_and_context_are_spelled_as_ocpp_does(lake: Lake) -> None:
    spelled = {"phase": "l1-N", "location": "outlet", "context": "sample.periodic"}
    meter(lake, 1, sample("230", "Voltage", "V", **spelled), sample("1", phase="X", location="Roof", context="Then"))
    query = """SELECT phase, phase_normalised, location, location_normalised, context, context_normalised
      FROM core__measurements ORDER BY sample"""
    assert rows(lake.build(), query) == [
        ("l1-N", "L1", "outlet", "Outlet", "sample.periodic", "Sample.Periodic"),
        ("X", None, "Roof", None, "Then", "Other"),
    ]


SESSIONS = "SELECT session_id, is_after_stop FROM core__measurements ORDER BY ordinal"


def test_a_sample_finds_its_session_by_id_where_that_is_a_key_else_by_connector_and_time(lake: Lake) -> None:
    lake.facts(
        session("a", 0, 100, transaction_id="7"),
        session("b", 200, 300, transaction_id="7"),  # quirk 5: the id comes back
        session("c", 400, 500, transaction_id="-1"),
        session("d", 600, None, transaction_id="9"),
    )
    for seconds, transaction_id in ((50, 7), (150, 7), (250, 7), (450, -1), (550, -1), (650, None), (660, 0), (670, 9)):
        meter(lake, seconds, sample(1), transaction_id=transaction_id)
    meter(lake, 680, sample(1), transaction_id=9223372036854775807)  # quirk 3
    meter(lake, 690, sample(1), transaction_id=None, connector_id=2)
    assert rows(lake.build(), SESSIONS) == [
        ("a", False),
        ("a", True),  # quirk 21: after its stop
        ("b", False),
        ("c", False),
        (None, False),
        ("d", False),
        ("d", False),
        ("d", False),
        ("d", False),
        (None, False),
    ]


def test_one_id_on_two_connectors_at_once_is_told_apart_by_the_connector(lake: Lake) -> None:
    lake.facts(session("a", 0, 100, transaction_id="1"), session("b", 10, 100, transaction_id="1", connector_id=2))
    meter(lake, 50, sample(1), connector_id=1)
    meter(lake, 51, sample(1), connector_id=2)
    assert [name for name, _ in rows(lake.build(), SESSIONS)] == ["a", "b"]


def test_connector_0_is_the_lone_connector_of_a_station_and_no_session_of_others(lake: Lake) -> None:
    lake.facts(
        session("a", 0, 100),
        session("b", 0, 100, station_id="CS2"),
        session("c", 0, 100, station_id="CS2", connector_id=2),
    )
    meter(lake, 50, sample(1), transaction_id=None, connector_id=0)
    meter(lake, 51, sample(1), transaction_id=None, connector_id=0, station_id="CS2")
    assert [name for name, _ in rows(lake.build(), SESSIONS)] == ["a", None]


def test_times_of_a_wrong_clock_are_held_against_that_clock_and_shown_set_right(lake: Lake) -> None:
    hour = timedelta(hours=1)
    wrong = {"started_reported_at": at(0) + hour, "ended_reported_at": at(100) + hour, "clock_offset_s": -3600}
    lake.facts(session("1", 0, 100, **wrong))
    meter(lake, 3650, sample(1), transaction_id=None, received_at=at(51))
    meter(lake, 3750, sample(1), received_at=at(151))
    query = "SELECT session_id, is_after_stop, measured_at FROM core__measurements ORDER BY ordinal"
    assert rows(lake.build(), query) == [("1", False, at(50)), ("1", True, at(150))]


def test_a_message_sent_again_transaction_data_and_clock_aligned_doubles_are_repeats(lake: Lake) -> None:
    lake.facts(session("a", 0, 100, transaction_id="1"))
    meter(lake, 10, sample(100), message_id="first")
    meter(lake, 10, sample(100), message_id="again", received_at=at(40))  # quirk 8
    meter(lake, 20, sample(200, context="Sample.Clock"), message_id="clock")  # quirk 39
    meter(lake, 20, sample(200, context="Sample.Periodic"), message_id="periodic", received_at=at(22))
    meter(lake, 30, sample(200), message_id="another instant")
    meter(lake, 30, sample(100, context="Transaction.Begin"), message_id="begin")  # quirk 36
    values = [{"timestamp": second(10), "sampledValue": [sample(100)]}]
    stop = {"transactionId": 1, "meterStop": 200, "timestamp": second(100), "transactionData": values}
    lake.frames(call(json.dumps([2, "s", "StopTransaction", stop]), received_at=at(101)))  # quirk 9
    found = rows(lake.build(), "SELECT is_repeat FROM core__measurements ORDER BY ordinal")
    assert [repeat for (repeat,) in found] == [False, True, True, False, False, False, True]


def test_signed_data_is_flagged_and_no_number(lake: Lake) -> None:
    meter(lake, 1, sample("OCMF|{}|{}", format="SignedData"), sample(5))
    two = {"value": 5, "signedMeterValue": {"signedMeterData": "eA==", "encodingMethod": "OCMF"}}
    payload = {"evseId": 1, "meterValue": [{"timestamp": second(2), "sampledValue": [two]}]}
    lake.frames(call(json.dumps([2, "n", "MeterValues", payload]), protocol="ocpp2.0.1"))
    query = "SELECT is_signed, value FROM core__measurements ORDER BY ordinal, sample"
    assert rows(lake.build(), query) == [(True, None), (False, 5.0), (True, 5.0)]


def test_every_sample_of_the_sap_capture_has_its_session_and_35_came_after_the_stop(lake: Lake) -> None:
    opened = land(lake, records(shared("sim_sap_emobility_16_201.jsonl"))).build()
    query = """SELECT count(*), count(session_id), count(*) FILTER (is_after_stop), count(unit_normalised),
      count(*) FILTER (is_repeat) FROM core__measurements"""
    assert rows(opened, query) == [(2020, 2020, 35, 2020, 0)]
    late = """SELECT count(DISTINCT measured_at) FROM core__measurements JOIN core__sessions USING (session_id)
      WHERE core__sessions.transaction_id = '1142' AND is_after_stop"""
    assert rows(opened, late) == [(5,)]  # every half minute from 03:51:30 to 03:53:30, its stop being of 03:51:25
