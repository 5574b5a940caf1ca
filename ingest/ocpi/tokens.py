"""Credentials tokens: who may push. Not here: card numbers, which OCPI calls tokens too."""

import base64
import binascii
import contextlib
import hmac
from collections.abc import Iterable

from ingest.ocpi.envelope import OcpiError, Status


def authorised(header: str | None, tokens: Iterable[str]) -> str:
    """The partner's token out of an `Authorization` header; raises `OcpiError` (401) for anybody else.

    OCPI 2.2.1 sends the token Base64-encoded; many partners still send it as it is, so both are taken. Every
    known token is compared, each in constant time.
    """
    scheme, _, value = (header or "").strip().partition(" ")
    found = None
    if scheme.lower() == "token":
        for form in _forms(value.strip()):
            for token in tokens:
                if hmac.compare_digest(form, token.encode()):
                    found = token
    if found is None:
        raise OcpiError(
            Status.CLIENT_ERROR,
            "send the credentials token as `Authorization: Token <base64>`",
            http=401,
            headers={"WWW-Authenticate": "Token"},
        )
    return found


def _forms(value: str) -> list[bytes]:
    forms = [value.encode("utf-8", "replace")]
    with contextlib.suppress(binascii.Error, ValueError):
        forms.append(base64.b64decode(value, validate=True))
    return forms
