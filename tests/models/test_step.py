"""The step as a whole: what it refuses, what it survives, what it keeps secret."""

import json
import time

import captures
import pytest
from captures import KEY, START_US, Wire, frame
from hypothesis import given, settings
from hypothesis import strategies as st

from models.ocpp.versions import ADAPTERS
from models.reasons import Reason
from models.record import Direction
from models.state import StationState, decode, encode
from models.step import Context, Refusal, drain, step

SECRET = "04A2B3C4D5E6F7"


def refusal(payload: object, protocol: str | None = "ocpp1.6", **options: object) -> Refusal | None:
    record = frame(payload, ordinal=0, us=START_US, protocol=protocol, **options)
    return step(StationState(station_id="CP"), record, Context(KEY))


@pytest.mark.parametrize(
    ("payload", "protocol", "reason"),
    [
        (b"not json", "ocpp1.6", Reason.NOT_JSON),
        (b"[" * 100_000, "ocpp1.6", Reason.NOT_JSON),
        (b'[2,"1","Heartbeat",{"x":"\xff"}]', "ocpp1.6", Reason.INVALID_UTF8),
        (b"{}", "ocpp1.6", Reason.NOT_OCPP),
        ([6, "1", "NotifyPeriodicEventStream", {}], "ocpp1.6", Reason.NOT_OCPP),
        ([5, "1", "GenericError", "", {}], "ocpp2.0.1", Reason.NOT_OCPP),
        ([6, "1", "Heartbeat", {}], "ocpp2.1", Reason.UNKNOWN_ACTION),
        ([2, "1", "heartbeat", {}], "ocpp1.6", Reason.UNKNOWN_ACTION),
        ([2, "1", "TransactionEvent", {}], "ocpp1.6", Reason.UNKNOWN_ACTION),
        ([2, "1", "StartTransaction", {}], "ocpp2.0.1", Reason.UNKNOWN_ACTION),
        ([2, "1", "NotifyDERAlarm", {}], "ocpp2.0.1", Reason.UNKNOWN_ACTION),
        ([2, "1", "Heartbeat", {}], "ocpp2.0", Reason.UNSUPPORTED_PROTOCOL),
        ([2, "1", "Heartbeat", {}], "ocpp1.5", Reason.UNSUPPORTED_PROTOCOL),
        ([2, "1", "StartTransaction", {}], "ocpp1.6", Reason.INVALID_PAYLOAD),
        ([2, "1", "StartTransaction", [1, 2]], "ocpp1.6", Reason.INVALID_PAYLOAD),
        ([2, "1", "StopTransaction", {}], "ocpp1.6", Reason.INVALID_PAYLOAD),
        ([2, "1", "StatusNotification", {"connectorId": 1}], "ocpp1.6", Reason.INVALID_PAYLOAD),
        ([2, "1", "StatusNotification", {"evseId": 1}], "ocpp2.1", Reason.INVALID_PAYLOAD),
        ([2, "1", "TransactionEvent", {"transactionInfo": {}}], "ocpp2.0.1", Reason.INVALID_PAYLOAD),
        ([2, "1", "BootNotification", None], "ocpp2.0.1", Reason.INVALID_PAYLOAD),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_refused_with_its_reason(payload: object, protocol: str, reason: Reason) -> None:
    refused = refusal(payload, protocol)
    assert refused is not None
    assert refused.reason is reason
    assert refused.detail.endswith(".")


@pytest.mark.parametrize(
    ("payload", "protocol"),
    [
        ([6, "1", "NotifyPeriodicEventStream", {"id": 1, "pending": 0, "data": []}], "ocpp2.1"),
        ([5, "1", "GenericError", "", {}], "ocpp2.1"),
        ([2, "1", "NotifyDERAlarm", {}], "ocpp2.1"),
        ([2, "1", "Heartbeat", {"x": 10**30}], "ocpp1.6"),
        ([3, "never asked", {"transactionId": 5}], "ocpp1.6"),
        ([4, "never asked", "GenericError", "", {}], "ocpp1.6"),
        ([2, "1", "DataTransfer", {"vendorId": "V", "data": "x" * 2_000_000}], "ocpp1.6"),
        ([2, "1", "MeterValues", {}], "ocpp1.6"),
        ([2, "1", "NotifyEvent", {}], "ocpp2.0.1"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_well_formed_but_carries_no_fact_is_landed_quietly(payload: object, protocol: str) -> None:
    assert refusal(payload, protocol) is None


def test_a_call_of_the_csms_with_a_station_s_action_is_no_fact() -> None:
    wire = Wire()
    wire.add([2, "m", "StartTransaction", {"connectorId": 1, "meterStart": 1}], Direction.CSMS_TO_CP)
    assert wire.fold().facts == {}


def test_without_directions_calls_and_answers_are_still_paired() -> None:
    wire = Wire()
    wire.start(7)
    wire.stop(7)
    for record in wire.records:
        record.direction = None
    (found,) = wire.sessions()
    assert (found.transaction_id, found.energy_wh) == ("7", 2000)


def test_an_answer_of_the_station_itself_answers_none_of_its_calls() -> None:
    wire = Wire()
    message_id = wire.start()
    wire.add([3, message_id, {"transactionId": 9}], Direction.CP_TO_CSMS)
    assert wire.sessions()[0].transaction_id is None


def test_without_a_protocol_the_station_s_last_one_counts() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", wh=1)
    wire.transaction("Ended", seconds=9, wh=11)
    wire.records[1].protocol = None
    assert wire.sessions()[0].energy_wh == 10


def test_numbers_that_no_table_can_hold_are_left_out() -> None:
    wire = Wire()
    wire.start(10**40, connectorId=10**12, meterStart=10**30)
    wire.start(5, connectorId=1, meterStart=10)
    (found,) = wire.sessions()
    assert found.connector_id == 1


def test_a_time_of_receipt_beyond_all_calendars_is_taken_for_none() -> None:
    wire = Wire()
    wire.start(7)
    wire.stop(7)
    for record in wire.records:
        record.received_at_us = 10**25
    assert wire.sessions()[0].energy_wh == 2000


def test_authorizations_are_paired_with_their_answers() -> None:
    wire = Wire()
    for number, status in enumerate(("Accepted", "Blocked", None)):
        message_id = wire.call("Authorize", {"idTag": "CARD"}, "same id", seconds=10 * number)
        if status:
            wire.answer(message_id, {"idTagInfo": {"status": status}}, seconds=10 * number + 1)
    rows = wire.fold(drain_every=1).of("authorizations")
    assert [row.status for row in rows] == ["Accepted", "Blocked", None]
    assert [row.answered_at is not None for row in rows] == [True, True, False]
    assert len({row.token_id for row in rows}) == 1


def test_an_error_answer_ends_the_waiting_of_an_authorization() -> None:
    wire = Wire("ocpp2.0.1")
    message_id = wire.call("Authorize", {"idToken": {"idToken": "CARD", "type": "ISO14443"}})
    wire.add([4, message_id, "InternalError", "", {}], Direction.CSMS_TO_CP)
    (row,) = wire.fold().of("authorizations")
    assert (row.status, row.answered_at is not None) == (None, True)


def test_an_error_about_an_answer_answers_no_call() -> None:
    wire = Wire("ocpp2.1")
    asked = wire.call("Authorize", {"idToken": {"idToken": "CARD", "type": "Central"}}, "same")
    for direction in ("csms-to-cp", None):
        wire.add([5, asked, "FormatViolation", "", {}], direction)
    wire.add([6, asked, "NotifyPeriodicEventStream", {}], "csms-to-cp")
    wire.answer(asked, {"idTokenInfo": {"status": "Accepted"}})
    (row,) = wire.fold().of("authorizations")
    assert row.status == "Accepted"


def test_several_statuses_of_a_connector_in_one_event_are_several_rows() -> None:
    wire = Wire("ocpp2.0.1")
    component = {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}
    variable = {"name": "AvailabilityState"}
    data = [{"component": component, "variable": variable, "actualValue": value} for value in ("Occupied", "Available")]
    wire.call("NotifyEvent", {"eventData": data})
    assert [row.status for row in wire.fold().of("statuses")] == ["Occupied", "Available"]


def test_a_frame_with_thousands_of_entries_is_hashed_once() -> None:
    wire = Wire("ocpp2.0.1")
    alarm = {"component": {"name": "C"}, "variable": {"name": "Problem"}, "trigger": "Alerting"}
    wire.call("NotifyEvent", {"eventData": [alarm | {"techCode": f"c{number}"} for number in range(9_000)]})
    begun = time.process_time()
    assert len(wire.fold().of("faults")) == 9_000
    assert time.process_time() - begun < 6  # 0.3 s; 15 s where each entry hashes the frame again


def test_a_status_that_repeats_itself_is_one_row() -> None:
    wire = Wire()
    for status, error in (("Available", "NoError"),) * 3 + (("Faulted", "NoError"), ("Faulted", "OtherError")):
        wire.status(status, error)
    rows = wire.fold().of("statuses")
    assert [(row.status, row.error_code) for row in rows] == [
        ("Available", "NoError"),
        ("Faulted", "NoError"),
        ("Faulted", "OtherError"),
    ]


def test_no_card_number_is_in_states_or_facts() -> None:
    wire, other = Wire(), Wire("ocpp2.0.1", station="TWO")
    wire.call("Authorize", {"idTag": SECRET})
    wire.start(7, idTag=SECRET)
    wire.stop(7, idTag=SECRET)
    other.call("Authorize", {"idToken": {"idToken": SECRET, "type": "ISO14443"}})
    other.transaction("Started", idToken={"idToken": SECRET, "type": "ISO14443"})
    folded = captures.Folded().fold([*wire.records, *other.records])
    said = repr(list(folded.facts.values())) + repr([encode(state) for state in folded.states.values()])
    assert SECRET.casefold() not in said.casefold()
    tokens = {row.token_id for row in [*folded.of("sessions"), *folded.of("authorizations")]}
    assert len(tokens) == 1
    assert tokens.pop().startswith("tok_")


def test_without_a_key_tokens_are_canonical_and_in_clear() -> None:
    state = StationState(station_id="CP")
    step(state, frame([2, "m", "Authorize", {"idTag": SECRET}], ordinal=0, us=START_US), Context())
    assert {fact.token_id for fact in drain(state)} == {SECRET.casefold()}


def test_a_record_that_made_the_step_fail_is_not_folded_again() -> None:
    """The position moves first, so that the worker can set the record aside and go on."""
    state = StationState(station_id="CP")
    broken = frame([2, "m", "Heartbeat", {}], ordinal=0, us=START_US)
    broken.payload = None  # type: ignore[assignment]
    with pytest.raises(TypeError):
        step(state, broken, Context())
    assert step(state, frame([2, "m", "Heartbeat", {}], ordinal=0, us=START_US), Context()) is None
    assert state.offset == 0


NAMES = [
    "connectorId",
    "transactionId",
    "meterStart",
    "meterStop",
    "timestamp",
    "idTag",
    "reason",
    "transactionData",
    "meterValue",
    "sampledValue",
    "value",
    "measurand",
    "unit",
    "phase",
    "context",
    "location",
    "format",
    "status",
    "errorCode",
    "vendorErrorCode",
    "chargePointVendor",
    "evseId",
    "connectorStatus",
    "eventType",
    "transactionInfo",
    "chargingState",
    "stoppedReason",
    "evse",
    "id",
    "idToken",
    "unitOfMeasure",
    "multiplier",
    "eventData",
    "component",
    "variable",
    "name",
    "actualValue",
    "trigger",
    "cleared",
    "techCode",
    "chargingStation",
    "vendorName",
    "idTagInfo",
]
VALUES = st.sampled_from(
    [None, True, 0, 1, -1, 7, 10**20, 1.5, -0.0, "", "1", "abc", "NaN", "Faulted", "Ended", "Started", "true", "kWh",
     "L1", "Alerting", "AvailabilityState", "Energy.Active.Import.Register", "Power.Active.Import",
     "2023-11-14T22:13:20Z"]
)  # fmt: skip
PAYLOADS = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner), max_leaves=25
)
CALLS = st.sampled_from([(protocol, action) for protocol, a in ADAPTERS.items() for action in a.READERS])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(CALLS, PAYLOADS, st.booleans()), max_size=8))
def test_no_payload_makes_the_step_raise(calls: list) -> None:
    state = StationState(station_id="CP")
    for number, ((protocol, action), payload, is_answered) in enumerate(calls):
        data = json.dumps([2, "m", action, payload]).encode()
        step(state, frame(data, ordinal=2 * number, us=START_US, protocol=protocol), Context(KEY))
        if is_answered:
            answer = frame(
                [3, "m", payload], ordinal=2 * number + 1, us=START_US, direction="csms-to-cp", protocol=protocol
            )
            step(state, answer, Context(KEY))
        drain(state)
        state = decode(encode(state))
