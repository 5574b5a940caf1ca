"""Whole messages of all three versions with bytes replaced, through the step: never an exception, always an end."""

import json

import msgspec
from captures import KEY, START_US, frame
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models import frames
from models.reasons import Reason
from models.state import StationState, decode, encode
from models.step import Context, drain, step

NOW = "2023-11-14T22:13:20Z"
SAMPLE = [{"timestamp": NOW, "sampledValue": [{"value": "1500", "context": "Sample.Periodic"}]}]
START_16 = {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": NOW}
EVENT = {
    "eventType": "Ended",
    "timestamp": NOW,
    "triggerReason": "RemoteStop",
    "seqNo": 3,
    "transactionInfo": {"transactionId": "t", "chargingState": "Charging", "stoppedReason": "Remote"},
    "evse": {"id": 1, "connectorId": 1},
    "idToken": {"idToken": "CARD", "type": "ISO14443"},
    "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": 1.5, "unitOfMeasure": {"unit": "kWh"}}]}],
}
ALERT = {
    "component": {"name": "Connector"},
    "variable": {"name": "Problem"},
    "actualValue": "true",
    "techCode": "CX017",
}
WHOLE = [
    ("ocpp1.6", [2, "1", "StartTransaction", START_16]),
    ("ocpp1.6", [2, "1", "StopTransaction", {"transactionId": 7, "meterStop": 5, "timestamp": NOW, "reason": "Local"}]),
    ("ocpp1.6", [2, "1", "MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": SAMPLE}]),
    ("ocpp1.6", [2, "1", "StatusNotification", {"connectorId": 1, "status": "Faulted", "errorCode": "OverVoltage"}]),
    ("ocpp1.6", [2, "1", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]),
    ("ocpp2.0.1", [2, "1", "TransactionEvent", EVENT]),
    ("ocpp2.0.1", [2, "1", "NotifyEvent", {"generatedAt": NOW, "seqNo": 0, "eventData": [ALERT]}]),
    ("ocpp2.1", [2, "1", "TransactionEvent", EVENT]),
    ("ocpp2.1", [6, "1", "NotifyPeriodicEventStream", {"id": 1, "pending": 0, "basetime": NOW, "data": []}]),
    ("ocpp2.1", [3, "1", {"idTagInfo": {"status": "Accepted"}}]),
]
PIECES = st.one_of(
    st.binary(max_size=3),
    st.sampled_from(
        [b"null", b"NaN", b"Infinity", b"-", b'"\\ud800"', b"9" * 5_000, b"[" * 2_000, b",", b":,", b"1e999"]
    ),
)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(WHOLE), st.integers(0, 400), st.integers(0, 12), PIECES)
@example(WHOLE[1], 25, 15, b'"transactionId":')
@example(WHOLE[9], 8, 0, b"[" * 20_000)
def test_a_message_with_bytes_replaced_ends_as_a_fact_or_a_dead_letter(
    it: tuple[str, list], start: int, length: int, piece: bytes
) -> None:
    protocol, message = it
    whole = json.dumps(message).encode()
    data = whole[:start] + piece + whole[start + length :]
    state = StationState(station_id="CP")
    step(
        state, frame(json.dumps([2, "0", "StartTransaction", START_16]).encode(), ordinal=0, us=START_US), Context(KEY)
    )
    refusal = step(state, frame(data, ordinal=1, us=START_US + 1, protocol=protocol), Context(KEY))
    for fact in drain(state):
        msgspec.json.encode(fact)
    assert decode(encode(state)).offset == 1
    read = frames.decode(data)
    if isinstance(read, frames.FrameError):
        assert refusal is not None
        assert (refusal.reason is Reason.REPAIRED) <= (read.repaired is not None)
