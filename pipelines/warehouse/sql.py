"""Names, texts and file lists quoted for DuckDB where SQL takes no parameters: DDL, COMMENT, views."""

from collections.abc import Sequence
from pathlib import Path

from models.tables.landed import Column, Origin, Table


def identifier(name: str) -> str:
    """A quoted name."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A quoted text."""
    return "'" + text.replace("'", "''") + "'"


def columns(table: Table) -> str:
    """The table's column names, quoted, in order."""
    return ", ".join(identifier(column.name) for column in table.columns)


def rows(table: Table, paths: Sequence[Path]) -> str:
    """A FROM item with the table's landed columns: its Parquet files by name, or no rows where there are none."""
    nulls = ", ".join(f"CAST(NULL AS {_type(column)}) AS {identifier(column.name)}" for column in table.columns)
    empty = f"SELECT {nulls} WHERE false"
    if not paths:
        return f"({empty})"
    listed = ", ".join(literal(str(path.absolute())) for path in paths)
    # By name: files of an older version may lack a column. Folder names are no columns, even `day=2026-01-01`.
    found = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    if table.origin is not Origin.FACT:
        return found
    # Facts gain columns; a lake may hold files of an older version only.
    return f"({empty} UNION ALL BY NAME SELECT * FROM {found})"


def _type(column: Column) -> str:
    names = {
        "string": "VARCHAR",
        "int32": "INTEGER",
        "int64": "BIGINT",
        "double": "DOUBLE",
        "bool": "BOOLEAN",
        "binary": "BLOB",
        "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
        "date32[day]": "DATE",
        "decimal128(18, 4)": "DECIMAL(18, 4)",
        "decimal128(38, 14)": "DECIMAL(38, 14)",
    }
    return names[str(column.arrow)]
