"""`laddstrom up`: stations talk to it, and after SIGTERM everything they reported is in the warehouse."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from websockets.asyncio.client import connect

from ingest.fleet import simulator
from pipelines.broker import ports

SESSIONS = """
    SELECT station_id, transaction_id, energy_wh, is_open, started_at IS NOT NULL AS is_started
    FROM core__sessions ORDER BY station_id, started_at
"""


def now(offset_s: float = 0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=offset_s)).isoformat(timespec="seconds").replace("+00:00", "Z")


def talk(url: str, protocol: str, station: str, kind: Any, said: Callable[[Any], Awaitable[Any]]) -> Any:
    """Let the `ocpp` package's own client class hold a conversation."""

    async def main() -> Any:
        async with connect(f"{url}/{station}", subprotocols=[protocol], proxy=None) as socket:  # type: ignore[list-item]
            client = kind(station, socket, response_timeout=15)
            listening = asyncio.create_task(client.start())
            try:
                return await said(client)
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    return asyncio.run(main())


async def start_16(client: Any) -> int:
    await client.call(call16.BootNotification("Model", "Vendor"))
    started = await client.call(call16.StartTransaction(1, "CARD-16", 1000, now(-60)))
    values = [{"timestamp": now(-30), "sampled_value": [{"value": "2500"}]}]
    await client.call(call16.MeterValues(1, values, transaction_id=started.transaction_id))
    return int(started.transaction_id)


def stop_16(transaction_id: int, meter: int) -> Callable[[Any], Awaitable[Any]]:
    async def said(client: Any) -> Any:
        return await client.call(call16.StopTransaction(meter, now(), transaction_id, id_tag="CARD-16"))

    return said


def test_what_a_fleet_reports_is_in_the_warehouse_after_sigterm(laddstrom: Any, broker: str) -> None:
    with laddstrom.up("--land-every", 5) as up:
        url = up.ready["gateway"]
        assert url.startswith("ws://127.0.0.1:")
        assert {"worker", "gateway", "ocpi"} <= set(up.ready["pids"])
        assert url in up.said
        truth = simulator.simulate(url, stations=8, sessions=24, open_sessions=2, seed=3)
        answer = httpx.get(f"{up.ready['ocpi']}/ocpi/versions")
        assert answer.status_code == 401
        assert up.stop() == 0
    assert not up.ready_file.exists()
    whole = laddstrom.sql(
        "SELECT count(*) AS n, sum(energy_wh) AS wh, count(*) FILTER (is_open) AS open FROM core__sessions"
    )
    assert whole == [{"n": 24, "wh": truth.energy_wh, "open": 2}]


def test_a_session_open_across_a_restart_is_one_session(laddstrom: Any, broker: str) -> None:
    with laddstrom.up() as up:
        transaction = talk(up.ready["gateway"], "ocpp1.6", "CP-1", ChargePoint16, start_16)
        assert up.stop() == 0
    [session] = laddstrom.sql(SESSIONS)
    assert (session["energy_wh"], session["is_open"]) == (1500, True)
    with laddstrom.up() as up:
        talk(up.ready["gateway"], "ocpp1.6", "CP-1", ChargePoint16, stop_16(transaction, 9000))
        assert up.stop() == 0
    [session] = laddstrom.sql(SESSIONS)
    assert (session["energy_wh"], session["is_open"], session["is_started"]) == (8000, False, True)
    assert laddstrom.sql("SELECT count(*) AS n FROM core__dead_letters") == [{"n": 0}]


def landed(laddstrom: Any, station: str) -> bool:
    if not laddstrom.home.current.exists():
        return False
    query = f"SELECT count(*) AS n FROM core__sessions WHERE station_id = '{station}'"
    return bool(laddstrom.sql(query)[0]["n"])


def test_up_recovers_from_the_death_of_its_embedded_broker(laddstrom: Any, eventually: Any) -> None:
    with laddstrom.up("--land-every", 2) as up:
        first = up.ready
        transaction = talk(first["gateway"], "ocpp1.6", "CP-1", ChargePoint16, start_16)
        assert eventually(lambda: landed(laddstrom, "CP-1"), 60)
        os.kill(first["pids"]["kafka"], signal.SIGKILL)
        assert eventually(lambda: "may be lost" in up.said and up.pid("kafka") not in (None, first["pids"]["kafka"]))
        assert up.ready["gateway"] == first["gateway"]
        assert eventually(lambda: ports.listening(first["gateway"].split("/")[2]))
        assert eventually(lambda: (laddstrom.home.run / "worker.json").exists())
        talk(first["gateway"], "ocpp1.6", "CP-1", ChargePoint16, stop_16(transaction, 9000))
        talk(first["gateway"], "ocpp1.6", "CP-2", ChargePoint16, start_16)
        assert up.stop() == 0
    one, two = laddstrom.sql(SESSIONS)
    assert (one["energy_wh"], one["is_open"]) == (8000, False)
    assert (two["energy_wh"], two["is_open"]) == (1500, True)


