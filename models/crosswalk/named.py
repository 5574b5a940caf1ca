"""What a message names as faults: texts taken apart, cleaned and looked up. Not here: what is open (`faults`).

One message may name several: lists with `;` (MREC) or `,` (EVgo, where the n-th value of `info` belongs to the n-th
code). EVerest writes a message's text into vendorId. Words for nothing (`null`, `0x0000`) name nothing.
"""

import re
from typing import TypeGuard

import msgspec

from models.crosswalk.lookup import by_error_code, by_pair, by_vendor_code, dialect_of
from models.crosswalk.rows import NO_ROW, OTHER, UNKNOWN, Row
from models.events import Alarm, StatusReported
from models.ids import bounded
from models.wording import code_shown, shown

MAX_NAMED = 16
"""Faults that one message can name; the rest of a longer list is left out."""
_LIST = re.compile(r"\s*[;,|]\s*")
_CODE = re.compile(r"[\w.:/\-#]{1,64}")
_NOTHING = frozenset(
    {
        "", "-", "--", "0", "00", "0x0", "0x00", "0x0000", "0x00000000", "00000000", "(null)", "null", "nil", "none",
        "na", "n/a", "nan", "noerror", "no error", "no_error", "ok", "undefined",
    }
)  # fmt: skip


class Named(msgspec.Struct, frozen=True, gc=False):
    """One fault as a message names it. `code` is the protocol's own field, `raw_code` the text that was looked up."""

    code: str
    raw_code: str
    row: Row
    vendor_error_code: str | None = None
    unmapped_code: str | None = None
    """A code in the message that no row knows."""
    info: str | None = None
    vendor_id: str | None = None


def is_nothing(text: str | None) -> bool:
    """Whether a text is a word for nothing."""
    return text is None or text.strip().casefold() in _NOTHING


def of_status(event: StatusReported, vendor: str | None, model: str | None) -> list[Named]:
    """The faults of a 1.6 status: its vendor codes where known, else its errorCode; none for NoError alone."""
    error_code = None if is_nothing(event.error_code) else str(event.error_code)
    vendor_id, info = _identity(event.vendor_id, event.info)
    codes = codes_in(event.vendor_error_code)
    if error_code is None and (not codes or event.status != "Faulted"):
        return []
    said = "Faulted" if error_code is None else code_shown(error_code)
    standard = None if error_code is None else by_error_code(error_code)
    if standard is None and error_code is not None:
        # Some stations write another taxonomy's name where 1.6 has its own list.
        standard = by_vendor_code(said, vendor_id, vendor, model)
    infos = _infos(info, len(codes))
    found = [
        _vendor_named(said, code, by_vendor_code(code, vendor_id, vendor, model), standard, infos[place], vendor_id)
        for place, code in enumerate(codes)
    ]
    if found:
        return _distinct(found)
    unknown = None if standard is not None else bounded(said)
    return [Named(said, said, standard or NO_ROW, None, unknown, info, vendor_id)]


def singles(event: Alarm) -> list[Alarm]:
    """A 2.x event as one for each code of its techCode, which may be a list; words for nothing are no code."""
    if event.code is None:
        return [event]
    codes = codes_in(event.code)
    infos = _infos(event.info, len(codes))
    each = [msgspec.structs.replace(event, code=code, info=info) for code, info in zip(codes, infos, strict=False)]
    return each or [msgspec.structs.replace(event, code=None)]


def of_alarm(event: Alarm, vendor: str | None, model: str | None) -> Named:
    """The fault of a 2.x event of one code (`singles`): its techCode where known, else its component and variable."""
    pair = by_pair(event.origin)
    code = event.code
    if code is None:
        unknown = None if pair is not None else event.origin
        return Named(event.origin, event.origin, pair or NO_ROW, None, unknown, event.info)
    row = by_vendor_code(code, event.vendor_id, vendor, model)
    if row is not None:
        return Named(code, code, row, None, None, event.info, event.vendor_id)
    if _names_a_cause(pair):
        return Named(code, event.origin, pair, None, code, event.info)
    return Named(code, code, NO_ROW, None, code, event.info)


def _vendor_named(
    said: str, code: str, row: Row | None, standard: Row | None, info: str | None, vendor_id: str | None
) -> Named:
    """A vendor's code: its own row, else the errorCode beside it in its place."""
    if row is not None:
        # Of some codes a taxonomy knows the kind only (`F*`).
        unknown = code if row.canonical_code == OTHER else None
        return Named(said, code, row, code, unknown, info, vendor_id)
    if _names_a_cause(standard):
        return Named(said, said, standard, code, code, info, vendor_id)
    return Named(said, code, NO_ROW, code, code, info, vendor_id)


def _names_a_cause(row: Row | None) -> TypeGuard[Row]:
    return row is not None and row.canonical_code not in (OTHER, UNKNOWN)


def codes_in(text: str | None) -> list[str]:
    """The codes in a vendorErrorCode or techCode: a list only where every part looks like a code."""
    if text is None or is_nothing(text):
        return []
    parts = [code_shown(part) for part in _LIST.split(text.strip()) if not is_nothing(part)]
    if len(parts) > 1 and all(_CODE.fullmatch(part) for part in parts):
        return list(dict.fromkeys(parts))[:MAX_NAMED]
    whole = parts[0] if len(parts) == 1 else text.strip()
    kept = bounded(whole if _CODE.fullmatch(whole) else shown(whole))
    return [kept] if kept else []


def _identity(vendor_id: str | None, info: str | None) -> tuple[str | None, str | None]:
    """The vendorId where it is one; a sentence there is the message (EVerest), and joins `info`."""
    info = None if is_nothing(info) else info
    if vendor_id is None or is_nothing(vendor_id):
        return None, info
    if re.search(r"\s", vendor_id.strip()) is None:
        return vendor_id.strip(), info
    return None, vendor_id if info is None else f"{info}: {vendor_id}"


def _infos(info: str | None, codes: int) -> list[str | None]:
    """The n-th value of `info` for the n-th code where they are as many; else all of it for each."""
    parts = [part.strip() for part in (info or "").split(",")]
    if codes > 1 and len(parts) == codes:
        return [part or None for part in parts]
    return [info] * codes


def _distinct(found: list[Named]) -> list[Named]:
    """One for each canonical code, the surest; codes without a row stay apart."""
    best: dict[str, Named] = {}
    for named in found:
        key = named.raw_code if named.row.canonical_code == OTHER else named.row.canonical_code
        if key not in best or named.row.confidence > best[key].row.confidence:
            best[key] = named
    return list(best.values())


__all__ = ["Named", "codes_in", "dialect_of", "is_nothing", "of_alarm", "of_status", "singles"]
