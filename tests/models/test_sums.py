"""Whatever a station says, in whatever order: rates sum to sessions, ends are after starts, retries change nothing."""

from captures import Folded, Wire, at
from hypothesis import example, given, settings
from hypothesis import strategies as st

IDS = st.sampled_from([None, -1, 0, 1, 1, 2, 2147483647, "x"])
CARDS = st.sampled_from([None, "A", "a", "B", ""])
METERS = st.sampled_from([None, 0, 500, 1000, 1000.5, 2500, -1, "1200"])
CONNECTORS = st.sampled_from([None, 0, 1, 1, 2])
SECONDS = st.sampled_from([0, 10, 10, 60, 7_300])
UNITS = st.sampled_from([None, "Wh", "kWh"])
CONTEXTS = st.sampled_from([None, "Transaction.Begin", "Transaction.End"])
V16 = st.one_of(
    st.tuples(st.just("start"), IDS, CONNECTORS, CARDS, METERS, SECONDS),
    st.tuples(st.just("stop"), IDS, CONNECTORS, CARDS, METERS, SECONDS),
    st.tuples(st.just("meter"), IDS, CONNECTORS, UNITS, METERS, SECONDS),
    st.tuples(st.just("status"), st.sampled_from(["Charging", "Faulted", "Available"]), CONNECTORS, SECONDS),
)
V2X = st.tuples(
    st.sampled_from(["Started", "Updated", "Ended"]), st.sampled_from("tu"), SECONDS, METERS, UNITS, CONTEXTS
)


def talk_16(script: list[tuple]) -> Wire:
    wire = Wire()
    for kind, *rest in script:
        if kind == "status":
            code = "GroundFailure" if rest[0] == "Faulted" else "NoError"
            payload = {"connectorId": rest[1], "status": rest[0], "errorCode": code, "timestamp": at(rest[2])}
            wire.call("StatusNotification", payload)
            continue
        transaction_id, connector, word, meter, seconds = rest
        if kind == "start":
            wire.start(transaction_id, connectorId=connector, idTag=word, meterStart=meter, timestamp=at(seconds))
        elif kind == "stop":
            wire.stop(transaction_id, idTag=word, meterStop=meter, timestamp=at(seconds))
        else:
            sample = {"value": str(meter), "unit": word}
            values = [{"timestamp": at(seconds), "sampledValue": [sample]}]
            payload = {"connectorId": connector, "transactionId": transaction_id, "meterValue": values}
            wire.call("MeterValues", payload)
    return wire


def talk_2x(script: list[tuple]) -> Wire:
    wire = Wire("ocpp2.1")
    for event, transaction_id, seconds, meter, unit, context in script:
        sample = {"value": meter, "context": context} | ({"unitOfMeasure": {"unit": unit}} if unit else {})
        wire.transaction(event, transaction_id, meterValue=[{"timestamp": at(seconds), "sampledValue": [sample]}])
        wire.records[-1].received_at_us += seconds * 1_000_000
    return wire


def assert_sums(folded: Folded) -> None:
    sessions, rates, faults = folded.of("sessions"), folded.of("rates"), folded.of("faults")
    assert sum(rate.energy_wh for rate in rates) == sum(session.energy_wh or 0 for session in sessions)
    assert sum(rate.sessions for rate in rates) == len(sessions)
    assert sum(rate.faults for rate in rates) == len(faults)
    for session in sessions:
        assert session.is_open == (session.ended_at is None)
        assert (session.energy_wh is None) == (session.energy_basis is None)
        assert session.energy_wh is None or session.energy_wh >= 0
    for fault in faults:
        assert fault.is_open == (fault.closed_at is None)
        assert fault.closed_at is None or fault.closed_at >= fault.opened_at


@settings(deadline=None, max_examples=150)
@given(st.lists(V16, max_size=25))
def test_rates_sum_to_sessions_in_1_6(script: list[tuple]) -> None:
    assert_sums(talk_16(script).fold(drain_every=1))


@settings(deadline=None, max_examples=150)
@given(st.lists(V2X, max_size=25))
def test_rates_sum_to_sessions_in_2_x(script: list[tuple]) -> None:
    assert_sums(talk_2x(script).fold(drain_every=1))


@settings(deadline=None, max_examples=150)
@example(
    [
        ("Updated", "t", seconds, wh, unit, None)
        for seconds, wh, unit in ((0, 0, None), (0, 1000, "kWh"), (7_300, 500, None))
    ]
)
@given(st.lists(V2X, max_size=15))
def test_an_event_sent_twice_in_2_x_is_one(script: list[tuple]) -> None:
    once = talk_2x(script).fold()
    twice = talk_2x([event for event in script for _ in range(2)]).fold()
    sessions = [
        [(s.transaction_id, s.energy_wh, s.is_open, s.stop_reason) for s in f.of("sessions")] for f in (once, twice)
    ]
    assert sessions[0] == sessions[1]
