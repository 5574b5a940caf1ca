"""A seeded fleet's traffic as raw records, in the mix of a real DC depot. Not here: Kafka, time, sockets.

The mix follows a published day of eight DC chargers: of 100 calls about 49 heartbeats, 45 meter samples,
3 charging profiles from the CSMS, 1 or 2 status changes; each call is answered. Sessions are shorter than there
(25 samples, not 370), so that facts are not rarer than in a fleet of many sites. One station in five speaks 2.0.1.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

SAMPLES = 25
BEGIN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


class Frame(NamedTuple):
    """One record of `ocpp.frames`."""

    key: bytes
    value: bytes
    meta: bytes


@dataclass
class Truth:
    """What was planted: sessions with both ends, and their energy."""

    closed: int = 0
    energy_wh: int = 0


@dataclass
class Charger:
    """One station with one connector, always between two frames of its day."""

    number: int
    rng: random.Random
    truth: Truth
    messages: int = 0
    register: int = 0
    samples: int = -1
    start: int = 0
    transaction: int = 0
    queue: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def is_v2(self) -> bool:
        return self.number % 5 == 4

    def call(self, now: datetime) -> tuple[str, str, Any, Any]:
        """The next call: who asks, action, payload, answer."""
        if not self.messages:
            self.register = self.rng.randrange(1_000_000, 20_000_000)
            return self._boot()
        if self.samples < 0:
            return self._begin(now) if self.rng.random() < 0.04 else self._heartbeat(now)
        chance = self.rng.random()
        if chance < 0.03 and not self.is_v2:
            limit = {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 60000}]}
            profile = {
                "chargingProfileId": 1,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": limit,
            }
            return (
                "csms",
                "SetChargingProfile",
                {"connectorId": 1, "csChargingProfiles": profile},
                {"status": "Accepted"},
            )
        if chance < 0.45:
            return self._heartbeat(now)
        return self._end(now) if self.samples >= SAMPLES else self._sample(now)

    def _boot(self) -> tuple[str, str, Any, Any]:
        answer = {"status": "Accepted", "currentTime": _text(BEGIN), "interval": 24}
        if self.is_v2:
            station = {"vendorName": "Voltaic", "model": "V2-150", "firmwareVersion": "4.1.0"}
            return "cp", "BootNotification", {"reason": "PowerUp", "chargingStation": station}, answer
        boot = {"chargePointVendor": "Voltaic", "chargePointModel": "DC-120", "firmwareVersion": "1.9.3"}
        return "cp", "BootNotification", boot, answer

    def _heartbeat(self, now: datetime) -> tuple[str, str, Any, Any]:
        return "cp", "Heartbeat", {}, {"currentTime": _text(now)}

    def _begin(self, now: datetime) -> tuple[str, str, Any, Any]:
        self.samples, self.start = 0, self.register
        self.transaction += 1
        token = f"CARD{self.rng.randrange(5000):06d}"
        if self.is_v2:
            return self._event("Started", now, "Authorized", {"idToken": {"idToken": token, "type": "ISO14443"}})
        start = {"connectorId": 1, "idTag": token, "meterStart": self.register, "timestamp": _text(now)}
        return (
            "cp",
            "StartTransaction",
            start,
            {"transactionId": self._id(), "idTagInfo": {"status": "Accepted"}},
        )

    def _sample(self, now: datetime) -> tuple[str, str, Any, Any]:
        self.samples += 1
        self.register += self.rng.randrange(200, 2400)
        if self.is_v2:
            return self._event("Updated", now, "MeterValuePeriodic", {})
        value = {"connectorId": 1, "transactionId": self._id(), "meterValue": [self._meter(now)]}
        return "cp", "MeterValues", value, {}

    def _end(self, now: datetime) -> tuple[str, str, Any, Any]:
        self.samples = -1
        self.truth.closed += 1
        self.truth.energy_wh += self.register - self.start
        if self.is_v2:
            return self._event("Ended", now, "EVDeparted", {})
        stop = {
            "transactionId": self._id(),
            "meterStop": self.register,
            "timestamp": _text(now),
            "reason": self.rng.choice(["EVDisconnected", "Local", "Remote"]),
        }
        return "cp", "StopTransaction", stop, {"idTagInfo": {"status": "Accepted"}}

    def _event(self, kind: str, now: datetime, reason: str, more: dict[str, Any]) -> tuple[str, str, Any, Any]:
        event = {
            "eventType": kind,
            "timestamp": _text(now),
            "triggerReason": reason,
            "seqNo": self.samples + 1,
            "transactionInfo": {"transactionId": f"{self.number}-{self.transaction}"},
            "evse": {"id": 1, "connectorId": 1},
            "meterValue": [self._meter(now)],
            **more,
        }
        return "cp", "TransactionEvent", event, {}

    def _meter(self, now: datetime) -> dict[str, Any]:
        power = self.rng.randrange(20_000, 140_000)
        wh, w, soc = (
            (self.register, power, 20 + self.samples * 2)
            if self.is_v2
            else (str(self.register), str(power), str(20 + self.samples * 2))
        )
        unit = (lambda text: {"unitOfMeasure": {"unit": text}}) if self.is_v2 else (lambda text: {"unit": text})
        return {
            "timestamp": _text(now),
            "sampledValue": [
                {"value": wh, "measurand": "Energy.Active.Import.Register", **unit("Wh")},
                {"value": w, "measurand": "Power.Active.Import", **unit("W")},
                {"value": soc, "measurand": "SoC", "location": "EV", **unit("Percent")},
            ],
        }

    def _id(self) -> int:
        return self.number * 1_000_000 + self.transaction


def traffic(
    stations: int, frames: int, seed: int, truth: Truth, *, source: str = "benchmark", day: int = 0
) -> Iterator[Frame]:
    """`frames` records of `stations` stations in turn, ten seconds apart for each; the same for one seed."""
    rng = random.Random(seed)
    chargers = [
        Charger(number, random.Random(rng.random()), truth, transaction=day * 100_000) for number in range(stations)
    ]
    ordinal = 0
    now = BEGIN + timedelta(days=day)
    while True:
        now += timedelta(seconds=10)
        for charger in chargers:
            for record in _exchange(charger, now, ordinal, source):
                yield record
                ordinal += 1
                if ordinal == frames:
                    return


def _exchange(charger: Charger, now: datetime, ordinal: int, source: str) -> Iterator[Frame]:
    who, action, payload, answer = charger.call(now)
    charger.messages += 1
    message = f"{charger.number}-{charger.messages}"
    there, back = ("cp-to-csms", "csms-to-cp") if who == "cp" else ("csms-to-cp", "cp-to-csms")
    protocol = "ocpp2.0.1" if charger.is_v2 else "ocpp1.6"
    key = f"ST-{charger.number:05d}".encode()
    for offset, (direction, frame) in enumerate(((there, [2, message, action, payload]), (back, [3, message, answer]))):
        received = int(now.timestamp() * 1_000_000) + ordinal * 10 + offset
        meta = f"frame {direction} {protocol} {received} - {ordinal + offset} {source}"
        yield Frame(key, json.dumps(frame, separators=(",", ":")).encode(), meta.encode())


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
