"""A small reader of the shared captures for tests of the engine: files to records, nothing inferred but direction."""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.facts import Fact
from models.frames import Call, CallError, CallResult, decode
from models.ocpp.versions import infer_direction
from models.record import Direction, Record
from models.state import StationState
from models.step import Context, Refusal, drain, step

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "ocpp"
KEY = b"a key for tests"
_PROTOCOLS = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1", "2.1": "ocpp2.1"}


def shared(name: str) -> Path:
    """The shared file, or a skip that says why."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not there: the shared captures are not part of the repository")
    return path


def records(path: Path) -> list[Record]:
    """Every line of a log as a record, offsets counted over the whole file, as in one partition."""
    readers = {".csv": _csv, ".txt": _text}
    read = readers.get(path.suffix, _json)
    source = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    directions: dict[tuple[str, str], str] = {}
    found = []
    for ordinal, (station, kind, direction, protocol, received, payload) in enumerate(read(path)):
        direction = direction or _infer(station, payload, protocol or "ocpp1.6", directions)
        us = None if received is None else _us(received)
        found.append(Record(station, kind, direction, protocol, us, source, ordinal, payload, 1, 0, ordinal))
    return found


def _us(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1_000_000)


_Line = tuple[str, str, str | None, str | None, str | None, bytes]


def _json(path: Path) -> Iterator[_Line]:
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        station = row.get("chargePointId") or (row.get("path") or "").rsplit("/", 1)[-1] or row.get("device") or "?"
        protocol = row.get("subprotocol") or row.get("ocppVersion") or row.get("ocpp")
        direction = row.get("direction")
        kind = direction if direction in ("open", "close") else "frame"
        yield (
            station,
            kind,
            direction if kind == "frame" else None,
            _PROTOCOLS.get(protocol, protocol),
            row.get("timestamp") or row.get("logged_at"),
            row["raw"].encode(),
        )


def _csv(path: Path) -> Iterator[_Line]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["id"], "frame", None, "ocpp1.6", row["timestamp"], row["msg"].encode()


def _text(path: Path) -> Iterator[_Line]:
    for line in path.read_text(encoding="utf-8").splitlines():
        station, _, payload = line.partition(" : ")
        yield station, "frame", None, "ocpp1.6", None, payload.encode()


def _infer(station: str, payload: bytes, protocol: str, directions: dict[tuple[str, str], str]) -> str | None:
    frame = decode(payload)
    if isinstance(frame, Call):
        direction = infer_direction(frame.action, protocol)
        if direction:
            directions[station, frame.message_id] = direction
        return direction
    if isinstance(frame, CallResult | CallError):
        asked = directions.get((station, frame.message_id))
        if asked:
            return Direction.CSMS_TO_CP if asked == Direction.CP_TO_CSMS else Direction.CP_TO_CSMS
    return None


class Folded:
    """Stations folded so far: their states, every newest fact, every refusal."""

    def __init__(self) -> None:
        self.states: dict[str, StationState] = {}
        self.facts: dict[tuple[str, str], Fact] = {}
        self.refusals: list[tuple[Record, Refusal]] = []

    def fold(self, records: Iterable[Record], *, drain_every: int = 0) -> "Folded":
        for count, record in enumerate(records, 1):
            state = self.states.setdefault(record.station_id, StationState(station_id=record.station_id))
            refusal = step(state, record, Context(KEY))
            if refusal is not None:
                self.refusals.append((record, refusal))
            if drain_every and count % drain_every == 0:
                self.take()
        self.take()
        return self

    def take(self) -> None:
        for state in self.states.values():
            for fact in drain(state):
                known = self.facts.get((fact.kind, fact.fact_id))
                assert known is None or fact.version >= known.version
                self.facts[fact.kind, fact.fact_id] = fact

    def of(self, kind: str) -> list:
        return [fact for (name, _), fact in self.facts.items() if name == kind and not fact.deleted]

    def rows(self) -> dict[tuple[str, str], dict]:
        """Every fact that is not taken back, without its version and places: what must be equal between two runs."""
        places = ("_generation", "_partition", "_offset", "_revision", "deleted", "energy_candidates")
        return {
            key: {name: getattr(fact, name) for name in fact.__struct_fields__ if not name.endswith(places)}
            for key, fact in self.facts.items()
            if not fact.deleted
        }


def frame(
    payload: object,
    *,
    ordinal: int,
    us: int | None = None,
    direction: str | None = Direction.CP_TO_CSMS,
    protocol: str | None = "ocpp1.6",
    source: str = "s",
    station: str = "CP",
    offset: int | None = None,
) -> Record:
    """One frame as a record; `payload` is JSON to encode, or bytes as they are."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Record(
        station, "frame", direction, protocol, us, source, ordinal, data, 1, 0, ordinal if offset is None else offset
    )


START_US = 1_700_000_000_000_000
"""2023-11-14T22:13:20Z, the time of receipt of a conversation's first frame."""


