"""The crosswalk's data: its CSV files as rows, checked as they are read. Not here: which row is meant (`lookup`)."""

import csv
from importlib.resources import files

import msgspec

TAXONOMIES = ("ocpp16", "mrec", "evgo_mrec", "uec", "ocpp2_cv", "vendor")
"""One file each. An episode's taxonomy is one of them, `status` (only the status said so) or `none` (no row)."""
ACTORS = frozenset({"evse", "ev", "driver", "grid", "network", "vandal", "unknown"})
SEVERITIES = ("info", "warning", "error", "critical")
"""Rising. `error` and above keep a connector from working; a vehicle's faults never do by themselves."""

OTHER, UNKNOWN = "other_error", "unknown_fault"
"""A code without a row or without a cause; a fault without a code."""


class CrosswalkError(ValueError):
    """A data file of the crosswalk breaks its own rules; the text names the file and the line."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One raw code and what it means. `vendor_id` and `model` narrow it where they are set.

    `confidence` is 1 where the taxonomy's own text says it, less where the row rests on other sources.
    """

    taxonomy: str
    raw_key: str
    name: str
    vendor_id: str
    model: str
    canonical_code: str
    family: str
    actor: str
    severity: str
    confidence: float
    source: str


def family_of(canonical_code: str) -> str:
    """The family of a canonical code; of one that a later version dropped, `other`."""
    return CODES.get(canonical_code, CODES[OTHER])[0]


def _read(name: str) -> list[dict[str, str]]:
    text = files("models.crosswalk").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), strict=True))


def _codes() -> dict[str, tuple[str, str]]:
    return {line["canonical_code"]: (line["family"], line["meaning"]) for line in _read("canonical.csv")}


def row_of(line: dict[str, str], codes: dict[str, tuple[str, str]], taxonomy: str) -> Row:
    """One line of a file; raises `CrosswalkError` where it breaks the file's rules."""
    try:
        row = msgspec.convert(line, Row, strict=False)
    except msgspec.ValidationError as error:
        raise CrosswalkError(f"{taxonomy}.csv: {line.get('raw_key')!r}: {error}.") from error
    is_sound = (
        row.taxonomy == taxonomy
        and bool(row.raw_key)
        and row.family == codes.get(row.canonical_code, ("",))[0]
        and row.actor in ACTORS
        and row.severity in SEVERITIES
        and 0 < row.confidence <= 1
        and bool(row.source)
    )
    if not is_sound:
        raise CrosswalkError(f"{taxonomy}.csv: {row.raw_key!r}: a word that is none of the crosswalk's.")
    return row


VERSION = files("models.crosswalk").joinpath("version").read_text(encoding="utf-8").strip()
CODES = _codes()
"""Canonical code to family and meaning."""
ROWS: tuple[Row, ...] = tuple(row_of(line, CODES, name) for name in TAXONOMIES for line in _read(f"{name}.csv"))
STATUS_ROW = Row("status", "Faulted", "", "", "", UNKNOWN, CODES[UNKNOWN][0], "unknown", "error", 0.1, "status alone")
NO_ROW = Row("none", "", "", "", "", OTHER, CODES[OTHER][0], "unknown", "error", 0.1, "no row")
