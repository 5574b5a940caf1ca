"""Forms in which one card may be known elsewhere: suffixed, truncated, padded, reversed. Not here: which are one card.

All of it happens on the clear text, before it becomes a pseudonym; `core__token_aliases` then joins pseudonyms.
"""

import re
from collections.abc import Iterator
from typing import TypeAlias

Form: TypeAlias = tuple[str, float, str]
"""Rule, score, and the form itself: its pseudonym, once it has left this module's callers."""

CONTROL, SUFFIX, TRUNCATED_CRC, TRUNCATED, PADDING, BYTE_ORDER = (
    "control_characters", "suffix", "truncated_crc", "truncated", "zero_padding", "byte_order"
)  # fmt: skip
SHORTER_UID, CUT, PREFIX = "truncated_uid", "truncated_text", "prefix"
RULES = (CONTROL, SUFFIX, TRUNCATED_CRC, TRUNCATED, SHORTER_UID, CUT, PADDING, BYTE_ORDER, PREFIX)
_UIDS = (8, 14, 20)
"""Hex digits of an RFID uid: 4, 7 or 10 bytes (ISO 14443-3)."""
_HEX = re.compile(r"[0-9a-f]+")
_BYTES = re.compile(r"[0-9a-f]{2}(?:[-_:. ][0-9a-f]{2})+")
_SEPARATOR = re.compile(r"[_-]")
_VID_MAC = re.compile(r"vid([0-9a-f]{12})")
"""Autocharge: some stations write `VID:` before the car's MAC, some do not."""
_LONGEST_ID_TAG = 20
"""Characters of a 1.6 idTag: longer ids are cut to them."""
_LONGEST_TOKEN = 255
"""Characters of a 2.1 idToken."""
_SHORTEST = 8
"""A token cut to fewer characters is like too many others."""
SURE = 0.9
"""Score of a suffix behind a uid; behind anything else it may be part of a name."""
_ZEROS = "000000"
"""Three bytes: what fills a uid of 4 bytes up to 7."""
_CRC8 = [0] * 256
for _byte in range(256):
    _crc = _byte
    for _ in range(8):
        _crc = _crc >> 1 ^ (0x8C if _crc & 1 else 0)
    _CRC8[_byte] = _crc


def forms(text: str, canonical: str, *, is_whole: bool) -> Iterator[Form]:
    """Rule, score (0..1: how likely two tokens of these forms are one card) and canonical form, none twice.

    `is_whole`: the token's separators are its own, so nothing behind them is a suffix.
    """
    if not text.isprintable():
        yield CONTROL, 1.0, canonical
    seen = {canonical}
    found = [] if is_whole else [_without_suffix(text)]
    is_explained = bool(found) and found[0] is not None and found[0][1] >= SURE
    if _LONGEST_ID_TAG < len(text) <= _LONGEST_TOKEN and not is_explained:
        found.append((CUT, 0.9, _plain(text[:_LONGEST_ID_TAG])))
    if (car := _VID_MAC.fullmatch(canonical)) is not None:
        found.append((PREFIX, 0.95, car[1]))
    if is_uid(canonical):
        found += _of_uid(canonical)
    for form in found:
        if form is not None and form[2] and form[2] not in seen:
            seen.add(form[2])
            yield form


def is_uid(folded: str) -> bool:
    """Whether a casefolded text is what RFID cards have: 4, 7 or 10 bytes in hex."""
    return len(folded) in _UIDS and _HEX.fullmatch(folded) is not None


def _without_suffix(text: str) -> Form | None:
    """What stands before a suffix: KEBA's load management sends `<uid>_<serial number of the charger>`."""
    folded = "".join(filter(str.isprintable, text.casefold())).strip()
    if _BYTES.fullmatch(folded):
        return None
    parts = _SEPARATOR.split(folded)
    if len(parts) == 1:
        return None
    if is_uid(parts[0]):
        return SUFFIX, SURE, parts[0]
    head = _plain("".join(parts[:-1]))
    return (SUFFIX, 0.5, head) if len(head) >= _SHORTEST else None


def _of_uid(uid: str) -> list[Form]:
    found: list[Form] = []
    if len(uid) == 14:
        # SmartEVSE: six of the seven bytes, and their checksum in place of the seventh.
        first = uid[:12]
        found.append((TRUNCATED_CRC, 0.95, f"{first}{crc8(bytes.fromhex(first)):02x}"))
        found.append((TRUNCATED, 0.7, first))
        if uid.endswith(_ZEROS):
            found.append((PADDING, 0.8, uid[:8]))
        if uid.startswith(_ZEROS):
            found.append((PADDING, 0.8, uid[6:]))
        # A reader that knows uids of 4 bytes only.
        found.append((SHORTER_UID, 0.5, uid[:8]))
    if len(uid) == 20:
        found.append((SHORTER_UID, 0.7, uid[:14]))
    found.append((BYTE_ORDER, 0.8, bytes.fromhex(uid)[::-1].hex()))
    return found


def _plain(text: str) -> str:
    """Letters and digits, casefolded: a canonical form."""
    return "".join(filter(str.isalnum, text.casefold()))


def crc8(data: bytes) -> int:
    """The checksum of 1-Wire readers (Dallas/Maxim: polynomial 0x31, reflected)."""
    crc = 0
    for byte in data:
        crc = _CRC8[crc ^ byte]
    return crc
