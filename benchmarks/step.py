"""The step's speed and the size of its states, beside the bare decoding of the same frames in the same run.

    .venv/bin/python benchmarks/step.py [--days 2] [--rounds 5] [--json FILE] [--profile]

Bare decoding is two steps with msgspec: the message's elements, then the payload of the actions that carry facts as
a struct. Rounds alternate; medians of one core's CPU time. The facts found are compared with what the depot planted.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import json
import pstats
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import depot
import msgspec
from msgspec import Raw

from models.facts import Session
from models.record import Record
from models.state import StationState, decode, encode
from models.step import Context, drain, step


class _Sampled(msgspec.Struct, rename="camel", gc=False):
    value: str
    context: str | None = None
    measurand: str | None = None
    location: str | None = None
    unit: str | None = None
    phase: str | None = None


class _MeterValue(msgspec.Struct, rename="camel", gc=False):
    timestamp: str
    sampled_value: list[_Sampled]


class _Payload(msgspec.Struct, rename="camel", gc=False):
    connector_id: int | None = None
    transaction_id: int | None = None
    id_tag: str | None = None
    meter_start: int | None = None
    meter_stop: int | None = None
    timestamp: str | None = None
    status: str | None = None
    error_code: str | None = None
    meter_value: list[_MeterValue] | None = None


_CARRYING = frozenset({"MeterValues", "StatusNotification", "StartTransaction", "StopTransaction"})


def main() -> None:
    parser = argparse.ArgumentParser(description="Frames a second of decode + step, beside the bare decoding.")
    parser.add_argument("--days", type=int, default=2, help="days of the depot, 118,000 frames each")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--profile", action="store_true", help="also say where the step's time goes")
    arguments = parser.parse_args()
    records = depot.records(arguments.days)
    result = measure(records, arguments.rounds)
    for name in ("bare_per_s", "step_per_s"):
        print(f"{name.removesuffix('_per_s'):>5}: {result[name]:>12,.0f} frames/s")
    print(f"ratio: {result['ratio']:>12.2f} (median of the rounds)")
    print(f"state: {result['state_bytes_mean']:,.0f} bytes a station (largest {result['state_bytes_max']:,}), ", end="")
    print(f"encoded in {result['encode_us']:.1f} us, decoded in {result['decode_us']:.1f} us")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    if arguments.profile:
        profile(records)


def measure(records: list[Record], rounds: int) -> dict[str, Any]:
    """Both ways over the same frames, in turn."""
    payloads = [record.payload for record in records]
    gc.disable()
    bare, ours = [], []
    states: dict[str, StationState] = {}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        bare.append(_timed(lambda: _bare(payloads)))
        states = {}
        ours.append(_timed(lambda into=states: _fold(records, into)))
        gc.collect()
    sessions = [fact for state in states.values() for fact in drain(state) if type(fact) is Session]
    print(f"{len(sessions)} newest sessions, {sum(s.energy_wh or 0 for s in sessions):,} Wh", file=sys.stderr)
    data = [encode(state) for state in states.values()]
    frames = len(records)
    return {
        "frames": frames,
        "bare_per_s": frames / statistics.median(bare),
        "step_per_s": frames / statistics.median(ours),
        "ratio": statistics.median(b / o for b, o in zip(bare, ours, strict=True)),
        "state_bytes_mean": statistics.mean(map(len, data)),
        "state_bytes_max": max(map(len, data)),
        "encode_us": _per_state(lambda: [encode(state) for state in states.values()], len(states)),
        "decode_us": _per_state(lambda: [decode(one) for one in data], len(states)),
    }


def profile(records: list[Record]) -> None:
    """Where the step's time goes, function by function."""
    profiler = cProfile.Profile()
    profiler.enable()
    _fold(records, {})
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def _bare(payloads: list[bytes]) -> None:
    elements, text, payload = (
        msgspec.json.Decoder(list[Raw]),
        msgspec.json.Decoder(str),
        msgspec.json.Decoder(_Payload),
    )
    for data in payloads:
        parts = elements.decode(data)
        if len(parts) == 4 and text.decode(parts[2]) in _CARRYING:
            payload.decode(parts[3])


def _fold(records: list[Record], states: dict[str, StationState]) -> None:
    context = Context(b"k" * 32)
    for record in records:
        state = states.get(record.station_id)
        if state is None:
            state = states[record.station_id] = StationState(station_id=record.station_id)
        step(state, record, context)


def _timed(work: Any) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _per_state(work: Any, states: int) -> float:
    return statistics.median(_timed(lambda: [work() for _ in range(200)]) for _ in range(5)) / 200 / states * 1e6


if __name__ == "__main__":
    main()
