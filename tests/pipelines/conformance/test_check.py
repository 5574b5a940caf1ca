"""Frames in the order of the log to what they break: which call an answer is checked by."""

import json
from pathlib import Path

import pytest
from captures import records

from models.record import Kind
from pipelines.conformance.check import MOST_UNPAIRED, REACH, Broken, Sent, calls_of, check
from pipelines.conformance.schemas import answerable


def sent(offset: int, payload: object, *, direction: str | None = "cp-to-csms", **more: object) -> Sent:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    fields = {"station_id": "CP", "source": "s", "protocol": "ocpp1.6"} | more
    return Sent(offset=offset, direction=direction, payload=data, **fields)


def nothing(wanted: set) -> dict:
    return {}


def seen(found: list[Broken]) -> list[tuple]:
    return [(one.sent.offset, str(one.message), one.action, dict(one.found)) for one in found]


BAD = {("required", "currentTime"): 1}


def test_an_answer_is_checked_by_the_call_before_it() -> None:
    found = check(
        [
            sent(0, [2, "1", "Heartbeat", {"x": 1}]),
            sent(1, [3, "1", {}], direction="csms-to-cp"),
            sent(2, [2, "1", "StatusNotification", {}], direction="csms-to-cp"),
            sent(3, [3, "1", {}], direction="csms-to-cp"),
            sent(4, [4, "1", "InternalError", "", {}], direction="csms-to-cp"),
        ],
        nothing,
    )
    required = {("required", name): 1 for name in ("connectorId", "errorCode", "status")}
    assert seen(list(found)) == [
        (0, "request", "Heartbeat", {("additionalProperties", "x"): 1}),
        (1, "answer", "Heartbeat", BAD),
        (2, "request", "StatusNotification", required),
        (3, "answer", "Heartbeat", BAD),
    ]


def test_an_answer_finds_its_call_in_an_earlier_range_and_no_further_than_the_reach() -> None:
    call = sent(5, [2, "1", "Heartbeat", {}])
    for offset, actions in ((5 + REACH, ["Heartbeat"]), (6 + REACH, answerable("ocpp1.6", "cp-to-csms"))):
        answer = sent(offset, [3, "1", {"wrong": 1}], direction="csms-to-cp")
        in_range = [one.action for one in check([call, answer], nothing)]
        before = [one.action for one in check([answer], lambda wanted: calls_of([call], wanted))]
        assert in_range == before == actions


def test_an_answer_without_its_call_is_checked_by_every_action_of_its_caller() -> None:
    answers = [
        sent(0, [3, "1", {"status": "Accepted"}]),  # the station answers the system
        sent(1, [3, "1", {"status": "Accepted"}], direction="csms-to-cp"),
        sent(2, [3, "1", {"status": "Accepted"}], direction=None),  # nobody knows whose it is
        sent(3, [2, "1", "Heartbeat", {}]),  # too late
        sent(4, [2, "1", "Reset", {"type": "Soft"}], direction="csms-to-cp", source="t"),  # another source's
    ]
    found = list(check(answers, nothing))
    by_system = {one.action for one in found if one.sent.offset == 0}
    assert "GetLocalListVersion" in by_system
    assert "Reset" not in by_system, "it has nothing against this answer"
    assert {one.action for one in found if one.sent.offset == 1} <= set(answerable("ocpp1.6", "cp-to-csms"))
    assert {one.action for one in found if one.sent.offset == 2} >= by_system | {"Heartbeat"}
    assert {one.sent.offset for one in found} == {0, 1, 2}


def test_answers_without_calls_are_guessed_up_to_a_limit() -> None:
    many = [sent(n, [3, f"{n}", {"wrong": 1}], direction="csms-to-cp") for n in range(MOST_UNPAIRED + 5)]
    assert len({one.sent.offset for one in check(many, nothing)}) == MOST_UNPAIRED


def test_stations_and_directions_have_ids_of_their_own() -> None:
    found = check(
        [
            sent(0, [2, "1", "Heartbeat", {}]),
            sent(1, [2, "1", "Reset", {"type": "Soft"}], direction="csms-to-cp"),
            sent(2, [2, "1", "MeterValues", {}], station_id="B"),
            sent(3, [3, "1", {}]),
            sent(4, [3, "1", {}], direction="csms-to-cp"),
        ],
        nothing,
    )
    answers = [(one.sent.offset, one.action) for one in found if one.message == "answer"]
    assert answers == [(3, "Reset"), (4, "Heartbeat")]


