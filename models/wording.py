"""Free text of a charger, fit to be kept: cut, and without anything that could be a card number. Not here: codes."""

import functools
import re
from collections.abc import Callable

from models.ids import bounded
from models.tokens import lookalikes

LONGEST = 200
_WORD = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z]|[:\-_.](?=[0-9A-Za-z]))*")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_SHORTEST_TOKEN = 8
"""Digits of the shortest card number (4 bytes)."""
_LONG_TOKEN = 14
HIDDEN = "[...]"
_STANDARDS = re.compile(r"(?:iso|iec|ieee|ocpp|rfc|sae)[\W_]?\d{2,6}|(?:cx|mrec)\d{1,3}|^0x", re.IGNORECASE)
"""Numbers of standards, which names of components, settings and faults hold (`ISO15118Ctrlr`)."""
_NUMBERS = re.compile(
    r"""(?<![0-9A-Za-z])(?<![0-9A-Za-z][:\-_.])(?:
      # Days and times of day.
      (?:19|20)\d\d([-/.])(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])
        (?:[T ](?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,6})?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?
    | (?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d
    | (?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d{1,3})?
      # Addresses on a network.
    | (?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|(?![0-9.]))){4}(?<!\.)(?:[:/]\d{1,5})?
      # Versions.
    | [Vv]?(?:0|[1-9]\d?)(?:\.(?:0|[1-9]\d{0,3})){2,3}(?:-?(?:alpha|beta|dev|rc)\.?\d{0,2})?
    )(?![0-9A-Za-z]|[:\-_.][0-9A-Za-z])""",
    re.VERBOSE,
)
"""Numbers that no card has: all else of so many digits is left out."""
_GROUPS = re.compile(
    r"(?<![0-9A-Za-z])(?:0[Xx][0-9A-Fa-f]{2}(?:[^0-9A-Za-z]{1,3}0[Xx][0-9A-Fa-f]{2}){3,}"
    r"|(?:[0-9A-Fa-f]{2})+(?:[^0-9A-Za-z]{1,3}(?:[0-9A-Fa-f]{2})+)+)(?![0-9A-Za-z])"
)
"""Bytes in hexadecimal, one by one or several together, with anything between."""
_UIDS = (8, 14, 16, 20)
"""Digits of cards' numbers, and of a payment card."""
_DIGIT = re.compile(r"[0-9]")
_GAP = re.compile(r"[^0-9A-Za-z]+")
_MAYBE_CODE = re.compile(
    r"(?<![0-9A-Za-z])(?:0[Xx][0-9A-Fa-f]{1,8}"
    r"|(?=(?:[1-9A-Fa-f]*0){3}|(?:[0-9A-Ea-e]*[Ff]){3})[0-9A-Fa-f]{8})(?![0-9A-Za-z])"
)
"""Hexadecimal codes: said to be, or with as many zeros (or Fs) as hardly any card of 4 bytes has."""


def shown(text: str | None) -> str | None:
    """The text in one line, words that could be card numbers left out; None for nothing.

    A card number may stand anywhere in a free text. Words of 8 letters and digits or more with two digits, or of
    hexadecimal digits only, are left out, whatever separators they hold, and so are bytes that stand one by one:
    rather a lost serial number than a kept card. Times, addresses and versions stay.
    """
    if not text:
        return None
    # Chargers say the same few things; a long text would only fill the memory.
    return _shown(text) if len(text) <= LONGEST else _shown.__wrapped__(text[: 4 * LONGEST])


@functools.lru_cache(maxsize=1024)
def _shown(text: str) -> str | None:
    return _without_cards(" ".join(text.split()), could_be_token)[:LONGEST].strip() or None


def id_shown(text: str | None) -> str | None:
    """A vendorId, which may hold digits (`urn:din:99003`); a sentence in its place is a text as any other."""
    if not text or " " in text.strip():
        return shown(text)
    return _id_shown(text.strip()[:LONGEST])


@functools.lru_cache(maxsize=1024)
def _id_shown(text: str) -> str:
    word = _unless_hex(text, _SHORTEST_TOKEN)
    return HIDDEN if lookalikes.could_be_card(word) else word


def word_shown(text: str | None) -> str | None:
    """A value of an enumeration, or a name: kept as sent unless a word of it could be a card number; None for nothing.

    Stations send values that no list has; those are kept as well, under the rule of free texts.
    """
    word = bounded(text)
    return None if word is None else _word_shown(word)


@functools.lru_cache(maxsize=1024)
def _word_shown(word: str) -> str:
    """Remembered, as there are few: a status comes with every second frame."""
    return _without_cards(word, lambda part: could_be_token(_STANDARDS.sub("", part)))


def code_shown(code: str) -> str:
    """A vendor's code, which may be hexadecimal; left out where it has a card's digits and is no code by its looks."""
    return _code_shown(code) if len(code) <= LONGEST else _code_shown.__wrapped__(code)


@functools.lru_cache(maxsize=1024)
def _code_shown(code: str) -> str:
    kept = _unless_hex(code, _LONG_TOKEN)
    return HIDDEN if lookalikes.could_be_card(_MAYBE_CODE.sub(" ", kept), is_name=True) else kept


def _unless_hex(word: str, digits: int) -> str:
    plain = "".join(filter(str.isalnum, word))
    return HIDDEN if len(plain) >= digits and _HEX.fullmatch(plain) else word


def could_be_token(word: str) -> bool:
    """Whether a word looks like a card number."""
    plain = "".join(filter(str.isalnum, word))
    if len(plain) < _SHORTEST_TOKEN:
        return False
    return sum(map(str.isdigit, plain)) >= 2 or _HEX.fullmatch(plain) is not None


def _without_cards(line: str, is_token: Callable[[str], bool]) -> str:
    if _DIGIT.search(line) is None:
        # Only bytes that are letters throughout: no time, no address.
        return _hidden(line, is_token)
    kept: list[str] = []
    start = 0
    for number in _NUMBERS.finditer(line):
        kept += (_hidden(line[start : number.start()], is_token), number[0])
        start = number.end()
    return "".join((*kept, _hidden(line[start:], is_token)))


def _hidden(text: str, is_token: Callable[[str], bool]) -> str:
    """Of a text without ordinary numbers."""
    if len(text) < _SHORTEST_TOKEN:
        return text
    text = _GROUPS.sub(lambda found: HIDDEN if _could_be_bytes(found[0]) else found[0], text)
    if _DIGIT.search(text) is not None:
        text = lookalikes.NUMBERED.sub(_unless_personal, text)
    return _WORD.sub(lambda found: HIDDEN if is_token(found[0]) else found[0], text)


def _unless_personal(found: re.Match[str]) -> str:
    return HIDDEN if lookalikes.is_personal(found[0]) else found[0]


def _could_be_bytes(groups: str) -> bool:
    plain = "".join(filter(str.isalnum, groups))
    if plain.isdecimal():
        # 16 25 15 75 may be anything; with one kind of separator it may be a card.
        return len(plain) in _UIDS and len({*_GAP.findall(groups)}) == 1
    has_digit = any(map(str.isdigit, plain))
    return len(plain) >= _SHORTEST_TOKEN and (has_digit or max(map(len, _HEX.findall(groups))) == 2)
