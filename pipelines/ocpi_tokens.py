"""The credentials tokens of OCPI partners: those that are set, else one made for this home. Not here: checking them."""

import os
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
    home.create()
    path = home.keys / "ocpi.token"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    token = secrets.token_urlsafe(24)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(token)
        file.flush()
        os.fsync(file.fileno())
    return token


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