def test_only_versions_and_actions_with_schemas_are_checked() -> None:
    frames = [
        sent(0, [2, "1", "Heartbeat", {"x": 1}], protocol="ocpp2.0"),
        sent(1, [2, "1", "heartbeat", {"x": 1}]),
        sent(2, b"not json"),
        sent(3, b"\xff"),
        sent(4, [2, "1", "Heartbeat"]),
        sent(5, [6, "1", "NotifyPeriodicEventStream", {}]),
        sent(6, [5, "1", "GenericError", "", {}]),
    ]
    assert seen(list(check(frames, nothing))) == []
    stream = check([sent(0, [6, "1", "NotifyPeriodicEventStream", {}], protocol="ocpp2.1")], nothing)
    assert [one.action for one in stream] == ["NotifyPeriodicEventStream"]
    unknown = check([sent(0, [2, "1", "Heartbeat", {"x": 1}], protocol=None)], nothing)
    assert [(one.action, one.protocol) for one in unknown] == [
        ("Heartbeat", protocol) for protocol in ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")
    ]


def test_a_message_that_only_lacks_a_value_is_checked_with_null_in_its_place() -> None:
    stop = b'[2,"1","StopTransaction",{"transactionId":,"meterStop":5,"timestamp":"2026-03-02T08:00:00Z"}]'
    assert seen(list(check([sent(0, stop)], nothing))) == [
        (0, "request", "StopTransaction", {("type", "transactionId"): 1})
    ]


def test_a_capture_of_a_conformant_simulator_breaks_nothing(shared_data: Path) -> None:
    frames = [
        Sent(one.offset, one.station_id, one.source, one.direction, one.protocol, one.payload)
        for one in records(shared_data / "ocpp/sim_sap_emobility_16_201.jsonl")
        if one.kind == Kind.FRAME
    ]
    assert len(frames) == 3996
    assert seen(list(check(frames, nothing))) == []


FIELD = [
    # (quirk of docs/quirks.md, action, payload, what it breaks)
    ("13", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M", "chargePointSerialNumber": "S" * 30},
     {("maxLength", "chargePointSerialNumber"): 1}),
    ("27", "MeterValues", {"connectorId": 1, "meterValue": [{"timestamp": "2026-03-02T08:00:00+02", "sampledValue":
     [{"value": "1"}]}]}, {("format", "meterValue[].timestamp"): 1}),
    ("40", "MeterValues", {"connectorId": 1, "meterValue": [{"timestamp": "2026-03-02T08:00:00Z", "sampledValue": [
     {"value": "1", "measurand": "Request.Energy"}, {"value": "50", "measurand": "Frequency", "unit": "Hz"}]}]},
     {("enum", "meterValue[].sampledValue[].measurand"): 1, ("enum", "meterValue[].sampledValue[].unit"): 1}),
    ("40", "MeterValues", {"connectorId": 1, "meterValue": [{"timestamp": "2026-03-02T08:00:00Z", "sampledValue": []}]},
     {("minItems", "meterValue[].sampledValue"): 1}),
    ("43", "MeterValues", {"connectorId": 1, "meterValue": [{"timestamp": "2026-03-02T08:00:00Z", "sampledValue": [
     {"value": "OCMF|{}", "format": "SignedData"}]}]}, {}),
    ("52", "Authorize", {"idTag": "x" * 36}, {("maxLength", "idTag"): 1}),
    ("55", "StatusNotification", {"connectorId": 1, "status": "Faulted", "errorCode": "Error"},
     {("enum", "errorCode"): 1}),
]  # fmt: skip


@pytest.mark.parametrize(("quirk", "action", "payload", "broken"), FIELD, ids=lambda value: str(value)[:30])
def test_what_chargers_of_the_field_send_is_said_in_the_schema_s_words(
    quirk: str, action: str, payload: dict, broken: dict
) -> None:
    found = seen(list(check([sent(0, [2, "1", action, payload])], nothing)))
    assert found == ([(0, "request", action, broken)] if broken else [])
