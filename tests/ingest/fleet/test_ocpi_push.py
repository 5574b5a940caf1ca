"""The fleet as a roaming partner against the real receiver."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.fleet import history, ocpi_push
from ingest.fleet.ocpi_push import OcpiPushError, Pushed
from ingest.fleet.truth import Truth
from ingest.ocpi.config import OcpiConfig
from ingest.ocpi.server import serve
from ingest.producer import KafkaLogProducer
from models.log import DEAD_LETTERS, OBJECTS
from pipelines.broker import topics


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    path = tmp_path_factory.mktemp("truth") / "history.jsonl"
    return history.write(path, seed=3, days=1, stations=8, end=datetime(2026, 11, 21, tzinfo=UTC))


def pushed(address: str, folder: Path, truth: Truth, token: str = "secret") -> Pushed:
    topics.ensure(address, 4)
    producer = KafkaLogProducer(address)
    config = OcpiConfig(tokens=frozenset({"secret"}), registrations=folder / "partners.json", partitions=4, port=0)

    async def run() -> Pushed:
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        receiver = asyncio.create_task(serve(config, producer, ready=url.set_result))
        try:
            return await asyncio.to_thread(ocpi_push.push, await url, token, truth)
        finally:
            receiver.cancel()
            await asyncio.gather(receiver, return_exceptions=True)

    try:
        return asyncio.run(run())
    finally:
        producer.close()


def test_every_object_of_the_truth_is_in_the_log(broker: str, tmp_path: Path, truth: Truth, fold) -> None:
    result = pushed(broker, tmp_path, truth)
    ended = [session for session in truth.sessions if session.ended_at is not None]
    assert result.sessions == len(truth.sessions)
    assert result.cdrs == len(ended)
    assert result.locations == len({station.site_id for station in truth.stations})
    assert result.evses == sum(station.connectors for station in truth.stations)

    records = fold.consumed(broker, OBJECTS)
    patches = sum(1 + (fault.closed_at is not None) for fault in truth.faults)
    assert Counter((key.split("/")[1], meta.kind) for key, _, meta in records) == Counter(
        {
            ("locations", "put"): result.locations,
            ("locations", "patch"): patches,
            ("tariffs", "put"): 2,
            ("tokens", "put"): result.tokens,
            ("sessions", "put"): result.sessions,
            ("sessions", "patch"): result.sessions,
            ("cdrs", "post"): result.cdrs,
        }
    )
    cdrs = [json.loads(body) for key, body, _ in records if "/cdrs/" in key]
    assert round(sum(cdr["total_energy"] for cdr in cdrs) * 1000) == sum(session.energy_wh for session in ended)
    assert sum(topics.end_offsets(broker, [DEAD_LETTERS]).values()) == 0


def test_a_wrong_token_is_said(embedded_broker: str, tmp_path: Path, truth: Truth) -> None:
    with pytest.raises(OcpiPushError, match="answered 401 to GET"):
        pushed(embedded_broker, tmp_path, truth, token="wrong")


def test_no_receiver_is_said(truth: Truth) -> None:
    with pytest.raises(OcpiPushError, match=r"cannot be reached .* is the OCPI receiver up"):
        ocpi_push.push("http://127.0.0.1:9", "secret", truth)
