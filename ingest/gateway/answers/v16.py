"""OCPP 1.6 with the security whitepaper: what the CSMS answers to every action a charge point may send."""

from ingest.gateway.answers.desk import (
    JSON,
    Desk,
    Version,
    boot_notification,
    has_sample,
    heartbeat,
    integer,
    nothing,
    number,
    status,
)


def _id_tag_info(payload: JSON, desk: Desk) -> JSON:
    id_tag = payload.get("idTag")
    return {"status": "Accepted" if isinstance(id_tag, str) and desk.accepts(id_tag) else "Invalid"}


def _authorize(payload: JSON, desk: Desk) -> JSON:
    return {"idTagInfo": _id_tag_info(payload, desk)}


async def _start_transaction(payload: JSON, desk: Desk) -> JSON:
    # a refused card still gets its transaction: energy may flow already, and the charger decides (1.6, 4.8)
    transaction_id = await desk.transactions.start(
        desk.station_id,
        integer(payload["connectorId"]) or 0,
        str(payload.get("idTag")),
        str(payload.get("timestamp")),
        str(number(payload["meterStart"])),
    )
    return {"transactionId": transaction_id, "idTagInfo": _id_tag_info(payload, desk)}


async def _stop_transaction(payload: JSON, desk: Desk) -> JSON:
    await desk.transactions.stop(desk.station_id, integer(payload["transactionId"]) or 0)
    return {"idTagInfo": _id_tag_info(payload, desk)} if payload.get("idTag") is not None else {}


def _start_is_readable(payload: JSON) -> bool:
    return integer(payload.get("connectorId")) is not None and number(payload.get("meterStart")) is not None


def _stop_is_readable(payload: JSON) -> bool:
    return integer(payload.get("transactionId")) is not None and number(payload.get("meterStop")) is not None


def _meter_values_are_readable(payload: JSON) -> bool:
    return integer(payload.get("connectorId")) is not None and has_sample(payload.get("meterValue"))


VERSION = Version(
    schemas="v16",
    answers={
        "Authorize": _authorize,
        "BootNotification": boot_notification,
        # nobody here knows any vendor's messages: "SHALL return UnknownVendorId" (1.6, 4.3)
        "DataTransfer": status("UnknownVendorId"),
        "DiagnosticsStatusNotification": nothing,
        "FirmwareStatusNotification": nothing,
        "Heartbeat": heartbeat,
        "LogStatusNotification": nothing,
        "MeterValues": nothing,
        "SecurityEventNotification": nothing,
        "SignCertificate": status("Rejected"),
        "SignedFirmwareStatusNotification": nothing,
        "StartTransaction": _start_transaction,
        "StatusNotification": nothing,
        "StopTransaction": _stop_transaction,
    },
    # MeterValues too: 1.6 counts it among the messages that are given up after some refusals (3.7)
    readable={
        "StartTransaction": _start_is_readable,
        "StopTransaction": _stop_is_readable,
        "MeterValues": _meter_values_are_readable,
    },
    format_violation="FormationViolation",
    occurrence_violation="OccurenceConstraintViolation",
    answers_unreadable=False,
)
