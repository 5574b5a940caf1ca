"""Registers are conserved: whatever a made-up station leaves out or gets wrong, sessions and gaps are their travel.

The register itself is sound here and never begins anew; stops, starts and samples are not. In 1.6 and in 2.x.
"""

from decimal import Decimal
from itertools import pairwise
from typing import Any

from captures import Folded, Wire, at
from hypothesis import given, settings
from hypothesis import strategies as st

from models.facts import Session

_PERIOD = 10_000
"""Seconds from one session of a connector to its next."""
_KINDS = ("clean", "no_stop_register", "garbage_stop", "stop_at_start", "zeros", "spike", "no_start", "silent", "lost")
_DRAWN = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(_KINDS),
        "quarter_wh": st.integers(150, 4_500),
        "samples": st.integers(3, 6),
        "gap_wh": st.sampled_from([0, 0, 7, 900]),
        "zeros": st.integers(1, 4),
    }
)
_STATION = st.lists(st.lists(_DRAWN, min_size=1, max_size=6), min_size=1, max_size=2)


def samples(one: dict[str, Any], start: int) -> list[int]:
    """The registers that a session's samples show, each quarter of an hour."""
    true = [start + one["quarter_wh"] * (number + 1) for number in range(one["samples"])]
    if one["kind"] == "silent":
        return []
    if one["kind"] == "zeros":
        return [*true[:2], *[0] * one["zeros"], *[wh + one["quarter_wh"] * one["zeros"] for wh in true[2:]]]
    if one["kind"] == "spike":
        return [*true[:-1], true[-2] + 4 * one["quarter_wh"] + 500, true[-1] + one["quarter_wh"]]
    return true


def talk(station: list[list[dict[str, Any]]]) -> tuple[Wire, dict[tuple[int, int], int]]:
    """The station's frames in order, and what each session (connector, number) truly took."""
    frames: list[tuple[int, int, str, dict[str, Any]]] = []
    truth = {}
    for connector, sessions in enumerate(station, 1):
        register = 1_000_000 * connector
        for number, one in enumerate(sessions):
            register += one["gap_wh"]
            begun, kind, shown = number * _PERIOD + connector, one["kind"], samples(one, register)
            end = register + one["quarter_wh"] * (len(shown) + 1)
            key = 100 * connector + number
            start = {"connectorId": connector, "idTag": "CARD", "timestamp": at(begun)}
            start["meterStart"] = None if kind in ("no_start", "silent") else register
            frames.append((begun, key, "StartTransaction", start))
            for place, wh in enumerate(shown, 1):
                when = begun + 900 * place
                value = [{"timestamp": at(when), "sampledValue": [{"value": str(wh), "unit": "Wh"}]}]
                payload = {"connectorId": connector, "transactionId": key, "meterValue": value}
                frames.append((when, key, "MeterValues", payload))
            over = begun + 900 * (len(shown) + 1)
            stop = {"transactionId": key, "timestamp": at(over), "meterStop": end}
            if kind in ("no_stop_register", "garbage_stop", "stop_at_start", "spike", "silent"):
                stop["meterStop"] = {"garbage_stop": 4_294_967_295, "stop_at_start": register}.get(kind)
            if kind != "lost":
                frames.append((over, key, "StopTransaction", stop))
            truth[connector, number] = end - register
            register = end
    wire = Wire()
    for when, key, action, payload in sorted(frames, key=lambda frame: frame[:2]):
        message_id = wire.call(action, payload, seconds=when)
        if action == "StartTransaction":
            wire.started(message_id, key, seconds=when)
    return wire, truth


def shown(session: Session) -> tuple[Decimal | None, Decimal | None]:
    """The first and the last register that a session shows, as `core__register_gaps` takes them."""
    start, end = session.register_start_wh, session.register_end_wh
    return start if start is not None else end, end if end is not None else start


@settings(max_examples=120, deadline=None)
@given(station=_STATION)
def test_sessions_and_gaps_are_the_travel_of_a_register_that_is_badly_told(station: list[list[dict[str, Any]]]) -> None:
    wire, truth = talk(station)
    every: list[Session] = Folded().fold(wire.records).of("sessions")
    assert len(every) == len(truth)
    for connector, drawn in enumerate(station, 1):
        found = sorted((s for s in every if s.connector_id == connector), key=lambda s: s.started_at)
        edges = [shown(session) for session in found]
        known = [edge for edge in edges if edge[0] is not None]
        gaps = sum(later[0] - earlier[1] for earlier, later in pairwise(known))
        counted = sum(session.energy_wh or 0 for session in found)
        assert not known or counted + gaps == known[-1][1] - known[0][0]
        for number, (session, one) in enumerate(zip(found, drawn, strict=True)):
            took, unseen = truth[connector, number], one["quarter_wh"]
            if one["kind"] == "silent":
                assert session.energy_wh is None
            elif one["kind"] in ("clean", "zeros"):
                assert session.energy_wh == took
            else:
                # at most what lies before the first sample or after the last one is missing
                assert took - 2 * unseen <= session.energy_wh <= took


