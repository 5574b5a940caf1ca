"""`up --upstream`: an operator's own CSMS stays in charge, and every byte that passes is in the warehouse."""

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

STATION = [
    '[2,"1","BootNotification",{"chargePointVendor":"Ångström","chargePointModel":"M 1"}]',
    '[ 2, "2", "StartTransaction", '
    '{"connectorId":1,"idTag":"CARD","meterStart":1000,"timestamp":"2026-01-01T10:00:00Z"}]',
    '[2,"3","StopTransaction",{"transactionId":4711,"meterStop":6000,"timestamp":"2026-01-01T11:00:00Z"}]',
    "this is no OCPP",
    b"\x00\xffbinary",
    "x" * 300_000,
]
CSMS = [
    '[3,"1",{"status":"Accepted","currentTime":"2026-01-01T10:00:00Z","interval":60}]',
    '[3,"2",{"transactionId":4711,"idTagInfo":{"status":"Accepted"}}]\n',
    '[3, "3", {}]',
    '[2,"c1","TriggerMessage",{"requestedMessage":"Heartbeat"}]',
    b"\xfe\x00",
    "y" * 300_000,
]


class OtherCsms:
    """Somebody else's CSMS: answers the n-th message with its n-th line, then closes with 4000."""

    def __init__(self) -> None:
        self.received: list[str | bytes] = []
        self._ready: Future[str] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))
        self._thread.start()
        self.url = self._ready.result(10)

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with serve(self._handle, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:  # type: ignore[list-item]
            self._ready.set_result(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/steve")
            await self._stop.wait()

    async def _handle(self, connection: ServerConnection) -> None:
        for answer in CSMS:
            self.received.append(await connection.recv())
            await connection.send(answer)
        await connection.close(4000, "that was all")

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


@pytest.fixture
def csms() -> Iterator[OtherCsms]:
    running = OtherCsms()
    yield running
    running.stop()


def as_bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message


def blob(shown: str) -> bytes:
    """A blob as `sql --json` shows it: text where it is UTF-8, else base64."""
    return base64.b64decode(shown) if shown in ENCODED else shown.encode()


ENCODED = {base64.b64encode(message).decode() for message in (*STATION, *CSMS) if isinstance(message, bytes)}


def test_upstream_passes_every_byte_on_and_records_it(laddstrom: Any, csms: OtherCsms, broker: str) -> None:
    heard: list[str | bytes] = []
    with laddstrom.up("--upstream", csms.url) as up:
        url = f"{up.ready['gateway']}/CP%201"
        with connect(url, subprotocols=["ocpp1.6"], proxy=None, legacy=True) as station:  # type: ignore[list-item]
            for message in STATION:
                station.send(message)
                heard.append(station.recv(10))
            with pytest.raises(ConnectionClosed) as closed:
                station.recv(10)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4000, "that was all")
        assert up.stop() == 0, up.said
    assert csms.received == STATION
    assert heard == CSMS

    frames = laddstrom.sql("select direction, payload, station_id, protocol from raw_ocpp__frames order by ordinal")
    assert {(row["station_id"], row["protocol"]) for row in frames} == {("CP 1", "ocpp1.6")}
    for direction, said in (("cp-to-csms", STATION), ("csms-to-cp", CSMS)):
        recorded = [blob(row["payload"]) for row in frames if row["direction"] == direction]
        assert recorded == [as_bytes(message) for message in said]
    (session,) = laddstrom.sql("select transaction_id, energy_wh, is_open from core__sessions")
    assert session == {"transaction_id": "4711", "energy_wh": 5000, "is_open": False}
    (count,) = laddstrom.sql("select count(*) as n from raw_ocpp__connections")
    assert count == {"n": 2}
    letters = laddstrom.sql("select reason, count(*) as n from core__dead_letters group by reason order by reason")
    assert sum(row["n"] for row in letters) == 5, json.dumps(letters)
