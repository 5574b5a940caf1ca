"""OCPI's response envelope and its status codes (2.2.1, `transport_and_format`, `status_codes`)."""

from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

ECHOED = ("X-Request-ID", "X-Correlation-ID")
SWAPPED = {
    "OCPI-from-country-code": "OCPI-to-country-code",
    "OCPI-from-party-id": "OCPI-to-party-id",
    "OCPI-to-country-code": "OCPI-from-country-code",
    "OCPI-to-party-id": "OCPI-from-party-id",
}
MAX_ECHOED = 128


class Status(IntEnum):
    """The OCPI status codes used here."""

    SUCCESS = 1000
    CLIENT_ERROR = 2000
    INVALID_PARAMETERS = 2001
    NOT_ENOUGH_INFORMATION = 2002
    UNKNOWN_LOCATION = 2003
    SERVER_ERROR = 3000


class OcpiError(Exception):
    """A request that is refused: with an OCPI status, and an HTTP status where it never reached that layer."""

    def __init__(self, status: Status, message: str, *, http: int = 200, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.http = http
        self.headers = headers or {}


def respond(
    request: Request,
    data: Any = None,
    *,
    status: Status = Status.SUCCESS,
    message: str = "Success",
    http: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """One enveloped response."""
    envelope: dict[str, Any] = {
        "status_code": int(status),
        "status_message": message,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    if data is not None:
        envelope = {"data": data, **envelope}
    return Response(
        msgspec.json.encode(envelope),
        status_code=http,
        media_type="application/json",
        headers={**_routing(request), **(headers or {})},
    )


def respond_error(request: Request, error: OcpiError) -> Response:
    """The response that says why."""
    return respond(request, status=error.status, message=error.message, http=error.http, headers=error.headers)


def _routing(request: Request) -> dict[str, str]:
    echoed = {name: request.headers[name][:MAX_ECHOED] for name in ECHOED if name in request.headers}
    swapped = {
        ours: request.headers[theirs][:MAX_ECHOED] for theirs, ours in SWAPPED.items() if theirs in request.headers
    }
    return {**echoed, **swapped}
