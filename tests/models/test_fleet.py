"""A made-up fleet whose truth is known: whatever OCPP allows to go wrong, the facts are those of the clean run.

Retries under old and new ids, answers that get lost, connections that break and queues delivered later, samples and
stops that never arrive, events of 2.x in any order, a restart of the fold after any record; one card for all, clocks
that are wrong always or once, registers that begin anew, the sum of all meters on connector 0, a queue sent twice.
Where a stop is lost, or nothing tells whose it is, the facts differ only in what they mark as inferred or open.
"""

from datetime import datetime
from typing import Any

from captures import Folded, Wire, at, moment
from hypothesis import given, settings
from hypothesis import strategies as st

from models.facts import Session
from models.state import decode, encode

PAUSE = 4000
"""Seconds from one session of a connector to its next."""
FALSE_S = 4 * 365 * 86_400
"""How far a clock is behind that was not set."""


class Charge:
    """One true session: connector, seconds of its start and end, registers in Wh, and what goes wrong with it."""

    def __init__(self, connector: int, number: int, drawn: dict[str, Any]) -> None:
        self.connector, self.number, self.drawn = connector, number, drawn
        self.begin = number * PAUSE + connector * 7
        self.end = self.begin + drawn["lasts"]
        self.meter_start = 0 if drawn.get("is_reset") else 1000 * (number + 1) * connector
        self.meter_stop = self.meter_start + drawn["wh"]
        self.transaction_id = 100 * connector + number + 1

    @property
    def truth(self) -> tuple[int, datetime, datetime, int]:
        return self.connector, moment(self.begin), moment(self.end), self.drawn["wh"]

    def sample(self, place: int) -> tuple[int, int]:
        """Time and register of one of three samples within."""
        share = (place + 1) / 4
        return round(self.begin + share * (self.end - self.begin)), round(self.meter_start + share * self.drawn["wh"])


_CHARGE = st.fixed_dictionaries(
    {
        "lasts": st.integers(200, 3000),
        "wh": st.integers(0, 900),
        "start_retries": st.integers(0, 2),
        "stop_retries": st.integers(0, 2),
        "is_same_id": st.booleans(),
        "is_answered": st.booleans(),
        "is_offline": st.booleans(),
        "is_stop_lost": st.booleans(),
        "samples_lost": st.sets(st.integers(0, 2)),
    }
)
_FLEET = st.lists(st.lists(_CHARGE, max_size=4), min_size=1, max_size=2)


def charges(drawn: list[list[dict[str, Any]]], *, clean: bool = False) -> list[Charge]:
    """The true sessions; of a clean run nothing goes wrong."""
    if clean:
        keep = ("lasts", "wh")
        calm = {"start_retries": 0, "stop_retries": 0, "is_same_id": False, "is_answered": True, "is_offline": False}
        calm |= {"is_stop_lost": False, "samples_lost": set()}
        drawn = [[calm | {name: one[name] for name in keep} for one in connector] for connector in drawn]
    return [Charge(place, n, one) for place, many in enumerate(drawn, 1) for n, one in enumerate(many)]


def converse(sessions: list[Charge], wire: Wire | None = None, **station: Any) -> Wire:
    """The frames of a 1.6 station in order of receipt; an offline session is delivered when it has ended."""
    messages: list[tuple[float, int, Charge, str, int]] = []
    for charge in sessions:
        drawn = charge.drawn
        late = charge.end + 1 if drawn["is_offline"] else None
        steps = [("start", charge.begin), *(("sample", charge.sample(n)[0]) for n in range(3)), ("stop", charge.end)]
        for place, (what, when) in enumerate(steps):
            if (what == "stop" and drawn["is_stop_lost"]) or (what == "sample" and place - 1 in drawn["samples_lost"]):
                continue
            messages.append((late or when, place, charge, what, place - 1))
    wire = wire or Wire()
    for when, _, charge, what, place in sorted(messages, key=lambda m: (m[0], m[2].connector, m[1])):
        _send(wire, when, charge, what, place, **station)
    return wire


def live(connectors: int, behind: int = 0) -> Wire:
    """A station that has shown its clock: without that, a queue that is late by the same each time looks like one."""
    wire = Wire()
    for number in range(4):
        for connector in range(1, connectors + 1):
            payload = {"connectorId": connector, "status": "Available", "errorCode": "NoError"}
            payload |= {"timestamp": at(20 * number - 100 - behind)}
            wire.call("StatusNotification", payload, seconds=20 * number - 100)
    return wire