@pytest.mark.parametrize("part", ["gateway", "ocpi", "worker"])
def test_a_part_that_dies_is_restarted_at_its_place(laddstrom: Any, eventually: Any, part: str) -> None:
    with laddstrom.up() as up:
        first = up.ready
        os.kill(first["pids"][part], signal.SIGKILL)
        assert eventually(lambda: up.pid(part) not in (None, first["pids"][part]))
        assert f"The {part} ended by signal SIGKILL" in up.said
        assert eventually(lambda: ports.listening(first["gateway"].split("/")[2]))
        assert eventually(lambda: ports.listening(first["ocpi"].split("/")[2]))
        transaction = talk(first["gateway"], "ocpp1.6", "CP-1", ChargePoint16, start_16)
        talk(first["gateway"], "ocpp1.6", "CP-1", ChargePoint16, stop_16(transaction, 4000))
        assert up.stop() == 0
    [session] = laddstrom.sql(SESSIONS)
    assert (session["energy_wh"], session["is_open"]) == (3000, False)


def test_a_part_that_keeps_dying_ends_up_with_its_last_words(laddstrom: Any, eventually: Any) -> None:
    with laddstrom.up() as up:
        pid = up.pid("worker")
        talk(up.ready["gateway"], "ocpp1.6", "CP-1", ChargePoint16, start_16)
        for _ in range(5):
            os.kill(pid, signal.SIGKILL)
            eventually(lambda pid=pid: up.pid("worker") not in (pid, None) or "5 times" in up.said)
            pid = up.pid("worker")
        assert up.process.wait(60) == 1
        assert "it died 5 times within 60 s" in up.said
        assert "Traceback" not in up.said
        said = up.said
    assert [session["station_id"] for session in laddstrom.sql(SESSIONS)] == ["CP-1"], said


def test_a_second_signal_ends_at_once(laddstrom: Any, eventually: Any) -> None:
    with laddstrom.up() as up:
        pids = up.ready["pids"]
        os.kill(pids["worker"], signal.SIGSTOP)  # the first signal would wait for it
        up.process.send_signal(signal.SIGINT)
        assert eventually(lambda: "Stopping" in up.said)
        up.process.send_signal(signal.SIGINT)
        assert up.process.wait(5) == 1
    assert eventually(lambda: not any(map(ports.alive, pids.values())))


def test_nothing_outlives_a_killed_up(laddstrom: Any, eventually: Any) -> None:
    with laddstrom.up() as up:
        pids = up.ready["pids"]
        up.process.kill()
        up.process.wait()
        assert eventually(lambda: not any(map(ports.alive, pids.values())), 10)


def test_a_second_up_or_process_on_the_same_home_names_the_first(laddstrom: Any, shared_data: Path) -> None:
    with laddstrom.up() as up:
        second = laddstrom.run("up", "--gateway-port", 0, "--ocpi-port", 0, code=1)
        assert f"process {up.process.pid}" in second.stderr
        log = shared_data / "ocpp/sim_test_ocpp_cli.jsonl"
        assert f"process {up.process.pid}" in laddstrom.run("process", log, code=1).stderr
        assert up.stop() == 0


def test_a_port_in_use_ends_up_with_a_sentence(laddstrom: Any) -> None:
    with laddstrom.up() as up:
        port = up.ready["gateway"].split(":")[2].partition("/")[0]
        other = type(laddstrom)(type(laddstrom.home)(laddstrom.folder / "other").create(), laddstrom.folder)
        refused = other.run("up", "--gateway-port", port, "--ocpi-port", 0, code=1)
        assert "address already in use" in refused.stderr.lower()
        assert up.stop() == 0


def test_beyond_loopback_it_refuses_to_start_without_a_station_list(laddstrom: Any) -> None:
    refused = laddstrom.run("up", "--host", "0.0.0.0", code=2)
    assert "LADDSTROM_GATEWAY__STATIONS" in refused.stderr
    assert not (laddstrom.home.run / "kafka.json").exists()
