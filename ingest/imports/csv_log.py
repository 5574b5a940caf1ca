"""The CSV log with the columns timestamp, id, action and msg, however they are separated. Not here: other tables.

Own reading instead of the csv module's: bytes stay bytes, a field may be as long as a frame, and a quote
that is never closed costs its own row, not the rest of the file.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from ingest.imports.entries import Entry, LineError, Refused, receipt, station
from ingest.imports.reader import LINE_LIMIT_BYTES, Line
from models.reasons import Reason
from models.record import Kind

COLUMNS: Final = (b"timestamp", b"id", b"action", b"msg")
_ROW_START: Final = (
    rb'"?\d{4}-\d\d-\d\d[T ][^%(mark)b]*%(mark)b'
    rb'(?:"[^"]*"|[^%(mark)b]+)%(mark)b(?:"[^"]*"|[^%(mark)b]*)%(mark)b"?\s*\['
)
"""How a row of columns in the usual order begins: it ends one before whose quote was never closed."""


class _Table(NamedTuple):
    """What the header says of the rows."""

    separator: bytes
    field: re.Pattern[bytes]
    header: dict[bytes, int]


def recognises(content: bytes) -> bool:
    """Whether this line is the header of our table."""
    try:
        return set(COLUMNS) <= _table(content.rstrip()).header.keys()
    except LineError:
        return False


def entries(lines: Iterator[Line]) -> Iterator[Entry | Refused]:
    """One entry for each row that is not blank; the ordinal is the row's number, the header apart."""
    table: _Table | None = None
    for ordinal, row in enumerate(_rows(lines), -1):
        if table is None:
            table = _table(row.content)
        elif row.cut:
            yield Refused(ordinal, Reason.TOO_LARGE, "the row is longer than any frame we take", b"")
        else:
            try:
                yield _entry(ordinal, row.content, table)
            except LineError as error:
                yield Refused(ordinal, Reason.UNREADABLE_LINE, str(error), row.content)


def _separator(header: bytes) -> bytes:
    return next((mark for mark in (b",", b";", b"\t") if mark in header), b",")


def _table(header: bytes) -> _Table:
    """The table of a header; the separator is what stands between its names, a comma before all."""
    separator = _separator(header)
    field = re.compile(rb'(?:"((?:[^"]++|"")*+)"|([^"' + separator + rb"]*+))(" + separator + rb"|\Z)")
    names = _fields(header, field)
    return _Table(separator, field, {name.strip().lower(): place for place, name in enumerate(names)})


def _entry(ordinal: int, row: bytes, table: _Table) -> Entry:
    fields = _unquoted(row, table) or _fields(row, table.field)
    if len(fields) != len(table.header):
        raise LineError(f"the row has {len(fields)} fields, the header {len(table.header)}")
    timestamp, name, _, frame = (fields[table.header[column]] for column in COLUMNS)
    received_at_us, is_zoneless = receipt(timestamp)
    return Entry(ordinal, station(name), Kind.FRAME, None, None, received_at_us, frame, is_zoneless)


def _unquoted(row: bytes, table: _Table) -> list[bytes] | None:
    """The fields of a row whose last one is a frame that somebody forgot to quote; None for any other row."""
    places = len(table.header)
    fields = [field.strip() for field in row.split(table.separator, places - 1)]
    is_frame_last = table.header[b"msg"] == places - 1 == len(fields) - 1
    return fields if is_frame_last and fields[-1].startswith(b"[") else None


def _rows(lines: Iterator[Line]) -> Iterator[Line]:
    """Lines put together where a quoted field runs over several; blank ones between rows are left out."""
    row: list[bytes] = []
    size = quotes = 0
    begins: re.Pattern[bytes] | None = None
    for line in lines:
        broken = row and (line.cut or (begins and begins.match(line.content)) or size > LINE_LIMIT_BYTES)
        if broken:
            yield Line(0, b"\n".join(row).rstrip(b"\r"))
            row, size, quotes = [], 0, 0
        if line.cut:
            yield line
        elif row or line.content.strip():
            row.append(line.content)
            size += len(line.content)
            quotes += line.content.count(b'"')
            if quotes % 2 == 0:
                begins = begins or re.compile(_ROW_START % {b"mark": _separator(row[0])})
                yield Line(0, b"\n".join(row).rstrip(b"\r"))
                row, size, quotes = [], 0, 0
    if row:
        yield Line(0, b"\n".join(row).rstrip(b"\r"))


def _fields(row: bytes, field: re.Pattern[bytes]) -> list[bytes]:
    fields: list[bytes] = []
    place = 0
    while match := field.match(row, place):
        quoted, plain, end = match.groups()
        fields.append(plain.strip() if quoted is None else quoted.replace(b'""', b'"'))
        place = match.end()
        if not end:
            return fields
    raise LineError("the row's quotes do not match")
