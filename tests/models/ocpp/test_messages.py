"""Every message that analysts need, in each of its versions: from the wire to the kind of fact that tells of it.

The list is that of the research notes (registration, authorisation, transaction, metering, status, faults, firmware
and logs, vendors' data, commands, the additions of 2.1). `test_operations` reads what the events say.
"""

from typing import Any

import pytest
from captures import Wire, at

V16, V201, V21 = "ocpp1.6", "ocpp2.0.1", "ocpp2.1"
V2X = (V201, V21)
ALL = (V16, *V2X)
TOKEN = {"idToken": "CARD", "type": "ISO14443"}
NOTIFIED = {"component": {"name": "Connector", "evse": {"id": 1}}, "timestamp": at(0), "eventId": 1}
ALARM = NOTIFIED | {"variable": {"name": "Problem"}, "trigger": "Alerting", "actualValue": "true", "techCode": "CX017"}
STATE = NOTIFIED | {"variable": {"name": "AvailabilityState"}, "trigger": "Delta", "actualValue": "Available"}
TRANSACTION = {"timestamp": at(0), "triggerReason": "Authorized", "seqNo": 0, "transactionInfo": {"transactionId": "t"}}
BOOT_16 = {"chargePointVendor": "V", "chargePointModel": "M", "chargePointSerialNumber": "S"}
BOOT_2X = {"chargingStation": {"vendorName": "V", "model": "M", "serialNumber": "S"}, "reason": "PowerUp"}

