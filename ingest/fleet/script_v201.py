"""How an OCPP 2.0.1 station reports what happens. Not here: 1.6 (`script_v16`)."""

from collections.abc import Iterator
from hashlib import sha256
from uuid import UUID

from ingest.fleet.happenings import CHARGE_DELAY_S, START_DELAY_S, UNANSWERED, Fault, Refusal, Restart, Sample, Session
from ingest.fleet.network import Station
from ingest.fleet.steps import Payload, Step, iso

_STOP_TRIGGERS = {
    "Local": "StopAuthorized",
    "EVDisconnected": "EVCommunicationLost",
    "Remote": "RemoteStop",
    "Other": "AbnormalCondition",
}


def heartbeat(at: int) -> Step:
    """A sign of life."""
    return Step(at, "call", "Heartbeat", {})


def restart(station: Station, happening: Restart) -> Iterator[Step]:
    """Lose the connection (but at the very first), come back, boot, report every EVSE."""
    is_update = happening.reason == "FirmwareUpdate"
    if is_update:
        for before, word in ((600, "Downloading"), (240, "Downloaded"), (20, "Installing")):
            payload: Payload = {"status": word, "requestId": 1}
            yield Step(happening.down_at - before, "call", "FirmwareStatusNotification", payload)
    if happening.down_at < happening.up_at:
        yield Step(happening.down_at, "close")
    at = happening.up_at
    yield Step(at, "open")
    payload = {
        "reason": happening.reason,
        "chargingStation": {
            "vendorName": station.make.vendor,
            "model": station.make.model,
            "serialNumber": station.serial_number,
            "firmwareVersion": happening.firmware,
        },
    }
    yield Step(at + 1, "call", "BootNotification", payload)
    for evse_id in range(1, station.make.connectors + 1):
        yield status(evse_id, at + 3 + evse_id, "Available")
    if is_update:
        payload = {"status": "Installed", "requestId": 1}
        yield Step(at + 20, "call", "FirmwareStatusNotification", payload)


def refusal(_station: Station, happening: Refusal) -> Iterator[Step]:
    """Only the question; the answer is the central system's."""
    lost = happening.card.status == UNANSWERED
    yield Step(happening.at, "call", "Authorize", {"idToken": _token(happening.card.uid)}, is_unanswered=lost)


def fault(_station: Station, happening: Fault) -> Iterator[Step]:
    """An alert, and its clearing."""
    yield _alert(happening, happening.opened_at, cleared=False)
    yield _alert(happening, happening.closed_at, cleared=True)


def transaction_id(station: Station, happening: Session) -> str:
    """The id that the station gives the transaction."""
    seed = f"{station.station_id} {happening.connector_id} {happening.began_at}"
    return str(UUID(bytes=sha256(seed.encode()).digest()[:16]))


def session(station: Station, happening: Session, number: int) -> Iterator[Step]:
    """TransactionEvents from plugging in to the end, Authorize, and the connector's statuses."""
    events = _Events(station, happening, number)
    began, evse_id = happening.began_at, happening.connector_id
    started_at = began + START_DELAY_S
    first = Sample(began, happening.meter_start_wh, 0, None)
    yield status(evse_id, began, "Occupied", number)
    yield Step(began + 18, "call", "Authorize", {"idToken": _token(happening.card.uid)}, number)
    start = events.step("Started", "Authorized", started_at, "EVConnected", first, "Transaction.Begin", is_first=True)
    if happening.is_retried:
        yield start._replace(is_unanswered=True)
        yield start._replace(at=start.at + 30)
    else:
        yield start
    yield events.step("Updated", "ChargingStateChanged", started_at + CHARGE_DELAY_S, "Charging")
    is_full = False
    for sample in happening.samples:
        if not is_full and sample.at > happening.full_at + 40:
            is_full = True
            yield events.step("Updated", "ChargingStateChanged", happening.full_at + 40, "SuspendedEV")
        state = "SuspendedEV" if is_full else "Charging"
        yield events.step("Updated", "MeterValuePeriodic", sample.at, state, sample, "Sample.Periodic")
    if happening.has_end:
        last = Sample(happening.ended_at, happening.meter_stop_wh, 0, None)
        trigger = _STOP_TRIGGERS[happening.reason]
        yield events.step("Ended", trigger, happening.ended_at, None, last, "Transaction.End")
        yield status(evse_id, happening.ended_at + 9, "Available", number)


class _Events:
    """Writes the TransactionEvents of one session, numbered."""

    def __init__(self, station: Station, happening: Session, number: int) -> None:
        self._station = station
        self._happening = happening
        self._number = number
        self._transaction_id = transaction_id(station, happening)
        self._seq_no = 0

    def step(
        self,
        event: str,
        trigger: str,
        at: int,
        state: str | None,
        sample: Sample | None = None,
        context: str = "",
        *,
        is_first: bool = False,
    ) -> Step:
        info: Payload = {"transactionId": self._transaction_id}
        if state:
            info["chargingState"] = state
        if event == "Ended":
            info["stoppedReason"] = self._happening.reason
        payload: Payload = {
            "eventType": event,
            "timestamp": iso(at),
            "triggerReason": trigger,
            "seqNo": self._seq_no,
            "transactionInfo": info,
            "evse": {"id": self._happening.connector_id, "connectorId": 1},
        }
        if is_first:
            payload["idToken"] = _token(self._happening.card.uid)
        if sample:
            payload["meterValue"] = [_meter_value(self._station, sample, at, context)]
        self._seq_no += 1
        return Step(at, "call", "TransactionEvent", payload, self._number)


def status(evse_id: int, at: int, word: str, session: int | None = None) -> Step:
    """A StatusNotification."""
    payload = {"timestamp": iso(at), "connectorStatus": word, "evseId": evse_id, "connectorId": 1}
    return Step(at, "call", "StatusNotification", payload, session)


def _alert(happening: Fault, at: int, *, cleared: bool) -> Step:
    kind = happening.kind
    event: Payload = {
        "eventId": (2 * happening.opened_at + cleared) % (1 << 31),
        "timestamp": iso(at),
        "trigger": "Alerting",
        "actualValue": "false" if cleared else "true",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": kind.component, "evse": {"id": happening.connector_id, "connectorId": 1}},
        "variable": {"name": "Problem"},
        "techInfo": kind.info,
    }
    if kind.tech_code:
        event["techCode"] = kind.tech_code
    if cleared:
        event["cleared"] = True
    payload = {"generatedAt": iso(at), "seqNo": 0, "tbc": False, "eventData": [event]}
    return Step(at, "call", "NotifyEvent", payload)


def _token(uid: str) -> Payload:
    return {"idToken": uid, "type": "ISO14443"}


def _meter_value(station: Station, sample: Sample, at: int, context: str) -> Payload:
    kilo = station.make.register_unit == "kWh"
    values: list[Payload] = [
        {
            "value": round(sample.register_wh / 1000, 3) if kilo else sample.register_wh,
            "context": context,
            "measurand": "Energy.Active.Import.Register",
            "unitOfMeasure": {"unit": station.make.register_unit},
        }
    ]
    if context == "Sample.Periodic":
        values.append(
            {
                "value": sample.power_w,
                "context": context,
                "measurand": "Power.Active.Import",
                "unitOfMeasure": {"unit": "W"},
            }
        )
    if sample.soc_pct is not None:
        values.append(
            {"value": sample.soc_pct, "context": context, "measurand": "SoC", "unitOfMeasure": {"unit": "Percent"}}
        )
    return {"timestamp": iso(at), "sampledValue": values}
