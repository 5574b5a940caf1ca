import pytest

from quality.registry import suites

TABLE = "core__connectors"


def place(port_id, connector_id, **changes):
    row = {"station_id": "CP1", "port_id": port_id, "connector_id": connector_id, "connectors": 1, "is_given": False}
    return row | changes


GOOD = [place("1", 1), place("2", 2), place("1", 1, station_id="CP2", evse_id=1), place("9", None, evse_id=9)]
METRICS = {"ports_per_station": 4}
BAD = {
    "connector_id_plausible": {"connector_id": 1_000},
    "connectors_possible": {"connectors": 9},
    "ports_per_station": {"ports_per_station": 101},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
