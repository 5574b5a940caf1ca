"""A query's answer as JSON, CSV or a table for a terminal. Not here: asking (`read`)."""

import base64
import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, TextIO

import msgspec
from rich.table import Table
from rich.text import Text

_JSON_INTEGERS = range(-(2**63), 2**64)
_ROWS_SHOWN = 1_000
_NARROWEST = 12
"""Characters a column of a terminal's table needs to be read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Column names as the query gave them, and the rows, readable once."""

    columns: list[str]
    rows: Iterable[tuple[object, ...]]


def unique_names(columns: Iterable[str]) -> list[str]:
    """Each name once: repeats get `_1`, `_2` and so on, whichever is free."""
    names: dict[str, None] = {}
    for column in columns:
        name, number = column, 0
        while name in names:
            number += 1
            name = f"{column}_{number}"
        names[name] = None
    return list(names)


def plain(value: object) -> Any:
    """A value as JSON can say it: times RFC 3339 in UTC, blobs as text or base64, no NaN; nested ones too."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if value in _JSON_INTEGERS else msgspec.Raw(str(value).encode())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return msgspec.Raw(format(value, "f").encode()) if value.is_finite() else None
    if isinstance(value, bytes):
        return _text_of(value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return _time_text(value)


def json_parts(answer: Answer) -> Iterator[str]:
    """One JSON array of objects, piece by piece; no rows is `[]`."""
    names = unique_names(answer.columns)
    lead = "["
    for row in answer.rows:
        encoded = _encoder.encode({name: plain(value) for name, value in zip(names, row, strict=True)})
        yield f"{lead}{encoded.decode()}"
        lead = ",\n"
    yield "[]\n" if lead == "[" else "]\n"


def write_csv(answer: Answer, out: TextIO) -> None:
    """Comma-separated with a header; null is empty, nested values are JSON."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(unique_names(answer.columns))
    for row in answer.rows:
        writer.writerow([_cell(value) for value in row])


def table(answer: Answer, *, limit: int = _ROWS_SHOWN, width: int | None = None) -> Table:
    """A table for a terminal: the first `limit` rows, and how to see the others.

    Where its columns do not fit into `width` characters, each row is a block of lines, one a column.
    """
    rows = iter(answer.rows)
    names = unique_names(answer.columns)
    shown = [[_printable(value) for value in row] for row in islice(rows, limit)]
    is_wide = width is not None and len(names) * _NARROWEST > width and _natural_width(names, shown) > width
    grid = Table(show_edge=False, header_style="bold", show_header=not is_wide)
    if next(rows, None) is not None:
        grid.caption = f"the first {limit:,} rows; all of them: --csv or --json"
    if is_wide:
        for row in shown:
            for name, (text, _) in zip(names, row, strict=True):
                grid.add_row(Text(name, style="bold"), Text(text, overflow="fold"))
            grid.add_section()
        return grid
    for index, name in enumerate(names):
        is_number = all(is_right for _, is_right in (row[index] for row in shown)) and bool(shown)
        grid.add_column(Text(name), justify="right" if is_number else "left", overflow="fold")
    for row in shown:
        grid.add_row(*(Text(text) for text, _ in row))
    return grid


def _natural_width(names: list[str], shown: list[list[tuple[str, bool]]]) -> int:
    """How wide a table is whose cells keep to one line each."""
    return sum(3 + max(len(name), *(len(row[index][0]) for row in shown), 0) for index, name in enumerate(names))


_encoder = msgspec.json.Encoder()


def _text_of(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(value).decode("ascii")


def _time_text(value: object) -> str:
    if isinstance(value, datetime):
        # A TIMESTAMP without zone is taken as UTC, as everything here is.
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment.isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        # total_seconds() is a float: it would round long intervals and write them with an exponent.
        micros = abs(value) // timedelta(microseconds=1)
        seconds = f"{micros // 10**6}.{micros % 10**6:06}".rstrip("0").rstrip(".")
        return f"{'-' if value < timedelta() else ''}PT{seconds}S"
    return str(value)


def _cell(value: object) -> str:
    said = plain(value)
    if said is None:
        return ""
    return said if isinstance(said, str) else _encoder.encode(said).decode()


def _printable(value: object) -> tuple[str, bool]:
    """The cell's text without control characters (a frame could drive the terminal); whether it is a number."""
    is_number = value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool))
    text = _cell(value)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text), is_number
