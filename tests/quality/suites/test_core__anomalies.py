from datetime import UTC, datetime

import pytest

from quality.registry import suites

TABLE = "core__anomalies"


def anomaly(number):
    return {
        "anomaly_id": f"a{number}",
        "anomaly": "orphan_stop",
        "severity": "warning",
        "found_by": "step",
        "station_id": "CP1",
        "connector_id": 1,
        "protocol": "ocpp1.6",
        "happened_at": datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        "detail": "A stop whose start nobody saw.",
    }


GOOD = [anomaly(1), anomaly(2)]
METRICS = {"share_critical": 0.05}
BAD = {
    "protocol_supported": {"protocol": "ocpp1.5"},
    "connector_id_plausible": {"connector_id": 1_000},
    "happened_at_plausible": {"happened_at": datetime(2000, 1, 1, tzinfo=UTC)},
    "anomaly_in_vocabulary": {"anomaly": "odd"},
    "severity_valid": {"severity": "bad"},
    "found_by_valid": {"found_by": "somebody"},
    "detail_is_a_sentence": {"detail": "odd"},
    "share_critical": {"share_critical": 0.051},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
