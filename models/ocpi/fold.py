"""The pure fold of OCPI documents, in order of receipt, to objects as they last stood. Not here: their rows.

PUT replaces, PATCH merges the fields it names, both on an object or on a part of it (EVSE, connector); PATCH
of a session's charging periods appends; a CDR never changes; DELETE ends a tariff. Every field remembers the
`last_updated` it came with, so an older document that arrives late changes nothing that is newer.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from models.ocpi import v221
from models.ocpi.quantities import instant

Stamp = tuple[datetime, int]
"""A document's last_updated and its place in the order of receipt, which decides between equal ones."""
_NEVER: Stamp = (datetime(1, 1, 1, tzinfo=UTC), -1)


class RejectReason(StrEnum):
    """Why a document is in raw only."""

    UNKNOWN_MODULE = "unknown_module"
    METHOD_NOT_DEFINED = "method_not_defined"
    """OCPI defines no such method for the module."""
    BAD_PATH = "bad_path"
    NOT_JSON = "not_json"
    INVALID_DOCUMENT = "invalid_document"
    ID_MISMATCH = "id_mismatch"
    """The document's id is not the one it was sent to."""
    WITHOUT_TIME = "without_time"
    """Neither last_updated nor a time of receipt."""
    UNKNOWN_OBJECT = "unknown_object"
    """A PATCH of an object that was never put."""
    IMMUTABLE = "immutable"
    """A CDR of this id was sent before, with other content."""


class Change(msgspec.Struct, frozen=True, gc=False):
    """One received document."""

    module: str
    object_id: str
    method: str
    received_at: datetime | None
    payload: bytes


class Reject(msgspec.Struct, frozen=True, gc=False):
    """Why a document was not used; `detail` names fields, never values."""

    reason: RejectReason
    detail: str


class RejectError(Exception):
    """Carries a `Reject` out of the reading of one document."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.reject = Reject(reason, detail)


class Level(msgspec.Struct, frozen=True):
    """A kind of object: its document, its id's field, its parts."""

    document: type[v221.Document]
    id_field: str
    parts_field: str | None = None
    parts: "Level | None" = None
    appended: str | None = None
    """The list that a PATCH appends to."""


class Module(msgspec.Struct, frozen=True):
    """An OCPI module: its objects and the methods defined for them."""

    level: Level
    methods: frozenset[str]


_CONNECTOR = Level(v221.Connector, "id")
_EVSE = Level(v221.Evse, "uid", "connectors", _CONNECTOR)
MODULES: dict[str, Module] = {
    "locations": Module(Level(v221.Location, "id", "evses", _EVSE), frozenset({"put", "patch"})),
    "tariffs": Module(Level(v221.Tariff, "id"), frozenset({"put", "patch", "delete"})),
    "tokens": Module(Level(v221.Token, "uid"), frozenset({"put", "patch"})),
    "sessions": Module(Level(v221.Session, "id", appended="charging_periods"), frozenset({"put", "patch"})),
    "cdrs": Module(Level(v221.Cdr, "id"), frozenset({"post"})),
}


class Node(msgspec.Struct):
    """An object or part: its fields with their stamps. `listed` says since when it exists or does not."""

    id: str
    floor: Stamp = _NEVER
    """The newest PUT or DELETE: nothing older counts."""
    listed: tuple[Stamp, bool] = (_NEVER, False)
    fields: dict[str, tuple[Stamp, Any]] = {}
    appended: list[tuple[Stamp, list[Any]]] = []
    parts: dict[str, "Node"] = {}
    parts_at: Stamp = _NEVER
    """The newest document that named all parts: one not named since then is gone."""
    patches: list[int] = []
    """Places of the PATCHes it took."""

    @property
    def exists(self) -> bool:
        """Whether the newest word about it is that it is there."""
        return self.listed[1]

    @property
    def existing_parts(self) -> list["Node"]:
        """Its parts, in order of first sight."""
        return [part for part in self.parts.values() if part.exists and part.listed[0] >= self.parts_at]

    @property
    def newest(self) -> Stamp:
        """The newest document that said anything of it or of its parts."""
        own = (self.floor, *(stamp for stamp, _ in self.fields.values()), *(stamp for stamp, _ in self.appended))
        return max(*own, *(part.newest for part in self.existing_parts), _NEVER)

    def document(self, level: Level) -> dict[str, Any]:
        """The fields as they last stood, parts left out."""
        fields = {name: value for name, (_, value) in self.fields.items()}
        if level.appended and self.appended:
            lists = [fields.get(level.appended) or [], *(more for _, more in sorted(self.appended, key=_by_stamp))]
            fields[level.appended] = [period for periods in lists for period in periods]
        return fields

    def part(self, part_id: str) -> "Node":
        """The part of that id (ids are case-insensitive), made when new."""
        return self.parts.setdefault(part_id.casefold(), Node(part_id))

    def list_as(self, exists: bool, at: Stamp) -> None:
        """Take note that it exists or not, unless something newer said otherwise."""
        if at >= self.listed[0]:
            self.listed = (at, exists)

    def clear(self, at: Stamp) -> None:
        """Forget what is older."""
        self.floor = max(self.floor, at)
        self.fields = {name: said for name, said in self.fields.items() if said[0] >= self.floor}
        self.appended = [said for said in self.appended if said[0] >= self.floor]

    def set(self, fields: dict[str, Any], at: Stamp) -> None:
        """Merge fields, each unless newer was said of it."""
        if at < self.floor:
            return
        for name, value in fields.items():
            if name not in self.fields or self.fields[name][0] <= at:
                self.fields[name] = (at, value)

    def append(self, more: list[Any], at: Stamp) -> None:
        """Append, unless this very PATCH (sent again) did already."""
        if at >= self.floor and not any(said[0] == at[0] and before == more for said, before in self.appended):
            self.appended.append((at, more))


