"""OCPP 2.1: 2.0.1's answers and those to what 2.1 added."""

from ingest.gateway.answers import v201
from ingest.gateway.answers.desk import JSON, Desk, Version, nothing, status


def _certificate_chain_status(payload: JSON, desk: Desk) -> JSON:
    return {
        "certificateStatus": [
            {
                "certificateHashData": asked["certificateHashData"],
                "source": asked["source"],
                "status": "Unknown",
                "nextUpdate": desk.now,
            }
            for asked in payload["certificateStatusRequests"]
        ]
    }


def _vat_number(payload: JSON, desk: Desk) -> JSON:
    return {"vatNumber": payload["vatNumber"], "status": "Rejected"}


VERSION = Version(
    schemas="v21",
    answers={
        **v201.ANSWERS,
        "BatterySwap": nothing,
        "ClosePeriodicEventStream": nothing,
        "GetCertificateChainStatus": _certificate_chain_status,
        "NotifyDERAlarm": nothing,
        "NotifyDERStartStop": nothing,
        "NotifyEVChargingNeeds": status("NoChargingProfile"),
        "NotifyPriorityCharging": nothing,
        "NotifySettlement": nothing,
        "NotifyWebPaymentStarted": nothing,
        # its SEND messages are recorded like everything else
        "OpenPeriodicEventStream": status("Accepted"),
        "PullDynamicScheduleUpdate": status("Rejected"),
        "ReportDERControl": nothing,
        "VatNumberValidation": _vat_number,
    },
    readable=v201.READABLE,
    format_violation="FormatViolation",
    occurrence_violation="OccurrenceConstraintViolation",
    answers_unreadable=True,
)
