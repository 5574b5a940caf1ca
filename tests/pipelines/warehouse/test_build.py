"""What a build holds: the catalogue, word for word; raw as views; the same tables from the same files."""

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from small_lake import KEY, Lake, call, rows

from models.crosswalk import ROWS
from models.facts import Session
from models.tables.catalogue import TABLES
from models.tokens.pseudonyms import pseudonym
from pipelines.home import Home
from pipelines.lake import files
from pipelines.lake.manifest import Manifest, Range
from pipelines.warehouse import build, read, sql_models
from pipelines.warehouse.fingerprint import CONTENT, EVERYTHING, fingerprint

DUCKDB_TYPES = {
    "string": {"VARCHAR", "JSON"},
    "int32": {"INTEGER"},
    "int64": {"BIGINT"},
    "double": {"DOUBLE"},
    "bool": {"BOOLEAN"},
    "binary": {"BLOB"},
    "date32[day]": {"DATE"},
    "timestamp[us, tz=UTC]": {"TIMESTAMP WITH TIME ZONE"},
    "decimal128(18, 4)": {"DECIMAL(18,4)"},
    "decimal128(38, 14)": {"DECIMAL(38,14)"},
}


def filled(lake: Lake) -> Lake:
    lake.frames(call('[2,"1","Heartbeat",{}]'), {"payload": b"\xff\x00"})
    lake.facts(
        Session(version_generation=1, version_offset=1, session_id="a", station_id="CS1", energy_wh=5),
        Session(version_generation=1, version_offset=2, session_id="b", station_id="CS1", energy_wh=5),
    )
    letter = {"dead_letter_id": "d", "reason": "not_ocpp", "detail": "a sentence", "station_id": "CS1"}
    lake.add("core__dead_letters", [letter | {"source": "file-a", "ordinal": 2, "payload": b"\xff\x00"}] * 2)
    return lake


def test_tables_columns_types_and_comments_are_exactly_those_of_the_catalogue(lake: Lake) -> None:
    opened = filled(lake).build()
    found = rows(opened, "SELECT table_name, comment FROM duckdb_tables() WHERE NOT internal")
    found += rows(opened, "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal")
    assert dict(found) == {table.name: table.comment for table in TABLES.values()}
    assert all(table.comment for table in TABLES.values())
    for table in TABLES.values():
        columns = opened.execute(
            "SELECT column_name, data_type, comment FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index",
            [table.name],
        ).fetchall()
        assert [(name, comment) for name, _, comment in columns] == [(c.name, c.comment) for c in table.columns]
        for (name, kind, comment), column in zip(columns, table.columns, strict=True):
            assert comment, f"{table.name}.{name} has no comment"
            assert kind in DUCKDB_TYPES[str(column.arrow)], f"{table.name}.{name}"


def test_an_empty_lake_gives_every_table_without_rows(lake: Lake) -> None:
    opened = lake.build()
    for name in TABLES:
        expected = {"meta__build": 1, "core__fault_codes": len(ROWS)}.get(name, 0)
        assert rows(opened, f'SELECT count(*) FROM "{name}"') == [(expected,)], name


def test_raw_is_read_in_place_and_copying_the_file_copies_no_payload(lake: Lake) -> None:
    opened = filled(lake).build()
    assert rows(opened, 'SELECT payload, payload_text FROM raw_ocpp__frames ORDER BY "offset"') == [
        (b'[2,"1","Heartbeat",{}]', '[2,"1","Heartbeat",{}]'),
        (b"\xff\x00", None),
    ]
    tables = {name for (name,) in rows(opened, "SELECT table_name FROM duckdb_tables() WHERE NOT internal")}
    assert not {name for name in tables if name.startswith("raw_") or name == "stg_ocpp__frames"}
    payloads = rows(opened, "SELECT DISTINCT table_name FROM duckdb_columns() WHERE column_name LIKE 'payload%'")
    assert not tables & {name for (name,) in payloads}
    assert rows(opened, "SELECT count(*) FROM core__dead_letters") == [(1,)]
    assert rows(opened, "SELECT DISTINCT payload FROM raw_ocpp__dead_letters") == [(b"\xff\x00",)]


def test_a_build_reads_the_files_it_was_given_and_none_that_land_later(lake: Lake) -> None:
    opened = filled(lake).build()
    lake.frames(call('[2,"2","Heartbeat",{}]'))
    assert rows(opened, "SELECT count(*) FROM raw_ocpp__frames") == [(2,)]
    assert rows(lake.build(), "SELECT count(*) FROM raw_ocpp__frames") == [(3,)]


def test_the_same_files_give_the_same_tables_and_other_files_do_not(lake: Lake) -> None:
    first = fingerprint(filled(lake).build())
    assert fingerprint(lake.build()) == first
    assert set(first) == set(EVERYTHING) > set(CONTENT) >= {"core__sessions", "core__calls"}
    lake.facts(Session(version_generation=1, version_offset=3, session_id="a", station_id="CS1", energy_wh=6))
    second = fingerprint(lake.build())
    changed = {"core__sessions", "core__session_power", "core__energy_intervals", "report__energy_daily"}
    assert {name for name in first if first[name] != second[name]} == changed


