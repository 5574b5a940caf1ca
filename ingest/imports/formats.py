"""Which of the three log formats a file is in, told by its content, never by its name."""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from ingest.imports import csv_log, json_lines, text_lines
from ingest.imports.entries import Entry, Refused
from ingest.imports.errors import UnknownFormatError
from ingest.imports.reader import Content, Line, opened

_LINES_LOOKED_AT: Final = 50
_MAGIC: Final = {
    b"PAR1": "is a Parquet file",
    b"PK\x03\x04": "is a zip archive: unpack it first",
    b"(\xb5/\xfd": "is compressed with zstd: unpack it first",
    b"BZh": "is compressed with bzip2: unpack it first",
    b"SQLite format 3": "is an SQLite database",
    b"\xff\xfe": "is not UTF-8: save it as UTF-8 first",
    b"\xfe\xff": "is not UTF-8: save it as UTF-8 first",
}


_FRAME_IN_TEXT: Final = re.compile(rb'[\w\])>-]\s*:?\s*\[\s*[2-6]\s*,\s*"')


class Format(NamedTuple):
    """A format: how its lines become entries."""

    name: str
    entries: Callable[[Iterator[Line]], Iterator[Entry | Refused]]


JSON_LINES: Final = Format("JSON lines", json_lines.entries)
CSV_LOG: Final = Format("CSV log", csv_log.entries)
TEXT_LINES: Final = Format("text lines", text_lines.entries)


def recognise(path: Path) -> Format:
    """The file's format; raises `UnknownFormatError` with one sentence on everything else.

    The first lines are looked at, not only the first: a log may begin with a damaged line.
    """
    filled = (line.content for line in Content(path).lines() if line.content.strip())
    for place, content in enumerate(islice(filled, _LINES_LOOKED_AT)):
        if place == 0 and csv_log.recognises(content):
            return CSV_LOG
        if json_lines.recognises(content):
            return JSON_LINES
        if text_lines.recognises(content):
            return TEXT_LINES
    raise UnknownFormatError(path, _what_it_is(path))


def _what_it_is(path: Path) -> str:
    with opened(path) as stream:
        start = stream.read(4096)
    if not start.strip():
        return "is empty"
    known = next((says for magic, says in _MAGIC.items() if start.startswith(magic)), None)
    if known:
        return known
    if b"\0" in start:
        return "is a binary file"
    if json_lines.names_no_charger(start.splitlines()[0]):
        return "has frames in `raw`, but names no charger beside them (chargePointId, path or device)"
    if _FRAME_IN_TEXT.search(start):
        return "holds OCPP frames, but not in lines that begin with their charger's name"
    if start.lstrip()[:1] in b"{[":
        return "is JSON, but no log with one `raw` frame a line"
    first = start.splitlines()[0]
    if b"," in first or b";" in first:
        return "is a table, but not an OCPP log"
    return "is in no format we know"
