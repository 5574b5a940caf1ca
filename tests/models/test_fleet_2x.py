"""A made-up fleet of OCPP 2.x whose truth is known: whatever goes wrong on the way, the facts are those of the truth.

Events sent again under old and new message ids, answers that get lost, connections that break, queues delivered later
and in any order, events and ends that never arrive, seqNo that never moves or begins anew, registers that begin anew,
clocks that are wrong, a restart of the fold after any record. Where an end is lost the facts differ only in what they
mark as inferred or open. `test_fleet` is the same for 1.6.
"""

from datetime import datetime
from random import Random
from typing import Any

from captures import Folded, Wire, at, moment
from hypothesis import given, settings
from hypothesis import strategies as st

from models.facts import Session
from models.state import decode, encode

PAUSE = 4000
"""Seconds from one transaction of an EVSE to its next."""
PROTOCOLS = ("ocpp2.0.1", "ocpp2.1")
Event = tuple[float, float, dict[str, Any], "Charge"]
"""Received and happened (seconds), the payload, and whose it is."""


class Charge:
    """One true transaction: EVSE, seconds of its begin and end, registers in Wh, and what goes wrong with it."""

    def __init__(self, evse: int, number: int, drawn: dict[str, Any]) -> None:
        self.evse, self.drawn = evse, drawn
        self.begin = number * PAUSE + evse * 7
        self.end = self.begin + drawn["lasts"]
        self.meter_start = 0 if drawn["is_reset"] else 100_000 * evse + 1000 * (number + 1)
        self.transaction_id = f"t{evse}-{number}"

    @property
    def truth(self) -> tuple[int, datetime, datetime, int]:
        return self.evse, moment(self.begin), moment(self.end), self.drawn["wh"]

    def events(self, behind: int) -> list[Event]:
        """What the station queues, in its order: a register in each, charging until the last quarter."""
        found: list[Event] = []
        for place, phase in enumerate(("Started", "Updated", "Updated", "Updated", "Ended")):
            if place in self.drawn["lost"] or (phase == "Ended" and self.drawn["is_end_lost"]):
                continue
            when = round(self.begin + place / 4 * (self.end - self.begin))
            wh = round(self.meter_start + place / 4 * self.drawn["wh"])
            info = {"transactionId": self.transaction_id}
            info["chargingState"] = "Charging" if 0 < place < 3 else "EVConnected"
            payload = {"eventType": phase, "timestamp": at(when - behind), "transactionInfo": info}
            payload |= {"seqNo": 0 if self.drawn["is_standing"] else place, "triggerReason": "MeterValuePeriodic"}
            payload["meterValue"] = [{"timestamp": at(when - behind), "sampledValue": [{"value": wh}]}]
            if phase == "Started":
                payload |= {"evse": {"id": self.evse}, "idToken": {"idToken": "CARD", "type": "ISO14443"}}
            if self.drawn["is_offline"]:
                payload["offline"] = True
            found.append((self.end + 1 if self.drawn["is_offline"] else when, when, payload, self))
        return found


_CHARGE = st.fixed_dictionaries(
    {
        "lasts": st.integers(200, 3000),
        "wh": st.integers(0, 900),
        "retries": st.integers(0, 2),
        "is_same_id": st.booleans(),
        "is_answered": st.booleans(),
        "is_offline": st.booleans(),
        "is_end_lost": st.booleans(),
        "lost": st.sets(st.integers(1, 3)),
        "is_standing": st.booleans(),
        "is_reset": st.booleans(),
    }
)
_FLEET = st.lists(st.lists(_CHARGE, max_size=4), min_size=1, max_size=2)
_CALM = {"retries": 0, "is_same_id": False, "is_answered": True, "is_offline": False, "is_end_lost": False}
_CALM |= {"lost": set(), "is_standing": False, "is_reset": False}


def charges(drawn: list[list[dict[str, Any]]], **changed: Any) -> list[Charge]:
    return [
        Charge(evse, number, one | changed) for evse, many in enumerate(drawn, 1) for number, one in enumerate(many)
    ]


