"""Partners that registered through OCPI's credentials module. Not here: which tokens are let in (`config`).

Thin on purpose: the token that the operator configured stays the one that the partner uses, before and
after registering, and the partner's own endpoints are stored but never called.
"""

import hashlib
import json
import os
import threading
from pathlib import Path
from typing import Any

from ingest.ocpi.config import OcpiConfigError
from ingest.ocpi.envelope import OcpiError, Status

MAX_TOKEN = 64
NOT_ALLOWED = {"Allow": "GET"}


class Registrations:
    """The partners' credentials in one file of mode 0600, keyed by a hash of the token they call us with."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changing = threading.Lock()  # requests change it from threads of their own
        try:
            self._partners: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._partners = {}
        except ValueError:
            raise OcpiConfigError(
                f"{path} is damaged; move it away and start again, then partners register anew"
            ) from None

    def knows(self, token: str) -> bool:
        """Whether the partner with this token has registered."""
        return _key(token) in self._partners

    def register(self, token: str, credentials: dict[str, Any], *, again: bool) -> None:
        """Store a partner's credentials; POST is for the first time, PUT for any later one."""
        with self._changing:
            if self.knows(token) is not again:
                words = "not registered yet; use POST" if again else "registered already; use PUT"
                raise OcpiError(Status.CLIENT_ERROR, f"this partner is {words}", http=405, headers=NOT_ALLOWED)
            self._partners[_key(token)] = checked(credentials)
            self._write()

    def remove(self, token: str) -> None:
        """Forget a partner."""
        with self._changing:
            if not self.knows(token):
                raise OcpiError(Status.CLIENT_ERROR, "this partner is not registered", http=405, headers=NOT_ALLOWED)
            del self._partners[_key(token)]
            self._write()

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self._partners, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)


def checked(credentials: dict[str, Any]) -> dict[str, Any]:
    """A credentials object as 2.2.1 defines it; raises `OcpiError` (2001)."""
    token, url, roles = (credentials.get(name) for name in ("token", "url", "roles"))
    if not isinstance(token, str) or not 0 < len(token) <= MAX_TOKEN or not isinstance(url, str) or not url:
        raise OcpiError(Status.INVALID_PARAMETERS, "credentials need a token of at most 64 characters and a url")
    if not isinstance(roles, list) or not roles or not all(_is_role(role) for role in roles):
        raise OcpiError(Status.INVALID_PARAMETERS, "each of roles needs role, party_id and country_code")
    return {"token": token, "url": url, "roles": roles}


def _is_role(role: Any) -> bool:
    return isinstance(role, dict) and all(
        isinstance(role.get(name), str) for name in ("role", "party_id", "country_code")
    )


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
