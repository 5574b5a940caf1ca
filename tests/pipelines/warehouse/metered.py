"""Sessions and samples written down for tests of the derived tables: seconds of the test's morning, 1.6 by default."""

import json
from decimal import Decimal
from typing import Any

from small_lake import Lake, at, call

from models.facts import Session


def second(seconds: float) -> str:
    """A charger's timestamp."""
    return at(seconds).isoformat().replace("+00:00", "Z")


def session(name: str, start: float | None, end: float | None, energy_wh: int | None = None, **more: Any) -> Session:
    """A session of CS1, connector 1, with the transactionId of its name."""
    fields: dict[str, Any] = {"station_id": "CS1", "connector_id": 1, "protocol": "ocpp1.6", "transaction_id": name}
    fields |= {"started_at": None if start is None else at(start), "ended_at": None if end is None else at(end)}
    fields |= {"session_id": name, "energy_wh": energy_wh, "is_open": end is None, **more}
    for register in ("register_start_wh", "register_end_wh", "register_seen_wh"):
        if register in more:
            fields[register] = Decimal(str(more[register]))
    return Session(version_generation=1, version_offset=1, **fields)


def sample(value: object, measurand: str | None = None, unit: str | None = None, **more: str) -> dict[str, Any]:
    """One sampled value of 1.6."""
    said = {"value": str(value), "measurand": measurand, "unit": unit} | more
    return {key: it for key, it in said.items() if it is not None}


def meter(lake: Lake, seconds: float, *samples: dict[str, Any], transaction_id: object = 1, **more: Any) -> None:
    """A MeterValues message of connector 1, received a second after it was sampled."""
    value = {"timestamp": second(seconds), "sampledValue": list(samples)}
    payload = {"connectorId": more.pop("connector_id", 1), "meterValue": [value]}
    if transaction_id is not None:
        payload["transactionId"] = transaction_id
    received = more.pop("received_at", at(seconds + 1))
    lake.frames(
        call(
            json.dumps([2, more.pop("message_id", f"m{seconds}"), "MeterValues", payload]), received_at=received, **more
        )
    )
