"""What an answer may depend on beside its request, and how leniently requests are read."""

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

JSON = dict[str, Any]

MAX_NUMBER = 10**18
"""Larger ids and registers are no numbers of this world; a meter of 1 GWh a day would need them in a million years."""


class Transactions(Protocol):
    """Hands out ids of 1.6 transactions (see `journal`)."""

    async def start(self, station_id: str, connector_id: int, token: str, timestamp: str, meter_start: str) -> int:
        """The transaction's id."""
        ...

    async def stop(self, station_id: str, transaction_id: int) -> None:
        """The transaction ended."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """The CSMS as one request finds it."""

    station_id: str
    now: str
    heartbeat_s: int
    accepts: Callable[[str], bool]
    transactions: Transactions


Answerer = Callable[[JSON, Desk], JSON | Awaitable[JSON]]
Readable = Callable[[JSON], bool]


@dataclass(frozen=True, slots=True)
class Version:
    """How one OCPP version is answered.

    Attributes:
        schemas: Folder of its schemas in the `ocpp` package.
        answers: Every action that a station may send.
        readable: Messages that a charger discards when they are refused: answered whenever this holds,
            even where the schema is violated.
        format_violation: The code for what is not an OCPP payload at all.
        occurrence_violation: The code for missing fields; 1.6 spells it with one r.
        answers_unreadable: Whether a message whose id cannot be read is answered, with the id `-1`.
    """

    schemas: str
    answers: Mapping[str, Answerer]
    readable: Mapping[str, Readable]
    format_violation: str
    occurrence_violation: str
    answers_unreadable: bool


def nothing(payload: JSON, desk: Desk) -> JSON:
    """The empty answer of most notifications."""
    return {}


def status(value: str) -> Answerer:
    """An answer that is only a status."""
    return lambda payload, desk: {"status": value}


def boot_notification(payload: JSON, desk: Desk) -> JSON:
    """Every version's answer to a boot."""
    return {"status": "Accepted", "currentTime": desk.now, "interval": desk.heartbeat_s}


def heartbeat(payload: JSON, desk: Desk) -> JSON:
    """Every version's answer to a heartbeat."""
    return {"currentTime": desk.now}


def number(value: Any) -> int | float | None:
    """A number as chargers write it, also as text; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and 0 < len(value) <= 32:
        try:
            value = int(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
    readable = isinstance(value, int | float) and math.isfinite(value) and abs(value) <= MAX_NUMBER
    return value if readable else None


def integer(value: Any) -> int | None:
    """A whole number as chargers write it; None where it is none."""
    read = number(value)
    return int(read) if read is not None and read == int(read) else None


def has_sample(meter_values: Any) -> bool:
    """Whether at least one sampled value in a `meterValue` list can be read."""
    return isinstance(meter_values, list) and any(
        number(sample.get("value")) is not None
        for meter_value in meter_values
        if isinstance(meter_value, dict) and isinstance(meter_value.get("sampledValue"), list)
        for sample in meter_value["sampledValue"]
        if isinstance(sample, dict)
    )