FROM_STATIONS: list[tuple[tuple[str, ...], str, dict[str, Any], set[str]]] = [
    ((V16,), "BootNotification", BOOT_16, {"stations", "events"}),
    (V2X, "BootNotification", BOOT_2X, {"stations", "events"}),
    ((V16,), "Authorize", {"idTag": "CARD"}, {"authorizations"}),
    (V2X, "Authorize", {"idToken": TOKEN}, {"authorizations"}),
    ((V16,), "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"}, {"statuses"}),
    (
        (V16,),
        "StatusNotification",
        {"connectorId": 1, "errorCode": "GroundFailure", "status": "Faulted"},
        {"statuses", "faults", "rates"},
    ),
    (V2X, "StatusNotification", {"evseId": 1, "connectorId": 1, "connectorStatus": "Occupied"}, {"statuses"}),
    (V2X, "NotifyEvent", {"eventData": [STATE]}, {"statuses"}),
    (V2X, "NotifyEvent", {"eventData": [ALARM]}, {"faults", "rates"}),
    (V2X, "TransactionEvent", TRANSACTION | {"eventType": "Started"}, {"sessions", "rates"}),
    (V2X, "TransactionEvent", TRANSACTION | {"eventType": "Updated"}, {"sessions", "rates"}),
    (V2X, "TransactionEvent", TRANSACTION | {"eventType": "Ended"}, {"sessions", "rates"}),
    (ALL, "FirmwareStatusNotification", {"status": "Downloading"}, {"events"}),
    ((V16,), "SignedFirmwareStatusNotification", {"status": "Downloading"}, {"events"}),
    ((V16,), "DiagnosticsStatusNotification", {"status": "Uploading"}, {"events"}),
    (ALL, "LogStatusNotification", {"status": "Uploading"}, {"events"}),
    (V2X, "PublishFirmwareStatusNotification", {"status": "Published"}, {"events"}),
    (ALL, "SecurityEventNotification", {"type": "ResetOrReboot", "timestamp": at(0)}, {"events"}),
    (ALL, "DataTransfer", {"vendorId": "org.v", "messageId": "M", "data": "D"}, {"events"}),
    (V2X, "ReservationStatusUpdate", {"reservationId": 1, "reservationUpdateStatus": "Expired"}, {"events"}),
    ((V21,), "NotifySettlement", {"pspRef": "r", "status": "Settled", "settlementAmount": 1}, {"events"}),
    ((V21,), "NotifyWebPaymentStarted", {"evseId": 1, "timeout": 60}, {"events"}),
    ((V21,), "NotifyDERAlarm", {"controlType": "VoltWatt", "timestamp": at(0)}, {"events"}),
    ((V21,), "OpenPeriodicEventStream", {"constantStreamData": {"id": 1}}, {"events"}),
]
COMMANDS: list[tuple[tuple[str, ...], str, dict[str, Any]]] = [
    ((V16,), "RemoteStartTransaction", {"idTag": "CARD", "connectorId": 1}),
    ((V16,), "RemoteStopTransaction", {"transactionId": 7}),
    (V2X, "RequestStartTransaction", {"idToken": TOKEN, "remoteStartId": 1}),
    (V2X, "RequestStopTransaction", {"transactionId": "t"}),
    ((V16,), "Reset", {"type": "Soft"}),
    (V2X, "Reset", {"type": "OnIdle"}),
    ((V16,), "UnlockConnector", {"connectorId": 1}),
    (V2X, "UnlockConnector", {"evseId": 1, "connectorId": 1}),
    ((V16,), "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}),
    (V2X, "ChangeAvailability", {"operationalStatus": "Inoperative"}),
    (ALL, "TriggerMessage", {"requestedMessage": "Heartbeat"}),
    (ALL, "UpdateFirmware", {"location": "ftp://host/file"}),
    ((V16,), "ChangeConfiguration", {"key": "K", "value": "V"}),
    (V2X, "SetVariables", {"setVariableData": []}),
    ((V21,), "RequestBatterySwap", {"idToken": TOKEN, "requestId": 1}),
    (ALL, "DataTransfer", {"vendorId": "org.v"}),
]


def ways(rows: list[Any]) -> list[Any]:
    return [
        pytest.param(version, *row[1:], id=f"{version}-{row[1]}-{n}")
        for n, row in enumerate(rows)
        for version in row[0]
    ]


@pytest.mark.parametrize(("protocol", "action", "payload", "kinds"), ways(FROM_STATIONS))
def test_a_message_of_a_station_becomes_a_fact(
    protocol: str, action: str, payload: dict[str, Any], kinds: set[str]
) -> None:
    wire = Wire(protocol)
    wire.call(action, payload)
    folded = wire.fold()
    assert folded.refusals == []
    assert {fact.kind for fact in folded.facts.values()} - {"anomalies", "meter_habits"} == kinds


@pytest.mark.parametrize(("protocol", "action", "payload"), ways(COMMANDS))
def test_a_command_of_the_system_becomes_an_event(protocol: str, action: str, payload: dict[str, Any]) -> None:
    wire = Wire(protocol)
    wire.add([2, "c", action, payload], "csms-to-cp")
    wire.add([3, "c", {"status": "Accepted"}], "cp-to-csms")
    folded = wire.fold()
    (event,) = folded.of("events")
    assert (event.action, event.asked_by, event.outcome) == (action, "system", "Accepted")
    assert {fact.kind for fact in folded.facts.values()} == {"events"}
    assert folded.refusals == []


@pytest.mark.parametrize("protocol", V2X)
def test_samples_of_an_evse_outside_its_events_are_its_transaction_s(protocol: str) -> None:
    wire = Wire(protocol)
    wire.transaction("Started", wh=0, evse={"id": 1})
    value = [{"timestamp": at(60), "sampledValue": [{"value": 5}]}]
    wire.call("MeterValues", {"evseId": 1, "meterValue": value}, seconds=60)
    assert [session.energy_wh for session in wire.sessions()] == [5]


def test_a_session_of_1_6_is_made_of_three_messages() -> None:
    wire = Wire()
    wire.start(7)
    assert [session.energy_wh for session in wire.sessions()] == [None]
    wire.meter(1600, seconds=60, transaction_id=7)
    assert [session.energy_wh for session in wire.sessions()] == [600]
    wire.stop(7)
    assert [session.energy_wh for session in wire.sessions()] == [2000]
