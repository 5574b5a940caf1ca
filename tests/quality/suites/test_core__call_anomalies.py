from datetime import UTC, datetime

import pytest

from quality.registry import suites

TABLE = "core__call_anomalies"


def anomaly(number):
    return {
        "anomaly_id": f"a{number}",
        "anomaly": "answer_orphan",
        "severity": "info",
        "station_id": "CP1",
        "protocol": "ocpp1.6",
        "happened_at": datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        "detail": "An answer to no call that is known.",
    }


GOOD = [anomaly(1), anomaly(2)]
METRICS = {"share_of_calls": 0.01}
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "happened_at_plausible": {"happened_at": datetime(1999, 1, 1, tzinfo=UTC)},
    "anomaly_is_of_calls": {"anomaly": "orphan_stop"},
    "detail_known": {"detail": None},
    "share_of_calls": {"share_of_calls": 0.011},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
