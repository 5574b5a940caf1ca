"""Commands, boots, firmware, security and vendor messages, from wire frames to events (and never a card number)."""

import msgspec
import pytest
from captures import KEY, START_US, Folded, Wire, at

from models.facts import StationEvent
from models.order.replay import replay
from models.reasons import Reason
from models.state import MAX_OPERATIONS, decode, encode
from models.stations.operations import MAX_A_DAY
from models.step import Context

SECRET = "04A2B3C4D5E6F7"


def command(wire: Wire, action: str, payload: object, answer: object = None, message_id: str | None = None) -> None:
    """A call of the system's, answered by the station where an answer is given."""
    message_id = message_id or f"c{len(wire.records)}"
    wire.add([2, message_id, action, payload], "csms-to-cp")
    if answer is not None:
        wire.add([3, message_id, answer], "cp-to-csms")


def events(wire: Wire) -> list[StationEvent]:
    return wire.fold(drain_every=1).of("events")


@pytest.mark.parametrize(
    ("protocol", "action", "payload", "expected"),
    [
        ("ocpp1.6", "Reset", {"type": "Hard"}, (None, None, "type=Hard")),
        ("ocpp2.0.1", "Reset", {"type": "OnIdle", "evseId": 2}, (2, None, "type=OnIdle")),
        ("ocpp1.6", "UnlockConnector", {"connectorId": 2}, (None, 2, None)),
        ("ocpp1.6", "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}, (None, 0, "type=Inoperative")),
        (
            "ocpp2.1",
            "ChangeAvailability",
            {"evse": {"id": 1, "connectorId": 2}, "operationalStatus": "Inoperative"},
            (1, 2, "operational_status=Inoperative"),
        ),
        ("ocpp1.6", "TriggerMessage", {"requestedMessage": "Heartbeat"}, (None, None, "requested_message=Heartbeat")),
        ("ocpp1.6", "ChangeConfiguration", {"key": "Secret", "value": SECRET}, (None, None, "key=Secret")),
        (
            "ocpp2.0.1",
            "SetVariables",
            {"setVariableData": [{"component": {"name": "C"}, "variable": {"name": "V"}, "attributeValue": SECRET}]},
            (None, None, "variable=C.V"),
        ),
    ],
)
def test_a_command_is_an_event_with_its_answer(
    protocol: str, action: str, payload: object, expected: tuple[int | None, int | None, str | None]
) -> None:
    wire = Wire(protocol)
    command(wire, action, payload, {"status": "Accepted"})
    (found,) = events(wire)
    assert (found.action, found.asked_by, found.outcome, found.protocol) == (action, "system", "Accepted", protocol)
    assert (found.evse_id, found.connector_id, found.detail) == expected
    assert found.answered_at is not None
    assert found.happened_at is not None
    assert (found.answered_at - found.happened_at).total_seconds() == 1


def test_remote_starts_and_stops_name_token_and_transaction_but_no_card_number() -> None:
    wire = Wire()
    command(wire, "RemoteStartTransaction", {"connectorId": 1, "idTag": SECRET}, {"status": "Rejected"})
    command(wire, "RemoteStopTransaction", {"transactionId": 7}, {"status": "Accepted"})
    other = Wire("ocpp2.0.1")
    command(other, "RequestStartTransaction", {"idToken": {"idToken": SECRET, "type": "ISO14443"}, "remoteStartId": 5})
    start, stop = events(wire)
    (request,) = events(other)
    assert (start.outcome, stop.transaction_id, request.outcome) == ("Rejected", "7", None)
    assert start.token_id == request.token_id
    assert start.token_id is not None
    assert start.token_id.startswith("tok_")
    assert SECRET not in repr((start, stop, request))


def test_an_error_answer_and_none_are_told_apart() -> None:
    wire = Wire()
    command(wire, "Reset", {"type": "Soft"}, message_id="a")
    wire.add([4, "a", "InternalError", "", {}], "cp-to-csms")
    command(wire, "Reset", {"type": "Soft"}, message_id="b")
    assert [row.outcome for row in events(wire)] == ["error", None]


def test_each_side_numbers_its_own_calls() -> None:
    wire = Wire()
    command(wire, "Reset", {"type": "Soft"}, message_id="1")
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, "1")
    wire.add([3, "1", {"status": "Accepted"}], "cp-to-csms")
    wire.add([3, "1", {"status": "Pending", "interval": 9}], "csms-to-cp")
    found = {row.action: row.outcome for row in events(wire)}
    assert found == {"Reset": "Accepted", "BootNotification": "Pending"}


