"""OCPP-J framing: every input ends as a typed frame or a typed error."""

import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models import frames
from models.frames import Call, CallError, CallResult, CallResultError, FrameError, Send
from models.reasons import Reason

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


def test_a_call_gives_its_id_action_and_raw_payload() -> None:
    frame = frames.decode(b'[2,"id-1","Heartbeat",{"a": 1}]')
    assert isinstance(frame, Call)
    assert (frame.message_id, frame.action, bytes(frame.payload)) == ("id-1", "Heartbeat", b'{"a": 1}')


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'[3,"1",{}]', CallResult),
        (b'[4,"1","NotImplemented","no",{}]', CallError),
        (b'[4,"1","NotImplemented",null,{}]', CallError),
        (b'[4,"1","GenericError"]', CallError),
        (b'[4,"1"]', CallError),
        (b'[5,"1","RpcFrameworkError","",{}]', CallResultError),
        (b'[6,"1","NotifyPeriodicEventStream",{}]', Send),
        (b' \n[ 3 ,\r\n"1" ,\t{\n"status": "Accepted"\n} ]\n ', CallResult),
        ('[3,"ström",{"å":"ö"}]'.encode(), CallResult),
    ],
)
def test_every_type_is_read_whatever_blanks_stand_between(data: bytes, kind: type) -> None:
    assert isinstance(frames.decode(data), kind)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.NOT_JSON),
        (b"hello", Reason.NOT_JSON),
        (b'[2,"1","StopTransaction",{"transactionId":,"meterStop":1}]', Reason.NOT_JSON),
        (b'[2,"1","Heartbeat",{"x":NaN}]', Reason.NOT_JSON),
        (b'[2,"1","Heartbeat",{}] trailing', Reason.NOT_JSON),
        (b'[2,"1","Heartbeat",{"x":"\\ud800"}]', Reason.NOT_JSON),
        (b'[2,"\\ud800","Heartbeat",{}]', Reason.NOT_JSON),
        (b"[" * 100_000, Reason.NOT_JSON),
        (b'[2,"1","X",' + b"[" * 100_000 + b"]" * 100_000 + b"]", Reason.NOT_JSON),
        (b'[2,"1","X",' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"]", Reason.NOT_JSON),
        (b'[2,"1","Heartbeat",{"x":"\xff\xfe"}]', Reason.INVALID_UTF8),
        (b'[2,"\xff","Heartbeat",{}]', Reason.INVALID_UTF8),
        (b"\xed\xa0\x80", Reason.INVALID_UTF8),
        (b"{}", Reason.NOT_OCPP),
        (b"[]", Reason.NOT_OCPP),
        (b"[null]", Reason.NOT_OCPP),
        (b'"text"', Reason.NOT_OCPP),
        (b'["2","1","Heartbeat",{}]', Reason.NOT_OCPP),
        (b'[2.0,"1","Heartbeat",{}]', Reason.NOT_OCPP),
        (b'[true,"1","Heartbeat",{}]', Reason.NOT_OCPP),
        (b'[7,"1","Heartbeat",{}]', Reason.NOT_OCPP),
        (b"[" + b"9" * 5_000 + b',"1","Heartbeat",{}]', Reason.NOT_OCPP),
        (b'[2,1,"Heartbeat",{}]', Reason.NOT_OCPP),
        (b'[2,"1",["Heartbeat"],{}]', Reason.NOT_OCPP),
        (b'[2,"1","Heartbeat"]', Reason.NOT_OCPP),
        (b'[2,"1","Heartbeat",{},1]', Reason.NOT_OCPP),
        (b'[3,"1"]', Reason.NOT_OCPP),
        (b"[2]", Reason.NOT_OCPP),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else value,
)
def test_what_is_no_frame_gives_a_typed_error(data: bytes, reason: Reason) -> None:
    error = frames.decode(data)
    assert isinstance(error, FrameError)
    assert error.reason is reason
    assert error.detail.endswith(".")


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b'[2,"1","StopTransaction",{"transactionId":,"meterStop":1}]', b'{"transactionId":null,"meterStop":1}'),
        (b'[2,"1","StopTransaction",{"transactionId": }]', b'{"transactionId":null }'),
        (b'[2,"1","MeterValues",{"a":,"b":[{"c":\n}],"d":"x:,"}]', b'{"a":null,"b":[{"c":null\n}],"d":"x:,"}'),
        (b'[2,"1","MeterValues",{"\\":,":1,"b":}]', b'{"\\":,":1,"b":null}'),
    ],
)
def test_a_missing_value_is_read_as_null_and_texts_stay_as_they_are(data: bytes, whole: bytes) -> None:
    error = frames.decode(data)
    assert isinstance(error, FrameError)
    assert (error.reason, error.message_type, error.message_id) == (Reason.NOT_JSON, 2, "1")
    assert error.repaired is not None
    frame = frames.decode(error.repaired)
    assert isinstance(frame, Call)
    assert bytes(frame.payload) == whole


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b'[2,17,"Heartbeat",{"a": 1}]', b'[2,"17","Heartbeat",{"a": 1}]'),
        (b"[ 3 , -5 , {} ]", b'[3,"-5",{}]'),
        (b'[4,0,"InternalError"]', b'[4,"0","InternalError"]'),
    ],
)
def test_an_id_that_is_a_number_is_read_as_its_text(data: bytes, whole: bytes) -> None:
    error = frames.decode(data)
    assert isinstance(error, FrameError)
    assert (error.reason, error.repaired, error.message_id) == (Reason.NOT_OCPP, whole, None)


