"""Two weeks of a network's traffic as a JSON-lines log, with the truth beside it. Same seed, same bytes.

The central system's side of the talk is made up here too. Not here: what happens (`plan`), how a station
says it (`script`).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Final
from uuid import UUID

import msgspec

from ingest.fleet.happenings import UNANSWERED, Fault, Happening, Refusal, Restart, Session
from ingest.fleet.network import V16, Card, Network, Station, build, refused_cards
from ingest.fleet.plan import of_station
from ingest.fleet.script import described, known_transaction, steps
from ingest.fleet.script_v16 import heartbeat
from ingest.fleet.steps import Payload, Step, iso, moment
from ingest.fleet.truth import Truth, TruthAuthorization, TruthFault, TruthSession

HEARTBEAT_S: Final = 7200
Row = tuple[int, int, bytes]
"""Milliseconds, number of the row at its station, line."""

_encode: Final = msgspec.json.Encoder().encode


def write(path: Path, *, seed: int = 1, days: int = 14, stations: int = 40, end: datetime) -> Truth:
    """Write the log to `path` and the truth beside it (`truth_path`).

    Args:
        path: The log file; replaced if it exists.
        seed: Everything follows from it, from `days`, `stations` and `end`.
        days: Length of the history.
        stations: Size of the network.
        end: Nothing happens at or after it; whole days before it are filled.
    """
    stop = int(end.astimezone(UTC).timestamp())
    span = range(stop - days * 86_400, stop)
    network, refused = build(seed, stations), refused_cards(seed)
    begin = datetime.fromtimestamp(span.start, UTC)
    truth = Truth(seed=seed, begin=begin, end=begin + timedelta(days=days))
    rows: list[Row] = []
    for number, station in enumerate(network.stations):
        happenings = of_station(network, station, refused, seed, span)
        talk = _Talk(station, number, happenings, _statuses(network, refused), seed)
        rows += talk.rows(span)
        talk.tell(truth, span.stop)
        truth.frames += talk.frames
    rows.sort(key=itemgetter(0, 1, 2))
    path.write_bytes(b"".join(line for _, _, line in rows))
    truth.write(truth_path(path))
    return truth


def truth_path(path: Path) -> Path:
    """Where the truth of a history stands: `history.jsonl` has `history.truth.json`."""
    return path.with_suffix(".truth.json")


def _statuses(network: Network, refused: tuple[Card, ...]) -> dict[str, str]:
    cards = [card for group in network.cards.values() for card in group]
    return {card.uid: card.status for card in (*cards, *refused)}


class _Talk:
    """The talk of one station with the central system."""

    def __init__(
        self, station: Station, number: int, happenings: list[Happening], statuses: dict[str, str], seed: int
    ) -> None:
        self._station = station
        self._happenings = happenings
        self._statuses = statuses
        self._rng = Random(f"talk {seed} {station.station_id}")
        self._transactions: dict[int, int] = {}
        self._next_transaction = (number + 1) * 10_000
        self._next_message = 1_000_000
        self.frames = 0

    def rows(self, span: range) -> Iterator[Row]:
        """Every line, the answers too, before the end of the span."""
        ordered = sorted(steps(self._station, self._happenings), key=lambda step: step.at)
        count = 0
        for step in _with_heartbeats(ordered, span):
            for at_ms, direction, raw in self._lines(step):
                if at_ms < span.stop * 1000:
                    count += 1
                    self.frames += step.kind == "call"
                    yield at_ms, count, self._line(at_ms, direction, raw)

    def _lines(self, step: Step) -> Iterator[tuple[int, str, bytes]]:
        at_ms = step.at * 1000 + self._rng.randrange(80, 700)
        if step.kind != "call":
            note = {"path": f"/ocpp/{self._station.station_id}"} if step.kind == "open" else {"code": 1006}
            yield at_ms, step.kind, _encode(note)
            return
        message_id, payload = self._message_id(), step.payload or {}
        if step.needs_transaction and step.session is not None:
            payload = {**payload, "transactionId": self._transactions[step.session]}
        yield at_ms, "cp-to-csms", _encode([2, message_id, step.action, payload])
        if not step.is_unanswered:
            answered_ms = at_ms + self._rng.randrange(15, 240)
            yield answered_ms, "csms-to-cp", _encode([3, message_id, self._answer(step, answered_ms // 1000)])

    def _line(self, at_ms: int, direction: str, raw: bytes) -> bytes:
        seconds, ms = divmod(at_ms, 1000)
        envelope = {
            "timestamp": f"{iso(seconds)[:-1]}.{ms:03d}Z",
            "chargePointId": self._station.station_id,
            "subprotocol": self._station.make.protocol,
            "direction": direction,
            "raw": raw.decode("utf-8"),
        }
        return _encode(envelope) + b"\n"

    def _message_id(self) -> str:
        if self._station.make.numbers_messages:
            self._next_message += 1
            return str(self._next_message)
        return str(UUID(int=self._rng.getrandbits(128), version=4))

    def _answer(self, step: Step, at: int) -> Payload:
        asked = step.payload or {}
        is_v16 = self._station.make.protocol == V16
        match step.action:
            case "BootNotification":
                return {"status": "Accepted", "currentTime": iso(at), "interval": HEARTBEAT_S}
            case "Heartbeat":
                return {"currentTime": iso(at)}
            case "Authorize" if is_v16:
                return {"idTagInfo": {"status": self._statuses[asked["idTag"]]}}
            case "Authorize":
                return {"idTokenInfo": {"status": self._statuses[asked["idToken"]["idToken"]]}}
            case "StartTransaction" if step.session is not None:
                self._next_transaction += 1
                self._transactions[step.session] = self._next_transaction
                return {"transactionId": self._next_transaction, "idTagInfo": {"status": "Accepted"}}
            case "TransactionEvent" if "idToken" in asked:
                return {"idTokenInfo": {"status": "Accepted"}}
            case _:
                return {}

    def tell(self, truth: Truth, stop: int) -> None:
        """Add what was really said before the end to the truth."""
        station_id = self._station.station_id
        truth.stations.append(described(self._station, self._happenings))
        for number, happening in enumerate(self._happenings):
            match happening:
                case Session():
                    truth.sessions.append(self._truth_of(number, happening))
                    asked = happening.began_at + 18
                    truth.authorizations.append(_asked(station_id, happening.card, asked))
                case Fault(connector_id, kind, opened_at, closed_at):
                    truth.faults.append(
                        TruthFault(
                            station_id=station_id,
                            connector_id=connector_id,
                            code=kind.code(self._station.make.protocol),
                            opened_at=datetime.fromtimestamp(opened_at, UTC),
                            closed_at=moment(closed_at) if closed_at < stop else None,
                        )
                    )
                case Refusal(card, at):
                    truth.authorizations.append(_asked(station_id, card, at))
                case Restart():
                    pass

    def _truth_of(self, number: int, session: Session) -> TruthSession:
        given = self._transactions.get(number)
        return TruthSession(
            station_id=self._station.station_id,
            connector_id=session.connector_id,
            token=session.card.uid,
            started_at=datetime.fromtimestamp(session.started_at, UTC),
            ended_at=datetime.fromtimestamp(session.ended_at, UTC) if session.has_end else None,
            energy_wh=session.reported_wh,
            stop_reason=session.reason if session.has_end else None,
            transaction_id=str(given) if given is not None else known_transaction(self._station, session),
            register_wh=session.meter_stop_wh,
        )


def _asked(station_id: str, card: Card, at: int) -> TruthAuthorization:
    status = None if card.status == UNANSWERED else card.status
    return TruthAuthorization(
        station_id=station_id, token=card.uid, asked_at=datetime.fromtimestamp(at, UTC), status=status
    )


def _with_heartbeats(ordered: list[Step], span: range) -> Iterator[Step]:
    """Heartbeats between the steps, while the connection is up."""
    due, is_up = span.start + HEARTBEAT_S, False
    for step in ordered:
        while due < step.at:
            if is_up:
                yield heartbeat(due)
            due += HEARTBEAT_S
        is_up = step.kind == "open" or (is_up and step.kind != "close")
        if step.at < span.stop:
            yield step
    for at in range(due, span.stop, HEARTBEAT_S):
        yield heartbeat(at)
