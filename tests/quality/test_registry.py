from pathlib import Path

from models.tables.catalogue import TABLES
from quality.registry import suites
from quality.rules import Subject


def test_every_core_and_report_table_has_a_suite_of_its_name():
    expected = {name for name in TABLES if name.startswith(("core__", "report__"))}
    assert set(suites()) == expected
    files = {path.stem for path in Path("quality/suites").glob("*__*.py")} - {"__init__"}
    assert files == expected


def test_every_suite_has_a_test_file_with_planted_rows():
    tests = {path.stem.removeprefix("test_") for path in Path("tests/quality/suites").glob("test_*.py")}
    assert tests == set(suites())


def test_a_figure_has_its_sql_and_every_sql_its_figure():
    for suite in suites().values():
        assert {rule.name for rule in suite.rules if rule.on is Subject.METRICS} == set(suite.metrics), suite.table


def test_every_column_that_holds_a_token_is_checked_for_pseudonyms():
    for name, suite in suites().items():
        tokens = {column.name for column in TABLES[name].columns if column.comment.startswith("Pseudonym")}
        assert tokens <= {rule.columns[0] for rule in suite.rules if rule.about_pseudonyms}, name