def converse(sessions: list[Charge], protocol: str, chance: Random | None = None, behind: int = 0) -> Wire:
    """The frames in order of receipt; a queue comes in any order where there is `chance`."""
    wire = Wire(protocol)
    for number in range(4):
        payload = {"evseId": 1, "connectorId": 1, "connectorStatus": "Available" if number % 2 else "Unavailable"}
        payload["timestamp"] = at(60 * number - 300 - behind)
        wire.call("StatusNotification", payload, seconds=60 * number - 300)
    events = [event for charge in sessions for event in charge.events(behind)]
    if chance is not None:
        # Only a queue has events of one time of receipt: it comes in any order.
        chance.shuffle(events)
    for received, _, payload, charge in sorted(events, key=lambda event: event[0]):
        own = f"{charge.transaction_id}/{payload['timestamp']}/{payload['eventType']}"
        for attempt in range(charge.drawn["retries"] + 1):
            message_id = own if charge.drawn["is_same_id"] else f"{own}/{attempt}"
            # Equal bytes of one instant are one frame of two files; a retry takes a moment.
            received += attempt / 10
            wire.call("TransactionEvent", payload, message_id, received)
            if attempt < charge.drawn["retries"]:
                wire.reconnect()
            elif charge.drawn["is_answered"]:
                wire.answer(message_id, {"idTokenInfo": {"status": "Accepted"}}, received)
    return wire


def told(session: Session) -> tuple[int | None, datetime | None, datetime | None, int | None]:
    return session.evse_id, session.started_at, session.ended_at, session.energy_wh


@settings(max_examples=80, deadline=None)
@given(
    drawn=_FLEET,
    protocol=st.sampled_from(PROTOCOLS),
    chance=st.randoms(use_true_random=False),
    behind=st.sampled_from((0, 0, 7200, -7200)),
)
def test_nothing_that_happens_on_the_way_changes_a_transaction_of_2_x(
    drawn: list[list[dict[str, Any]]], protocol: str, chance: Random, behind: int
) -> None:
    sessions = charges(drawn)
    every = converse(sessions, protocol, chance, behind).sessions()
    assert len(every) == len(sessions)
    found = {s.transaction_id: s for s in every}
    for charge in sessions:
        session = found[charge.transaction_id]
        if not charge.drawn["is_end_lost"]:
            assert told(session) == charge.truth
            assert session.end_kind == "reported"
            continue
        assert session.is_open or (session.end_kind == "inferred" and session.ended_at <= charge.truth[2])
        assert session.energy_wh is None or session.energy_wh <= charge.drawn["wh"]


@settings(max_examples=30, deadline=None)
@given(drawn=_FLEET, protocol=st.sampled_from(PROTOCOLS))
def test_a_fleet_of_2_x_without_mishaps_tells_its_truth(drawn: list[list[dict[str, Any]]], protocol: str) -> None:
    sessions = charges(drawn, **_CALM)
    folded = converse(sessions, protocol).fold()
    assert sorted(map(told, folded.of("sessions"))) == sorted(charge.truth for charge in sessions)  # type: ignore[type-var]
    assert folded.of("anomalies") == []
    assert folded.of("restatements") == []


@settings(max_examples=40, deadline=None)
@given(drawn=_FLEET, protocol=st.sampled_from(PROTOCOLS), chance=st.randoms(use_true_random=False), data=st.data())
def test_a_restart_of_the_fold_anywhere_changes_no_fact_of_2_x(
    drawn: list[list[dict[str, Any]]], protocol: str, chance: Random, data: st.DataObject
) -> None:
    records = converse(charges(drawn), protocol, chance).records
    cuts = data.draw(st.sets(st.integers(0, len(records) - 1), max_size=5))
    cut = Folded()
    for place, record in enumerate(records):
        cut.fold([record])
        if place in cuts:
            cut.states = {name: decode(encode(state)) for name, state in cut.states.items()}
    assert cut.facts == Folded().fold(records).facts
