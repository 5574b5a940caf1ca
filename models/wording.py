"""Free text of a charger, fit to be kept: cut, and without anything that could be a card number. Not here: codes."""

import functools
import re

from models.ids import bounded

LONGEST = 200
_WORD = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z]|[:\-_.](?=[0-9A-Za-z]))*")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_SHORTEST_TOKEN = 8
"""Digits of the shortest card number (4 bytes)."""
_LONG_TOKEN = 14
HIDDEN = "[...]"
_STANDARDS = re.compile(r"(?:iso|iec|ieee|ocpp|rfc|sae)[\W_]?\d{2,6}|(?:cx|mrec)\d{1,3}|^0x", re.IGNORECASE)
"""Numbers of standards, which names of components, settings and faults hold (`ISO15118Ctrlr`)."""


def shown(text: str | None) -> str | None:
    """The text in one line, words that could be card numbers left out; None for nothing.

    A card number may stand anywhere in a free text. Words of 8 letters and digits or more with two digits, or of
    hexadecimal digits only, are left out, whatever separators they hold: rather a lost serial number than a kept card.
    """
    if not text:
        return None
    line = " ".join(text[: 4 * LONGEST].split())
    return _WORD.sub(_hide, line)[:LONGEST].strip() or None


def id_shown(text: str | None) -> str | None:
    """A vendorId, which may hold digits (`urn:din:99003`); a sentence in its place is a text as any other."""
    if not text or " " in text.strip():
        return shown(text)
    return _unless_hex(text.strip()[:LONGEST], _SHORTEST_TOKEN)


def word_shown(text: str | None) -> str | None:
    """A value of an enumeration, or a name: kept as sent unless a word of it could be a card number; None for nothing.

    Stations send values that no list has; those are kept as well, under the rule of free texts.
    """
    word = bounded(text)
    return None if word is None else _word_shown(word)


@functools.lru_cache(maxsize=1024)
def _word_shown(word: str) -> str:
    """Remembered, as there are few: a status comes with every second frame."""
    return _WORD.sub(lambda found: HIDDEN if could_be_token(_STANDARDS.sub("", found[0])) else found[0], word)


def code_shown(code: str) -> str:
    """A vendor's code, which may be hexadecimal; only as many digits as cards of 7 and 10 bytes have are left out."""
    return _unless_hex(code, _LONG_TOKEN)


def _unless_hex(word: str, digits: int) -> str:
    plain = "".join(filter(str.isalnum, word))
    return HIDDEN if len(plain) >= digits and _HEX.fullmatch(plain) else word


def could_be_token(word: str) -> bool:
    """Whether a word looks like a card number."""
    plain = "".join(filter(str.isalnum, word))
    if len(plain) < _SHORTEST_TOKEN:
        return False
    return sum(map(str.isdigit, plain)) >= 2 or _HEX.fullmatch(plain) is not None


def _hide(match: re.Match[str]) -> str:
    return HIDDEN if could_be_token(match[0]) else match[0]
