"""Card numbers and other id tokens: canonical form and pseudonym. Not here: the key, token kinds, aliases."""

import hmac
from hashlib import sha256

PREFIX = "tok_"
"""No canonical token starts so: its separators are left out."""
_DIGITS = 16


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
