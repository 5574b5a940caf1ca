"""A station's state: it can be cut anywhere, stays bounded, and its first version stays readable."""

import base64

import captures
import msgspec
import pytest
from captures import START_US, Wire, at, frame
from hypothesis import given, settings
from hypothesis import strategies as st

from models.state import (
    MAX_CALLS,
    MAX_CONNECTORS,
    MAX_FAULTS,
    MAX_INSTANT,
    MAX_OPEN_SESSIONS,
    MAX_RETIRED,
    Mark,
    StationState,
    UndrainedError,
    decode,
    encode,
    mark_of,
)
from models.step import Context, drain, step


def fold_cut(records: list, cuts: set[int]) -> captures.Folded:
    """Fold, and at each cut put every state through its bytes."""
    folded = captures.Folded()
    for count, record in enumerate(records):
        folded.fold([record])
        if count in cuts:
            folded.states = {name: decode(encode(state)) for name, state in folded.states.items()}
    return folded


def test_a_state_can_go_through_its_bytes_after_every_record() -> None:
    wire = Wire()
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    wire.status("Faulted", "WeakSignal")
    first = wire.start()
    wire.start(8, connectorId=2)
    wire.started(first, 7)
    wire.status("Charging")
    wire.meter("1.51", seconds=4000, transaction_id=7, unit="kWh")
    asked = wire.call("Authorize", {"idTag": "CARD"}, seconds=4001)
    wire.answer(asked, {"idTagInfo": {"status": "Blocked"}}, seconds=4002)
    wire.stop(7, seconds=4100)
    wire.start(7, seconds=4101)
    whole = captures.Folded().fold(wire.records)
    assert fold_cut(wire.records, set(range(len(wire.records)))).facts == whole.facts


def half_a_conversation() -> Wire:
    """A session and a fault in the middle, everything that a state can hold."""
    wire = Wire()
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "F"})
    wire.start(6, timestamp=at(-9))
    wire.stop(6, timestamp=at(-1))
    wire.start(7)
    wire.status("Charging")
    wire.status("Faulted", "WeakSignal", connector=2)
    wire.meter("1.51", seconds=30, transaction_id=7, unit="kWh")
    wire.call("Authorize", {"idTag": "CARD"}, "waiting", seconds=40)
    return wire


def other_half(wire: Wire) -> list:
    done = len(wire.records)
    wire.answer("waiting", {"idTagInfo": {"status": "Accepted"}}, seconds=50)
    wire.status("Available", connector=2, seconds=60)
    wire.stop(7, seconds=70, timestamp=at(70))
    wire.start(6, timestamp=at(-9), seconds=80)
    return wire.records[done:]


VERSION_1 = (
    "3AAdAaJDUAEKoXMKgM8ABgokGoCaAKFzgc8AAAAu3NPXCaFzAAAAwMCnb2NwcDEuNqFWoU2hRoGnd2FpdGluZ5SpQXV0aG9yaXpl2SBl"
    "M2JiNjRmOGZhM2QzMGFhN2ViYmY1ZTZlMDZhYjk0MbR0b2tfMDg4ZjZkZjg5NzJlMGFhMs8ABgokGoCaAIHZIDQzMWViZGU4ZTNmYzU3"
    "NDE1MDcxMDg5ODdjOGYyOGRm3AAb2SA0MzFlYmRlOGUzZmM1NzQxNTA3MTA4OTg3YzhmMjhkZqdvY3BwMS42wAGhN5GhN9kgYmY1Mjc5"
    "MjUzZGM5MzYxY2I3OWQ0Y2FjZTk4NDExZDC0dG9rXzA4OGY2ZGY4OTcyZTBhYTLPAAYKJBgeQADDpDEwMDCnMS41MUUrM6cxLjUxRSsz"
    "wMDAwMPOAV7zwM8ABgokGegDgMChVqFNoUbOAAc0noHOAAc0ns0B/s0B/oHZIGYxMjc3ZmY4Yzg4NjRhMGFmOTQ0ODQxNWI3MWE0MDlh"
    "3AAb2SBmMTI3N2ZmOGM4ODY0YTBhZjk0NDg0MTViNzFhNDA5YadvY3BwMS42wAGhNpGhNtkgNGUwZTUxN2IwNmUxZjhjYjczYTllMjE4"
    "YzI2ZDUwYza0dG9rXzA4OGY2ZGY4OTcyZTBhYTLPAAYKJBeU68DDpDEwMDDAwKQzMDAwzwAGCiQYDv3AzwAGCiQYDv3AplJlbW90ZcLA"
    "wMChVqFNoUbOAAc0noHOAAc0ns0H0M0H0JCCpk5vbmUvMZKoQ2hhcmdpbmenTm9FcnJvcqZOb25lLzKSp0ZhdWx0ZWSqV2Vha1NpZ25h"
    "bIGxTm9uZS8yL1dlYWtTaWduYWyd2SA4YzY0MDAxNWI0NTI1ZTkzZTlkNjY3M2IxOWIzOGI2ZqpXZWFrU2lnbmFsp29jcHAxLjbAAqDA"
    "zwAGCiQYmFIAwMOhVqFNoUbPAAYKJBqAmgCBzgAHNJ6VzgAHNJ7NCc4CAc4B6EgAAIA="
)


def test_a_state_of_version_1_goes_on_where_it_stopped() -> None:
    wire = half_a_conversation()
    folded = captures.Folded().fold(wire.records)
    folded.states["CP"] = decode(base64.b64decode(VERSION_1))
    rest = other_half(wire)
    assert of_version_1(folded.fold(rest)) == of_version_1(captures.Folded().fold(wire.records))


