"""A day of a DC depot as raw records, after published counts of a real one. Not here: Kafka, measuring.

Eight chargers of two connectors, 118,000 messages: a heartbeat every 24 s, of each charging connector eight sampled
values every 9.5 s (as in the published excerpt), charging profiles from the CSMS, statuses, faults, about 70
sessions; every call is answered. `days` strings such days together.
"""

from __future__ import annotations

import heapq
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from models.record import Record

BEGIN = datetime(2025, 8, 27, tzinfo=UTC)
CHARGERS = 8
SESSIONS = 9
"""Of each charger and day."""
SAMPLES = 370
_REASONS = ("EVDisconnected", "EVDisconnected", "Local", "Remote")
_FAULTS = ("InternalError", "InternalError", "OtherError")


def records(days: int, seed: int = 1) -> list[Record]:
    """The frames of `days` days in order of receipt, offsets rising."""
    rng = random.Random(seed)
    chargers = [_charger(number, day, random.Random(rng.random())) for day in range(days) for number in range(CHARGERS)]
    said = sorted((frame for charger in chargers for frame in charger), key=lambda it: it[0])
    return [
        Record(station, "frame", direction, "ocpp1.6", at_us, "depot", offset, raw, 1, 0, offset)
        for offset, (at_us, station, direction, raw) in enumerate(said)
    ]


Exchange = tuple[str, str, Any, Any]
Frame = tuple[int, str, str, bytes]
"""Receipt in microseconds, station, direction, payload."""


def _charger(number: int, day: int, rng: random.Random) -> Iterator[Frame]:
    begin = BEGIN + timedelta(days=day)
    streams = [_heartbeats(begin, rng)]
    streams += [_connector(begin, number, connector, day, rng) for connector in (1, 2)]
    for message, (at, exchange) in enumerate(heapq.merge(*streams, key=lambda it: it[0])):
        yield from _frames(at, f"charger{number}", exchange, message)


def _heartbeats(begin: datetime, rng: random.Random) -> Iterator[tuple[datetime, Exchange]]:
    boot = {"chargePointVendor": "Voltaic", "chargePointModel": "DC-150", "firmwareVersion": "1.9.3"}
    answer = {"status": "Accepted", "currentTime": _text(begin), "interval": 24}
    yield begin, ("cp-to-csms", "BootNotification", boot, answer)
    at = begin
    for _ in range(3600):
        at += timedelta(seconds=23.5 + rng.random())
        yield at, ("cp-to-csms", "Heartbeat", {}, {"currentTime": _text(at)})


def _connector(
    begin: datetime, number: int, connector: int, day: int, rng: random.Random
) -> Iterator[tuple[datetime, Exchange]]:
    register = rng.randrange(12_000_000, 44_000_000) / 1000
    at = begin + timedelta(minutes=rng.random() * 90)
    for session in range(SESSIONS // 2):
        transaction = ((day * CHARGERS + number) * 2 + connector) * 100 + session + 1
        if rng.random() < 0.4:
            yield at, _status(connector, "Faulted", at, rng.choice(_FAULTS))
            at += timedelta(minutes=2)
        for status in ("Preparing", "SuspendedEVSE", "Charging"):
            at += timedelta(seconds=8)
            yield at, _status(connector, status, at)
        start = {
            "connectorId": connector,
            "idTag": f"CARD{rng.randrange(500):06d}",
            "meterStart": int(register * 1000),
            "timestamp": _text(at),
        }
        at += timedelta(seconds=1)
        yield at, _exchange("StartTransaction", start, {"transactionId": transaction, "idTagInfo": _ACCEPTED})
        power_kw = rng.uniform(40, 140)
        for sample in range(SAMPLES):
            at += timedelta(seconds=9.5)
            register += power_kw * 9.5 / 3600
            yield at, _sample(connector, transaction, at, register, power_kw, sample, rng)
            if sample % 14 == 0:
                yield at, _profile(connector)
        stop = {"transactionId": transaction, "meterStop": int(register * 1000), "timestamp": _text(at)}
        yield at, _exchange("StopTransaction", {**stop, "reason": rng.choice(_REASONS)}, {"idTagInfo": _ACCEPTED})
        for status in ("Finishing", "Available"):
            at += timedelta(seconds=30)
            yield at, _status(connector, status, at)
        at += timedelta(hours=rng.uniform(2.5, 4.5))


_ACCEPTED = {"status": "Accepted"}


def _exchange(action: str, payload: Any, answer: Any) -> Exchange:
    return "cp-to-csms", action, payload, answer


def _status(connector: int, status: str, at: datetime, code: str = "NoError") -> Exchange:
    report = {"connectorId": connector, "errorCode": code, "info": "", "status": status, "timestamp": _text(at)}
    return _exchange("StatusNotification", {**report, "vendorId": "Voltaic", "vendorErrorCode": ""}, {})


def _profile(connector: int) -> Exchange:
    limit = {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 60000}]}
    profile = {"chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile"}
    asked = {**profile, "chargingProfileKind": "Relative", "chargingSchedule": limit}
    return "csms-to-cp", "SetChargingProfile", {"connectorId": connector, "csChargingProfiles": asked}, _ACCEPTED


def _sample(
    connector: int, transaction: int, at: datetime, register: float, power_kw: float, sample: int, rng: random.Random
) -> Exchange:
    values = (
        (f"{power_kw / 0.6:.1f}", "Current.Import", "Outlet", "A"),
        (f"{register:.4f}", "Energy.Active.Import.Register", "Outlet", "kWh"),
        (f"{power_kw * 9.5 / 3600:.4f}", "Energy.Active.Import.Interval", "Outlet", "kWh"),
        (f"{power_kw:.1f}", "Power.Active.Import", "Outlet", "kW"),
        (f"{rng.uniform(580, 640):.1f}", "Voltage", "Outlet", "V"),
        (str(20 + sample * 70 // SAMPLES), "SoC", "EV", "Percent"),
        ("200", "Current.Offered", "Outlet", "A"),
        ("150000", "Power.Offered", "Outlet", "W"),
    )
    context = {"context": "Sample.Periodic", "format": "Raw"}
    sampled = [
        {"value": value, **context, "measurand": name, "location": place, "unit": unit}
        for value, name, place, unit in values
    ]
    meter = [{"timestamp": _text(at), "sampledValue": sampled}]
    return _exchange("MeterValues", {"connectorId": connector, "transactionId": transaction, "meterValue": meter}, {})


def _frames(at: datetime, station: str, exchange: Exchange, message: int) -> Iterator[Frame]:
    there, action, payload, answer = exchange
    back = "csms-to-cp" if there == "cp-to-csms" else "cp-to-csms"
    message_id = f"{message:08x}-3c69-4f20-a0f3-4c56c45fce34"
    asked_us = int(at.timestamp() * 1_000_000)
    yield asked_us, station, there, _json([2, message_id, action, payload])
    yield asked_us + 2_000, station, back, _json([3, message_id, answer])


def _json(frame: Any) -> bytes:
    return json.dumps(frame, separators=(",", ":")).encode()


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
