"""The tap before another CSMS: every byte on both sides, every close code, every refusal."""

import asyncio
import json
import socket
import struct
import threading
import time
from concurrent.futures import Future
from http import HTTPStatus

import pytest
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

ODD_TEXTS = [
    '[2,"1","BootNotification",{"chargePointVendor":"Å","chargePointModel":"M"}]',
    '[ 2 , "spaces" , "Heartbeat" , { } ]\n',
    '[2,"dup","Heartbeat",{"a":1,"a":2}]',
    "not json at all",
    "",
    '{"a":"\\ud800"}',
    "\ufeff[]",
    "x" * 200_000,
]
ODD_BYTES = [b"", b"\x00\xff\xfe", b'[2,"b","Heartbeat",{}]', bytes(range(256)) * 100]


class Upstream:
    """Another CSMS: it does what a test tells it to and remembers all it was told."""

    def __init__(self):
        self.received = []
        self.requests = []
        self.closed = []
        self.handler = self.echo
        self.refusal = None
        self.subprotocol = "first"
        self._ready = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()
        self.url = self._ready.result(10)

    async def _main(self):
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        server = await serve(
            self._handle,
            "127.0.0.1",
            0,
            select_subprotocol=self._select,
            process_request=self._process,
            max_size=None,
            close_timeout=2,
        )
        self._ready.set_result(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/csms/v1")
        await self._stop.wait()
        server.close()
        await server.wait_closed()

    def _select(self, connection, offered):
        return offered[0] if offered and self.subprotocol == "first" else self.subprotocol

    def _process(self, connection, request):
        self.requests.append(request)
        if self.refusal is not None:
            status, text, headers = self.refusal
            response = connection.respond(status, text)
            for name, value in headers.items():
                response.headers[name] = value
            return response
        return None

    async def _handle(self, connection):
        try:
            await self.handler(connection)
        finally:
            await connection.wait_closed()
            self.closed.append((connection.close_code, connection.close_reason))

    async def echo(self, connection):
        """Answer each message with its mirror image, in its own type."""
        try:
            async for message in connection:
                self.received.append(message)
                await connection.send(message[::-1])
        except ConnectionClosed:
            pass

    def stop(self):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(15)

    def wait_for_close(self):
        deadline = time.monotonic() + 10
        while not self.closed:
            assert time.monotonic() < deadline, "the CSMS never saw the connection end"
            time.sleep(0.02)
        return self.closed[-1]


@pytest.fixture
def upstream():
    running = Upstream()
    yield running
    running.stop()


@pytest.fixture
def tap(upstream, start):
    return start(upstream=upstream.url)


def test_every_message_arrives_unchanged_on_both_sides_and_is_recorded_byte_for_byte(tap, upstream, log):
    messages = [*ODD_TEXTS, *ODD_BYTES]
    with tap.connect("mirror", max_size=None) as station:
        answers = []
        for message in messages:
            station.send(message)
            answers.append(station.recv(10))
    assert upstream.received == messages
    assert answers == [message[::-1] for message in messages]
    entries = log.wait_for_close("mirror")
    frames = [entry for entry in entries if entry.meta.kind == "frame"]
    sent = [entry.value for entry in frames if entry.meta.direction == "cp-to-csms"]
    heard = [entry.value for entry in frames if entry.meta.direction == "csms-to-cp"]
    assert sent == [m.encode() if isinstance(m, str) else m for m in messages]
    assert heard == [m.encode() if isinstance(m, str) else m for m in answers]
    assert [entry.meta.ordinal for entry in entries] == list(range(len(entries)))
    assert [entry.meta.kind for entry in (entries[0], entries[-1])] == ["open", "close"]


def test_calls_from_the_csms_reach_the_station(tap, upstream, log):
    async def command(connection):
        await connection.send('[2,"c","RemoteStartTransaction",{"idTag":"A"}]')
        upstream.received.append(await connection.recv())

    upstream.handler = command
    with tap.connect("commanded") as station:
        assert station.recv(10) == '[2,"c","RemoteStartTransaction",{"idTag":"A"}]'
        station.send('[3,"c",{"status":"Accepted"}]')
    directions = [e.meta.direction for e in log.wait_for_close("commanded") if e.meta.kind == "frame"]
    assert directions == ["csms-to-cp", "cp-to-csms"]


def test_a_thousand_messages_each_way_keep_their_order(tap, upstream):
    with tap.connect("many") as station:
        for number in range(1000):
            station.send(f"{number:04}")
        assert [station.recv(10)[::-1] for _ in range(1000)] == [f"{number:04}" for number in range(1000)]


def test_the_request_is_passed_on_with_path_query_subprotocols_and_authorisation(tap, upstream):
    url = f"{tap.url}/site%2FA/CP%201?key=a%20b&x=1"
    headers = {"Authorization": "Basic Q1A6c2VjcmV0", "X-Private": "no"}
    with connect(
        url,
        subprotocols=["ocpp2.0.1", "vendor-1", "ocpp1.6"],
        additional_headers=headers,
        user_agent_header="Charger/7",
        proxy=None,
    ) as station:
        assert station.subprotocol == "ocpp2.0.1"
    (request,) = upstream.requests
    assert request.path == "/csms/v1/site%2FA/CP%201?key=a%20b&x=1"
    assert request.headers["Authorization"] == "Basic Q1A6c2VjcmV0"
    assert request.headers["User-Agent"] == "Charger/7"
    assert request.headers["Sec-WebSocket-Protocol"] == "ocpp2.0.1, vendor-1, ocpp1.6"
    assert "X-Private" not in request.headers


@pytest.mark.parametrize(("picked", "protocol"), [("ocpp1.6", "ocpp1.6"), ("ocpp2.0", "ocpp2.0"), (None, None)])
def test_the_csms_picks_the_subprotocol(tap, upstream, log, picked, protocol):
    upstream.subprotocol = picked
    with connect(f"{tap.url}/pick-{picked}", subprotocols=["ocpp2.0", "ocpp1.6"], proxy=None) as station:
        assert station.subprotocol == picked
    assert log.wait_for_close(f"pick-{picked}")[0].meta.protocol == protocol


@pytest.mark.parametrize(
    ("code", "reason"), [(1000, "done"), (1001, ""), (1011, "Ärger"), (3000, "x"), (4999, "y" * 123)]
)
def test_close_codes_travel_from_station_to_csms(tap, upstream, log, code, reason):
    with tap.connect(f"up-{code}") as station:
        station.send("last words")
        station.close(code, reason)
    assert upstream.wait_for_close() == (code, reason)
    assert upstream.received == ["last words"]
    assert log.wait_for_close(f"up-{code}")[-1].note == {"code": code, "reason": reason, "by": "station"}


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "restart"), (1008, "no"), (1013, "busy"), (4001, "Ä")])
def test_close_codes_travel_from_csms_to_station(tap, upstream, log, code, reason):
    async def leave(connection):
        await connection.send("last words")
        await connection.close(code, reason)

    upstream.handler = leave
    with tap.connect(f"down-{code}") as station:
        assert station.recv(10) == "last words"
        with pytest.raises(ConnectionClosed) as closed:
            station.recv(10)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, reason)
    assert log.wait_for_close(f"down-{code}")[-1].note == {"code": code, "reason": reason, "by": "csms"}


