"""Arrow tables to Parquet bytes, the same bytes for the same rows. Not here: where the bytes go (`files`)."""

import hashlib
from importlib.metadata import version
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROW_GROUP_ROWS: Final = 20_000
"""Small enough that a station's rows, sorted together, are found without reading a whole file."""
_ZSTD_LEVEL: Final = 3
_PLAIN: Final = frozenset({"payload", "value"})
"""Columns of raw bytes: each value is its own, and statistics would repeat card numbers in the footer."""

CODE_VERSION: Final = f"laddstrom {version('laddstrom')}, pyarrow {version('pyarrow')}"
"""What wrote a file: the same rows give the same bytes only under the same writer."""


def encode(table: pa.Table) -> pa.Buffer:
    """The table as one Parquet file in memory; it holds no time, host or path, so a rerun writes the same."""
    sink = pa.BufferOutputStream()
    names = [name for name in table.schema.names if name not in _PLAIN]
    pq.write_table(
        table.combine_chunks(),
        sink,
        compression="zstd",
        compression_level=_ZSTD_LEVEL,
        row_group_size=ROW_GROUP_ROWS,
        use_dictionary=names,  # type: ignore[arg-type]  # the stubs know only bool
        write_statistics=names,
    )
    return sink.getvalue()


def memory(table: pa.Table) -> int:
    """Bytes the rows take in memory; unlike `nbytes` it depends on nothing but their values."""
    fixed = 8 * table.num_rows * table.num_columns
    texts = [column for column in table.columns if _is_text(column.type)]
    return fixed + sum(pc.sum(pc.binary_length(column)).as_py() or 0 for column in texts)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_binary(kind)


def empty(schema: pa.Schema) -> pa.Table:
    """No rows of this schema; unlike `schema.empty_table()`, this does not import pandas (1.4 s)."""
    return pa.Table.from_batches([], schema)


def schema_version(schema: pa.Schema) -> str:
    """Names a schema: another column or type is another version."""
    text = ";".join(f"{field.name}:{field.type}:{field.nullable}" for field in schema)
    return hashlib.sha256(text.encode()).hexdigest()[:8]
