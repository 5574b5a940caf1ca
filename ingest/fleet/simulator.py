"""A fleet over real WebSockets with the client classes of the `ocpp` package, 1.6J and 2.0.1 mixed.

What the stations say follows from the seed and the hour they say it of; time is compressed. The truth holds
what the central system accepted: transaction ids and authorization statuses are its answers.
Not here: what happens (`live`), how a station says it (`script`).
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from ocpp import v16, v201
from ocpp.charge_point import camel_to_snake_case
from ocpp.exceptions import OCPPError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from ingest.fleet import live
from ingest.fleet.happenings import Fault, Happening, Session
from ingest.fleet.network import V16, Station, build, refused_cards
from ingest.fleet.script import described, known_transaction, steps
from ingest.fleet.steps import Payload, Step, moment
from ingest.fleet.truth import Truth, TruthAuthorization, TruthFault, TruthSession

Progress = Callable[[int, int], None]
"""Called with steps done and steps in all."""
HOURS: Final = 6
"""What the fleet tells of lies in this many hours before now."""
_ANSWER_S: Final = 30
_wire_logger: Final = logging.getLogger("laddstrom.simulator.wire")
# the ocpp package logs whole frames at INFO, card numbers included
_wire_logger.setLevel(logging.WARNING)


class SimulationError(RuntimeError):
    """The gateway could not be reached or refused what it should take."""


def simulate(
    url: str,
    *,
    seed: int = 1,
    stations: int = 20,
    sessions: int = 60,
    open_sessions: int = 0,
    begin: datetime | None = None,
    registers: Mapping[tuple[str, int], int] | None = None,
    seconds: float = 0.0,
    progress: Progress | None = None,
) -> Truth:
    """Drive a fleet against a gateway and return what it did.

    Args:
        url: The gateway, such as `ws://127.0.0.1:9000/ocpp`.
        seed: Same seed and `begin`, same content.
        stations: How many, 1.6 and 2.0.1 mixed.
        sessions: How many in all.
        open_sessions: How many of the last ones have no end.
        begin: Where the stations' clocks start; default: `HOURS` before now.
        registers: Where connectors' registers stand, by station and connector; others stand anywhere.
        seconds: Spread the steps over this time; 0: as fast as the gateway answers.
        progress: Told how far it is.

    Raises:
        SimulationError: See there.
        ValueError: More sessions than the stations' connectors have time for.
    """
    return asyncio.run(
        drive(
            url,
            seed=seed,
            stations=stations,
            sessions=sessions,
            open_sessions=open_sessions,
            begin=begin,
            registers=registers,
            seconds=seconds,
            progress=progress,
        )
    )


async def drive(
    url: str,
    *,
    seed: int = 1,
    stations: int = 20,
    sessions: int = 60,
    open_sessions: int = 0,
    begin: datetime | None = None,
    registers: Mapping[tuple[str, int], int] | None = None,
    seconds: float = 0.0,
    progress: Progress | None = None,
) -> Truth:
    """`simulate` for callers that have an event loop."""
    begin = (begin or datetime.now(UTC) - timedelta(hours=HOURS)).replace(microsecond=0)
    span = range(int(begin.timestamp()), int(begin.timestamp()) + HOURS * 3600)
    network = build(seed, stations)
    planned = live.of_network(network, refused_cards(seed), seed, sessions, open_sessions, span, registers or {})
    truth = Truth(seed=seed, begin=begin, end=begin + timedelta(hours=HOURS))
    pace = _Pace(seconds, progress)
    clients = [
        _Client(url, station, happenings, truth, pace, seed)
        for station, happenings in zip(network.stations, planned, strict=True)
    ]
    failed: SimulationError | None = None
    try:
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(client.run())
    except* SimulationError as errors:
        failed = next(error for error in errors.exceptions if isinstance(error, SimulationError))
    if failed is not None:
        raise failed
    for client in clients:
        client.tell()
    return truth


class _Pace:
    """When a step's turn is, and how many are done."""

    def __init__(self, seconds: float, progress: Progress | None) -> None:
        self._seconds = seconds
        self._progress = progress
        self._began = asyncio.get_running_loop().time()
        self._times: list[int] = []
        self._done = 0

    def plan(self, steps: list[Step]) -> None:
        """Take a station's steps into account, before the first of any is done."""
        self._times += [step.at for step in steps]

    async def wait(self, at: int) -> None:
        """Wait for the turn of a step at this time of the stations' clocks."""
        if not self._seconds:
            return
        first, last = min(self._times), max(self._times)
        due = self._began + self._seconds * (at - first) / max(last - first, 1)
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))

    def count(self) -> None:
        """One step more is done."""
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, len(self._times))


