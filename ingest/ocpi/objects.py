"""Which pushes are sound: their path, their body, their key in the log. Not here: HTTP, what objects mean."""

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

import msgspec

from ingest.ocpi.envelope import OcpiError, Status
from models.record import Kind

MAX_ID: Final = 255
_COUNTRY: Final = re.compile(r"[A-Za-z]{2}")
_PARTY: Final = re.compile(r"[A-Za-z0-9]{1,3}")

METHODS: Final = {"PUT": Kind.PUT, "PATCH": Kind.PATCH, "POST": Kind.POST, "DELETE": Kind.DELETE}


@dataclass(frozen=True, slots=True)
class Module:
    """A module whose objects others push to us.

    Attributes:
        name: Its identifier.
        methods: What 2.2.1 lets a client do here; tariffs also take the PATCH that 2.1.1 partners send.
        id_fields: The id's field in the body, by depth: a location's EVSEs and connectors have paths of their own.
    """

    name: str
    methods: tuple[str, ...]
    id_fields: tuple[str, ...]


MODULES: Final = {
    module.name: module
    for module in (
        Module("locations", ("PUT", "PATCH"), ("id", "uid", "id")),
        Module("sessions", ("PUT", "PATCH"), ("id",)),
        Module("tariffs", ("PUT", "PATCH", "DELETE"), ("id",)),
        Module("tokens", ("PUT", "PATCH"), ("uid",)),
        Module("cdrs", ("POST",), ("id",)),
    )
}


@dataclass(frozen=True, slots=True)
class Target:
    """What a push is about."""

    module: Module
    country_code: str
    party_id: str
    ids: tuple[str, ...]

    @property
    def owner(self) -> str:
        """The party and the module, without the object: a token's id is a card number."""
        return f"{self.country_code}-{self.party_id}/{self.module.name}"

    @property
    def root_key(self) -> str:
        """The key that decides the partition: an object and its parts keep their order."""
        return f"{self.owner}/{self.ids[0]}"

    @property
    def key(self) -> str:
        """The record's key."""
        return "/".join((self.root_key, *self.ids[1:]))


def target_of_path(module: Module, raw_path: str) -> Target:
    """The target of `country/party/id[/evse[/connector]]`, still percent-encoded; raises `OcpiError`."""
    try:
        segments = [unquote(segment, errors="strict") for segment in raw_path.strip("/").split("/")]
    except UnicodeDecodeError:
        raise OcpiError(Status.INVALID_PARAMETERS, "the path is not UTF-8") from None
    if not 3 <= len(segments) <= 2 + len(module.id_fields):
        depth = "/".join(("country_code", "party_id", *("id", "evse_uid", "connector_id")[: len(module.id_fields)]))
        raise OcpiError(Status.INVALID_PARAMETERS, f"the path is {module.name}/{depth}", http=404)
    return _target(module, segments[0], segments[1], tuple(segments[2:]))


def target_of_body(module: Module, body: dict[str, Any]) -> Target:
    """The target of an object that says itself whose it is (a CDR); raises `OcpiError`."""
    values = [body.get(name) for name in ("country_code", "party_id", module.id_fields[0])]
    if not all(isinstance(value, str) for value in values):
        raise OcpiError(Status.INVALID_PARAMETERS, "country_code, party_id and id are required")
    country_code, party_id, object_id = (str(value) for value in values)
    return _target(module, country_code, party_id, (object_id,))


def path_of(target: Target) -> str:
    """The path of a target below its module, percent-encoded."""
    return "/".join(quote(part, safe="") for part in (target.country_code, target.party_id, *target.ids))


def read_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object; raises `OcpiError` (HTTP 400 where it is no JSON, 2001 where it is no object)."""
    try:
        content = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        raise OcpiError(Status.INVALID_PARAMETERS, "the body cannot be read as JSON", http=400) from None
    if not isinstance(content, dict):
        raise OcpiError(Status.INVALID_PARAMETERS, "the body must be one JSON object")
    return content


def check(target: Target, method: str, body: dict[str, Any]) -> None:
    """Refuse a body that says of itself that it belongs elsewhere, or a PATCH without its time (`OcpiError`)."""
    said = body.get(target.module.id_fields[len(target.ids) - 1])
    expected = {"id": target.ids[-1]} if said is not None else {}
    claims = {"id": said}
    if len(target.ids) == 1:
        for name, own in (("country_code", target.country_code), ("party_id", target.party_id)):
            if body.get(name) is not None:
                expected[name], claims[name] = own, body[name]
    for name, own in expected.items():
        claim = claims[name]
        if not isinstance(claim, str) or claim.casefold() != own.casefold():
            raise OcpiError(Status.INVALID_PARAMETERS, f"{name} in the body is not the one in the path")
    if method == "PATCH" and not (isinstance(body.get("last_updated"), str) and body["last_updated"]):
        raise OcpiError(Status.INVALID_PARAMETERS, "a PATCH must hold last_updated")


def _target(module: Module, country_code: str, party_id: str, ids: tuple[str, ...]) -> Target:
    if not _COUNTRY.fullmatch(country_code) or not _PARTY.fullmatch(party_id):
        raise OcpiError(Status.INVALID_PARAMETERS, "country_code has two letters, party_id up to three")
    for value in ids:
        # parts are told apart by a slash in the key, so only objects without parts may have one in their id
        if not 0 < len(value) <= MAX_ID or not value.isprintable() or ("/" in value and len(module.id_fields) > 1):
            raise OcpiError(Status.INVALID_PARAMETERS, f"ids have 1 to {MAX_ID} printable characters")
    return Target(module, country_code.upper(), party_id.upper(), ids)
