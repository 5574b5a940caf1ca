"""Who may connect: the opening handshake's rules. Not here: what happens on an open connection."""

import random
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidHeaderFormat
from websockets.headers import parse_subprotocol
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from ingest.gateway.config import GatewayConfig
from ingest.gateway.csms import VERSIONS
from ingest.gateway.recording import Opened

PREFIX = "/ocpp/"
MAX_STATION_ID = 255
RETRY_AFTER_S = (5, 15)
"""Chargers turned away together must not come back together."""
MAX_NOTED = 512


class RefusedError(Exception):
    """A handshake that is refused with an HTTP status and a sentence."""

    def __init__(self, status: HTTPStatus, sentence: str, *, retry: bool = False) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.retry = retry

    def response(self, connection: ServerConnection) -> Response:
        """The response that says so."""
        response = connection.respond(self.status, f"{self.sentence}\n")
        if self.retry:
            response.headers["Retry-After"] = str(random.randint(*RETRY_AFTER_S))
        return response


@dataclass(frozen=True, slots=True)
class Admission:
    """What the handshake established."""

    station_id: str
    query: str
    offered: tuple[Subprotocol, ...]
    subprotocol: Subprotocol | None
    """The one picked; None where none was offered (a setting allows it) or where another CSMS picks."""


def station_of(path: str) -> tuple[str, str]:
    """The station id and the query of a request's path; raises `RefusedError` where it holds no id."""
    where, _, query = path.partition("?")
    if not where.startswith(PREFIX):
        raise RefusedError(HTTPStatus.NOT_FOUND, "connect to /ocpp/<station id>")
    try:
        station_id = unquote(where.removeprefix(PREFIX), errors="strict").removesuffix("/")
    except UnicodeDecodeError:
        station_id = ""
    if not station_id or len(station_id) > MAX_STATION_ID or not station_id.isprintable():
        raise RefusedError(HTTPStatus.NOT_FOUND, f"a station id has 1 to {MAX_STATION_ID} printable characters")
    return station_id, query


def offered_by(request: Request) -> tuple[Subprotocol, ...]:
    """The subprotocols that a request offers, in its order of preference."""
    try:
        return tuple(
            name for value in request.headers.get_all("Sec-WebSocket-Protocol") for name in parse_subprotocol(value)
        )
    except InvalidHeaderFormat:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Protocol cannot be read") from None


def admit(config: GatewayConfig, request: Request) -> Admission:
    """Apply the station list; raises `RefusedError`."""
    station_id, query = station_of(request.path)
    if config.stations is not None and station_id not in config.stations:
        raise RefusedError(HTTPStatus.NOT_FOUND, "this station is not on the list")
    return Admission(station_id, query, offered_by(request), None)


def pick_version(config: GatewayConfig, admission: Admission) -> Admission:
    """Choose the first offered subprotocol that is spoken here; raises `RefusedError` where there is none."""
    chosen = next((name for name in admission.offered if name in VERSIONS), None)
    if chosen is None and (admission.offered or not config.allow_no_subprotocol):
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"offer one of the subprotocols {', '.join(VERSIONS)}")
    return Admission(admission.station_id, admission.query, admission.offered, chosen)


def note_of(connection: ServerConnection, admission: Admission) -> Opened:
    """The note of the connection's open record."""
    address = connection.remote_address
    remote = f"{address[0]}:{address[1]}" if isinstance(address, tuple) else "-"
    values = connection.request.headers.get_all("User-Agent") if connection.request is not None else []
    return Opened(
        remote, [name[:MAX_NOTED] for name in admission.offered[:16]], values[0][:MAX_NOTED] if values else None
    )
