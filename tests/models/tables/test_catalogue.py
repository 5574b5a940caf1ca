"""The catalogue: one name, one schema, one comment for everything that is landed or built."""

import re
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from models.facts import KINDS, Session
from models.tables import catalogue
from models.tables.landed import HIDDEN_COLUMNS, LANDED, VERSION_COLUMNS, Origin, Table, as_utc, rows_of

EVERY = [*LANDED.values(), *catalogue.TABLES.values()]


@pytest.mark.parametrize("table", EVERY, ids=lambda table: table.name)
def test_every_table_and_column_has_a_name_of_the_house_and_a_comment(table: Table) -> None:
    assert re.fullmatch(r"(raw|stg|core|report|meta)_?[a-z]*__[a-z_]+", table.name)
    assert table.comment.endswith(".")
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    for column in table.columns:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", column.name)
        assert column.comment, f"{table.name}.{column.name}"
        assert column.arrow is not None


@pytest.mark.parametrize("table", EVERY, ids=lambda table: table.name)
def test_columns_keep_the_contract_s_types(table: Table) -> None:
    for column in table.columns:
        if column.name in ("connector_id", "evse_id", "partition", "generation"):
            assert column.arrow == pa.int32()
        elif column.name.endswith("_wh") and (
            column.name.startswith("register_") or table.name == "core__register_gaps"
        ):
            assert column.arrow == pa.decimal128(38, 14)
        elif column.name.endswith("_wh"):
            is_mean = column.name.endswith("_mean_wh")
            assert column.arrow == (pa.float64() if is_mean else pa.int64())
        elif column.name.endswith("_at"):
            assert column.arrow == pa.timestamp("us", tz="UTC")
        elif column.name.endswith("_id") and column.name != "build_id":
            assert column.arrow == pa.string()
        elif column.name == "day":
            assert column.arrow == pa.date32()


def test_published_facts_leave_out_versions_and_nothing_else() -> None:
    assert len(catalogue.FACTS) == len(KINDS)
    for table in catalogue.FACTS:
        landed = [column.name for column in LANDED[table.name].columns]
        published = [column.name for column in table.columns]
        assert [name for name in landed if name not in VERSION_COLUMNS + HIDDEN_COLUMNS] == published
        assert set(VERSION_COLUMNS) < set(landed)


def test_payloads_are_in_raw_views_and_nowhere_else() -> None:
    for table in catalogue.TABLES.values():
        has_payload = {"payload", "payload_text"} & {column.name for column in table.columns}
        assert bool(has_payload) == (table.name.startswith(("raw_", "stg_")) and table.origin is Origin.RAW)
        if table.origin in (Origin.FACT, Origin.DERIVED, Origin.REPORT):
            assert not has_payload


def test_landed_rows_read_back_as_the_facts_they_were() -> None:
    started = datetime(2026, 3, 2, 8, 0, 0, 250_000, tzinfo=UTC)
    fact = Session(version_generation=1, version_offset=2, session_id="s", station_id="CS1", started_at=started)
    table = rows_of(Session, [fact])
    assert table.schema == LANDED["core__sessions"].schema
    assert Session(**table.to_pylist()[0]) == fact


def test_times_of_the_log_are_exact_to_the_microsecond() -> None:
    assert as_utc(1_772_438_400_000_001) == datetime(2026, 3, 2, 8, 0, 0, 1, tzinfo=UTC)
    assert as_utc(None) is None
