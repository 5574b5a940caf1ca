"""The OCPI 2.2.1 receiver as an ASGI application. Not here: the server under it (`server`), what objects mean.

Partners push their locations, sessions, CDRs and tariffs to us as an eMSP, and their tokens as a CPO. Every
push is answered only after Kafka has acknowledged it; a body is kept byte for byte. Reading objects back is
left to those who query the warehouse, so the receivers' optional GET is not offered.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ingest.acks import AckedLog, LogUnavailableError
from ingest.ocpi import objects
from ingest.ocpi.config import OcpiConfig
from ingest.ocpi.credentials import Registrations
from ingest.ocpi.envelope import OcpiError, Status, respond, respond_error
from ingest.ocpi.objects import MODULES, Module, Target
from ingest.ocpi.recording import ObjectLog
from ingest.ocpi.tokens import authorised
from ingest.producer import Producer
from models.reasons import Reason

VERSION: Final = "2.2.1"
PREFIXES: Final = {
    "locations": "emsp",
    "sessions": "emsp",
    "cdrs": "emsp",
    "tariffs": "emsp",
    "tokens": "cpo",
}
RETRY_AFTER: Final = {"Retry-After": "10"}
Handler = Callable[[Request, str], Awaitable[Response]]


def create_app(config: OcpiConfig, producer: Producer) -> Starlette:
    """The application; it talks to Kafka from its start to its end."""
    receiver = Receiver(config)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        log = AckedLog(producer, timeout_s=config.ack_timeout_s)
        receiver.objects = ObjectLog(log, config.partitions)
        yield
        await log.close()

    async def on_http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return respond(
            request,
            status=Status.CLIENT_ERROR,
            message=error.detail,
            http=error.status_code,
            headers=dict(error.headers or {}),
        )

    return Starlette(routes=receiver.routes(), lifespan=lifespan, exception_handlers={HTTPException: on_http_error})


class Receiver:
    """The endpoints and what they share."""

    objects: ObjectLog

    def __init__(self, config: OcpiConfig) -> None:
        self._config = config
        self._registrations = Registrations(config.registrations)

    def routes(self) -> list[Route]:
        """Every path; the versions also stand where people type them first."""
        found = [
            Route(path, self._guarded(self.versions), methods=["GET"])
            for path in ("/ocpi/versions", "/ocpi", "/ocpi/", "/versions", "/")
        ]
        found.append(Route(f"/ocpi/{VERSION}", self._guarded(self.version), methods=["GET"]))
        found.append(
            Route(
                f"/ocpi/{VERSION}/credentials",
                self._guarded(self.credentials),
                methods=["GET", "POST", "PUT", "DELETE"],
            )
        )
        for module in MODULES.values():
            path = f"/ocpi/{PREFIXES[module.name]}/{VERSION}/{module.name}"
            if "POST" in module.methods:
                found.append(Route(path, self._guarded(self._poster(module, path)), methods=["POST"]))
            methods = [method for method in module.methods if method != "POST"]
            if methods:
                found.append(Route(f"{path}/{{rest:path}}", self._guarded(self._pusher(module, path)), methods=methods))
        return found

    async def versions(self, request: Request, token: str) -> Response:
        """Which versions are spoken."""
        return respond(request, [{"version": VERSION, "url": f"{self._base(request)}/ocpi/{VERSION}"}])

    async def version(self, request: Request, token: str) -> Response:
        """Which endpoints the version has."""
        base = self._base(request)
        # "it is advised to send SENDER for one's own credentials endpoint" (2.2.1, version_information_endpoint)
        endpoints = [{"identifier": "credentials", "role": "SENDER", "url": f"{base}/ocpi/{VERSION}/credentials"}]
        endpoints += [
            {"identifier": name, "role": "RECEIVER", "url": f"{base}/ocpi/{prefix}/{VERSION}/{name}"}
            for name, prefix in PREFIXES.items()
        ]
        return respond(request, {"version": VERSION, "endpoints": endpoints})

    async def credentials(self, request: Request, token: str) -> Response:
        """Register, change, look up, leave."""
        if request.method in ("POST", "PUT"):
            body = objects.read_object(await self._body(request))
            await asyncio.to_thread(self._registrations.register, token, body, again=request.method == "PUT")
        elif request.method == "DELETE":
            await asyncio.to_thread(self._registrations.remove, token)
            return respond(request)
        return respond(request, self._own_credentials(request, token))

    def _pusher(self, module: Module, prefix: str) -> Handler:
        async def push(request: Request, token: str) -> Response:
            raw_path = request.scope["raw_path"].decode("ascii", "replace").removeprefix(prefix)
            target = objects.target_of_path(module, raw_path)
            if request.method == "DELETE":
                await self.objects.push(target, objects.METHODS["DELETE"], b"")
                return respond(request)
            await self._take(request, module, target)
            return respond(request)

        return push

    def _poster(self, module: Module, prefix: str) -> Handler:
        async def post(request: Request, token: str) -> Response:
            target = await self._take(request, module, None)
            location = f"{self._base(request)}{prefix}/{objects.path_of(target)}"
            return respond(request, http=201, headers={"Location": location})

        return post

    async def _take(self, request: Request, module: Module, target: Target | None) -> Target:
        """Read, check and record one push; what is refused for its content is kept as a dead letter."""
        kind = objects.METHODS[request.method]
        where = target.owner if target is not None else f"-/{module.name}"
        body = b""
        try:
            body = await self._body(request)
            content = objects.read_object(body)
            target = target or objects.target_of_body(module, content)
            objects.check(target, request.method, content)
        except OcpiError as error:
            await self.objects.refused(where, kind, _reason(error), error.message, body)
            raise
        await self.objects.push(target, kind, body)
        return target

    async def _body(self, request: Request) -> bytes:
        limit = self._config.max_body_bytes
        too_large = OcpiError(Status.INVALID_PARAMETERS, f"a body has at most {limit} bytes", http=413)
        length = request.headers.get("content-length", "0")
        if length.isdigit() and int(length[:20]) > limit:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(self._config.body_s):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > limit:
                        raise too_large
        except TimeoutError:
            raise OcpiError(Status.CLIENT_ERROR, "the body took too long", http=408) from None
        return bytes(body)

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                token = authorised(request.headers.get("Authorization"), self._config.tokens)
                return await handler(request, token)
            except OcpiError as error:
                return respond_error(request, error)
            except LogUnavailableError:
                message = "the log is not available; nothing was taken"
                return respond(request, status=Status.SERVER_ERROR, message=message, http=503, headers=RETRY_AFTER)
            except ClientDisconnect:
                return Response(status_code=400)

        return guarded

    def _base(self, request: Request) -> str:
        return (self._config.public_url or str(request.base_url)).rstrip("/")

    def _own_credentials(self, request: Request, token: str) -> dict[str, Any]:
        party = {
            "country_code": self._config.country_code,
            "party_id": self._config.party_id,
            "business_details": {"name": self._config.name},
        }
        roles = [{"role": role, **party} for role in ("EMSP", "CPO")]
        return {"token": token, "url": f"{self._base(request)}/ocpi/versions", "roles": roles}


def _reason(error: OcpiError) -> Reason:
    return {400: Reason.NOT_JSON, 413: Reason.TOO_LARGE}.get(error.http, Reason.INVALID_PAYLOAD)
