"""The SQL models as files: one per table, readable by sqlglot, no surprises in what they select."""

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

import models
from models.tables import catalogue

FOLDER = Path(models.__file__).parent / "sql"
FILES = sorted(FOLDER.glob("*/*.sql"))
PREFIX = {"staging": "stg_", "core": "core__", "reports": "report__"}


def test_every_model_has_a_file_and_every_file_a_model() -> None:
    assert {path.stem for path in FILES} == {table.name for table in catalogue.SQL_MODELS}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_model_is_one_select_that_names_its_columns_in_the_catalogue_s_order(path: Path) -> None:
    (tree,) = sqlglot.parse(path.read_text(encoding="utf-8"), dialect="duckdb")
    assert isinstance(tree, exp.Select)
    assert path.stem.startswith(PREFIX[path.parent.name])
    assert tree.named_selects == [column.name for column in catalogue.TABLES[path.stem].columns]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_model_reads_only_what_the_warehouse_holds(path: Path) -> None:
    (tree,) = sqlglot.parse(path.read_text(encoding="utf-8"), dialect="duckdb")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = {table.name for table in tree.find_all(exp.Table)} - own
    assert read <= catalogue.TABLES.keys()
    if path.parent.name == "reports":
        assert all(name.startswith("core__") for name in read)


_PATTERNS = re.compile(r"\\p\{\w\}|\{\d(?:,\d)?\}")
"""Braces of regular expressions: classes and counts, no places to be filled in."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_model_has_a_value_of_one_installation_in_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for word in ("Europe/", "America/", "{", "current_date", "now()"):
        assert word not in _PATTERNS.sub("", text.replace("{'at':", ""))