@pytest.mark.parametrize(
    "data", [b"[2,1]", b'[2,1.5,"X",{}]', b'[2,null,"X",{}]', b'[2,1,"X"]', b"[2," + b"1" * 65 + b',"X",{}]']
)
def test_other_ids_that_are_no_texts_stay_errors(data: bytes) -> None:
    error = frames.decode(data)
    assert isinstance(error, FrameError)
    assert (error.reason, error.repaired) == (Reason.NOT_OCPP, None)


@pytest.mark.parametrize(
    "data",
    [b'[2,"1","X",{"a":,,}]', b'[2,"1",,{}]', b'{"a":,}', b'[2,"1","X",{"a":,"b":NaN}]', b'[2,"1","X",{"a":,"b":"x}]'],
)
def test_what_a_null_does_not_make_whole_stays_broken(data: bytes) -> None:
    error = frames.decode(data)
    assert isinstance(error, FrameError)
    assert error.repaired is None


@pytest.mark.parametrize("unit", [b'\\"', b'""', b": ", b'":', b"{", b'":,'])
def test_reading_what_is_broken_takes_time_in_proportion(unit: bytes) -> None:
    began = time.process_time()
    frames.decode(b'[2,"1","X",{"a":,"b":"' + unit * (4_000_000 // len(unit)))
    assert time.process_time() - began < 3


def test_an_error_keeps_type_and_id_where_they_can_be_read() -> None:
    error = frames.decode(b'[2,"id-9","Heartbeat"]')
    assert isinstance(error, FrameError)
    assert (error.message_type, error.message_id) == (2, "id-9")


def test_long_numbers_and_two_megabytes_inside_a_payload_are_no_obstacle() -> None:
    assert isinstance(frames.decode(b'[2,"1","DataTransfer",{"x":' + b"9" * 5_000 + b"}]"), Call)
    assert isinstance(frames.decode(b'[2,"1","DataTransfer",{"data":"' + b"x" * 2_000_000 + b'"}]'), Call)


@given(st.binary(max_size=200))
@example(b"\x00")
@example(b'\xef\xbb\xbf[3,"1",{}]')
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(frames.decode(data), Call | CallResult | CallError | CallResultError | Send | FrameError)


_WHOLE = (
    b'[2,"1","StopTransaction",{"transactionId":7,"meterStop":1.5,"timestamp":"2026-03-02T08:00:00Z"}]',
    b'[2,"t","TransactionEvent",{"eventType":"Ended","seqNo":0,"transactionInfo":{"transactionId":"a"},"x":[1,null]}]',
    b'[4,"1","InternalError","",{"a":"\\u00e5"}]',
    b'[6,"p","NotifyPeriodicEventStream",{"id":1,"pending":0,"data":[{"t":0,"v":"1"}]}]',
)


@given(st.sampled_from(_WHOLE), st.integers(0, 200), st.integers(0, 30), st.binary(max_size=4))
def test_no_frame_with_a_piece_replaced_raises(whole: bytes, start: int, length: int, piece: bytes) -> None:
    frames.decode(whole[:start] + piece + whole[start + length :])


@given(st.sampled_from(_WHOLE[:2]), st.data())
def test_any_member_may_lose_its_value(whole: bytes, data: st.DataObject) -> None:
    members = json.loads(whole)[3]
    lost = data.draw(st.sets(st.sampled_from(sorted(members)), min_size=1))
    text = ",".join(f'"{name}":' + ("" if name in lost else json.dumps(value)) for name, value in members.items())
    error = frames.decode(b'[2,"1","X",{' + text.encode() + b"}]")
    assert isinstance(error, FrameError)
    assert error.repaired is not None
    assert json.loads(error.repaired)[3] == members | dict.fromkeys(lost)


@given(st.lists(JSON, max_size=6), st.sampled_from([None, 2, 3, 4, 5, 6]))
def test_no_json_array_raises(elements: list, message_type: int | None) -> None:
    data = json.dumps(elements if message_type is None else [message_type, *elements]).encode()
    frames.decode(data)
