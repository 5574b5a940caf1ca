"""The credentials tokens of OCPI partners: those that are set, else one made for this home. Not here: checking them."""

import secrets

from ingest.gateway.config import is_loopback
from pipelines.home import Home
from pipelines.settings import Settings, SettingsInvalidError, listed


def configured(settings: Settings) -> frozenset[str] | None:
    """The tokens that are set; null if none are."""
    secret = settings.ocpi.tokens
    return listed(secret.get_secret_value()) if secret is not None else None


def generated(home: Home) -> str:
    """The token of this home, made once (mode 0600)."""
    return home.secret("ocpi.token", lambda: secrets.token_urlsafe(24).encode("ascii")).decode("ascii").strip()


def resolve(settings: Settings, home: Home, host: str) -> frozenset[str]:
    """What partners must present; raises `SettingsInvalidError` where nothing is set beyond loopback."""
    if (found := configured(settings)) is not None:
        return found
    if not is_loopback(host):
        raise SettingsInvalidError(
            f"the OCPI receiver would have no partners' tokens at {host}: set LADDSTROM_OCPI__TOKENS, "
            "or listen on 127.0.0.1"
        )
    return frozenset({generated(home)})
