"""Whole captures through the importer into the lake: every line is landed, refused, or known."""

from pathlib import Path

import polars as pl
import pytest

from ingest.imports.importer import import_file
from ingest.producer import KafkaLogProducer
from models.log import FRAMES
from pipelines.broker import topics
from pipelines.home import Home
from pipelines.lake import files, restore
from pipelines.lake.land import land
from pipelines.lake.manifest import known_sources

CAPTURES = (
    "sim_sap_emobility_16_201.jsonl",
    "sim_solidstudio_vcp_16_201_21.jsonl",
    "kwwhat_ocpp16_synthetic_14d.csv",
    "checkocpp_capt.jsonl",
    "field_frames.jsonl",
    "dc_fleet_excerpt_2025.txt",
)


def _send(address: str, path: Path) -> tuple[str, int]:
    producer = KafkaLogProducer(address)
    try:
        imported = import_file(path, producer)
    finally:
        producer.close()
    return imported.source, imported.lines


@pytest.mark.parametrize("name", CAPTURES)
def test_every_line_of_a_capture_is_landed_refused_or_known(
    home: Home, embedded_broker: str, shared_data: Path, name: str
) -> None:
    topics.ensure(embedded_broker, 8)
    source, lines = _send(embedded_broker, shared_data / "ocpp" / name)
    first = land(home, embedded_broker).sources[source]
    assert (first.landed + first.refused, first.known) == (lines, 0)
    assert known_sources(home) == {source: lines}

    _send(embedded_broker, shared_data / "ocpp" / name)
    again = land(home, embedded_broker)
    assert again.rows == {}
    assert (again.sources[source].known, again.sources[source].total) == (lines, lines)
    assert known_sources(home) == {source: lines}
    assert files.verify(home) == []


def test_the_sap_capture_lands_whole_on_every_broker(home: Home, broker: str, shared_data: Path) -> None:
    topics.ensure(broker, 8)
    _send(broker, shared_data / "ocpp" / CAPTURES[0])
    landed = land(home, broker)
    assert landed.rows == {"raw_ocpp__frames": 3996, "raw_ocpp__connections": 24}
    assert landed.invalid[FRAMES] == 0
    frames = pl.concat([pl.read_parquet(path) for path in files.paths(home, "raw_ocpp__frames")])
    counts = dict(frames.group_by("protocol").len().iter_rows())
    assert counts == {"ocpp1.6": 3182, "ocpp2.0.1": 814}
    assert sum(1 for _ in restore.raw_after(home, {}, stations=lambda _: True)) == 4020
