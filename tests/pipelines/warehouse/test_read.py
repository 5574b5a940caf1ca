"""Asking the warehouse: what is there, and what is said when something is not."""

import duckdb
import pytest

from models.tables.catalogue import TABLES
from pipelines.home import Home
from pipelines.warehouse import build, read


@pytest.fixture
def built(home: Home) -> Home:
    build.build(home)
    return home


def refused(home: Home, sql: str) -> str:
    with read.connect_readonly(home) as opened, pytest.raises(read.QueryError) as error:
        list(read.query(opened, sql).rows)
    return str(error.value)


def test_without_a_warehouse_the_absolute_path_and_two_commands_are_named(home: Home) -> None:
    with pytest.raises(read.NoWarehouseError) as error:
        read.connect_readonly(home)
    for part in (str(home.current.absolute()), "`laddstrom process FILE`", "`laddstrom build`"):
        assert part in str(error.value)


def test_a_damaged_file_is_said_in_one_sentence(built: Home) -> None:
    built.current.resolve().write_bytes(b"not a database")
    with pytest.raises(read.NoWarehouseError, match="run `laddstrom build`"):
        read.connect_readonly(built)


def test_every_table_is_listed_with_rows_and_meaning_reports_first(built: Home) -> None:
    listed = read.tables(built)
    assert {info.name: info.comment for info in listed} == {t.name: t.comment for t in TABLES.values()}
    assert listed[0].name == "report__authorization_funnel_daily"
    counts = {info.name: info.rows for info in listed}
    assert (counts["meta__build"], counts["core__sessions"], counts["stg_ocpp__frames"]) == (1, 0, None)


def test_the_list_comes_even_when_the_lake_is_gone(built: Home) -> None:
    built.lake.rename(built.root / "elsewhere")
    counts = {info.name: info.rows for info in read.tables(built)}
    assert (counts["raw_ocpp__frames"], counts["core__sessions"]) == (None, 0)
    assert "elsewhere" not in refused(built, "SELECT * FROM raw_ocpp__frames")


@pytest.mark.parametrize(
    ("sql", "suggested"),
    [
        ("SELECT * FROM core__session", "did you mean core__sessions?"),
        ("SELECT * FROM sessions", "did you mean core__sessions?"),
        ("SELECT * FROM energy_daly", "did you mean report__energy_daily?"),
        ("SELECT enrgy_wh FROM core__sessions", "did you mean energy_wh?"),
        ("SELECT s.stationid FROM core__sessions AS s", "did you mean station_id?"),
        ("SELECT * FROM zzzzzzzzz", "`laddstrom sql` lists what there is"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(built: Home, sql: str, suggested: str) -> None:
    assert suggested in refused(built, sql)


@pytest.mark.parametrize(
    "sql",
    ["CREATE TABLE mine AS SELECT 1", "DROP TABLE core__sessions", "DELETE FROM meta__build", "INSERT INTO x SELECT 1"],
)
def test_nothing_can_be_written(built: Home, sql: str) -> None:
    refused(built, sql)
    with read.connect_readonly(built) as opened:
        assert list(read.query(opened, "SELECT count(*) FROM meta__build").rows) == [(1,)]


@pytest.mark.parametrize(
    "sql",
    [
        "COPY meta__build TO '{}'",
        "SET threads = 1; COPY (SELECT 1) TO '{}'",
        "ATTACH '{}' AS it",
        "CREATE TEMP TABLE x AS SELECT 1",
        "COPY (PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b)) TO '{}'",
        "CREATE TEMP TABLE x AS PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b)",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{}'",
        "EXPLAIN (ANALYZE, FORMAT json) COPY (SELECT 1) TO '{}'",
        "EXPLAIN (/* */ ANALYZE) COPY (SELECT 1) TO '{}'",
        "/* SELECT */ EXPLAIN /* SELECT */ ANALYZE COPY (SELECT 1) TO '{}'",
    ],
)
def test_no_file_is_written_either(built: Home, sql: str) -> None:
    before = built.current.read_bytes()
    file = built.root / "out"
    for path in (file, built.current.resolve()):
        assert "read-only" in refused(built, sql.format(path))
    assert not file.exists()
    assert built.current.read_bytes() == before


@pytest.mark.parametrize(
    ("sql", "said"), [("", "empty"), (" ;", "empty"), ("-- later", "empty"), ("SELECT 1; SELECT 2", "one at a time")]
)
def test_one_query_has_one_answer(built: Home, sql: str, said: str) -> None:
    assert said in refused(built, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "DESCRIBE core__sessions",
        "SHOW TABLES",
        "EXPLAIN SELECT 1",
        "FROM meta__build",
        "SET threads = 1; SELECT 1;",
        "PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b)",
        "WITH t AS (SELECT 1 AS a, 2 AS b) SELECT * FROM (PIVOT t ON a USING sum(b))",
        "-- why\n EXPLAIN ANALYZE SELECT 1",
        "EXPLAIN (ANALYZE, FORMAT json) SELECT 1",
    ],
)
def test_whatever_only_reads_is_answered(built: Home, sql: str) -> None:
    with read.connect_readonly(built) as opened:
        assert list(read.query(opened, sql).rows)


def test_an_error_while_rows_are_read_is_a_sentence_too(built: Home) -> None:
    assert "\n" not in refused(
        built, "SELECT CAST(CASE WHEN range < 5000 THEN '1' ELSE 'x' END AS INT) FROM range(9000)"
    )
    assert refused(built, "selct").startswith("syntax error")


def test_times_are_utc_whatever_the_machine_says(built: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    with read.connect_readonly(built) as opened:
        assert opened.execute("SELECT CAST(TIMESTAMPTZ '2026-01-01 00:00:00' AS VARCHAR)").fetchall() == [
            ("2026-01-01 00:00:00+00",)
        ]
        (settings,) = opened.execute("SELECT current_setting('autoinstall_known_extensions')").fetchall()
    assert settings == (False,)
    assert issubclass(duckdb.BinderException, duckdb.Error)
