"""Logs folded by the real step and landed in a `small_lake`: what a build finds after `process`."""

import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
from small_lake import KEY, Lake

from models.facts import Fact
from models.record import Record
from models.state import StationState
from models.step import Context, drain, step
from models.tables.landed import LANDED
from models.times import as_utc

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

from captures import Wire, at, records, shared

__all__ = ["Wire", "at", "land", "records", "shared"]

DRAIN_EVERY = 20_000


def land(lake: Lake, log: Iterable[Record]) -> Lake:
    """Land a log's frames, its connections, and the facts that the step makes of them."""
    states: dict[str, StationState] = {}
    facts: dict[tuple[str, str], Fact] = {}
    log = list(log)
    for record in log:
        state = states.setdefault(record.station_id, StationState(station_id=record.station_id))
        step(state, record, Context(KEY))
        for fact in drain(state):
            facts[fact.kind, fact.fact_id] = fact
    return put(lake, log, facts.values())


def put(lake: Lake, log: Iterable[Record], facts: Iterable[Fact]) -> Lake:
    """Land these records and facts as they are."""
    rows: dict[str, list[dict[str, object]]] = defaultdict(list)
    for record in log:
        rows["raw_ocpp__frames" if record.kind == "frame" else "raw_ocpp__connections"].append(_raw(record))
    for name, found in rows.items():
        lake.add(name, pa.Table.from_pylist(found, LANDED[name].schema))
    by_kind: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_kind[fact.kind].append(fact)
    for said in by_kind.values():
        lake.facts(*said)
    return lake


def _raw(record: Record) -> dict[str, object]:
    place = {"log_id": "log", "generation": record.generation, "topic": "ocpp.frames", "partition": 0}
    place |= {"offset": record.offset, "source": record.source, "ordinal": record.ordinal, "kind": record.kind}
    said = {"station_id": record.station_id, "protocol": record.protocol, "direction": record.direction}
    return place | said | {"received_at": as_utc(record.received_at_us), "payload": record.payload}
