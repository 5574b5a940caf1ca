"""How an OCPP 1.6 station reports what happens. Not here: 2.0.1 (`script_v201`)."""

from collections.abc import Iterator

from ingest.fleet.happenings import CHARGE_DELAY_S, START_DELAY_S, UNANSWERED, Fault, Refusal, Restart, Sample, Session
from ingest.fleet.network import Station
from ingest.fleet.steps import Payload, Step, iso

REPEAT_S = 1800
"""A lasting fault is reported again after this long: the same episode."""


def heartbeat(at: int) -> Step:
    """A sign of life."""
    return Step(at, "call", "Heartbeat", {})


def restart(station: Station, happening: Restart) -> Iterator[Step]:
    """Lose the connection (but at the very first), come back, boot, report every connector."""
    is_update = happening.reason == "FirmwareUpdate"
    if is_update:
        for before, word in ((600, "Downloading"), (240, "Downloaded"), (20, "Installing")):
            step = Step(happening.down_at - before, "call", "FirmwareStatusNotification", {"status": word})
            yield step
    if happening.down_at < happening.up_at:
        yield Step(happening.down_at, "close")
    at = happening.up_at
    yield Step(at, "open")
    payload = {
        "chargePointVendor": station.make.vendor,
        "chargePointModel": station.make.model,
        "chargePointSerialNumber": station.serial_number,
        "firmwareVersion": happening.firmware,
    }
    yield Step(at + 1, "call", "BootNotification", payload)
    for connector_id in range(station.make.connectors + 1):
        yield status(connector_id, at + 3 + connector_id, "Available")
    if is_update:
        yield Step(at + 20, "call", "FirmwareStatusNotification", {"status": "Installed"})


def refusal(_station: Station, happening: Refusal) -> Iterator[Step]:
    """Only the question; the answer is the central system's."""
    lost = happening.card.status == UNANSWERED
    yield Step(happening.at, "call", "Authorize", {"idTag": happening.card.uid}, is_unanswered=lost)


def fault(_station: Station, happening: Fault) -> Iterator[Step]:
    """Faulted, said again while it lasts, then cleared."""
    for at in range(happening.opened_at, happening.closed_at - 60, REPEAT_S):
        yield status(happening.connector_id, at, "Faulted", happening)
    yield status(happening.connector_id, happening.closed_at, "Available")


def session(station: Station, happening: Session, number: int) -> Iterator[Step]:
    """Authorize, start, meter, stop, with the connector's statuses."""
    connector_id, began = happening.connector_id, happening.began_at
    yield status(connector_id, began, "Preparing", session=number)
    yield Step(began + 18, "call", "Authorize", {"idTag": happening.card.uid}, number)
    started_at = began + START_DELAY_S
    start = {
        "connectorId": connector_id,
        "idTag": happening.card.uid,
        "meterStart": happening.meter_start_wh,
        "timestamp": iso(started_at),
    }
    if happening.is_retried:
        yield Step(started_at, "call", "StartTransaction", start, number, is_unanswered=True)
    yield Step(started_at + 30 * happening.is_retried, "call", "StartTransaction", start, number)
    yield status(connector_id, started_at + CHARGE_DELAY_S, "Charging", session=number)
    for sample in happening.samples:
        payload = {"connectorId": connector_id, "meterValue": [_meter_value(station, sample)]}
        yield Step(sample.at, "call", "MeterValues", payload, number, needs_transaction=True)
    if happening.full_at + 90 < happening.ended_at:
        yield status(connector_id, happening.full_at + 40, "SuspendedEV", session=number)
    if happening.has_end:
        yield from _stop(station, happening, number)


def _stop(station: Station, happening: Session, number: int) -> Iterator[Step]:
    ended = happening.ended_at
    stop: Payload = {"meterStop": happening.meter_stop_wh, "timestamp": iso(ended)}
    if happening.reason != "Local" or not station.make.omits_local:
        stop["reason"] = happening.reason
    if happening.reason == "Local":
        stop["idTag"] = happening.card.uid
    yield Step(ended, "call", "StopTransaction", stop, number, needs_transaction=True)
    yield status(happening.connector_id, ended + 2, "Finishing", session=number)
    yield status(happening.connector_id, ended + 9, "Available", session=number)


def status(connector_id: int, at: int, word: str, fault: Fault | None = None, session: int | None = None) -> Step:
    """A StatusNotification."""
    payload: Payload = {
        "connectorId": connector_id,
        "errorCode": fault.kind.error_code if fault else "NoError",
        "status": word,
        "timestamp": iso(at),
    }
    if fault:
        payload["info"] = fault.kind.info
        payload["vendorErrorCode"] = fault.kind.vendor_error_code
    return Step(at, "call", "StatusNotification", payload, session)


def _meter_value(station: Station, sample: Sample) -> Payload:
    kilo = station.make.register_unit == "kWh"
    register = f"{sample.register_wh // 1000}.{sample.register_wh % 1000:03d}" if kilo else str(sample.register_wh)
    values = [
        _value(register, "Energy.Active.Import.Register", station.make.register_unit),
        _value(str(sample.power_w), "Power.Active.Import", "W"),
    ]
    if sample.soc_pct is not None:
        values.append(_value(str(sample.soc_pct), "SoC", "Percent"))
    return {"timestamp": iso(sample.at), "sampledValue": values}


def _value(value: str, measurand: str, unit: str) -> Payload:
    return {"value": value, "context": "Sample.Periodic", "measurand": measurand, "unit": unit}
