"""Quirks 6, 7, 8, 13 and 40 of the field, as far as they are about the message itself."""

import pytest
from captures import Wire, at

from models.reasons import Reason
from models.record import Direction


def test_quirk_06_a_missing_value_makes_the_message_no_json() -> None:
    """A charger leaves a value out and the message is no JSON: `"transactionId":,`.

    Source: lbbrhzn/ocpp 2032 (AEFA).
    We: the bytes stay raw, the message is a dead letter (`repaired`) and an anomaly (`frame_repaired`), and its
    facts count as if `null` stood there.
    """
    wire = Wire()
    wire.start(7)
    broken = (
        '[2,"m","MeterValues",{"connectorId":1,"transactionId":,"meterValue":[{"timestamp":"%s",'
        '"sampledValue":[{"value":"2500"}]}]}]'
    )
    wire.add((broken % at(60)).encode(), Direction.CP_TO_CSMS, 60)
    folded = wire.fold()
    assert [(session.energy_wh, session.is_open) for session in folded.of("sessions")] == [(1500, True)]
    assert [refusal.reason for _, refusal in folded.refusals] == [Reason.REPAIRED]
    assert [anomaly.anomaly for anomaly in folded.of("anomalies")] == ["frame_repaired"]


def test_a_start_whose_message_id_is_a_number_is_a_session() -> None:
    wire = Wire()
    start = {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": at(0)}
    wire.add([2, 17, "StartTransaction", start], Direction.CP_TO_CSMS, 0)
    wire.add([3, 17, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}], Direction.CSMS_TO_CP, 1)
    wire.add([2, 18, "Heartbeat", {}], Direction.CP_TO_CSMS, 2)
    wire.stop(7)
    folded = wire.fold()
    assert [(s.transaction_id, s.energy_wh) for s in folded.of("sessions")] == [("7", 2000)]
    assert [refusal.reason for _, refusal in folded.refusals] == [Reason.REPAIRED] * 3
    (anomaly,) = folded.of("anomalies")
    assert (anomaly.anomaly, anomaly.detail) == (
        "frame_repaired",
        "The message's id is a number, not a string. Read as its text.",
    )


@pytest.mark.parametrize("lost", [b'"transactionId":,,', b'"transactionId":-,', b'"transactionId";7,'])
def test_what_no_null_makes_whole_is_a_dead_letter_only(lost: bytes) -> None:
    wire = Wire()
    wire.start(7)
    wire.add(b'[2,"m","StopTransaction",{' + lost + b'"meterStop":3000}]', Direction.CP_TO_CSMS, 60)
    folded = wire.fold()
    assert [session.is_open for session in folded.of("sessions")] == [True]
    assert [refusal.reason for _, refusal in folded.refusals] == [Reason.NOT_JSON]


def test_a_message_made_whole_that_says_nothing_usable_keeps_the_harder_reason() -> None:
    wire = Wire()
    wire.call("Heartbeat", {})
    wire.add(b'[2,"m","StopTransaction",{"transactionId":,"meterStop":}]', Direction.CP_TO_CSMS, 60)
    wire.add(b'[2,"m","stopTransaction",{"transactionId":}]', Direction.CP_TO_CSMS, 61)
    reasons = [refusal.reason for _, refusal in wire.fold().refusals]
    assert reasons == [Reason.INVALID_PAYLOAD, Reason.UNKNOWN_ACTION]
