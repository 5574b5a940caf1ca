"""What must hold of `core__connectors`."""

from typing import Any

from models.tables.catalogue import TABLES
from quality.frames import key
from quality.rules import Severity, between, figure
from quality.suite import suite
from quality.vocabulary import connector

_IDS = ("station_id", "port_id", "evse_id", "connector_id")


def _named(frame: Any) -> Any:
    return frame.assign(connector=key(frame, _IDS))


_RULES = (
    connector(),
    between("connectors_possible", "connectors", 1, 8, Severity.WARNING, "a port has none or over eight connectors"),
    figure("ports_per_station", None, 100, Severity.WARNING, "most ports that a station has"),
)

SUITE = suite(
    TABLES["core__connectors"],
    _RULES,
    ids=_IDS,
    required=("station_id", "port_id", "connectors", "is_given"),
    metrics={
        "ports_per_station": "(SELECT max(ports) FROM (SELECT count(DISTINCT port_id) AS ports FROM core__connectors"
        " GROUP BY station_id))"
    },
    derive=_named,
    key="connector",
)