_KINDS_2_X = ("clean", "no_end_register", "zeros", "spike", "silent", "lost", "at_the_end", "after_the_end", "queued")
_STATION_2_X = st.lists(
    st.lists(
        st.tuples(_DRAWN, st.sampled_from(_KINDS_2_X), st.booleans(), st.booleans()).map(
            lambda all_of: all_of[0] | {"kind": all_of[1], "has_contexts": all_of[2], "is_kilo": all_of[3]}
        ),
        min_size=1,
        max_size=6,
    ),
    min_size=1,
    max_size=2,
)


def event(one: dict[str, Any], phase: str, key: str, when: float, evse: int, *registers: tuple[int, str]) -> Any:
    """A TransactionEvent with these registers, each in its context where the station names contexts."""
    sampled = []
    for wh, context in registers:
        value: dict[str, Any] = {"value": wh / 1000, "unitOfMeasure": {"unit": "kWh"}}
        value = value if one["is_kilo"] else {"value": wh}
        sampled.append(value | ({"context": context} if one["has_contexts"] else {}))
    payload = {"eventType": phase, "timestamp": at(when), "transactionInfo": {"transactionId": key}}
    payload |= {"triggerReason": "MeterValuePeriodic", "evse": {"id": evse}}
    sampled_at = at(when - 0.001) if phase == "Ended" else at(when)
    return payload | ({"meterValue": [{"timestamp": sampled_at, "sampledValue": sampled}]} if sampled else {})


def talk_2_x(station: list[list[dict[str, Any]]], protocol: str) -> tuple[Wire, dict[str, int]]:
    """The station's events in order of receipt, and what each transaction truly took."""
    told: list[tuple[float, float, Any]] = []
    truth = {}
    for evse, sessions in enumerate(station, 1):
        register = 1_000_000 * evse
        for number, one in enumerate(sessions):
            register += one["gap_wh"]
            begun, kind, key, shown = number * _PERIOD + evse, one["kind"], f"{evse}/{number}", samples(one, register)
            over = begun + 900 * (len(shown) + 1)
            end = register + one["quarter_wh"] * (len(shown) + 1)
            begin = [] if kind == "silent" else [(register, "Transaction.Begin")]
            last = [] if kind in ("silent", "no_end_register") else [(end, "Transaction.End")]
            found = [(begun, event(one, "Started", key, begun, evse, *begin))]
            for place, wh in enumerate(shown, 1):
                when = begun + 900 * place
                found.append((when, event(one, "Updated", key, when, evse, (wh, "Sample.Periodic"))))
            if kind != "lost":
                found.append((over, event(one, "Ended", key, over, evse, *last)))
            if kind in ("at_the_end", "after_the_end") and one["has_contexts"]:
                # A station goes on metering; without contexts nothing tells such a sample from the end's own.
                when = over + (0 if kind == "at_the_end" else 5)
                found.append((when, event(one, "Updated", key, when, evse, (end + 60, "Sample.Periodic"))))
                end += 60
                register += 60
            told += [(over + 9 if kind == "queued" else when, when, payload) for when, payload in found]
            truth[key] = end - register
            register = end
    wire = Wire(protocol)
    for received, _, payload in sorted(told, key=lambda one: (one[0], one[1])):
        wire.call("TransactionEvent", payload, seconds=received)
    return wire, truth


@settings(max_examples=120, deadline=None)
@given(station=_STATION_2_X, protocol=st.sampled_from(("ocpp2.0.1", "ocpp2.1")))
def test_sessions_and_gaps_are_the_travel_in_2_x_too(station: list[list[dict[str, Any]]], protocol: str) -> None:
    wire, truth = talk_2_x(station, protocol)
    every: list[Session] = Folded().fold(wire.records).of("sessions")
    assert len(every) == len(truth)
    for evse, drawn in enumerate(station, 1):
        found = sorted((s for s in every if s.evse_id == evse), key=lambda s: s.started_at)
        known = [edge for edge in map(shown, found) if edge[0] is not None]
        gaps = sum(later[0] - earlier[1] for earlier, later in pairwise(known))
        counted = sum(session.energy_wh or 0 for session in found)
        assert not known or counted + gaps == known[-1][1] - known[0][0]
        for number, (session, one) in enumerate(zip(found, drawn, strict=True)):
            took, unseen = truth[f"{evse}/{number}"], one["quarter_wh"]
            if one["kind"] == "silent":
                assert session.energy_wh is None
            elif one["kind"] in ("no_end_register", "lost"):
                assert took - 2 * unseen <= session.energy_wh <= took
            else:
                assert session.energy_wh == took