def test_what_a_station_says_of_itself_is_an_event() -> None:
    wire = Wire("ocpp2.0.1")
    boot = {"chargingStation": {"vendorName": "V", "model": "M"}, "reason": "Watchdog"}
    wire.call("BootNotification", boot)
    wire.call("FirmwareStatusNotification", {"status": "Installing", "requestId": 1})
    wire.call("SecurityEventNotification", {"type": "TamperDetectionActivated", "timestamp": at(-9)})
    found = events(wire)
    assert [(row.action, row.asked_by) for row in found] == [
        ("BootNotification", "station"),
        ("FirmwareStatusNotification", "station"),
        ("SecurityEventNotification", "station"),
    ]
    assert [row.detail for row in found] == ["reason=Watchdog", "status=Installing", "type=TamperDetectionActivated"]
    assert found[2].reported_at is not None
    assert found[2].happened_at > found[2].reported_at


@pytest.mark.parametrize(
    ("protocol", "action", "payload", "expected"),
    [
        ("ocpp1.6", "DiagnosticsStatusNotification", {"status": "Uploading"}, (None, "status=Uploading")),
        ("ocpp1.6", "LogStatusNotification", {"status": "Uploaded", "requestId": 1}, (None, "status=Uploaded")),
        ("ocpp2.0.1", "LogStatusNotification", {"status": "Idle"}, (None, "status=Idle")),
        (
            "ocpp2.0.1",
            "PublishFirmwareStatusNotification",
            {"status": "Published", "location": [f"ftp://{SECRET}@host"]},
            (None, "status=Published"),
        ),
        ("ocpp2.1", "NotifyWebPaymentStarted", {"evseId": 2, "timeout": 60}, (2, None)),
        (
            "ocpp2.1",
            "NotifyDERAlarm",
            {
                "controlType": "VoltWatt",
                "gridEventFault": "OverVoltage",
                "alarmEnded": False,
                "timestamp": at(-9),
                "extraInfo": SECRET,
            },
            (None, "control_type=VoltWatt, grid_event_fault=OverVoltage, alarm_ended=false"),
        ),
        (
            "ocpp2.1",
            "NotifyDERAlarm",
            {"controlType": "VoltWatt", "alarmEnded": True, "timestamp": at(-9)},
            (None, "control_type=VoltWatt, alarm_ended=true"),
        ),
        ("ocpp2.1", "OpenPeriodicEventStream", {"constantStreamData": {"id": 1}}, (None, None)),
    ],
)
def test_what_a_station_says_is_an_event_with_its_answer_in_every_version(
    protocol: str, action: str, payload: dict[str, object], expected: tuple[int | None, str | None]
) -> None:
    wire = Wire(protocol)
    wire.answer(wire.call(action, payload), {"status": "Accepted"})
    (found,) = events(wire)
    assert (found.action, found.asked_by, found.outcome) == (action, "station", "Accepted")
    assert (found.evse_id, found.detail) == expected
    assert (found.reported_at is None) == ("timestamp" not in payload)
    assert SECRET not in repr(found)