def _send(
    wire: Wire,
    when: float,
    charge: Charge,
    what: str,
    place: int,
    *,
    behind: int = 0,
    card: str | None = None,
    has_sum: bool = False,
    suffix: str = "",
) -> None:
    drawn, known = charge.drawn, charge.transaction_id if charge.drawn["is_answered"] else -1
    if what == "sample":
        sampled_at, wh = charge.sample(place)
        value = {"timestamp": at(sampled_at - behind), "sampledValue": [{"value": str(wh)}]}
        payload = {"connectorId": charge.connector, "transactionId": known, "meterValue": [value]}
        wire.call("MeterValues", payload, seconds=when)
        if has_sum:
            value = value | {"sampledValue": [{"value": str(500_000 + 3 * sampled_at)}]}
            wire.call("MeterValues", payload | {"connectorId": 0, "meterValue": [value]}, seconds=when)
        return
    token = card or f"CARD{charge.connector}"
    if what == "start":
        is_false = drawn.get("is_start_false") and not drawn["is_offline"] and not behind
        begin = charge.begin - (FALSE_S if is_false else behind)
        payload = {"connectorId": charge.connector, "idTag": token, "meterStart": charge.meter_start}
        payload |= {"timestamp": at(begin)}
    else:
        end = charge.end - behind
        payload = {"transactionId": known, "idTag": token, "meterStop": charge.meter_stop, "timestamp": at(end)}
    message_id = f"{what}{charge.transaction_id}{suffix}"
    action = "StartTransaction" if what == "start" else "StopTransaction"
    for attempt in range(drawn[f"{what}_retries"] + 1):
        own = message_id if drawn["is_same_id"] else f"{message_id}/{attempt}"
        if attempt:
            wire.reconnect()
        # Equal bytes of one instant are one frame of two files; a retry takes a moment.
        when += attempt / 10
        wire.call(action, payload, own, seconds=when)
    if what == "start" and drawn["is_answered"]:
        wire.started(own, charge.transaction_id, seconds=when)


_HOSTILE = st.tuples(
    _CHARGE,
    st.fixed_dictionaries({"is_reset": st.booleans(), "is_start_false": st.booleans()}),
).map(lambda both: both[0] | both[1])


@settings(max_examples=80, deadline=None)
@given(
    drawn=st.lists(st.lists(_HOSTILE, max_size=12), min_size=2, max_size=3),
    behind=st.sampled_from((0, 0, 7200, -7200, FALSE_S)),
    card=st.sampled_from((None, "CARD")),
    has_sum=st.booleans(),
)
def test_no_stop_is_ever_given_to_a_session_that_it_did_not_end(
    drawn: list[list[dict[str, Any]]], behind: int, card: str | None, has_sum: bool
) -> None:
    sessions = charges(drawn)
    every = converse(sessions, live(len(drawn), behind), behind=behind, card=card, has_sum=has_sum).sessions()
    assert len(every) == len(sessions)
    found = {(s.connector_id, s.started_at): s for s in every}
    for charge in sessions:
        session = found[charge.connector, moment(charge.begin)]
        if session.end_kind == "reported":
            assert not charge.drawn["is_stop_lost"]
            assert told(session) == charge.truth
            continue
        # Only under one card, without ids of their own, does nothing tell whose a stop is.
        assert charge.drawn["is_stop_lost"] or (card is not None and not charge.drawn["is_answered"])
        assert session.energy_wh is None or session.energy_wh <= charge.drawn["wh"]


@settings(max_examples=30, deadline=None)
@given(drawn=st.lists(st.lists(_HOSTILE, max_size=12), min_size=1, max_size=2))
def test_a_queue_that_is_sent_twice_under_new_ids_changes_no_session(drawn: list[list[dict[str, Any]]]) -> None:
    drawn = [[one | {"is_answered": True, "is_stop_lost": False} for one in connector] for connector in drawn]
    once = converse(charges(drawn))
    again = converse(charges(drawn))
    for charge in sorted(charges(drawn), key=lambda c: (c.end, c.connector)):
        for what in ("start", "stop"):
            _send(again, 10**6 + len(again.records), charge, what, 0, suffix="again")
    sent = {s.session_id: told(s) for s in once.sessions()}
    assert {s.session_id: told(s) for s in again.sessions()} == sent


def told(session: Session) -> tuple[int | None, datetime | None, datetime | None, int | None]:
    return session.connector_id, session.started_at, session.ended_at, session.energy_wh


