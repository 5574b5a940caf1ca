"""Frames read in one pass say what they say in two, whatever is in them."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import frames
from models.events import UnusableError
from models.frames import Call, FrameError
from models.ocpp import whole
from models.ocpp.versions import READERS, V16, V21, V201

ODD = st.sampled_from([None, "", "Foo.Bar", 7, -1.5, True, [], {}, "é", " 12 ", "1e400", 10**40])
TIMES = st.sampled_from(["2023-11-14T22:13:20Z", "2023-11-14T22:13:20.125Z", "2023-11-14 22:13", ""])


def fields(usual: dict[str, Any]) -> st.SearchStrategy:
    """Objects with some of these members, now and then an odd value in one."""
    members = {name: st.one_of(*[value] * 12, ODD) for name, value in usual.items()}
    return st.fixed_dictionaries({}, optional=members)


NUMBERS = st.sampled_from(["1000", "1000.5", "31415.6789", "-3", "0", "much"])
CONTEXTS = st.sampled_from(["Sample.Periodic", "Sample.Clock", "Transaction.Begin", "Transaction.End"])
MEASURANDS = st.sampled_from(
    ["Energy.Active.Import.Register", "Energy.Active.Import.Interval", "Power.Active.Import", "Voltage", "SoC"]
)
PLACES = {"context": CONTEXTS, "measurand": MEASURANDS, "phase": st.just("L1"), "location": st.just("Outlet")}
SAMPLED = fields(
    {"value": NUMBERS, "unit": st.sampled_from(["Wh", "kWh", "W", "kW"]), "format": st.just("Raw"), **PLACES}
)
SAMPLED_2X = fields(
    {"value": st.sampled_from([1000, 31415.6789, -3, 0]), "unitOfMeasure": fields({"unit": st.just("kWh")}), **PLACES}
)


def meter(sampled: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(fields({"timestamp": TIMES, "sampledValue": st.lists(sampled, max_size=5)}), max_size=3)


METER_VALUES = fields(
    {"connectorId": st.integers(0, 3), "transactionId": st.integers(-1, 9), "meterValue": meter(SAMPLED)}
)
TRANSACTIONS = fields(
    {
        "eventType": st.just("Updated"),
        "timestamp": TIMES,
        "transactionInfo": fields({"transactionId": st.just("t"), "chargingState": st.just("Charging")}),
        "evse": fields({"id": st.just(1), "connectorId": st.just(1)}),
        "meterValue": meter(SAMPLED_2X),
        "seqNo": st.integers(0, 9),
    }
)
CALLS = st.one_of(
    st.tuples(st.just(V16), st.just("MeterValues"), METER_VALUES),
    st.tuples(st.sampled_from([V201, V21]), st.just("TransactionEvent"), TRANSACTIONS),
    st.tuples(st.sampled_from([V16, V201]), st.sampled_from(["MeterValues", "StatusNotification"]), METER_VALUES),
)


def event(protocol: str, frame: object) -> object:
    """What the frame's reader says, or that it refuses."""
    if type(frame) is whole.MeterCall:
        frame = frame.as_call()
    if type(frame) is not Call:
        return frame
    reader = READERS[protocol].get(frame.action)
    try:
        return (frame.message_id, frame.action, reader and reader(frame.payload, None))
    except UnusableError as error:
        return str(error)


@settings(deadline=None, max_examples=300)
@given(CALLS, st.sampled_from(["m", "m" * 40, '"MeterValues"', "ä"]), st.sampled_from([None, "extra"]), st.booleans())
def test_one_pass_and_two_say_the_same(call: tuple, message_id: str, more: str | None, is_ascii: bool) -> None:
    protocol, action, payload = call
    elements = [2, message_id, action, payload | {"customData": "x" * 200}] + ([more] if more else [])
    data = json.dumps(elements, ensure_ascii=is_ascii).encode()
    assert event(protocol, whole.decode(protocol, data)) == event(protocol, frames.decode(data))


USUAL = {
    "connectorId": 1,
    "transactionId": 7,
    "meterValue": [
        {
            "timestamp": "2023-11-14T22:13:20Z",
            "sampledValue": [{"value": str(number), "measurand": "Voltage", "unit": "V"} for number in range(8)],
        }
    ],
}


def test_a_usual_frame_is_read_in_one_pass() -> None:
    data = json.dumps([2, "m", "MeterValues", USUAL]).encode()
    read = whole.decode(V16, data)
    assert isinstance(read, whole.MeterCall)
    assert (read.message_id, read.payload.connector_id, read.payload.transaction_id) == ("m", 1, 7)


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_cut_frame_is_refused_as_any_other(cut: int) -> None:
    data = json.dumps([2, "m", "MeterValues", USUAL]).encode()[:-cut]
    read = whole.decode(V16, data)
    assert isinstance(read, FrameError)
    assert read == frames.decode(data)
