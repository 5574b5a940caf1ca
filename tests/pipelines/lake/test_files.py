"""Landed files: whole or not at all, and damage is seen."""

import os
import random
import time
from collections.abc import Callable

import polars as pl
import pytest

from models.log import FRAMES
from models.tables.landed import LANDED, RAW_FRAMES
from pipelines.home import Home
from pipelines.lake import files, parquet
from pipelines.lake.errors import ManifestMissingError
from pipelines.lake.land import land
from pipelines.lake.manifest import Manifest


@pytest.fixture
def landed(home: Home, embedded_log) -> Home:
    for ordinal in range(200):
        embedded_log.frame(f"CP-{ordinal % 9}", ordinal)
    embedded_log.flush()
    land(home, embedded_log.address)
    return home


def test_any_flipped_byte_of_a_landed_file_is_found(landed: Home) -> None:
    assert files.verify(landed) == []
    seeded = random.Random(3)
    paths = [path for table in LANDED for path in files.paths(landed, table)]
    for path in paths:
        whole = path.read_bytes()
        for _ in range(15):
            changed = bytearray(whole)
            changed[seeded.randrange(len(whole))] ^= 1 << seeded.randrange(8)
            path.write_bytes(changed)
            assert [str(path) in said for said in files.verify(landed)] == [True]
        path.write_bytes(whole)
    assert files.verify(landed) == []


def test_a_missing_file_and_a_damaged_manifest_are_found(landed: Home) -> None:
    path = files.paths(landed, RAW_FRAMES.name)[1]
    whole = path.read_bytes()
    path.unlink()
    assert len(files.verify(landed)) == 1
    path.write_bytes(whole)
    manifest = bytearray(landed.manifest.read_bytes())
    manifest[100] ^= 1
    landed.manifest.write_bytes(manifest)
    (said,) = files.verify(landed)
    assert "manifest.jsonl is not as it was written" in said


def test_what_a_crash_left_behind_is_removed_once_it_is_old(landed: Home) -> None:
    folder = files.folder(landed, RAW_FRAMES.name)
    for name in (".tmp-1-x.parquet", "ocpp.frames-g0001-p000-5-9.parquet"):
        for age, kept in ((10, 1), (3600, 0)):
            (folder / name).write_bytes(b"half")
            os.utime(folder / name, (time.time() - age,) * 2)
            land(landed, None)
            assert (folder / name).exists() == bool(kept)
    assert files.verify(landed) == []


def test_nothing_is_removed_when_the_manifest_is_lost(landed: Home) -> None:
    before = files.paths(landed, RAW_FRAMES.name)
    landed.manifest.unlink()
    with pytest.raises(ManifestMissingError, match="landed files are not listed in"):
        land(landed, None)
    assert all(path.exists() for path in before)


def test_an_empty_part_follows_its_schema(home: Home) -> None:
    files.ensure_empty(home)
    (path,) = files.paths(home, RAW_FRAMES.name)
    whole = path.read_bytes()
    path.write_bytes(parquet.encode(parquet.empty(LANDED["core__sessions"].schema)).to_pybytes())
    assert len(files.verify(home)) == 1
    files.ensure_empty(home)
    assert path.read_bytes() == whole


def test_readers_skip_whole_row_groups_of_other_stations(home: Home) -> None:
    rows = pl.DataFrame({"station_id": [f"CP-{n // 10_000}" for n in range(60_000)]}).to_arrow()
    import pyarrow.parquet as pq

    file = pq.ParquetFile(parquet.encode(rows))
    groups = [file.metadata.row_group(n).column(0).statistics for n in range(file.metadata.num_row_groups)]
    assert [(group.min, group.max) for group in groups] == [("CP-0", "CP-1"), ("CP-2", "CP-3"), ("CP-4", "CP-5")]


def test_payloads_do_not_stand_in_the_files_statistics(landed: Home, rows: Callable[[Home, str], pl.DataFrame]) -> None:
    import pyarrow.parquet as pq

    meta = pq.ParquetFile(files.paths(landed, RAW_FRAMES.name)[1]).metadata.row_group(0)
    columns = {meta.column(n).path_in_schema: meta.column(n) for n in range(meta.num_columns)}
    assert not columns["payload"].is_stats_set
    assert columns["station_id"].is_stats_set
    assert rows(landed, RAW_FRAMES.name)["topic"].unique().to_list() == [FRAMES]


def test_the_same_rows_give_the_same_bytes(landed: Home) -> None:
    for line in Manifest(landed).ranges[FRAMES]:
        (file,) = line.files
        path = landed.lake / file.path
        assert parquet.encode(files.read(landed, file)).to_pybytes() == path.read_bytes()
