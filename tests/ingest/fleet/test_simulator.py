"""The live fleet against the real gateway on real brokers: the log holds what the truth says."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.fleet import network, simulator
from ingest.fleet.simulator import SimulationError
from ingest.fleet.truth import Truth
from ingest.gateway.config import GatewayConfig
from ingest.gateway.server import serve
from ingest.producer import KafkaLogProducer
from models.log import FRAMES
from pipelines.broker import topics

BEGIN = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


def driven(address: str, folder: Path, *, tokens: frozenset[str] | None = None, **options) -> Truth:
    """Run a gateway on this broker, a fleet against it, and wait until all of it is in Kafka."""
    topics.ensure(address, 4)
    producer = KafkaLogProducer(address)
    config = GatewayConfig(journal=folder, token_key=bytes(32), port=0, tokens=tokens)

    async def run() -> Truth:
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        gateway = asyncio.create_task(serve(config, producer, ready=url.set_result))
        try:
            return await simulator.drive(await url, **options)
        finally:
            gateway.cancel()
            await asyncio.gather(gateway, return_exceptions=True)

    try:
        return asyncio.run(run())
    finally:
        producer.close()


def test_sixty_sessions_of_twenty_stations_are_in_the_log(broker: str, tmp_path: Path, fold) -> None:
    truth = driven(broker, tmp_path, begin=BEGIN, open_sessions=3)
    assert len(truth.stations) == 20
    assert len(truth.sessions) == 60
    assert len({(s.station_id, s.transaction_id) for s in truth.sessions}) == 60
    assert [s.ended_at is None for s in truth.sessions].count(True) == 3
    assert len(truth.faults) > 5
    records = fold.consumed(broker, FRAMES)
    assert Counter(meta.protocol for *_, meta in records).keys() == {"ocpp1.6", "ocpp2.0.1"}
    fold.assert_found(fold.folded(records), truth)


def test_the_same_seed_and_hour_say_the_same(embedded_broker: str, tmp_path: Path, fold) -> None:
    said = []
    for run in range(2):
        options = {"seed": 9, "stations": 5, "sessions": 8, "begin": BEGIN}
        truth = driven(embedded_broker, tmp_path / str(run), **options)
        truth.authorizations.sort(key=lambda asked: (asked.station_id, asked.token))
        for asked in truth.authorizations:
            asked.asked_at = BEGIN
        for session in truth.sessions:
            session.transaction_id = None
        said.append(truth)
    assert said[0] == said[1]
    by_run: dict[str, list[tuple[str, str]]] = {}
    for station_id, payload, meta in fold.consumed(embedded_broker, FRAMES):
        if meta.direction == "cp-to-csms":
            frame = json.loads(payload)
            if frame[0] == 2:
                frame[3].pop("transactionId", None)
            by_run.setdefault(meta.source.split("-")[1], []).append((station_id, json.dumps(frame)))
    first, second = by_run.values()
    assert sorted(first) == sorted(second)
    assert len(first) > 50


def test_cards_that_the_gateway_rejects_start_no_session(embedded_broker: str, tmp_path: Path, fold) -> None:
    known = frozenset(card.uid for group in network.build(1, 6).cards.values() for card in group[:5])
    truth = driven(embedded_broker, tmp_path, stations=6, sessions=12, begin=BEGIN, tokens=known)
    statuses = truth.authorizations_by_status()
    assert statuses.keys() == {"Accepted", "Invalid"}
    assert len(truth.sessions) == statuses["Accepted"] < 12
    fold.assert_found(fold.folded(fold.consumed(embedded_broker, FRAMES)), truth)


def test_steps_can_be_spread_over_a_time(embedded_broker: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    began = datetime.now(UTC)
    driven(embedded_broker, tmp_path, stations=2, sessions=2, seconds=3, progress=lambda *now: seen.append(now))
    assert (datetime.now(UTC) - began).total_seconds() > 3
    assert [done for done, _ in seen] == list(range(1, seen[-1][1] + 1))


def test_no_gateway_is_said_in_one_sentence() -> None:
    with pytest.raises(SimulationError, match=r"cannot be reached .* is the gateway up"):
        simulator.simulate("ws://127.0.0.1:9/ocpp", stations=2, sessions=2)


def test_more_sessions_than_there_is_time_for_are_refused() -> None:
    with pytest.raises(ValueError, match="take more stations"):
        simulator.simulate("ws://127.0.0.1:9/ocpp", stations=1, sessions=500)
