"""Whatever a station says of faults, in whatever order: no twins, no negative time, no matter where the fold is cut."""

import pytest
from captures import Folded, Wire, at, records, shared
from hypothesis import given, settings
from hypothesis import strategies as st

from models.crosswalk import OTHER
from models.state import decode, encode

ERRORS = ("NoError", "GroundFailure", "OtherError", "HighTemperature", "EVCommunicationError", "Error")
STATUSES = ("Available", "Charging", "Faulted", "Finishing")
VENDOR_CODES = (None, "CX017", "CX018;CX019", "E1", "E1;E2", "0x0000")
PAIRS = (("Connector", "Problem"), ("RCD", "Tripped"), ("TokenReader", "Problem"), ("Widget", "Problem"))

shifts = st.integers(-90, 90) | st.just(-7200)
"""Seconds by which a report's own time is off; the last one comes out of a queue."""
levels = st.tuples(
    st.sampled_from(STATUSES), st.sampled_from(ERRORS), st.sampled_from(VENDOR_CODES), st.integers(0, 2),
    shifts,
)  # fmt: skip
events = st.tuples(
    st.sampled_from(PAIRS), st.sampled_from([None, 1, 2]), st.sampled_from([None, "CX017", "CX018", "T1", "T2"]),
    st.sampled_from(["true", "false"]), st.booleans(), shifts,
)  # fmt: skip
conditions = st.tuples(st.sampled_from(["Available", "Faulted", "Occupied"]), st.integers(1, 2), shifts)


def check(wire: Wire) -> None:
    folded = Folded()
    for record in wire.records:
        folded.fold([record])
        folded.states = {name: decode(encode(state)) for name, state in folded.states.items()}
        found = folded.of("faults")
        codes = [
            (f.evse_id, f.connector_id, f.canonical_code, f.raw_code if f.canonical_code == OTHER else "")
            for f in found
            if f.is_open
        ]
        assert len(set(codes)) == len(codes)
        for fault in found:
            assert (fault.close_kind == "open") is fault.is_open is (fault.closed_at is None)
            assert fault.is_open or fault.closed_at >= fault.opened_at
            assert fault.is_open or fault.closed_received_at >= fault.opened_received_at
    assert folded.facts == wire.fold().facts
    assert wire.fold(drain_every=1).rows() == wire.fold().rows()


@settings(max_examples=80, deadline=None)
@given(st.lists(levels, max_size=14))
def test_1_6_opens_and_closes_in_any_order(said: list) -> None:
    wire = Wire()
    for number, (status, error, vendor_code, connector, shift) in enumerate(said):
        payload = {"connectorId": connector, "status": status, "errorCode": error, "vendorErrorCode": vendor_code}
        when = number * 20
        wire.call("StatusNotification", payload | {"timestamp": at(when + shift)}, seconds=when)
    check(wire)


@settings(max_examples=80, deadline=None)
@given(st.lists(events | conditions, max_size=14))
def test_2_x_opens_and_closes_in_any_order(said: list) -> None:
    wire = Wire("ocpp2.0.1")
    for number, one in enumerate(said):
        when = number * 20
        if len(one) == 3:
            status, evse, shift = one
            payload = {"evseId": evse, "connectorId": 1, "connectorStatus": status, "timestamp": at(when + shift)}
            wire.call("StatusNotification", payload, seconds=when)
            continue
        (component, variable), evse, code, value, is_cleared, shift = one
        more = {"techCode": code} if code else {}
        wire.notify(
            when, {"id": evse, "connectorId": 1} if evse else None, component=component, variable=variable,
            actualValue=value, cleared=is_cleared, trigger="Delta", timestamp=at(when + shift), **more,
        )  # fmt: skip
    check(wire)


def test_a_port_is_out_only_while_all_of_its_connectors_are() -> None:
    """A peer's 333 minutes of CH-002, port 1, on 1 October: intervals that only touch were taken as overlapping."""
    folded = Folded().fold(records(shared("kwwhat_ocpp16_synthetic_14d.csv")))
    found = [f for f in folded.of("faults") if f.station_id == "CH-002" and f.opened_at.day == 1]
    first, second = ([f for f in found if f.connector_id == number] for number in (1, 2))
    both = [
        (min(a.closed_at, b.closed_at) - max(a.opened_at, b.opened_at)).total_seconds()
        for a in first
        for b in second
        if max(a.opened_at, b.opened_at) < min(a.closed_at, b.closed_at)
    ]
    assert round(sum(both) / 60, 2) == 1.48
    assert {(f.canonical_code, f.close_kind) for f in found} == {("connector_lock_failure", "explicit_clear")}
    durations = [(f.closed_at - f.opened_at).total_seconds() for f in folded.of("faults")]
    assert (len(durations), sum(durations)) == (102, 9180)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sim_sap_emobility_16_201.jsonl", [("unknown_fault", 15.0), ("unknown_fault", 16.0)]),
        ("field_frames.jsonl", []),
    ],
)
def test_faults_of_the_captures(name: str, expected: list) -> None:
    folded = Folded().fold(records(shared(name)))
    found = [(f.canonical_code, round((f.closed_at - f.opened_at).total_seconds())) for f in folded.of("faults")]
    assert sorted(found) == expected
