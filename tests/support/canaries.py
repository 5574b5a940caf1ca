"""Card numbers that a test plants, and finding them again in whatever guise. Not here: where to plant or to look."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

from models.tokens.pseudonyms import canonical
from pipelines.warehouse.sql import literal

_DIGESTS = ("md5", "sha1", "sha256", "blake2b")
_SHOWN_HEX = 16
"""How much of a digest is enough to take it for one: our own ids are 16 digits or more."""


@dataclass(slots=True)
class Canaries:
    """Hands out tokens: 18 characters, of both cases and with separators, so that their canonical form differs."""

    tokens: dict[str, str] = field(default_factory=dict)

    def plant(self, where: str) -> str:
        """The token of a place, the same one for the same place."""
        if where not in self.tokens:
            digits = hashlib.sha256(f"canary {where}".encode()).hexdigest()
            self.tokens[where] = f"Kn{digits[:6].upper()}-{digits[6:12]}-Qz"
        return self.tokens[where]

    def found_in(self, haystacks: Iterable[tuple[str, bytes]]) -> dict[str, set[str]]:
        """For each planted token that is somewhere: where it is, and as what."""
        owners: dict[str, list[tuple[str, str]]] = {}
        for where, token in self.tokens.items():
            for guise, form in guises(token):
                owners.setdefault(form.decode("ascii"), []).append((where, guise))
        names, texts = [], []
        for name, data in haystacks:
            names.append(name)
            texts.append(data.lower().decode("latin-1"))
        # One pass for all needles at once (Aho and Corasick); `in` for each of thousands takes minutes.
        hits = pl.Series(texts, dtype=pl.String).str.extract_many(list(owners), overlapping=True)
        found: dict[str, set[str]] = {}
        for name, forms in zip(names, hits.to_list(), strict=True):
            for where, guise in (owner for form in set(forms) for owner in owners[form]):
                found.setdefault(where, set()).add(f"{guise} in {name}")
        return found


def guises(token: str) -> Iterator[tuple[str, bytes]]:
    """Every form of a token that gives it away, by name; lower case, for a haystack in lower case.

    Hashes without a key are among them: whoever knows how card numbers are made undoes them.
    """
    plain = canonical(token) or ""
    for name, text in (("clear", token), ("canonical", plain)):
        yield name, text.lower().encode()
        yield f"{name}, JSON escapes", escaped(text).lower().encode()
        yield f"{name}, UTF-16", text.lower().encode("utf-16-le")
        yield f"{name}, percent", "".join(f"%{ord(letter):02x}" for letter in text).encode()
    for spelled in {token, token.upper(), token.lower(), plain, plain.upper()}:
        data = spelled.encode()
        yield f"hex of {spelled}", data.hex().encode()
        for shift in range(3):
            yield f"base64 of {spelled}", _base64(data, shift)
        for digest in _DIGESTS:
            hashed = hashlib.new(digest, data)
            yield f"{digest} of {spelled}", hashed.hexdigest()[:_SHOWN_HEX].encode()
        yield f"blake2b-128 of {spelled}", hashlib.blake2b(data, digest_size=16).hexdigest()[:_SHOWN_HEX].encode()


def escaped(text: str) -> str:
    r"""Each letter as `\uXXXX`: JSON that reads as the same text."""
    return "".join(f"\\u{ord(letter):04X}" for letter in text)


def _base64(data: bytes, shift: int) -> bytes:
    """The letters that only the data decides, where it begins `shift` bytes after a border of three."""
    letters = base64.b64encode(bytes(shift) + data).rstrip(b"=")
    first = (shift * 8 + 5) // 6
    return letters[first : (shift + len(data)) * 8 // 6].lower()


def files(root: Path, *, without: Path | None = None) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, its name included; links are not followed."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and (without is None or without not in path.parents):
            name = str(path.relative_to(root))
            yield name, name.encode() + b"\n" + path.read_bytes()


def parquet(folder: Path) -> Iterator[tuple[str, bytes]]:
    """What the Parquet files below a folder hold, since they are compressed: rows as text, bytes as they are."""
    with duckdb.connect() as connection:
        for path in sorted(folder.rglob("*.parquet")):
            yield str(path.relative_to(folder)), values(connection, f"SELECT * FROM read_parquet({literal(str(path))})")


def values(connection: duckdb.DuckDBPyConnection, query: str) -> bytes:
    """Every value of a result, one a line."""
    rows = connection.execute(query).fetchall()
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)
