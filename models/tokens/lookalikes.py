"""Ids and names that could be somebody's card, told by their shape alone. Not here: free texts (`wording`), tokens.

A charger may name a transaction by the card that began it, or write one anywhere else. What was shown before must
not matter: the same text is the same id live, in a replay and in a query. An ordinary id that happens to look like a
card becomes a pseudonym as well, which does no harm, as it is the same one everywhere.
"""

import functools
import hmac
import re
from hashlib import sha256

from models.ids import bounded
from models.tokens.pseudonyms import PREFIX, canonical, pseudonym

_SHORTEST = 8
"""Digits of the shortest card number (4 bytes)."""
_LONGEST_KEPT = 128
_PSEUDONYM = re.compile(PREFIX + r"[0-9a-f]{16}")
_NEVER = re.compile(r"(?<![0-9a-z])(?:0x|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-z]))")
"""UUIDs, and what only says that hexadecimal digits follow."""
_WORD = re.compile(r"[0-9a-z]+")
_PARTED = re.compile(r"(?<![0-9a-z])[0-9a-f]{2}(?:[^0-9a-z]{1,2}[0-9a-f]{2}){3,}(?![0-9a-z])")
"""Bytes one by one: `04:A1:B2:C3`, also between other words."""
_PHONE = r"\+\d(?:[ ()/.-]{0,2}\d){7,14}(?!\d)"
_PAYMENT = r"(?<!\d)(?:3[0-9]|4\d|5[0-9]|6\d|2[2-7])\d{2}(?:[ -]?\d){9,15}(?!\d)"
"""The ranges that banks' cards begin with."""
_CONTRACT = (
    r"(?<![0-9a-z])(?=(?:[a-z*-]{0,20}\d){3})(?:[a-z]{2}(?P<gap>[-*])[a-z0-9]{3}(?P=gap)c?[a-z0-9]{6,9}(?:(?P=gap)[a-z0-9])?"
    r"|[a-z]{2}[a-z0-9]{3}(?:c[a-z0-9]{8,9}|\d{6}[\dx]))(?![0-9a-z])"
)
"""As roaming contracts are written, with their separators and without (DIN SPEC 91286, ISO 15118)."""
NUMBERED = re.compile(f"{_PHONE}|{_CONTRACT}|{_PAYMENT}", re.IGNORECASE)
"""What may be the number of a phone, a contract or a payment card: see `is_personal`."""
_TIME = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:(?:[01]\d|2[0-3])(?:[0-5]\d){2}\d*)?")
"""A day, or a moment, in digits."""
_HEX = re.compile(r"[0-9a-f]+")
_NUMBER = re.compile(r"-?[0-9]+")
_LETTER = re.compile(r"[a-z]")
_VEHICLE = re.compile(r"(?=(?:\d*[a-z]){3})[a-hj-npr-z0-9]{13}\d{4}")


def hidden(text: str, key: bytes | None) -> str:
    """An id, or its pseudonym where it could be a card; in clear without a key. Shortened as all ids are.

    UUIDs, days and moments in digits, and numbers of other lengths than cards have stay as they are.
    """
    if key is None or len(text) < _SHORTEST:
        return bounded(text) or ""
    return _hidden(text, key, False) if len(text) <= _LONGEST_KEPT else _hidden.__wrapped__(text, key, False)


def hidden_number(text: str, key: bytes | None) -> str:
    """As `hidden`, for 1.6's transactionId: a number, whatever it looks like, is the system's."""
    return bounded(text) or "" if _NUMBER.fullmatch(text) else hidden(text, key)


def hidden_name(text: str | None, key: bytes | None) -> str | None:
    """As `hidden`, for names, versions and serial numbers, where the digits of a uid are no reason; a blank is None."""
    text = text and text.strip()
    if not text or key is None or len(text) < _SHORTEST:
        return bounded(text)
    return _hidden(text, key, True) if len(text) <= _LONGEST_KEPT else _hidden.__wrapped__(text, key, True)


@functools.lru_cache(maxsize=8192)
def _hidden(text: str, key: bytes, is_name: bool) -> str:
    """Remembered: a transaction's id comes with each of its events."""
    if not could_be_card(text, is_name=is_name):
        return bounded(text) or text
    folded = canonical(text) or ""
    if _is_card(folded, is_name=is_name):
        return pseudonym(text, key) or text
    # A card and something else: separators tell two such ids apart, so the text counts as it is.
    return PREFIX + hmac.digest(key, b"\x00" + text.encode("utf-8", "surrogatepass"), sha256).hex()[:16]


def could_be_card(text: str, *, is_name: bool = False) -> bool:
    """Whether a text is, or holds, what cards, cars, contracts, phones and payment cards have for numbers."""
    folded = _NEVER.sub(" ", text.casefold())
    if len(folded) < _SHORTEST or _PSEUDONYM.fullmatch(folded):
        return False
    words = _WORD.findall(folded)
    if not is_name:
        words.append("".join(words))
    if any(_is_card(word, is_name=is_name) for word in words):
        return True
    # Bytes one by one are a date, an address or a version where no letter is among them.
    is_parted = any(_LETTER.search(found[0]) for found in _PARTED.finditer(folded))
    return is_parted or any(is_personal(found[0]) for found in NUMBERED.finditer(folded))


def is_personal(numbered: str) -> bool:
    """Whether what `NUMBERED` found is what it looks like: of a payment card, the last digit checks the others."""
    digits = [int(digit) for digit in numbered if digit.isdecimal()]
    if numbered.startswith("+") or not numbered[0].isdecimal():
        return True
    # Luhn (ISO/IEC 7812-1).
    doubled = [digit * 2 if place % 2 else digit for place, digit in enumerate(reversed(digits))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def _is_card(word: str, *, is_name: bool) -> bool:
    size = len(word)
    if size < _SHORTEST:
        return False
    if word.isdecimal():
        # The decimal ones among uids are few, and numbers many: as a name, a number is one.
        return not is_name and size in (8, 14, 20) and _TIME.fullmatch(word) is None
    if _HEX.fullmatch(word):
        # 4, 7 or 10 bytes (ISO 14443-3), a car's MAC, 8 bytes from E0 on (ISO 15693, also turned round).
        return size in (8, 12, 14, 20) or (size == 16 and (word.startswith("e0") or word.endswith("e0")))
    if size == 15:
        return word.startswith("vid") and _HEX.fullmatch(word, 3) is not None
    return size == 17 and not is_name and _VEHICLE.fullmatch(word) is not None
