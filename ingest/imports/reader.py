"""A log file as a stream of lines, decompressed where need be. Not here: what a line means.

Memory is bounded by one line: what is longer than any frame we take is skipped over, and said.
"""

import gzip
import hashlib
import lzma
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

from ingest.imports.errors import DamagedFileError, NoFileError
from models.log import MAX_PAYLOAD_BYTES

GZIP_MAGIC: Final = b"\x1f\x8b"
XZ_MAGIC: Final = b"\xfd7zXZ\x00"
LINE_LIMIT_BYTES: Final = 2 * MAX_PAYLOAD_BYTES + (1 << 20)
"""Longest line that is read: the largest frame with every character escaped, and its envelope."""
_SKIP_BYTES: Final = 1 << 20
_BOM: Final = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One physical line without its line feed; `cut` where it was too long to keep."""

    number: int
    content: bytes
    cut: bool = False


class Content:
    """The decompressed content of a file, read once from front to back.

    Args:
        path: A regular file, plain, gzip or xz, told apart by their first bytes.
        limit_bytes: Stop after that many decompressed bytes: a log that grew since is read as it was.
    """

    def __init__(self, path: Path, limit_bytes: int | None = None) -> None:
        self._path = path
        self._limit = limit_bytes
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def source(self) -> str:
        """The content's name for ever: sha256 of what was read so far, 16 hex digits."""
        return self._hash.hexdigest()[:16]

    def lines(self) -> Iterator[Line]:
        """Every line, blank ones too, numbered from 0; a byte order mark is not part of the first."""
        with opened(self._path) as stream:
            number = 0
            while read := self._read_line(stream):
                content, cut = read
                if number == 0:
                    content = content.removeprefix(_BOM)
                yield Line(number, content.removesuffix(b"\n"), cut)
                number += 1

    def _read_line(self, stream: BinaryIO) -> tuple[bytes, bool] | None:
        content = self._read(stream, LINE_LIMIT_BYTES)
        if not content:
            return None
        if len(content) < LINE_LIMIT_BYTES or content.endswith(b"\n"):
            return content, False
        cut, part = False, content
        while not part.endswith(b"\n") and (part := self._read(stream, _SKIP_BYTES)):
            cut = True
        return (b"" if cut else content), cut

    def _read(self, stream: BinaryIO, limit: int) -> bytes:
        if self._limit is not None:
            limit = min(limit, self._limit - self.size)
        try:
            part = stream.readline(limit)
        except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
            raise DamagedFileError(
                self._path, f"cannot be read to its end ({error}); is it cut off? Copy it anew"
            ) from error
        self._hash.update(part)
        self.size += len(part)
        return part


def opened(path: Path) -> BinaryIO:
    """The file's decompressed bytes; raises `NoFileError` where there is no file to read."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise NoFileError(path, "is a folder; name the files in it")
        if not stat.S_ISREG(mode):
            raise NoFileError(path, "is no regular file, and it has to be read twice; copy it into one first")
        file = path.open("rb")
    except FileNotFoundError as error:
        raise NoFileError(path, "does not exist; correct the path") from error
    except OSError as error:
        raise NoFileError(path, f"cannot be opened ({error.strerror}); check who may read it") from error
    magic = file.read(len(XZ_MAGIC))
    if magic.startswith((GZIP_MAGIC, XZ_MAGIC)):
        file.close()
        return cast("BinaryIO", gzip.open(path) if magic.startswith(GZIP_MAGIC) else lzma.open(path))
    file.seek(0)
    return file