def test_a_close_without_a_code_stays_without_a_code(tap, upstream, log):
    with tap.connect("codeless-up") as station, station.send_context():
        station.protocol.send_close()
    assert upstream.wait_for_close() == (1005, "")
    assert log.wait_for_close("codeless-up")[-1].note["code"] == 1005


def test_a_vanished_station_is_dropped_upstream_too(tap, upstream, log):
    with tap.connect("vanishing") as station:
        station.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        station.socket.close()
        assert upstream.wait_for_close()[0] == 1006
    assert log.wait_for_close("vanishing")[-1].note == {"code": 1006, "reason": "", "by": "network"}


def test_a_vanished_csms_drops_the_station(tap, upstream):
    async def vanish(connection):
        connection.transport.abort()

    upstream.handler = vanish
    with tap.connect("orphaned") as station, pytest.raises(ConnectionClosed) as closed:
        station.recv(10)
    assert closed.value.rcvd is None


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_a_refusal_reaches_the_charger_with_status_words_and_challenge(tap, upstream, status):
    upstream.refusal = (HTTPStatus(status), "because", {"WWW-Authenticate": 'Basic realm="x"', "Retry-After": "7"})
    with pytest.raises(InvalidStatus) as refused:
        tap.connect("refused")
    response = refused.value.response
    assert (response.status_code, response.body) == (status, b"because")
    assert response.headers["WWW-Authenticate"] == 'Basic realm="x"'
    assert response.headers["Retry-After"] == "7"


