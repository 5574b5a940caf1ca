"""What the step does to texts, as functions of SQL: rows derived from raw must read the same. Not here: the rules."""

from collections.abc import Callable
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from models.tokens.lookalikes import hidden, hidden_name, hidden_number
from models.wording import word_shown

NAMES = ("hidden_id", "hidden_number", "hidden_name", "shown_word")
_TEXT = pa.string()
Rule: TypeAlias = Callable[[str], str | None]
Column: TypeAlias = Any
"""A chunked Arrow array; DuckDB reads annotations, and pyarrow's takes no parameters when run."""


def create(connection: duckdb.DuckDBPyConnection, token_key: bytes | None) -> None:
    """Make `NAMES` known to this connection; without a key, ids stay in clear.

    Published views must not use them: whoever reads the file does not have them.
    """
    rules: tuple[Rule, ...] = (
        lambda text: hidden(text, token_key) or None,
        lambda text: hidden_number(text, token_key) or None,
        lambda text: hidden_name(text, token_key),
        word_shown,
    )
    for name, rule in zip(NAMES, rules, strict=True):
        connection.create_function(
            name,
            _by_text(rule),
            ["VARCHAR"],
            "VARCHAR",
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )


def _by_text(rule: Rule) -> Callable[[Column], Column]:
    """The rule for a column: called once for each different text of a block, as few are different."""

    def apply(column: Column) -> Column:
        blocks = []
        for block in column.chunks:
            coded = block.dictionary_encode()
            said = [None if text is None else rule(text) for text in coded.dictionary.to_pylist()]
            blocks.append(pa.array(said, _TEXT).take(coded.indices))
        return pa.chunked_array(blocks, _TEXT)

    return apply