@settings(max_examples=60, deadline=None)
@given(drawn=_FLEET)
def test_nothing_that_happens_on_the_way_changes_a_session_of_1_6(drawn: list[list[dict[str, Any]]]) -> None:
    sessions = charges(drawn)
    every = converse(sessions, live(len(drawn))).sessions()
    assert len(every) == len(sessions)
    found = {(s.connector_id, s.started_at): s for s in every}
    for charge in sessions:
        session = found[charge.connector, moment(charge.begin)]
        if not charge.drawn["is_stop_lost"]:
            assert told(session) == charge.truth
            assert session.end_kind == "reported"
            continue
        assert session.is_open or (session.end_kind == "inferred" and session.ended_at <= charge.truth[2])
        assert session.energy_wh is None or session.energy_wh <= charge.drawn["wh"]


@settings(max_examples=40, deadline=None)
@given(drawn=_FLEET)
def test_a_fleet_without_mishaps_tells_its_truth(drawn: list[list[dict[str, Any]]]) -> None:
    sessions = charges(drawn, clean=True)
    folded = converse(sessions).fold()
    assert sorted(map(told, folded.of("sessions"))) == sorted(charge.truth for charge in sessions)  # type: ignore[type-var]
    assert folded.of("anomalies") == []
    assert folded.of("restatements") == []


@settings(max_examples=40, deadline=None)
@given(drawn=st.lists(st.lists(_HOSTILE, max_size=4), min_size=1, max_size=2), data=st.data())
def test_a_restart_of_the_fold_anywhere_changes_no_fact(drawn: list[list[dict[str, Any]]], data: st.DataObject) -> None:
    records = converse(charges(drawn), card=data.draw(st.sampled_from((None, "CARD"))), has_sum=True).records
    cuts = data.draw(st.sets(st.integers(0, max(0, len(records) - 1)), max_size=5))
    cut = Folded()
    for place, record in enumerate(records):
        cut.fold([record])
        if place in cuts:
            cut.states = {name: decode(encode(state)) for name, state in cut.states.items()}
    assert cut.facts == Folded().fold(records).facts


_EVENTS = st.lists(st.sampled_from(["Charging", "SuspendedEV", "EVConnected", None]), min_size=1, max_size=6)


def transaction(states: list[str | None]) -> list[dict[str, Any]]:
    """The events of one 2.x transaction, a minute apart, each with a register."""
    last = len(states) + 1
    phases = ["Started", *["Updated"] * len(states), "Ended"]
    events = []
    for number, (phase, state) in enumerate(zip(phases, [None, *states, None], strict=True)):
        event = {"event": phase, "seconds": 60 * number, "wh": 1000 + 100 * number, "seqNo": number}
        event["info"] = {"chargingState": state} if state else {}
        if not number:
            event |= {"evse": {"id": 1, "connectorId": 1}, "idToken": {"idToken": "CARD", "type": "ISO14443"}}
        if number == last:
            event["info"] = {"stoppedReason": "Remote"}
        events.append(event)
    return events


def rows(wire: Wire) -> dict[str, Any]:
    """What the session says, but for when and in which frames it was received."""
    (session,) = wire.sessions()
    names = ("energy_wh", "started_at", "ended_at", "charging_s", "evse_id", "connector_id", "token_id", "stop_reason")
    return {name: getattr(session, name) for name in (*names, "is_open", "end_kind", "events_missing")}


def tell(events: list[dict[str, Any]]) -> Wire:
    wire = Wire("ocpp2.0.1")
    for event in events:
        wire.transaction(**{**event, "info": dict(event["info"])})
    return wire


@settings(max_examples=80, deadline=None)
@given(states=_EVENTS, data=st.data())
def test_the_order_and_number_of_a_transaction_s_events_do_not_matter(
    states: list[str | None], data: st.DataObject
) -> None:
    events = transaction(states)
    again = data.draw(st.lists(st.sampled_from(events), max_size=3))
    order = data.draw(st.permutations([*events, *again]))
    assert rows(tell(order)) == rows(tell(events))


@settings(max_examples=40, deadline=None)
@given(states=_EVENTS, data=st.data())
def test_events_that_never_arrive_are_counted_and_never_make_energy(
    states: list[str | None], data: st.DataObject
) -> None:
    events = transaction(states)
    lost = data.draw(st.sets(st.integers(1, len(events) - 2), max_size=3))
    found = rows(tell([event for place, event in enumerate(events) if place not in lost]))
    assert found["events_missing"] == len(lost)
    assert found["energy_wh"] == 100 * (len(events) - 1)