def fold(changes: Iterable[Change]) -> tuple[Node | None, dict[int, Reject]]:
    """One object's documents in order of receipt: the object with its parts, and the rejects by place.

    The caller hands in the documents of one party, module and (for locations: top) object.
    """
    root: Node | None = None
    rejects: dict[int, Reject] = {}
    for place, change in enumerate(changes):
        try:
            root = _apply(root, change, place)
        except RejectError as error:
            rejects[place] = error.reject
    for node in _all(root):
        if node.listed[0] == _NEVER:
            for place in node.patches:
                rejects[place] = Reject(RejectReason.UNKNOWN_OBJECT, "a PATCH of an object that was never put")
    return root, dict(sorted(rejects.items()))


def _apply(root: Node | None, change: Change, place: int) -> Node | None:
    module, path = _target(change)
    level = module.level
    if change.method == "delete":
        if root is not None:
            at = (root.newest[0], place)
            root.clear(at)
            root.fields.clear()
            root.list_as(False, at)
        return root
    for _ in path[1:]:
        assert level.parts is not None
        level = level.parts
    document = _read(change.payload, level, path[-1])
    at = (_time(document, change), place)
    node = root = root or Node(path[0])
    for part_id in path[1:]:
        node = node.part(part_id)
    if change.method == "patch":
        _patch(node, level, document, at)
        node.patches.append(place)
    elif change.method == "post" and node.exists:
        if node.document(level) != document:
            raise RejectError(RejectReason.IMMUTABLE, "a CDR of this id was sent before, with other content")
    else:
        _put(node, level, document, at, at)
    return root


def _target(change: Change) -> tuple[Module, list[str]]:
    module = MODULES.get(change.module)
    if module is None:
        raise RejectError(RejectReason.UNKNOWN_MODULE, "no module that is folded")
    if change.method not in module.methods:
        raise RejectError(RejectReason.METHOD_NOT_DEFINED, f"{change.module} take no {change.method.upper()}")
    path = change.object_id.split("/") if module.level.parts else [change.object_id]
    if not all(path) or len(path) > 3:
        raise RejectError(RejectReason.BAD_PATH, "an empty id, or more than location, EVSE and connector")
    return module, path


def _put(node: Node, level: Level, document: dict[str, Any], at: Stamp, listed_at: Stamp) -> None:
    node.list_as(True, listed_at)
    node.clear(at)
    node.set({name: value for name, value in document.items() if name != level.parts_field}, at)
    # An empty list may be left out (section 16.1): parts that a PUT does not name are gone.
    _put_parts(node, level, document.get(level.parts_field or "") or [], at)


def _put_parts(node: Node, level: Level, parts: list[dict[str, Any]], at: Stamp) -> None:
    if level.parts is None:
        return
    node.parts_at = max(node.parts_at, at)
    for document in parts:
        part = node.part(str(document[level.parts.id_field]))
        said = document.get("last_updated")
        _put(part, level.parts, document, (instant(said) if said else at[0], at[1]), at)


def _patch(node: Node, level: Level, document: dict[str, Any], at: Stamp) -> None:
    apart = {level.parts_field, level.appended}
    node.set({name: value for name, value in document.items() if name not in apart}, at)
    if level.appended in document:
        node.append(document[level.appended] or [], at)
    if level.parts_field in document and at >= node.floor:
        _put_parts(node, level, document[level.parts_field] or [], at)


_decoder = msgspec.json.Decoder(float_hook=Decimal)


def _read(payload: bytes, level: Level, object_id: str) -> dict[str, Any]:
    try:
        document = _decoder.decode(payload)
    # ArithmeticError: an exponent that no Decimal holds; RecursionError: nested beyond reason.
    except (ValueError, ArithmeticError, RecursionError):
        raise RejectError(RejectReason.NOT_JSON, "not readable as JSON") from None
    if not isinstance(document, dict):
        raise RejectError(RejectReason.INVALID_DOCUMENT, "not a JSON object")
    _check(document, level)
    said = document.get(level.id_field)
    if said is not None and str(said).casefold() != object_id.casefold():
        raise RejectError(RejectReason.ID_MISMATCH, f"{level.id_field} differs from the id it was sent to")
    return document


def _check(document: Any, level: Level) -> None:
    try:
        msgspec.convert(document, level.document, strict=False)
    except (msgspec.ValidationError, ArithmeticError, RecursionError) as error:
        detail = str(error) if isinstance(error, msgspec.ValidationError) else "a value out of range"
        raise RejectError(RejectReason.INVALID_DOCUMENT, detail) from None
    parts = document.get(level.parts_field or "")
    if level.parts is None or parts is None:
        return
    if not isinstance(parts, list):
        raise RejectError(RejectReason.INVALID_DOCUMENT, f"{level.parts_field} is not a list")
    for part in parts:
        _check(part, level.parts)
        if part.get(level.parts.id_field) in (None, ""):
            raise RejectError(RejectReason.INVALID_DOCUMENT, f"one of {level.parts_field} has no id")


def _time(document: dict[str, Any], change: Change) -> datetime:
    """last_updated; where a partner leaves it out, the time of receipt stands in."""
    said = document.get("last_updated")
    moment = instant(said) if said else change.received_at
    if moment is None:
        raise RejectError(RejectReason.WITHOUT_TIME, "neither last_updated nor a time of receipt")
    return moment


def _by_stamp(said: tuple[Stamp, Any]) -> Stamp:
    return said[0]


def _all(node: Node | None) -> Iterable[Node]:
    if node is not None:
        yield node
        for part in node.parts.values():
            yield from _all(part)
