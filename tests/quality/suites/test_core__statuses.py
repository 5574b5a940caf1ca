from datetime import UTC, datetime, timedelta

import pytest

from quality.registry import suites

TABLE = "core__statuses"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def status(number, **changes):
    return {
        "status_id": f"st{number}",
        "station_id": "CP1",
        "connector_id": number,
        "protocol": "ocpp1.6",
        "status": "Available",
        "reported_at": START,
        "received_at": START + timedelta(seconds=1),
        **changes,
    }


GOOD = [status(1), status(2), status(3, evse_id=1, protocol="ocpp2.0.1", status="Occupied")]
METRICS = {"statuses_per_port_day": 12, "statuses_per_session": 6.5}
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "connector_id_plausible": {"connector_id": 1_000},
    "reported_at_plausible": {"reported_at": datetime(1999, 1, 1, tzinfo=UTC), "received_at": None},
    "received_at_plausible": {"received_at": datetime(2099, 1, 1, tzinfo=UTC), "reported_at": None},
    "status_allowed": {"status": "available"},
    "clock_sound": {"received_at": START + timedelta(seconds=301)},
    "no_repeats": {"connector_id": 2},
    "statuses_per_port_day": {"statuses_per_port_day": 1_441},
    "statuses_per_session": {"statuses_per_session": 30.5},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