def test_an_absent_csms_is_502_with_retry_after(start):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        tap = start(upstream=f"ws://127.0.0.1:{unused.getsockname()[1]}/")
        with pytest.raises(InvalidStatus) as refused:
            tap.connect("early")
    assert refused.value.response.status_code == 502
    assert int(refused.value.response.headers["Retry-After"]) > 0


def test_a_silent_csms_is_504(start):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        tap = start(upstream=f"ws://127.0.0.1:{silent.getsockname()[1]}/", handshake_s=1.0)
        with pytest.raises(InvalidStatus) as refused:
            tap.connect("waiting")
    assert refused.value.response.status_code == 504


def test_a_charger_that_gives_up_during_the_handshake_leaves_nothing_open_upstream(tap, upstream):
    where = tap.url.removeprefix("ws://").removesuffix("/ocpp").split(":")
    with socket.create_connection((where[0], int(where[1])), timeout=5) as hasty:
        # no Sec-WebSocket-Key: the charger's own handshake fails after the CSMS has accepted
        head = "GET /ocpp/hasty HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        hasty.sendall(f"{head}Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n".encode())
        assert b"400" in hasty.recv(4096)
    upstream.wait_for_close()


@pytest.mark.parametrize("direction", ["cp-to-csms", "csms-to-cp"])
def test_a_frame_above_the_limit_ends_the_connection_on_both_sides(upstream, start, log, direction):
    tap = start(upstream=upstream.url, max_frame_bytes=100_000)
    name = f"tap-large-{direction}"

    async def boast(connection):
        await connection.send("x" * 100_001)
        await connection.wait_closed()

    if direction == "csms-to-cp":
        upstream.handler = boast
    with tap.connect(name) as station:
        if direction == "cp-to-csms":
            station.send("x" * 100_001)
        with pytest.raises(ConnectionClosed) as closed:
            station.recv(10)
    assert closed.value.rcvd.code == 1009
    assert upstream.wait_for_close()[0] == 1009
    log.wait_for_close(name)
    (letter,) = log.dead_letters(name)
    assert (letter.meta.direction, letter.payload) == (direction, b"")


def test_pings_are_answered_hop_by_hop(tap, upstream):
    with tap.connect("pinged") as station:
        assert station.ping().wait(5)
    assert upstream.received == []


def test_stopping_closes_both_sides_after_what_was_said(upstream, start, log):
    tap = start(upstream=upstream.url)
    with tap.connect("tap-stopped") as station:
        station.send("abc")
        assert station.recv(10) == "cba"
        tap.stop()
        with pytest.raises(ConnectionClosed) as closed:
            station.recv(10)
    assert closed.value.rcvd.code == 1012
    assert upstream.wait_for_close()[0] == 1001
    assert log.station("tap-stopped")[-1].note["code"] == 1012


def test_the_station_list_holds_for_the_tap_too(upstream, start):
    tap = start(upstream=upstream.url, stations=frozenset({"known"}))
    with pytest.raises(InvalidStatus) as refused:
        tap.connect("stranger")
    assert refused.value.response.status_code == 404
    assert upstream.requests == []


def test_our_own_gateway_may_be_the_csms_behind_the_tap(gateway, start, log):
    tap = start(upstream=gateway.url)
    with tap.connect("chained") as station:
        boot = {"chargePointVendor": "V", "chargePointModel": "M"}
        assert tap.call(station, "BootNotification", boot)[2]["status"] == "Accepted"
    entries = log.wait_for_close("chained", 2)
    assert sorted(json.loads(e.value)[0] for e in entries if e.meta.kind == "frame") == [2, 2, 3, 3]
