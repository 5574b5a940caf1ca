"""What a hostile or broken station can send, through raw sockets; another station works all the while."""

import base64
import json
import os
import socket
import struct
import time
import zlib
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed

from models.reasons import Reason

HANDSHAKE = (
    "GET /ocpp/{station} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {protocol}\r\n{more}\r\n"
)


class RawStation:
    """A WebSocket client that obeys no rule unless told to."""

    def __init__(self, gateway, station, protocol="ocpp1.6", more=""):
        where = urlsplit(gateway.url)
        self.socket = socket.create_connection((where.hostname, where.port), timeout=15)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(HANDSHAKE.format(station=station, key=key, protocol=protocol, more=more).encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.socket.recv(4096)
        self.head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")

    def frame(self, opcode, payload=b"", *, fin=True, masked=True, rsv1=False, length=None):
        first = (0x80 if fin else 0) | (0x40 if rsv1 else 0) | opcode
        size = len(payload) if length is None else length
        mask_bit = 0x80 if masked else 0
        if size < 126:
            head = struct.pack("!BB", first, mask_bit | size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", first, mask_bit | 126, size)
        else:
            head = struct.pack("!BBQ", first, mask_bit | 127, size)
        self.socket.sendall(head + (b"\0\0\0\0" if masked else b"") + payload)

    def text(self, payload):
        self.frame(1, payload if isinstance(payload, bytes) else payload.encode())

    def receive(self):
        """The next message as (opcode, payload); a close frame's payload becomes its code."""
        while True:
            opcode, size = self._take(2)
            if size == 126:
                (size,) = struct.unpack("!H", self._take(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", self._take(8))
            payload = self._take(size)
            if opcode & 15 == 9:
                self.frame(10, payload)
                continue
            return opcode & 15, struct.unpack("!H", payload[:2])[0] if opcode & 15 == 8 else payload

    def answer(self):
        opcode, payload = self.receive()
        assert opcode == 1, (opcode, payload)
        return json.loads(payload)

    def closed_with(self):
        while True:
            opcode, code = self.receive()
            if opcode == 8:
                return code

    def _take(self, count):
        while len(self.buffer) < count:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError("the gateway hung up")
            self.buffer += more
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()


@pytest.fixture
def neighbour(gateway, request):
    """A well-behaved station that must work before, during and after."""
    with gateway.connect(f"neighbour-{zlib.crc32(request.node.name.encode())}") as station:
        assert gateway.call(station, "Heartbeat", {})[0] == 3
        yield station
        assert gateway.call(station, "Heartbeat", {})[0] == 3


HARMLESS = {
    "not json": b"hello",
    "empty": b"",
    "deep nesting": b"[" * 100_000,
    "deep nesting closed": b"[" * 100_000 + b"]" * 100_000,
    "deep payload": b'[2,"1","Heartbeat",' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"]",
    "huge integer": b'[2,"1","Heartbeat",{"a":' + b"9" * 5000 + b"}]",
    "huge exponent": b'[2,"1","Heartbeat",{"a":1e99999}]',
    "lone surrogate": b'[2,"1","Heartbeat",{"a":"\\ud800"}]',
    "lone surrogate id": b'[2,"\\ud800","Heartbeat",{}]',
    "NUL": b'[2,"1\x00","Heartbeat",{}]',
    "escaped NUL": b'[2,"\\u0000","Heartbeat",{}]',
    "byte order mark": b'\xef\xbb\xbf[2,"1","Heartbeat",{}]',
    "NaN": b'[2,"1","Heartbeat",{"a":NaN}]',
    "object": b'{"2":1}',
    "wrong case": b'[2,"1","heartbeat",{}]',
    "list as action": b'[2,"1",["a"],{}]',
    "duplicate keys": b'[2,"1","Heartbeat",{"a":1,"a":2}]',
    "number": b"17",
    "unknown type": b'[99,"1","Heartbeat",{}]',
    "orphan result": b'[3,"no-such-call",{}]',
    "orphan error": b'[4,"no-such-call","GenericError","",{}]',
    "SEND": b'[6,"1","NotifyPeriodicEventStream",{}]',
    "long id": b'[2,"' + b"x" * 100_000 + b'","Heartbeat",{}]',
}


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.1"])
@pytest.mark.parametrize("name", HARMLESS)
def test_no_message_ends_its_connection(gateway, log, neighbour, name, protocol):
    station = f"odd-{name}-{protocol}".replace(" ", "-")
    with RawStation(gateway, station, protocol) as hostile:
        hostile.text(HARMLESS[name])
        hostile.text(b'[2,"after","Heartbeat",{}]')
        while (answer := hostile.answer())[1] != "after":
            assert answer[0] in (3, 4)
            assert answer[0] == 3 or answer[2] != "InternalError"
        assert answer[0] == 3
        assert gateway.call(neighbour, "Heartbeat", {})[0] == 3
    asked = [e for e in log.wait_for_close(station) if e.meta.direction == "cp-to-csms"]
    assert [entry.value for entry in asked] == [HARMLESS[name], b'[2,"after","Heartbeat",{}]']


def test_a_binary_frame_is_read_like_a_text(gateway, log, neighbour):
    with RawStation(gateway, "binary") as station:
        station.frame(2, b'[2,"1","Heartbeat",{}]')
        assert station.answer()[0] == 3
        station.frame(2, b"\xff\x00\xfe")
        station.frame(2, b'[2,"2","Heartbeat",{}]')
        assert station.answer()[1] == "2"
    values = [entry.value for entry in log.wait_for_close("binary") if entry.meta.direction == "cp-to-csms"]
    assert values == [b'[2,"1","Heartbeat",{}]', b"\xff\x00\xfe", b'[2,"2","Heartbeat",{}]']


@pytest.mark.parametrize("text", [b'[2,"1","Heartbeat",{"a":"\xff"}]', b"\xed\xa0\x80", b"\xc0\x80"])
def test_invalid_utf8_is_recorded_and_closed_with_1007(gateway, log, neighbour, text):
    name = f"utf8-{text.hex()[-6:]}"
    with RawStation(gateway, name) as station:
        station.text(b'[2,"before","Heartbeat",{}]')
        assert station.answer()[1] == "before"
        station.text(text)
        assert station.closed_with() == 1007
    entries = log.wait_for_close(name)
    assert entries[-2].value == text
    assert entries[-2].meta.direction == "cp-to-csms"
    assert (entries[-1].note["code"], entries[-1].note["by"]) == (1007, "gateway")


@pytest.mark.parametrize("how", ["whole", "declared", "fragments"])
def test_a_frame_above_the_limit_is_closed_with_1009_and_leaves_a_dead_letter_without_payload(
    gateway, log, neighbour, how
):
    name = f"large-{how}"
    with RawStation(gateway, name) as station:
        try:
            if how == "whole":
                station.text(b'[2,"1","DataTransfer",{"data":"' + b"x" * (2 << 20) + b'"}]')
            elif how == "declared":
                station.frame(1, b"x", length=1 << 40)
            else:
                station.frame(1, b"x" * 600_000, fin=False)
                station.frame(0, b"x" * 600_000)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert station.closed_with() == 1009
    entries = log.wait_for_close(name)
    assert [entry.meta.kind for entry in entries] == ["open", "close"]
    (letter,) = log.dead_letters(name)
    assert (letter.reason, letter.payload, letter.station_id) == (Reason.TOO_LARGE, b"", name)
    assert [entries[0].meta.ordinal, letter.meta.ordinal, entries[1].meta.ordinal] == [0, 1, 2]
    assert letter.meta.source == entries[0].meta.source


def test_a_frame_at_the_limit_is_taken(gateway, log):
    frame = b'[2,"1","DataTransfer",{"vendorId":"v","data":"' + b"x" * ((1 << 20) - 49) + b'"}]'
    assert len(frame) == 1 << 20
    with RawStation(gateway, "limit") as station:
        station.text(frame)
        assert station.answer()[0] == 3
    assert log.wait_for_close("limit")[1].value == frame


def test_a_compression_bomb_is_closed_with_1009(gateway, neighbour):
    packer = zlib.compressobj(9, wbits=-15)
    bomb = packer.compress(b" " * (64 << 20)) + packer.flush(zlib.Z_SYNC_FLUSH)
    with RawStation(gateway, "bomb", more="Sec-WebSocket-Extensions: permessage-deflate\r\n") as station:
        assert b"permessage-deflate" in station.head
        station.frame(1, bomb[:-4], rsv1=True)
        assert station.closed_with() == 1009


@pytest.mark.parametrize("what", ["unmasked", "reserved opcode", "reserved bit", "lone continuation", "long ping"])
def test_framing_violations_end_only_their_own_connection(gateway, log, neighbour, what):
    name = f"framing-{what}".replace(" ", "-")
    with RawStation(gateway, name) as station:
        match what:
            case "unmasked":
                station.frame(1, b"[]", masked=False)
            case "reserved opcode":
                station.frame(5, b"[]")
            case "reserved bit":
                station.frame(1, b"[]", rsv1=True)
            case "lone continuation":
                station.frame(0, b"[]")
            case "long ping":
                station.frame(9, b"x" * 126)
        assert station.closed_with() == 1002
    assert log.wait_for_close(name)[-1].note["code"] == 1002


def test_a_vanished_station_is_recorded_as_abnormal(gateway, log):
    with RawStation(gateway, "vanished") as station:
        station.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert log.wait_for_close("vanished")[-1].note == {"code": 1006, "reason": "", "by": "network"}


def test_a_station_may_close_without_a_code(gateway, log):
    with RawStation(gateway, "codeless") as station:
        station.frame(8)
        station.socket.recv(100)
    assert log.wait_for_close("codeless")[-1].note == {"code": 1005, "reason": "", "by": "station"}


@pytest.mark.parametrize("head", [b"", b"GET /ocpp/slow HTTP/1.1\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET /ocpp/x HT"])
def test_half_a_handshake_is_hung_up_on(start, head):
    gateway = start(handshake_s=1.0)
    where = urlsplit(gateway.url)
    began = time.monotonic()
    with socket.create_connection((where.hostname, where.port), timeout=10) as slow:
        slow.sendall(head)
        try:
            while slow.recv(4096):
                pass
        except ConnectionResetError:
            pass
    assert time.monotonic() - began < 5
    with gateway.connect("fine") as station:
        assert gateway.call(station, "Heartbeat", {})[0] == 3


def test_endless_headers_are_refused(gateway, neighbour):
    where = urlsplit(gateway.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as endless:
        endless.sendall(b"GET /ocpp/x HTTP/1.1\r\n")
        with pytest.raises((BrokenPipeError, ConnectionResetError, EOFError)):  # noqa: PT012 - it hangs up some time
            for number in range(100_000):
                endless.sendall(b"X-%d: y\r\n" % number)
            raise EOFError


def test_a_flood_of_calls_is_answered_in_order_and_bounded(gateway, neighbour):
    with gateway.connect("flood") as station:
        for number in range(2000):
            station.send(f'[2,"{number}","Heartbeat",{{}}]')
            if number == 1000:
                began = time.monotonic()
                assert gateway.call(neighbour, "Heartbeat", {})[0] == 3
                assert time.monotonic() - began < 5
        assert [json.loads(station.recv(15))[1] for _ in range(2000)] == [str(number) for number in range(2000)]


def test_a_station_that_never_reads_does_not_stop_others(gateway, neighbour):
    with RawStation(gateway, "deaf") as station:
        station.socket.settimeout(3)
        with pytest.raises(TimeoutError):  # noqa: PT012 - until the gateway stops reading
            while True:
                station.text(b'[2,"' + b"y" * 50_000 + b'","Heartbeat",{}]')
        assert gateway.call(neighbour, "Heartbeat", {})[0] == 3


def test_neighbours_are_not_closed_by_anothers_violation(gateway):
    with gateway.connect("calm") as calm:
        for number in range(5):
            with RawStation(gateway, f"rude-{number}") as station:
                station.frame(1, b"[]", masked=False)
                station.closed_with()
        assert gateway.call(calm, "Heartbeat", {})[0] == 3
        with pytest.raises(TimeoutError):
            calm.recv(0.1)
    with pytest.raises(ConnectionClosed):
        calm.recv(0)