class _Client:
    """One station."""

    def __init__(
        self, url: str, station: Station, happenings: list[Happening], truth: Truth, pace: _Pace, seed: int
    ) -> None:
        self._url = f"{url.rstrip('/')}/{quote(station.station_id)}"
        self._station = station
        self._happenings = happenings
        self._truth = truth
        self._pace = pace
        self._rng = Random(f"client {seed} {station.station_id}")
        self._module = v16 if station.make.protocol == V16 else v201
        self._transactions: dict[int, str] = {}
        self._refused: set[int] = set()
        self._authorized: list[TruthAuthorization] = []
        self._point: Any = None
        self._socket: ClientConnection | None = None
        self._listener: asyncio.Task[None] | None = None
        self._steps = sorted(steps(station, happenings), key=lambda step: step.at)
        pace.plan(self._steps)

    async def run(self) -> None:
        """Do all steps in order; those of a session whose card was rejected are left out."""
        try:
            for step in self._steps:
                await self._pace.wait(step.at)
                if step.session not in self._refused:
                    await self._do(step)
                self._pace.count()
        except OSError as error:
            raise SimulationError(f"{self._url} cannot be reached ({error}); is the gateway up?") from error
        except (OCPPError, ConnectionClosed, InvalidHandshake, TimeoutError) as error:
            raise SimulationError(f"{self._station.station_id}: the gateway did not take a message: {error}") from error
        finally:
            await self._close()

    async def _do(self, step: Step) -> None:
        if step.kind == "open":
            await self._open()
        elif step.kind == "close":
            await self._close()
        else:
            await self._call(step)

    async def _open(self) -> None:
        subprotocol = Subprotocol(self._station.make.protocol)
        # no proxy: a setting for browsers must not come between a fleet and its gateway
        self._socket = await connect(self._url, subprotocols=[subprotocol], proxy=None)
        station_id = self._station.station_id
        self._point = self._module.ChargePoint(station_id, self._socket, _ANSWER_S, _wire_logger)
        self._listener = asyncio.create_task(self._listen(self._point))

    @staticmethod
    async def _listen(point: Any) -> None:
        with contextlib.suppress(ConnectionClosed):
            await point.start()

    async def _close(self) -> None:
        if self._socket is not None and self._listener is not None:
            await self._socket.close()
            await self._listener
            self._socket = self._listener = None

    async def _call(self, step: Step) -> None:
        payload = dict(step.payload or {})
        if step.needs_transaction and step.session is not None:
            payload["transactionId"] = int(self._transactions[step.session])
        request = getattr(self._module.call, step.action)(**camel_to_snake_case(payload))
        message_id = str(UUID(int=self._rng.getrandbits(128), version=4))
        answer = await self._point.call(request, suppress=False, unique_id=message_id)
        self._heed(step, payload, answer)

    def _heed(self, step: Step, payload: Payload, answer: Any) -> None:
        if step.action == "StartTransaction" and step.session is not None:
            self._transactions[step.session] = str(answer.transaction_id)
        elif step.action == "Authorize":
            is_v16 = self._module is v16
            status = (answer.id_tag_info if is_v16 else answer.id_token_info)["status"]
            token = payload["idTag"] if is_v16 else payload["idToken"]["idToken"]
            # the pipeline knows when it received the question, not when the station's clock said so
            asked = TruthAuthorization(
                station_id=self._station.station_id, token=token, asked_at=datetime.now(UTC), status=str(status)
            )
            self._authorized.append(asked)
            if status != "Accepted" and step.session is not None:
                self._refused.add(step.session)

    def tell(self) -> None:
        """Add what was done to the truth."""
        station_id = self._station.station_id
        self._truth.stations.append(described(self._station, self._happenings))
        self._truth.authorizations += self._authorized
        for number, happening in enumerate(self._happenings):
            if isinstance(happening, Session) and number not in self._refused:
                self._truth.sessions.append(self._session(number, happening))
            elif isinstance(happening, Fault):
                fault = TruthFault(
                    station_id=station_id,
                    connector_id=happening.connector_id,
                    code=happening.kind.code(self._station.make.protocol),
                    opened_at=datetime.fromtimestamp(happening.opened_at, UTC),
                    closed_at=moment(happening.closed_at),
                )
                self._truth.faults.append(fault)

    def _session(self, number: int, session: Session) -> TruthSession:
        return TruthSession(
            station_id=self._station.station_id,
            connector_id=session.connector_id,
            token=session.card.uid,
            started_at=datetime.fromtimestamp(session.started_at, UTC),
            ended_at=datetime.fromtimestamp(session.ended_at, UTC) if session.has_end else None,
            energy_wh=session.reported_wh,
            stop_reason=session.reason if session.has_end else None,
            transaction_id=self._transactions.get(number) or known_transaction(self._station, session),
            register_wh=session.meter_stop_wh,
        )
