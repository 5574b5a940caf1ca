"""Folding records through the real step, to compare what it finds with what was planted."""

import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from types import ModuleType

import pytest
from kafka import KafkaConsumer, TopicPartition

from ingest.fleet.truth import Truth
from models.facts import Authorization, Fact, FaultEpisode, Session
from models.record import Meta, Record
from models.state import StationState
from models.step import Context, drain, step
from pipelines.broker import topics


@pytest.fixture
def fold() -> ModuleType:
    """This module: what the tests beside it share (test folders are no packages)."""
    return sys.modules[__name__]


def consumed(address: str, topic: str) -> list[tuple[str, bytes, Meta]]:
    """All records of a topic: key, value, meta; each partition in order."""
    ends = topics.end_offsets(address, [topic])
    consumer = KafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest", enable_auto_commit=False)
    consumer.assign([TopicPartition(*place) for place in ends])
    found: list[tuple[str, bytes, Meta]] = []
    while len(found) < sum(ends.values()):
        for batch in consumer.poll(timeout_ms=1000).values():
            found += [(r.key.decode(), r.value, Meta.decode(dict(r.headers)["meta"])) for r in batch]
    consumer.close()
    return found


def folded(records: Iterable[tuple[str, bytes, Meta]]) -> list[Fact]:
    """The facts of records, newest version of each."""
    states: dict[str, StationState] = {}
    refused = []
    for offset, (station_id, payload, meta) in enumerate(records):
        state = states.setdefault(station_id, StationState(station_id=station_id))
        record = Record(
            station_id,
            meta.kind,
            meta.direction,
            meta.protocol,
            meta.received_at_us,
            meta.source,
            meta.ordinal,
            payload,
            1,
            0,
            offset,
        )
        refused += [refusal for refusal in [step(state, record, Context())] if refusal]
    assert refused == []
    return [fact for state in states.values() for fact in drain(state) if not fact.deleted]


def assert_found(facts: list[Fact], truth: Truth) -> None:
    """Sessions, energy, faults and authorizations are the planted ones, each; an end nobody reported is inferred."""
    found = [s for s in facts if isinstance(s, Session)]
    sessions = {
        (s.station_id, s.evse_id or s.connector_id, s.started_at, _reported_end(s), s.energy_wh, s.token_id)
        for s in found
    }
    assert sessions == {
        (s.station_id, s.connector_id, s.started_at, s.ended_at, s.energy_wh, s.token.casefold())
        for s in truth.sessions
    }
    assert len(sessions) == len(found) == len(truth.sessions)
    assert all(s.inferred_cause and s.ended_at >= s.started_at for s in found if s.end_kind == "inferred")
    reasons = Counter(s.stop_reason for s in found)
    assert reasons == Counter(s.stop_reason for s in truth.sessions)
    faults = Counter(
        (f.station_id, f.evse_id or f.connector_id, f.code, f.opened_at, f.closed_at)
        for f in facts
        if isinstance(f, FaultEpisode)
    )
    assert faults == Counter((f.station_id, f.connector_id, f.code, f.opened_at, f.closed_at) for f in truth.faults)
    asked = Counter((a.station_id, a.token_id, a.status) for a in facts if isinstance(a, Authorization))
    assert asked == Counter((a.station_id, a.token.casefold(), a.status) for a in truth.authorizations)


def _reported_end(session: Session) -> datetime | None:
    return session.ended_at if session.end_kind == "reported" else None
