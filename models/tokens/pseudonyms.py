"""Card numbers and other id tokens: canonical form, kind and pseudonym. Not here: the key, other forms (`aliases`).

What a token is can only be told before it becomes a pseudonym, so all of it is decided while a frame is decoded.
"""

import functools
import hmac
import re
from hashlib import sha256

import msgspec

from models.tokens import aliases

PREFIX = "tok_"
"""No canonical token starts so: its separators are left out."""
_DIGITS = 16
_LONGEST_KEPT = 64

CARD, AUTOCHARGE, CONTRACT, APP, REMOTE, TERMINAL, KEYCODE, LOCAL, NONE = (
    "card", "autocharge", "contract", "app", "remote", "terminal", "keycode", "local", "none"
)  # fmt: skip
KINDS = (CARD, AUTOCHARGE, CONTRACT, APP, REMOTE, TERMINAL, KEYCODE, LOCAL, NONE)
"""Kinds of tokens: RFID card, car by its MAC, ISO 15118 or roaming contract, app user, the system's own for a remote
start, payment terminal, PIN at the station, made up by the station, no authorization asked for."""
_KIND_OF_TYPE = {
    "central": REMOTE,
    "directpayment": TERMINAL,
    "emaid": CONTRACT,
    "evccid": AUTOCHARGE,
    "iso14443": CARD,
    "iso15693": CARD,
    "keycode": KEYCODE,
    "local": LOCAL,
    "macaddress": AUTOCHARGE,
    "noauthorization": NONE,
    "vin": AUTOCHARGE,
}
"""2.x IdTokenEnumType, 2.1's values included."""
_PATTERNS = (
    (AUTOCHARGE, re.compile(r"(?:vid[:_-]?)?(?:[0-9a-f]{2}[-:_. ]?){5}[0-9a-f]{2}")),
    (CONTRACT, re.compile(r"[a-z]{2}([-*])[a-z0-9]{3}\1c?[a-z0-9]{6,9}(?:\1[a-z0-9])?")),
    (CONTRACT, re.compile(r"[a-z]{2}[a-z0-9]{3}c[a-z0-9]{8,9}")),
    (APP, re.compile(r"app(?:[_:.-].*|user.*)|[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")),
    (REMOTE, re.compile(r"(?:remote|central)(?:start)?(?:[_:.-].*)?")),
    (TERMINAL, re.compile(r"(?:terminal|adhoc|ad-hoc|directpay(?:ment)?|creditcard|pos)(?:[_:.-].*)?")),
    (NONE, re.compile(r"noauth(?:orization)?|free(?:vend|charge|charging)?|anonymous|no_?auth|plug_?and_?charge")),
)  # fmt: skip
"""How tokens of a kind are written where nothing says the kind (1.6), casefolded. Six bytes are a car's MAC and 32 hex
digits an app's UUID however they are separated: spellings of one token are of one kind."""


class Token(msgspec.Struct, frozen=True, gc=False):
    """A token as it was shown: its pseudonym, kind, and the pseudonyms of forms it may have elsewhere."""

    token_id: str | None
    kind: str
    forms: tuple[aliases.Form, ...] = ()


def shown(text: str | None, key: bytes | None, kind_of_type: str | None = None) -> Token | None:
    """The token of a message, its clear text left behind; None where the message has none.

    `kind_of_type` is 2.x's type. An empty token is none, shown all the same.
    """
    if text is None and kind_of_type is None:
        return None
    # Most messages show a card that was shown before; a longer text is no card, and would fill the memory.
    is_short = len(text or "") <= _LONGEST_KEPT and len(kind_of_type or "") <= _LONGEST_KEPT
    return _shown(text, key, kind_of_type) if is_short else _shown.__wrapped__(text, key, kind_of_type)


@functools.lru_cache(maxsize=4096)
def _shown(text: str | None, key: bytes | None, kind_of_type: str | None) -> Token:
    kind = _kind(text or "", kind_of_type)
    token_id = pseudonym(text, key)
    if text is None or token_id is None:
        return Token(None, NONE if kind == CARD else kind)
    forms = aliases.forms(text, canonical(text) or "", is_whole=kind in (AUTOCHARGE, APP))
    return Token(token_id, kind, tuple((rule, score, pseudonym(form, key) or "") for rule, score, form in forms))


def _kind(text: str, kind_of_type: str | None) -> str:
    kind = _KIND_OF_TYPE.get(kind_of_type.casefold()) if kind_of_type else None
    if kind is not None:
        return kind
    folded = text.strip().casefold()
    if aliases.is_uid(folded):
        return CARD
    return next((kind for kind, pattern in _PATTERNS if pattern.fullmatch(folded)), CARD)


def canonical(token: str | None) -> str | None:
    """The form under which two spellings of one token are equal; None for an empty token.

    Tokens are case-insensitive (OCPP 1.6 errata 3.73); separators (`-`, `:`, `*`, blanks, ...) and control
    characters, which some chargers append, are left out. A token of nothing else keeps its visible characters.
    """
    if not token:
        return None
    folded = token.casefold()
    return "".join(filter(str.isalnum, folded)) or "".join(filter(str.isprintable, folded)).strip() or None


def pseudonym(token: str | None, key: bytes | None) -> str | None:
    """`tok_` and 16 hex digits of HMAC-SHA256 over the canonical token; without a key the canonical token in clear."""
    plain = canonical(token)
    if plain is None or key is None:
        return plain
    return PREFIX + hmac.digest(key, plain.encode("utf-8"), sha256).hex()[:_DIGITS]
