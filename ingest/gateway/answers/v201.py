"""OCPP 2.0.1: what the CSMS answers to every action a charging station may send."""

from ingest.gateway.answers.desk import (
    JSON,
    Answerer,
    Desk,
    Readable,
    Version,
    boot_notification,
    has_sample,
    heartbeat,
    nothing,
    status,
)


def _id_token_info(payload: JSON, desk: Desk) -> JSON:
    id_token = payload.get("idToken")
    token = id_token.get("idToken") if isinstance(id_token, dict) else None
    if isinstance(id_token, dict) and id_token.get("type") == "NoAuthorization":
        # a station that asks nobody, for example one with a start button; the token is empty then
        return {"status": "Accepted"}
    if not isinstance(token, str):
        return {"status": "Invalid"}
    return {"status": "Accepted" if desk.accepts(token) else "Unknown"}


def _authorize(payload: JSON, desk: Desk) -> JSON:
    return {"idTokenInfo": _id_token_info(payload, desk)}


def _transaction_event(payload: JSON, desk: Desk) -> JSON:
    return {"idTokenInfo": _id_token_info(payload, desk)} if payload.get("idToken") is not None else {}


def _transaction_event_is_readable(payload: JSON) -> bool:
    info = payload.get("transactionInfo")
    transaction_id = info.get("transactionId") if isinstance(info, dict) else None
    meter_values = payload.get("meterValue")
    return (
        isinstance(transaction_id, str)
        and transaction_id != ""
        and (meter_values is None or meter_values == [] or has_sample(meter_values))
    )


ANSWERS: dict[str, Answerer] = {
    "Authorize": _authorize,
    "BootNotification": boot_notification,
    "ClearedChargingLimit": nothing,
    "DataTransfer": status("UnknownVendorId"),
    "FirmwareStatusNotification": nothing,
    # certificates and schedules are another system's business; the answers say so
    "Get15118EVCertificate": lambda payload, desk: {"status": "Failed", "exiResponse": ""},
    "GetCertificateStatus": status("Failed"),
    "Heartbeat": heartbeat,
    "LogStatusNotification": nothing,
    "MeterValues": nothing,
    "NotifyChargingLimit": nothing,
    "NotifyCustomerInformation": nothing,
    "NotifyDisplayMessages": nothing,
    "NotifyEVChargingNeeds": status("Rejected"),
    "NotifyEVChargingSchedule": status("Accepted"),
    "NotifyEvent": nothing,
    "NotifyMonitoringReport": nothing,
    "NotifyReport": nothing,
    "PublishFirmwareStatusNotification": nothing,
    "ReportChargingProfiles": nothing,
    "ReservationStatusUpdate": nothing,
    "SecurityEventNotification": nothing,
    "SignCertificate": status("Rejected"),
    "StatusNotification": nothing,
    "TransactionEvent": _transaction_event,
}

READABLE: dict[str, Readable] = {"TransactionEvent": _transaction_event_is_readable}

VERSION = Version(
    schemas="v201",
    answers=ANSWERS,
    readable=READABLE,
    format_violation="FormatViolation",
    occurrence_violation="OccurrenceConstraintViolation",
    answers_unreadable=True,
)
