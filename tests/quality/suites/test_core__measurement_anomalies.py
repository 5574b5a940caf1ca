from datetime import UTC, datetime

import pytest

from quality.registry import suites

TABLE = "core__measurement_anomalies"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def anomaly(number, word, severity, **changes):
    return {
        "anomaly_id": f"{number:032x}",
        "anomaly": word,
        "severity": severity,
        "station_id": "CP1",
        "connector_id": 1,
        "protocol": "ocpp1.6",
        "happened_at": START,
        "value": "195.0",
        "expected": "207.0 to 253.0",
        "detail": "3 samples of L1 in V are too low.",
        **changes,
    }


GOOD = [anomaly(1, "undervoltage", "warning"), anomaly(2, "derating", "info"), anomaly(3, "register_gap", "warning")]
METRICS = {"weights_wrong": 0}
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "connector_id_plausible": {"connector_id": -1},
    "happened_at_plausible": {"happened_at": datetime(2099, 1, 1, tzinfo=UTC)},
    "anomaly_is_of_samples": {"anomaly": "orphan_stop"},
    "detail_is_a_sentence": {"detail": "too low"},
    "weights_wrong": {"weights_wrong": 1},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
