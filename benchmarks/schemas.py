"""The schema check's speed over a depot's day, beside the bare reading of the same frames in the same run.

    .venv/bin/python benchmarks/schemas.py [--days 1] [--rounds 5]

Two mixes: the day as it is, and the same day with a unit that no schema knows in every MeterValues.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import depot

from models import frames
from pipelines.conformance.check import Sent, check


def main() -> None:
    parser = argparse.ArgumentParser(description="Frames a second of the check against OCPP's schemas.")
    parser.add_argument("--days", type=int, default=1, help="days of the depot, 118,000 frames each")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    records = depot.records(arguments.days)
    sent = [Sent(one.offset, one.station_id, one.source, one.direction, one.protocol, one.payload) for one in records]
    odd = [Sent(*(getattr(one, name) for name in Sent.__struct_fields__)) for one in sent]
    for one in odd:
        one.payload = one.payload.replace(b'"unit":"', b'"unit":"x')
    for name, work in (
        ("bare", lambda: [frames.decode(one.payload) for one in sent]),
        ("check", lambda: list(check(sent, lambda wanted: {}))),
        ("check, odd units", lambda: list(check(odd, lambda wanted: {}))),
    ):
        found = work()
        seconds = statistics.median(_timed(work) for _ in range(arguments.rounds))
        broken = "" if name == "bare" else f", {len(found):,} of {len(sent):,} break a schema"
        print(f"{name:>16}: {len(sent) / seconds:>12,.0f} frames/s{broken}")


def _timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