@pytest.mark.parametrize("amount", [12.5, 0, 1e300, "12.5"])
def test_a_settlement_names_its_transaction_and_amount_but_no_payer(amount: object) -> None:
    wire = Wire("ocpp2.1")
    payer = {"pspRef": SECRET, "receiptId": SECRET, "receiptUrl": f"https://r/{SECRET}", "vatNumber": SECRET}
    settled = {"transactionId": "t", "status": "Settled", "settlementAmount": amount, "settlementTime": at(-9)}
    wire.answer(wire.call("NotifySettlement", settled | payer), {"receiptId": SECRET})
    (found,) = events(wire)
    assert (found.transaction_id, found.outcome) == ("t", None)
    assert found.detail == f"status=Settled, settlement_amount={str(amount).replace('e+', 'E+')}"
    assert found.reported_at is not None
    assert found.answered_at is not None
    assert SECRET not in repr(found)


def test_a_battery_swap_names_its_card_by_pseudonym() -> None:
    wire = Wire("ocpp2.1")
    battery = {"evseId": 1, "serialNumber": "B1", "soC": 80, "soH": 99}
    token = {"idToken": SECRET, "type": "ISO14443"}
    swap = {"eventType": "BatteryIn", "requestId": 7, "idToken": token, "batteryData": [battery]}
    wire.answer(wire.call("BatterySwap", swap), {})
    wire.call("Authorize", {"idToken": token})
    folded = wire.fold()
    (found,) = folded.of("events")
    assert (found.detail, found.answered_at is None) == ("event_type=BatteryIn", False)
    assert found.token_id == folded.of("authorizations")[0].token_id
    assert SECRET not in repr(found)


@pytest.mark.parametrize("direction", ["cp-to-csms", "csms-to-cp", None])
def test_a_vendor_s_message_passes_without_its_data(direction: str | None) -> None:
    wire = Wire()
    wire.add([2, "d", "DataTransfer", {"vendorId": "org.v", "messageId": "M1", "data": SECRET}], direction)
    (found,) = events(wire)
    assert found.asked_by == ("system" if direction == "csms-to-cp" else "station")
    assert found.detail == "vendor_id=org.v, message_id=M1"


def test_without_directions_commands_find_their_answers() -> None:
    wire = Wire()
    command(wire, "Reset", {"type": "Soft"}, {"status": "Accepted"})
    for record in wire.records:
        record.direction = None
    (found,) = events(wire)
    assert (found.asked_by, found.outcome) == ("system", "Accepted")


@pytest.mark.parametrize(
    "payload", [None, [], 5, {"type": {"a": 1}, "connectorId": "x", "setVariableData": [None, {}]}]
)
def test_a_payload_that_says_nothing_is_an_event_all_the_same(payload: object) -> None:
    wire = Wire("ocpp2.0.1")
    command(wire, "Reset", payload, 7)
    (found,) = events(wire)
    assert (found.action, found.evse_id, found.outcome) == ("Reset", None, None)
    assert wire.fold().refusals == []


@pytest.mark.parametrize(
    ("protocol", "action"),
    [
        ("ocpp1.6", "RemoteStartTransaction"),
        ("ocpp2.0.1", "RequestStartTransaction"),
        ("ocpp2.1", "RequestStartTransaction"),
    ],
)
def test_a_remote_start_that_is_no_object_is_refused_and_an_event_all_the_same(protocol: str, action: str) -> None:
    wire = Wire(protocol)
    command(wire, action, [SECRET])
    folded = wire.fold()
    ((_, refusal),) = folded.refusals
    assert (refusal.reason, SECRET in refusal.detail) == (Reason.INVALID_PAYLOAD, False)
    assert [event.action for event in folded.of("events")] == [action]
    assert folded.states["CP"].remote_starts == {}


def test_vendors_that_send_telemetry_are_bounded() -> None:
    wire = Wire()
    for number in range(MAX_A_DAY + 50):
        wire.call("DataTransfer", {"vendorId": "V", "data": str(number)}, seconds=number)
    folded = wire.fold()
    assert len(folded.of("events")) == MAX_A_DAY
    assert [(row.anomaly, row.value) for row in folded.of("anomalies")] == [("too_many", "DataTransfer")]
    assert len(folded.states["CP"].operations) == MAX_OPERATIONS