def moment(seconds: float) -> datetime:
    """A time so many seconds after the conversation's start."""
    return datetime.fromtimestamp(START_US / 1e6 + seconds, UTC)


def at(seconds: float) -> str:
    """As `moment`, as a charger writes it."""
    return moment(seconds).isoformat().replace("+00:00", "Z")


class Wire:
    """A conversation of one station, one frame a second unless told otherwise."""

    def __init__(self, protocol: str = "ocpp1.6", station: str = "CP", source: str = "s") -> None:
        self.records: list[Record] = []
        self.protocol, self.station, self.source = protocol, station, source

    def add(self, payload: object, direction: str | None, seconds: float | None = None) -> None:
        count = len(self.records)
        us = START_US + round((count if seconds is None else seconds) * 1_000_000)
        if self.records:
            # A receiver's clock never runs back: what is older in a log came late.
            us = max(us, self.records[-1].received_at_us or us)
        self.records.append(
            frame(
                payload,
                ordinal=count,
                us=us,
                direction=direction,
                protocol=self.protocol,
                source=self.source,
                station=self.station,
            )
        )

    def reconnect(self) -> None:
        """The connection breaks, and the station comes back on a new one."""
        us = self.records[-1].received_at_us if self.records else START_US
        for kind in ("close", "open"):
            place = len(self.records)
            record = Record(self.station, kind, None, self.protocol, us, self.source, place, b"{}", 1, 0, place)
            self.records.append(record)

    def call(self, action: str, payload: object, message_id: str | None = None, seconds: float | None = None) -> str:
        message_id = message_id or f"m{len(self.records)}"
        self.add([2, message_id, action, payload], Direction.CP_TO_CSMS, seconds)
        return message_id

    def answer(self, message_id: str, payload: object, seconds: float | None = None) -> None:
        self.add([3, message_id, payload], Direction.CSMS_TO_CP, seconds)

    def start(self, transaction_id: object = None, seconds: float | None = None, **fields: object) -> str:
        """A 1.6 StartTransaction, answered at once where a transactionId is given."""
        payload = {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": at(0)} | fields
        message_id = self.call("StartTransaction", payload, seconds=seconds)
        if transaction_id is not None:
            self.started(message_id, transaction_id, seconds=seconds)
        return message_id

    def started(self, message_id: str, transaction_id: object, seconds: float | None = None) -> None:
        payload = {"transactionId": transaction_id, "idTagInfo": {"status": "Accepted"}}
        self.answer(message_id, payload, seconds=seconds)

    def stop(self, transaction_id: object, seconds: float | None = None, **fields: object) -> str:
        payload = {"transactionId": transaction_id, "meterStop": 3000, "timestamp": at(3600), "reason": "Remote"}
        message_id = self.call("StopTransaction", payload | fields, seconds=seconds)
        self.answer(message_id, {}, seconds=seconds)
        return message_id

    def meter(self, wh: object, seconds: float = 60, transaction_id: object = None, **fields: object) -> None:
        """1.6 MeterValues with one register in Wh, sampled and received at `seconds`."""
        sampled = {"value": str(wh)} | {key: fields.pop(key) for key in ("unit", "context") if key in fields}
        payload = {"connectorId": 1, "meterValue": [{"timestamp": at(seconds), "sampledValue": [sampled]}]} | fields
        if transaction_id is not None:
            payload["transactionId"] = transaction_id
        self.call("MeterValues", payload, seconds=seconds)

    def status(self, status: str, error: str = "NoError", connector: int = 1, seconds: float | None = None) -> None:
        """A 1.6 StatusNotification without a timestamp."""
        payload = {"connectorId": connector, "status": status, "errorCode": error}
        self.call("StatusNotification", payload, seconds=seconds)

    def transaction(
        self, event: str, transaction_id: str = "t", seconds: float = 0, wh: object = None, **fields: object
    ) -> None:
        """A 2.x TransactionEvent, with one register in Wh where given."""
        info = {"transactionId": transaction_id} | fields.pop("info", {})
        payload = {"eventType": event, "timestamp": at(seconds), "transactionInfo": info} | fields
        if wh is not None:
            payload["meterValue"] = [{"timestamp": at(seconds), "sampledValue": [{"value": wh}]}]
        self.call("TransactionEvent", payload, seconds=seconds)

    def notify(self, seconds: float | None = None, evse: object = None, **fields: object) -> None:
        """A 2.x NotifyEvent of one entry."""
        component = {"name": fields.pop("component", "Connector")} | ({"evse": evse} if evse else {})
        entry = {"component": component, "variable": {"name": fields.pop("variable", "Problem")}} | fields
        self.call("NotifyEvent", {"eventData": [entry]}, seconds=seconds)

    def fold(self, **options: int) -> Folded:
        return Folded().fold(self.records, **options)

    def sessions(self) -> list:
        return self.fold().of("sessions")
