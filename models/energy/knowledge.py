"""What is known beforehand of how makes meter: a versioned data file, read once. Not here: what stations show.

The only way in which knowledge crosses stations; a session in which it decides is flagged (`unit_by_knowledge`). The
file that ships, `meter_knowledge.csv`, holds only lines with a source; it may be empty.
"""

import csv
from collections.abc import Iterable, Mapping
from importlib.resources import files

import msgspec

VERSION = "2026-11"
"""Of the file that ships; changes with every change of it."""


class Known(msgspec.Struct, frozen=True):
    """What is known of a make: the power of ten its unit is wrong by, the base of its samples."""

    shift: int = 0
    base: str = ""


class Knowledge(msgspec.Struct, frozen=True):
    """What is known of makes, with its version; empty knows nothing."""

    version: str = ""
    makes: Mapping[tuple[str, str, str], Known] = {}

    def of(self, vendor: str | None, model: str | None, firmware: str | None) -> Known | None:
        """By vendor, model and firmware, else by vendor and model; spelling of case aside."""
        if not self.makes:
            return None
        make = ((vendor or "").casefold(), (model or "").casefold())
        return self.makes.get((*make, (firmware or "").casefold())) or self.makes.get((*make, "*"))


NOTHING = Knowledge()


class KnowledgeError(ValueError):
    """A line of a knowledge file that says nothing usable; the text says which."""


def read_knowledge(version: str, lines: Iterable[str]) -> Knowledge:
    """Knowledge from CSV lines (vendor, model, firmware or *, samples_shift, samples_base, source).

    Raises:
        KnowledgeError: a shift other than -3, 0, 3, a base other than session, boot or empty, no source.
    """
    makes = {}
    for number, row in enumerate(csv.DictReader(lines), 2):
        shift, base = row.get("samples_shift") or "0", row.get("samples_base") or ""
        if shift not in ("-3", "0", "3") or base not in ("", "session", "boot") or not row.get("source"):
            raise KnowledgeError(f"Line {number}: a shift of -3, 0 or 3, a base of session or boot, and a source.")
        make = (row["vendor"].casefold(), row["model"].casefold(), (row["firmware"] or "*").casefold())
        makes[make] = Known(int(shift), base)
    return Knowledge(version, makes)


def shipped() -> Knowledge:
    """The knowledge that ships."""
    text = files("models.energy").joinpath("meter_knowledge.csv").read_text(encoding="utf-8")
    return read_knowledge(VERSION, text.splitlines())