def test_a_restart_of_the_fold_anywhere_changes_no_event() -> None:
    wire = Wire()
    for number in range(5):
        command(wire, "Reset", {"type": "Soft"}, {"status": "Accepted"} if number % 2 else None)
    cut = Folded()
    for record in wire.records:
        cut.fold([record])
        cut.states = {name: decode(encode(state)) for name, state in cut.states.items()}
    assert cut.facts == wire.fold().facts


def folded_otherwise(wire: Wire) -> list[dict[tuple[str, str], dict]]:
    """The facts of the live fold, and those of a replay."""
    state = replay("CP", wire.records, Context(KEY), position=(1, len(wire.records)), revision=0)
    other = Folded()
    other.states["CP"] = state
    other.take()
    return [wire.fold().rows(), other.rows()]


@pytest.mark.parametrize("newest", ["system", "station", "neither"])
@pytest.mark.parametrize("known", ["FirmwareStatusNotification", "Heartbeat"])
def test_an_answer_without_a_direction_is_the_newest_call_s_live_as_in_a_replay(newest: str, known: str) -> None:
    wire = Wire()
    if newest != "station":
        wire.call(known, {"status": "Installing"}, "1")
    command(wire, "Reset", {"type": "Soft"}, message_id="1")
    if newest == "station":
        wire.call(known, {"status": "Installing"}, "1")
    if newest == "neither":
        wire.call("Heartbeat", {}, "1")
    for status in ("Accepted", "Rejected", "Scheduled"):
        wire.add([3, "1", {"status": status}], None)
    live, replayed = folded_otherwise(wire)
    assert live == replayed
    outcomes = {row["action"]: row["outcome"] for (kind, _), row in live.items() if kind == "events"}
    assert outcomes["Reset"] == ("Accepted" if newest == "system" else "Rejected")


def test_an_answer_without_a_direction_is_the_newest_of_several_calls_live_as_in_a_replay() -> None:
    wire = Wire()
    command(wire, "Reset", {"type": "Soft"}, message_id="1")
    for _ in range(2):
        wire.call("StartTransaction", {"connectorId": 1, "idTag": "CARD", "meterStart": 1, "timestamp": at(0)}, "1")
    for payload, direction in (
        ({"transactionId": 7, "idTagInfo": {"status": "Accepted"}}, "csms-to-cp"),
        ({"status": "Rejected"}, None),
        ({"status": "Accepted"}, None),
    ):
        wire.add([3, "1", payload], direction)
    live, replayed = folded_otherwise(wire)
    assert live == replayed
    outcomes = {row["action"]: row["outcome"] for (kind, _), row in live.items() if kind == "events"}
    assert outcomes["Reset"] == "Accepted"


def opened(wire: Wire) -> None:
    wire.add({"path": "/CP"}, None)
    wire.records[-1].kind = "open"


def test_an_answer_on_a_new_connection_answers_no_call_of_the_old_one() -> None:
    wire = Wire()
    opened(wire)
    command(wire, "Reset", {"type": "Soft"}, message_id="c")
    asked = wire.call("Authorize", {"idTag": "CARD"})
    start = wire.start()
    opened(wire)
    wire.add([3, "c", {"status": "Accepted"}], "cp-to-csms")
    wire.answer(asked, {"idTagInfo": {"status": "Invalid"}})
    wire.started(start, 7)
    folded = wire.fold()
    assert [row.outcome for row in folded.of("events")] == [None]
    assert [row.status for row in folded.of("authorizations")] == [None]
    assert [(row.transaction_id, row.start_status) for row in folded.of("sessions")] == [(None, None)]


def test_a_call_sent_again_on_a_new_connection_has_its_answer_there() -> None:
    wire = Wire()
    opened(wire)
    start = wire.start()
    opened(wire)
    wire.records.append(
        msgspec.structs.replace(wire.records[1], ordinal=3, offset=3, received_at_us=START_US + 3_000_000)
    )
    wire.started(start, 7)
    assert [(row.transaction_id, row.start_status) for row in wire.sessions()] == [("7", "Accepted")]
