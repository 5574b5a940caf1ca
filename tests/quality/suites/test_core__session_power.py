from datetime import UTC, datetime, timedelta

import pytest

from quality.registry import suites

TABLE = "core__session_power"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def power(number, **changes):
    return {
        "session_id": f"s{number}",
        "station_id": "CP1",
        "connector_id": 1,
        "protocol": "ocpp1.6",
        "started_at": START,
        "charging_s": 600,
        "charging_basis": "session",
        "power_mean_w": 11_000,
        "power_peak_w": 11_100,
        "power_peak_basis": "power",
        "voltage_min_v": 229.0,
        "voltage_max_v": 231.0,
        "current_max_a": 16.0,
        "frequency_min_hz": 50.0,
        "samples": 12,
        "sample_instants": 3,
        "sample_gap_max_s": 60.0,
        "first_sample_at": START,
        "last_sample_at": START + timedelta(seconds=120),
        **changes,
    }


GOOD = [power(1), power(2, power_peak_basis="register", voltage_min_v=None), power(3, charging_basis=None)]
METRICS = {"sessions_without_row": 0, "share_sampled": 1}
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "connector_id_plausible": {"connector_id": -1},
    "started_at_plausible": {"started_at": datetime(2099, 1, 1, tzinfo=UTC)},
    "first_sample_at_plausible": {"first_sample_at": datetime(2009, 1, 1, tzinfo=UTC)},
    "last_sample_at_plausible": {"last_sample_at": datetime(2099, 1, 1, tzinfo=UTC)},
    "charging_not_negative": {"charging_s": -1},
    "mean_possible": {"power_mean_w": 500_001},
    "peak_possible": {"power_peak_w": 4_000_001},
    "charging_basis_valid": {"charging_basis": "guess"},
    "peak_basis_valid": {"power_peak_basis": "guess"},
    "voltage_possible": {"voltage_max_v": 2_001.0},
    "current_possible": {"current_max_a": 3_001.0},
    "frequency_possible": {"frequency_min_hz": 0.0},
    "voltage_ordered": {"voltage_max_v": 228.0},
    "samples_ordered": {"last_sample_at": START - timedelta(seconds=1)},
    "samples_dense": {"sample_gap_max_s": 3_601.0},
    "sessions_without_row": {"sessions_without_row": 1},
    "share_sampled": {"share_sampled": 0.4},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