def test_meta_tables_say_how_the_file_was_made_and_how_far_it_read(lake: Lake) -> None:
    opened = filled(lake).build(timezone="Europe/Stockholm")
    said = "SELECT build_id, report_timezone, is_tokens_clear, files, duckdb_version, models_sha256 FROM meta__build"
    assert rows(opened, said) == [(1, "Europe/Stockholm", False, 3, duckdb.__version__, sql_models.fingerprint())]
    assert rows(opened, "SELECT topic, first_offset, last_offset, rows FROM meta__positions") == [("topic", 1, 2, 2)]


def test_files_of_an_older_version_that_lack_a_column_are_read(lake: Lake) -> None:
    lake.facts(Session(version_generation=1, version_offset=1, session_id="new", station_id="CS1", firmware="1.1"))
    old = pq.read_table(lake.landed["core__sessions"][0]).drop_columns(["firmware"])
    path = lake.folder / "old.parquet"
    pq.write_table(old.set_column(old.schema.get_field_index("session_id"), "session_id", [["old"]]), path)
    lake.landed["core__sessions"].append(path)
    found = rows(lake.build(), "SELECT session_id, firmware FROM core__sessions ORDER BY 1")
    assert found == [("new", "1.1"), ("old", None)]


def test_the_file_is_written_for_duckdb_1_5(lake: Lake) -> None:
    found = rows(lake.build(), "SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal")
    assert found == [("v1.5.0+",)]


def test_tokens_said_in_clear_are_hidden_once_the_setting_hides_them_again(lake: Lake) -> None:
    hidden = pseudonym("card04a7", KEY)
    for session_id, token in (("before", hidden), ("in clear", "card04a7"), ("without", None)):
        lake.facts(
            Session(version_generation=1, version_offset=1, session_id=session_id, station_id="CS1", token_id=token)
        )
    query = "SELECT session_id, token_id FROM core__sessions ORDER BY 1"
    opened = lake.build()
    assert rows(opened, query) == [("before", hidden), ("in clear", hidden), ("without", None)]
    ((path,),) = rows(opened, "SELECT path FROM duckdb_databases() WHERE NOT internal")
    assert b"card04a7" not in Path(path).read_bytes()
    assert rows(lake.build(token_key=None), query)[1] == ("in clear", "card04a7")


def test_a_build_of_little_takes_little_disk(lake: Lake) -> None:
    # `up` makes one a minute and keeps a day of them
    ((path,),) = rows(filled(lake).build(), "SELECT path FROM duckdb_databases() WHERE NOT internal")
    assert Path(path).stat().st_size < 2 << 20


def test_a_folder_with_a_quote_in_its_name_builds(tmp_path, lake: Lake) -> None:  # type: ignore[no-untyped-def]
    lake.folder = tmp_path / "Jo's o''ps"
    lake.folder.mkdir()
    assert rows(filled(lake).build(), "SELECT count(*) FROM raw_ocpp__frames") == [(2,)]


def test_build_takes_what_the_lake_landed_and_the_manifest_lists(home: Home, lake: Lake) -> None:
    filled(lake)
    files.ensure_empty(home)
    for name in lake.landed:
        parts = [files.write(home, name, f"part-{i}", pq.read_table(p)) for i, p in enumerate(lake.landed[name])]
        place = {"topic": name, "log_id": "log", "generation": 1, "partition": 0, "first_offset": 0, "last_offset": 9}
        said = {"sources": {}, "known": 0, "invalid": 0, "code_version": "0", "epoch": 1}
        Manifest(home).append(Range(**place, **said, files=tuple(parts)))
    files.write(home, "raw_ocpp__frames", "of a landing that died", pq.read_table(lake.landed["raw_ocpp__frames"][0]))
    built = build.build(home, timezone="Europe/Stockholm")
    with read.connect_readonly(home) as opened:
        assert rows(opened, "SELECT report_timezone FROM meta__build") == [("Europe/Stockholm",)]
        assert fingerprint(opened) == fingerprint(lake.build(timezone="Europe/Stockholm", token_key=home.token_key()))
    assert (built.rows["core__sessions"], built.rows["raw_ocpp__frames"]) == (2, 2)
    assert oct(home.restricted.stat().st_mode)[-3:] == "700"


def test_an_unknown_zone_is_refused_before_anything_is_written(home: Home) -> None:
    with pytest.raises(build.UnknownTimezoneError, match="LADDSTROM_REPORT__TIMEZONE"):
        build.build(home, timezone="Mars/Olympus")
    assert not home.current.is_symlink()


def test_progress_names_each_model(tmp_path, lake: Lake) -> None:  # type: ignore[no-untyped-def]
    told: list[tuple[str, int, int]] = []
    plan = build.Plan(1, "UTC", KEY, tmp_path / "spill")
    build.write(tmp_path / "w.duckdb", lake.landed, plan, lambda *step: told.append(step))
    assert [name for name, _, _ in told] == [*(model.name for model in sql_models.load()), ""]
    assert told[-1][1] == told[-1][2] == len(sql_models.load())
