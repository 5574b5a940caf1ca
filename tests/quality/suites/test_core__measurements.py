from datetime import UTC, datetime

import pytest

from quality.registry import suites

TABLE = "core__measurements"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def measurement(number, measurand="Energy.Active.Import.Register", value=1234.5, **changes):
    return {
        "station_id": "CP1",
        "connector_id": 1,
        "protocol": "ocpp1.6",
        "sampled_at": START,
        "measurand": measurand,
        "phase": "L1",
        "location": "Outlet",
        "context": "Sample.Periodic",
        "value": value,
        "unit_normalised": "Wh",
        "is_signed": False,
        "is_repeat": False,
        "is_after_stop": False,
        "action": "MeterValues",
        "received_at": START,
        "source": "9f86d081884c7d65",
        "ordinal": number,
        "meter_value": 1,
        "sample": 1,
        **changes,
    }


GOOD = [
    measurement(1),
    measurement(2, value=0.0),
    measurement(3, "SoC", 100.0, phase=None),
    measurement(4, "Voltage", 230.4),
    measurement(5, "Temperature", -20.0),
    measurement(6, "Power.Active.Export", -3_000.0),
]
METRICS = {"share_unreadable": 0, "share_without_unit": 0, "share_repeated": 0.1}
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "connector_id_plausible": {"connector_id": -2},
    "sampled_at_plausible": {"sampled_at": datetime(2099, 1, 1, tzinfo=UTC)},
    "received_at_plausible": {"received_at": datetime(1970, 1, 1, tzinfo=UTC)},
    "measurand_allowed": {"measurand": "energy"},
    "phase_allowed": {"phase": "L4"},
    "location_allowed": {"location": "outlet"},
    "context_allowed": {"context": "Periodic"},
    "value_readable": {"value": None},
    "time_readable": {"sampled_at": None},
    "register_not_negative": {"value": -0.1},
    "soc_possible": {"measurand": "SoC", "value": 100.1},
    "voltage_possible": {"measurand": "Voltage", "value": 2_000.1},
    "temperature_possible": {"measurand": "Temperature", "value": -273.2},
    "unit_base": {"unit_normalised": "kWh"},
    "share_unreadable": {"share_unreadable": 0.02},
    "share_without_unit": {"share_without_unit": 0.02},
    "share_repeated": {"share_repeated": 0.3},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