def of_version_1(folded: captures.Folded) -> dict[tuple[str, str], dict[str, object]]:
    """What version 1 already said; newer columns need what its states did not keep."""
    rows = folded.rows()
    return {key: {name: row[name] for name in SAID_1[key[0]]} for key, row in rows.items() if key[0] in SAID_1}


TYPE = ("vendor", "model", "firmware")
SAID_1 = {
    "sessions": (
        *("connector_id", "protocol", "transaction_id", "token_id", "started_at", "ended_at", "stop_reason"),
        *("energy_wh", "energy_basis", "charging_s", "power_max_w", "is_open", *TYPE),
    ),
    "faults": ("connector_id", "code", "vendor_error_code", "opened_at", "closed_at", "is_open", *TYPE),
    "statuses": ("connector_id", "status", "error_code", "reported_at", "received_at"),
    "authorizations": ("token_id", "asked_at", "answered_at", "status"),
    "rates": ("hour", "energy_wh", "sessions", "faults", "fault_s"),
    "stations": ("serial_number", "booted_at", *TYPE),
}


@pytest.fixture(scope="module")
def sap_records() -> list:
    records = captures.records(captures.shared("sim_sap_emobility_16_201.jsonl"))
    wanted = {"CS-ABB-00002", "CS-BASIC-00001"} | {r.station_id for r in records if r.protocol == "ocpp2.0.1"}
    return [record for record in records if record.station_id in wanted]


@pytest.fixture(scope="module")
def sap_whole(sap_records: list) -> captures.Folded:
    return captures.Folded().fold(sap_records)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_no_cut_of_the_capture_changes_a_fact(
    data: st.DataObject, sap_records: list, sap_whole: captures.Folded
) -> None:
    cuts = data.draw(st.sets(st.integers(0, len(sap_records) - 1), max_size=6))
    assert fold_cut(sap_records, cuts).facts == sap_whole.facts


@settings(max_examples=15, deadline=None)
@given(every=st.integers(1, 500))
def test_no_rhythm_of_draining_changes_a_fact(every: int, sap_records: list, sap_whole: captures.Folded) -> None:
    assert captures.Folded().fold(sap_records, drain_every=every).facts == sap_whole.facts


def test_an_undrained_state_cannot_be_encoded() -> None:
    state = StationState(station_id="CP")
    step(state, frame([2, "m", "Authorize", {"idTag": "CARD"}], ordinal=0, us=START_US), Context())
    with pytest.raises(UndrainedError, match="Drain"):
        encode(state)
    drain(state)
    encode(state)


def test_a_state_without_the_newest_fields_is_read() -> None:
    """As written before `newest` was added to the end of the struct."""
    state = StationState(station_id="CP")
    step(state, frame([2, "m", "Authorize", {"idTag": "CARD"}], ordinal=0, us=START_US), Context())
    drain(state)
    older = msgspec.msgpack.encode(msgspec.msgpack.decode(encode(state))[:-1])
    assert decode(older) == state
    again = decode(older)
    step(again, frame([2, "n", "Heartbeat", {}], ordinal=1, us=START_US), Context())
    assert len(again.instant) == 2


def test_bytes_that_are_no_state_raise_a_decode_error() -> None:
    for data in (b"", b"\xff", b"[]", b"\x91\xa1x"):
        with pytest.raises(msgspec.DecodeError):
            decode(data)


def test_the_mark_of_a_state_is_read_without_the_rest() -> None:
    wire = Wire()
    wire.call("Heartbeat", {}, seconds=100)
    punctual = captures.Folded().fold(wire.records).states["CP"]
    assert mark_of(encode(punctual)) is None
    late = frame([2, "late", "Heartbeat", {}], ordinal=0, us=START_US, source="other", offset=7)
    state = captures.Folded().fold([*wire.records, late]).states["CP"]
    assert mark_of(encode(state)) == Mark(START_US, "other", 1, 1, 7) == state.mark
    assert mark_of(base64.b64decode(VERSION_1)) is None
    for data in (b"", b"\xff", b"\x81\xa1x\x01"):
        with pytest.raises(msgspec.DecodeError):
            mark_of(data)


def test_a_state_stays_bounded_whatever_a_station_sends() -> None:
    wire = Wire()
    long = "x" * 10_000
    for number in range(300):
        wire.start(number + 1, connectorId=number, timestamp=captures.at(number), idTag=long + str(number))
        wire.call("Authorize", {"idTag": long}, message_id=long + str(number))
        wire.status(long[:2000] + str(number), f"E{number}", connector=number)
    state = captures.Folded().fold(wire.records).states["CP"]
    assert len(state.open_sessions) == MAX_OPEN_SESSIONS
    assert len(state.calls) == MAX_CALLS
    assert len(state.connectors) == MAX_CONNECTORS
    assert len(state.faults) == MAX_FAULTS
    assert len(state.retired) == MAX_RETIRED
    assert len(encode(state)) < 64_000


def test_frames_of_one_instant_stay_bounded() -> None:
    records = [frame([2, f"m{n}", "Heartbeat", {}], ordinal=n, us=START_US) for n in range(200)]
    assert len(captures.Folded().fold(records).states["CP"].instant) == MAX_INSTANT


def test_a_usual_state_takes_a_few_kilobytes() -> None:
    folded = captures.Folded().fold(captures.records(captures.shared("sim_sap_emobility_16_201.jsonl")))
    sizes = [len(encode(state)) for state in folded.states.values()]
    assert max(sizes) < 8_192, sizes
