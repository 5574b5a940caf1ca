"""Which 1.6 connectors share a port, as the home's `ports.csv` says. Not here: ports that nobody has to say (SQL).

OCPP 1.6 has no word for it: a charger with a CCS and a CHAdeMO plug that serves one car at a time has two connectors
and one port. Columns `station_id` (or `charge_point_id`), `connector_id`, `port_id`; others are left alone.
"""

import csv
from pathlib import Path
from typing import TypedDict

FILE = "ports.csv"
_STATION = ("station_id", "charge_point_id")


class PortsError(ValueError):
    """The file cannot be read as a map of ports; the message says where and what to do."""


class Place(TypedDict):
    """One connector's port."""

    station_id: str
    connector_id: int
    port_id: str


def read(folder: Path) -> tuple[Place, ...]:
    """The map in this folder; without a file, nothing.

    Raises:
        PortsError: a column is missing, or a connector is no number.
    """
    path = folder / FILE
    if not path.exists():
        return ()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            station = next((name for name in _STATION if name in (rows.fieldnames or ())), None)
            if station is None or not {"connector_id", "port_id"} <= set(rows.fieldnames or ()):
                raise PortsError(f"{path} needs the columns station_id, connector_id and port_id")
            return tuple(_place(path, rows.line_num, row[station], row["connector_id"], row["port_id"]) for row in rows)
    except (UnicodeDecodeError, csv.Error) as error:
        raise PortsError(f"{path} is no CSV file in UTF-8 ({error}); correct or remove it") from None


def _place(path: Path, line: int, station: str | None, connector: str | None, port: str | None) -> Place:
    try:
        number = int(connector or "")
    except ValueError:
        raise PortsError(f"{path}, line {line}: connector_id {connector!r} is no whole number") from None
    if not station or not port:
        raise PortsError(f"{path}, line {line}: a station and a port are needed")
    return Place(station_id=station, connector_id=number, port_id=port)
