"""Answers as the contract writes them (section 1, `sql --json`), and as CSV and a terminal's table."""

import io
import json
from collections.abc import Iterator

import duckdb
import pytest
from rich.console import Console

from pipelines.home import Home
from pipelines.warehouse import answers, build, read


@pytest.fixture
def opened(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    build.build(home)
    with read.connect_readonly(home) as connection:
        yield connection


def as_json(opened: duckdb.DuckDBPyConnection, sql: str) -> str:
    return "".join(answers.json_parts(read.query(opened, sql)))


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("1", "1"),
        ("1.50::DECIMAL(9,2)", "1.50"),
        ("(2::BIGINT << 40) * 1000000000000::HUGEINT", "2199023255552000000000000"),
        ("170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727"),
        ("1e-9::DECIMAL(18,12)", "0.000000001000"),
        ("0.1::DOUBLE", "0.1"),
        ("'nan'::DOUBLE", "null"),
        ("'-inf'::FLOAT", "null"),
        ("NULL", "null"),
        ("true", "true"),
        ("'Malmö \"x\"'", '"Malmö \\"x\\""'),
        ("TIMESTAMPTZ '2026-03-02 09:00:00+01'", '"2026-03-02T08:00:00Z"'),
        ("TIMESTAMPTZ '2026-03-02 08:00:00.25Z'", '"2026-03-02T08:00:00.250000Z"'),
        ("TIMESTAMP '2026-03-02 08:00:00'", '"2026-03-02T08:00:00Z"'),
        ("DATE '2026-03-02'", '"2026-03-02"'),
        ("TIME '08:00:01'", '"08:00:01"'),
        ("INTERVAL 90 SECONDS", '"PT90S"'),
        ("INTERVAL 400 DAYS", '"PT34560000S"'),
        ("INTERVAL '-1500 milliseconds'", '"-PT1.5S"'),
        ("'abc'::BLOB", '"abc"'),
        ("'\\xFF\\x00'::BLOB", '"/wA="'),
        ("[1, NULL, 2]", "[1,null,2]"),
        ("{'at': TIMESTAMPTZ '2026-03-02 08:00:00Z', 'n': 'nan'::DOUBLE}", '{"at":"2026-03-02T08:00:00Z","n":null}'),
        ("MAP {7: 'x'}", '{"7":"x"}'),
        ("'01234567-89ab-cdef-0123-456789abcdef'::UUID", '"01234567-89ab-cdef-0123-456789abcdef"'),
    ],
)
def test_each_type_is_written_as_the_contract_says(opened: duckdb.DuckDBPyConnection, sql: str, expected: str) -> None:
    assert as_json(opened, f"SELECT {sql} AS v") == f'[{{"v":{expected}}}]\n'


def test_keys_stand_in_order_and_repeats_get_a_number(opened: duckdb.DuckDBPyConnection) -> None:
    pairs = json.loads(as_json(opened, "SELECT 1 AS b, 2 AS a, 3 AS b, 4 AS b_1, 5 AS b"), object_pairs_hook=list)
    assert pairs == [[("b", 1), ("a", 2), ("b_1", 3), ("b_1_1", 4), ("b_2", 5)]]


def test_no_rows_and_no_result_are_an_empty_array(opened: duckdb.DuckDBPyConnection) -> None:
    assert as_json(opened, "SELECT 1 AS x WHERE false") == "[]\n"
    assert json.loads(as_json(opened, "SELECT range AS n FROM range(2500)"))[-1] == {"n": 2499}


def test_csv_has_a_header_and_the_same_values(opened: duckdb.DuckDBPyConnection) -> None:
    out = io.StringIO()
    sql = (
        "SELECT 1 AS a, 'nan'::DOUBLE AS a, 'x,\"y\"' AS s, 1.50::DECIMAL(9,2) AS d, [1, 2] AS l, to_timestamp(0) AS t"
    )
    answers.write_csv(read.query(opened, sql), out)
    assert out.getvalue() == 'a,a_1,s,d,l,t\n1,,"x,""y""",1.50,"[1,2]",1970-01-01T00:00:00Z\n'


def test_a_terminal_gets_no_control_character_and_hears_of_rows_left_out(opened: duckdb.DuckDBPyConnection) -> None:
    console = Console(width=80, file=io.StringIO(), force_terminal=False)
    sql = "SELECT range AS n, chr(27) || '[31m[b]' AS s FROM range(9)"
    console.print(answers.table(read.query(opened, sql), limit=3))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b" not in shown
    assert "\\x1b[31m[b]" in shown
    assert "the first 3 rows" in shown
    assert shown.count("[b]") == 3


def test_columns_that_do_not_fit_stand_one_below_the_other(opened: duckdb.DuckDBPyConnection) -> None:
    columns = ", ".join(f"'value{number}' AS column{number}" for number in range(20))
    console = Console(width=80, file=io.StringIO(), force_terminal=False)
    console.print(answers.table(read.query(opened, f"SELECT {columns} FROM range(2)"), width=80))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.split() for line in lines[:20]] == [[f"column{n}", "│", f"value{n}"] for n in range(20)]
    assert len([line for line in lines if "value7" in line]) == 2
    console.print(answers.table(read.query(opened, "SELECT 1 AS a, 2 AS b"), width=80))
    assert "┃" in console.file.getvalue()  # type: ignore[attr-defined]
