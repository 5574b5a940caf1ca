"""The OCPI receiver over real HTTP, with a real broker behind it."""

import asyncio
import base64
import contextlib
import gc
import json
import os
import signal
import socket
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import uvloop
from kafka import KafkaConsumer, TopicPartition

from ingest.ocpi.config import OcpiConfig, OcpiConfigError
from ingest.ocpi.server import serve
from ingest.producer import KafkaLogProducer
from models.dead_letters import DeadLetter
from models.log import DEAD_LETTERS, OBJECTS
from models.reasons import Reason
from models.record import Meta
from pipelines.broker import embedded, topics
from pipelines.home import Home

TOKEN = "ebf3b399-779f-4497-9b9d-ac6ad3cc44d2"
AUTHORISATION = {"Authorization": f"Token {base64.b64encode(TOKEN.encode()).decode()}"}
STAMP = "2026-01-01T00:00:00Z"
PARTITIONS = 8

# kafka-python forgets sockets of attempts that were refused; they are collected while their test runs
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


class LiveReceiver:
    """`serve` in a thread."""

    def __init__(self, config, address):
        self.producer = KafkaLogProducer(address, delivery_s=5)
        self._ready = Future()
        self._thread = threading.Thread(target=self._run, args=(config,), daemon=True)
        self._thread.start()
        try:
            self.url = self._ready.result(15)
        except OcpiConfigError:
            self.producer.close()
            raise
        self.client = httpx.Client(base_url=self.url, headers=AUTHORISATION, trust_env=False)

    def _run(self, config):
        async def main():
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            try:
                await serve(config, self.producer, ready=self._ready.set_result)
            except asyncio.CancelledError:
                return

        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(main())
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the test that started it
            if not self._ready.done():
                self._ready.set_exception(error)

    def stop(self):
        if self._thread.is_alive():
            self.client.close()
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(60)
            assert not self._thread.is_alive()
            self.producer.close()


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    running = embedded.start(Home(tmp_path_factory.mktemp("ocpi-broker")))
    topics.ensure(running.address, PARTITIONS)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def receiver(tmp_path_factory, broker):
    folder = tmp_path_factory.mktemp("registrations")
    running = LiveReceiver(
        OcpiConfig(tokens=frozenset({TOKEN, "other"}), registrations=folder / "partners.json", port=0), broker.address
    )
    yield running
    running.stop()


@pytest.fixture
def start(tmp_path, broker):
    started = []

    def begin(**settings):
        settings.setdefault("tokens", frozenset({TOKEN}))
        config = OcpiConfig(registrations=tmp_path / "partners.json", **{"port": 0, **settings})
        started.append(LiveReceiver(config, broker.address))
        return started[-1]

    yield begin
    for running in started:
        running.stop()


def read(broker, topic, key):
    ends = {TopicPartition(*place): end for place, end in topics.end_offsets(broker.address, [topic]).items() if end}
    consumer = KafkaConsumer(bootstrap_servers=broker.address, enable_auto_commit=False)
    try:
        found = []
        if ends:
            consumer.assign(list(ends))
            consumer.seek_to_beginning()
        while any(consumer.position(place) < end for place, end in ends.items()):
            for records in consumer.poll(timeout_ms=200).values():
                found += records
        return [record for record in found if record.key == key.encode()]
    finally:
        consumer.close()


def envelope(response, http=200, status=1000):
    assert response.status_code == http, response.text
    body = response.json()
    assert body["status_code"] == status, body
    assert isinstance(body["status_message"], str)
    assert body["timestamp"].endswith("Z")
    return body


def one(broker, key):
    (record,) = read(broker, OBJECTS, key)
    return record, Meta.decode(dict(record.headers)["meta"])


PUSHES = [
    ("PUT", "/ocpi/emsp/2.2.1/locations/NL/TNM/{id}", {"id": "{id}", "name": "Ängen"}, "NL-TNM/locations/{id}"),
    ("PATCH", "/ocpi/emsp/2.2.1/locations/nl/tnm/{id}", {"last_updated": STAMP}, "NL-TNM/locations/{id}"),
    ("PUT", "/ocpi/emsp/2.2.1/locations/NL/TNM/{id}/E1", {"uid": "E1"}, "NL-TNM/locations/{id}/E1"),
    ("PATCH", "/ocpi/emsp/2.2.1/locations/NL/TNM/{id}/E1", {"last_updated": STAMP}, "NL-TNM/locations/{id}/E1"),
    ("PUT", "/ocpi/emsp/2.2.1/locations/NL/TNM/{id}/E1/2", {"id": "2"}, "NL-TNM/locations/{id}/E1/2"),
    ("PATCH", "/ocpi/emsp/2.2.1/locations/NL/TNM/{id}/E1/2", {"last_updated": STAMP}, "NL-TNM/locations/{id}/E1/2"),
    ("PUT", "/ocpi/emsp/2.2.1/sessions/NL/TNM/{id}", {"id": "{id}", "country_code": "NL"}, "NL-TNM/sessions/{id}"),
    ("PATCH", "/ocpi/emsp/2.2.1/sessions/NL/TNM/{id}", {"kwh": 5, "last_updated": STAMP}, "NL-TNM/sessions/{id}"),
    ("PUT", "/ocpi/emsp/2.2.1/tariffs/NL/TNM/{id}", {"id": "{id}", "party_id": "tnm"}, "NL-TNM/tariffs/{id}"),
    ("DELETE", "/ocpi/emsp/2.2.1/tariffs/NL/TNM/{id}", None, "NL-TNM/tariffs/{id}"),
    ("PUT", "/ocpi/cpo/2.2.1/tokens/DE/TNM/{id}?type=RFID", {"uid": "{id}"}, "DE-TNM/tokens/{id}"),
    ("PATCH", "/ocpi/cpo/2.2.1/tokens/DE/TNM/{id}", {"valid": False, "last_updated": STAMP}, "DE-TNM/tokens/{id}"),
]


@pytest.mark.parametrize(("method", "path", "body", "key"), PUSHES)
def test_a_push_is_recorded_byte_for_byte_before_it_is_answered(receiver, broker, method, path, body, key):
    name = f"{method}{PUSHES.index((method, path, body, key))}"
    path, key = path.replace("{id}", name), key.replace("{id}", name)
    raw = b"" if body is None else json.dumps(body, indent=3).replace("{id}", name).encode()
    response = receiver.client.request(method, path, content=raw)
    envelope(response)
    record, meta = one(broker, key)
    assert record.value == raw
    assert (meta.kind, meta.protocol, meta.direction, meta.connection) == (method.lower(), "ocpi2.2.1", None, "ocpi")
    assert meta.source.startswith("live-")
    assert meta.source.endswith("-ocpi")
    assert abs(meta.received_at_us / 1e6 - time.time()) < 60
    root = "/".join(key.split("/")[:3])
    assert record.partition == topics.partition_of(root.encode(), PARTITIONS)


def test_a_cdr_is_posted_and_gets_a_location(receiver, broker):
    cdr = {"country_code": "BE", "party_id": "BEC", "id": "CDR 1/x", "total_cost": {"excl_vat": 4.0}}
    response = receiver.client.post("/ocpi/emsp/2.2.1/cdrs", json=cdr)
    envelope(response, http=201)
    assert response.headers["Location"] == f"{receiver.url}/ocpi/emsp/2.2.1/cdrs/BE/BEC/CDR%201%2Fx"
    record, meta = one(broker, "BE-BEC/cdrs/CDR 1/x")
    assert (json.loads(record.value), meta.kind) == (cdr, "post")


def test_ordinals_count_over_the_whole_process(receiver, broker):
    for number in range(5):
        body = {"id": "counted", "last_updated": STAMP, "kwh": number}
        envelope(receiver.client.put("/ocpi/emsp/2.2.1/sessions/NL/TNM/counted", json=body))
    metas = [Meta.decode(dict(r.headers)["meta"]) for r in read(broker, OBJECTS, "NL-TNM/sessions/counted")]
    ordinals = [meta.ordinal for meta in metas]
    assert ordinals == list(range(ordinals[0], ordinals[0] + 5))
    assert len({meta.source for meta in metas}) == 1


def test_versions_and_endpoints_lead_to_the_modules(receiver):
    for path in ("/ocpi/versions", "/ocpi", "/versions", "/"):
        (version,) = envelope(receiver.client.get(path))["data"]
    assert version == {"version": "2.2.1", "url": f"{receiver.url}/ocpi/2.2.1"}
    details = envelope(receiver.client.get(version["url"]))["data"]
    found = {endpoint["identifier"]: endpoint for endpoint in details["endpoints"]}
    assert set(found) == {"credentials", "locations", "sessions", "cdrs", "tariffs", "tokens"}
    assert {name: e["role"] for name, e in found.items() if name != "credentials"} == dict.fromkeys(
        ("locations", "sessions", "cdrs", "tariffs", "tokens"), "RECEIVER"
    )
    location = f"{found['locations']['url']}/NL/TNM/found"
    envelope(receiver.client.put(location, json={"id": "found", "last_updated": STAMP}))


@pytest.mark.parametrize(
    "header",
    [None, "", "Token", "Token wrong", f"Bearer {TOKEN}", TOKEN, f"Token {TOKEN}x", "Token " + "A" * 5000, "Token ÿ"],
)
def test_anybody_without_a_known_token_is_401(receiver, header):
    headers = {"Authorization": header.encode("latin-1")} if header is not None else {}
    for method, path in (("GET", "/ocpi/versions"), ("PUT", "/ocpi/emsp/2.2.1/sessions/NL/TNM/S")):
        with httpx.Client(base_url=receiver.url, trust_env=False) as client:
            response = client.request(method, path, headers=headers)
        assert response.status_code == 401
        assert response.json()["status_code"] == 2000


@pytest.mark.parametrize("value", [TOKEN, base64.b64encode(TOKEN.encode()).decode(), "other"])
@pytest.mark.parametrize("scheme", ["Token", "token"])
def test_the_token_is_taken_raw_and_base64(receiver, scheme, value):
    envelope(receiver.client.get("/ocpi/versions", headers={"Authorization": f"{scheme} {value}"}))


SESSION = "/ocpi/emsp/2.2.1/sessions/NL/TNM/bad"


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"hello", b'{"a":\xff}', b"[" * 100_000, b'{"a":"\\ud800"}', b'{"a":NaN}', b"9" * 5000 + b"x"],
    ids=["empty", "half", "text", "not UTF-8", "deep", "surrogate", "NaN", "digits"],
)
def test_a_body_that_is_no_json_is_400_and_kept_as_a_dead_letter(receiver, broker, raw):
    before = len(read(broker, DEAD_LETTERS, "NL-TNM/sessions"))
    envelope(receiver.client.put(SESSION, content=raw), http=400, status=2001)
    record = max(read(broker, DEAD_LETTERS, "NL-TNM/sessions"), key=lambda found: found.offset)
    letter = DeadLetter.decode(record.key, record.value, dict(record.headers))
    assert (letter.reason, letter.payload) == (Reason.NOT_JSON, raw)
    assert len(read(broker, DEAD_LETTERS, "NL-TNM/sessions")) == before + 1


def test_a_refused_token_leaves_its_card_number_in_the_payload_only(receiver, broker):
    body = b'{"uid":"CANARY01","visual_number":"CANARY01"'
    envelope(receiver.client.put("/ocpi/cpo/2.2.1/tokens/NL/CAN/CANARY01", content=body), http=400, status=2001)
    (record,) = read(broker, DEAD_LETTERS, "NL-CAN/tokens")
    assert record.value == body
    assert b"CANARY" not in record.key + b"".join(content for _, content in record.headers)


@pytest.mark.parametrize("raw", [b"[]", b'[{"id":"bad"}]', b"null", b'"x"', b"1"])
def test_a_body_that_is_no_object_is_2001(receiver, raw):
    envelope(receiver.client.put(SESSION, content=raw), status=2001)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/ocpi/emsp/2.2.1/sessions/NL/TNM/S", {"id": "OTHER"}),
        ("PUT", "/ocpi/emsp/2.2.1/sessions/NL/TNM/S", {"id": 5}),
        ("PUT", "/ocpi/emsp/2.2.1/sessions/NL/TNM/S", {"id": "S", "country_code": "DE"}),
        ("PUT", "/ocpi/emsp/2.2.1/locations/NL/TNM/L", {"id": "L", "party_id": "XXX"}),
        ("PUT", "/ocpi/emsp/2.2.1/locations/NL/TNM/L/E", {"uid": "F"}),
        ("PUT", "/ocpi/emsp/2.2.1/locations/NL/TNM/L/E/1", {"id": "2"}),
        ("PUT", "/ocpi/cpo/2.2.1/tokens/NL/TNM/U", {"uid": "V"}),
        ("PATCH", "/ocpi/emsp/2.2.1/sessions/NL/TNM/S", {"kwh": 1}),
        ("PATCH", "/ocpi/emsp/2.2.1/sessions/NL/TNM/S", {"kwh": 1, "last_updated": None}),
        ("PUT", "/ocpi/emsp/2.2.1/sessions/NLD/TNM/S", {"id": "S"}),
        ("PUT", "/ocpi/emsp/2.2.1/sessions/NL/TOOLONG/S", {"id": "S"}),
        ("PUT", "/ocpi/emsp/2.2.1/locations/NL/TNM/a%2Fb", {"id": "a/b"}),
        ("PUT", "/ocpi/emsp/2.2.1/sessions/NL/TNM/%00", {}),
        ("PUT", "/ocpi/emsp/2.2.1/sessions/NL/TNM/%FF", {}),
        ("PUT", "/ocpi/emsp/2.2.1/sessions/NL/TNM/" + "x" * 256, {}),
        ("POST", "/ocpi/emsp/2.2.1/cdrs", {"id": "C", "party_id": "TNM"}),
        ("POST", "/ocpi/emsp/2.2.1/cdrs", {"id": 1, "party_id": "TNM", "country_code": "NL"}),
    ],
)
def test_what_contradicts_itself_is_2001_and_not_recorded(receiver, broker, method, path, body):
    ends = topics.end_offsets(broker.address, [OBJECTS])
    envelope(receiver.client.request(method, path, json=body), status=2001)
    assert topics.end_offsets(broker.address, [OBJECTS]) == ends


@pytest.mark.parametrize(
    ("method", "path", "http"),
    [
        ("GET", "/ocpi/emsp/2.2.1/sessions/NL/TNM/S", 405),
        ("DELETE", "/ocpi/emsp/2.2.1/locations/NL/TNM/L", 405),
        ("POST", "/ocpi/emsp/2.2.1/sessions/NL/TNM/S", 405),
        ("PUT", "/ocpi/emsp/2.2.1/cdrs", 405),
        ("PUT", "/ocpi/emsp/2.2.1/commands/NL/TNM/S", 404),
        ("PUT", "/ocpi/emsp/2.1.1/sessions/NL/TNM/S", 404),
        ("PUT", "/ocpi/emsp/2.2.1/sessions/NL/TNM", 404),
        ("PUT", "/ocpi/emsp/2.2.1/sessions/NL/TNM/S/deeper", 404),
        ("PUT", "/ocpi/emsp/2.2.1/locations/NL/TNM/L/E/C/deeper", 404),
        ("GET", "/nowhere", 404),
    ],
)
def test_methods_and_paths_that_ocpi_does_not_define_are_enveloped_errors(receiver, method, path, http):
    response = receiver.client.request(method, path, json={})
    assert response.status_code == http
    assert 2000 <= response.json()["status_code"] < 3000


@pytest.mark.parametrize("declared", [True, False], ids=["content-length", "chunked"])
def test_a_body_above_the_limit_is_413_and_a_dead_letter_without_payload(start, broker, declared):
    receiver = start(max_body_bytes=10_000)
    name = f"large{declared}"
    body = json.dumps({"id": name, "x": "y" * 10_000}).encode()
    content = body if declared else iter([body[:6000], body[6000:]])
    party = "CL" if declared else "CH"
    response = receiver.client.put(f"/ocpi/emsp/2.2.1/sessions/NL/{party}/{name}", content=content)
    envelope(response, http=413, status=2001)
    assert read(broker, OBJECTS, f"NL-{party}/sessions/{name}") == []
    (record,) = read(broker, DEAD_LETTERS, f"NL-{party}/sessions")
    letter = DeadLetter.decode(record.key, record.value, dict(record.headers))
    assert (letter.reason, letter.payload) == (Reason.TOO_LARGE, b"")


def test_request_ids_are_echoed_and_routing_is_turned_round(receiver):
    headers = {"X-Request-ID": "r-1", "X-Correlation-ID": "c-1", "OCPI-from-party-id": "TNM", "OCPI-to-party-id": "LAD"}
    response = receiver.client.get("/ocpi/versions", headers=headers)
    assert [response.headers[name] for name in ("X-Request-ID", "X-Correlation-ID")] == ["r-1", "c-1"]
    assert (response.headers["OCPI-to-party-id"], response.headers["OCPI-from-party-id"]) == ("TNM", "LAD")


CREDENTIALS = {
    "token": "theirs",
    "url": "https://partner.example/ocpi/versions",
    "roles": [{"role": "CPO", "party_id": "TNM", "country_code": "NL", "business_details": {"name": "Partner"}}],
}


def test_credentials_are_registered_changed_and_removed_also_over_a_restart(start, tmp_path):
    path = "/ocpi/2.2.1/credentials"
    receiver = start()
    client = receiver.client
    ours = envelope(client.get(path))["data"]
    assert ours["token"] == TOKEN
    assert ours["url"] == f"{receiver.url}/ocpi/versions"
    assert {role["role"] for role in ours["roles"]} == {"EMSP", "CPO"}
    assert client.put(path, json=CREDENTIALS).status_code == 405
    assert client.delete(path).status_code == 405
    assert envelope(client.post(path, json=CREDENTIALS))["data"]["token"] == TOKEN
    assert client.post(path, json=CREDENTIALS).status_code == 405
    receiver.stop()
    client = start().client
    assert client.post(path, json=CREDENTIALS).status_code == 405
    envelope(client.put(path, json={**CREDENTIALS, "token": "newer"}))
    assert json.loads((tmp_path / "partners.json").read_text()).popitem()[1]["token"] == "newer"
    assert (tmp_path / "partners.json").stat().st_mode & 0o777 == 0o600
    assert TOKEN not in (tmp_path / "partners.json").read_text()
    envelope(client.delete(path))
    assert client.delete(path).status_code == 405


@pytest.mark.parametrize(
    "body", [{}, {**CREDENTIALS, "token": ""}, {**CREDENTIALS, "roles": []}, {**CREDENTIALS, "roles": [1]}, {"url": 1}]
)
def test_unsound_credentials_are_2001(receiver, body):
    envelope(receiver.client.post("/ocpi/2.2.1/credentials", json=body), status=2001)


def test_every_object_of_the_specifications_examples_is_taken(receiver, broker, shared_data: Path):
    folder = shared_data / "ocpi" / "spec_2.2.1_examples"
    taken = 0
    for file in sorted(folder.glob("*.json")):
        body = json.loads(file.read_bytes())
        module = file.name.split("_")[0]
        if not isinstance(body, dict) or "country_code" not in body or module not in ("location", "session", "tariff"):
            continue
        path = f"/ocpi/emsp/2.2.1/{module}s/{body['country_code']}/{body['party_id']}/{body['id']}"
        envelope(receiver.client.put(path, content=file.read_bytes()))
        taken += 1
    token = (folder / "token_put_example.json").read_bytes()
    envelope(receiver.client.put("/ocpi/cpo/2.2.1/tokens/NL/TNM/012345678", content=token))
    cdr = (folder / "cdr_example.json").read_bytes()
    envelope(receiver.client.post("/ocpi/emsp/2.2.1/cdrs", content=cdr), http=201)
    assert read(broker, OBJECTS, "BE-BEC/cdrs/12345")[0].value == cdr
    assert taken > 20


def test_half_a_request_is_hung_up_on_and_others_go_on(start):
    receiver = start(head_s=1.0)
    where = urlsplit(receiver.url)
    began = time.monotonic()
    with socket.create_connection((where.hostname, where.port), timeout=10) as slow:
        slow.sendall(b"PUT /ocpi/emsp/2.2.1/sessions/NL/TNM/S HTTP/1.1\r\nHost: x\r\n")
        envelope(receiver.client.get("/ocpi/versions"))
        with contextlib.suppress(ConnectionResetError):
            assert slow.recv(100) == b""
    assert time.monotonic() - began < 5


def test_half_a_second_request_on_a_kept_connection_is_hung_up_on(start):
    receiver = start(head_s=1.0)
    where = urlsplit(receiver.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as slow:
        head = f"GET /ocpi/versions HTTP/1.1\r\nHost: x\r\nAuthorization: Token {TOKEN}\r\n"
        slow.sendall(f"{head}\r\n".encode())
        assert b"200" in slow.recv(4096)
        slow.sendall(head.encode())
        began = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            while slow.recv(4096):
                pass
        assert time.monotonic() - began < 5


def test_a_body_that_never_ends_is_408(start):
    receiver = start(body_s=0.5)
    where = urlsplit(receiver.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as slow:
        head = f"PUT {SESSION} HTTP/1.1\r\nHost: x\r\nAuthorization: Token {TOKEN}\r\nContent-Length: 50\r\n\r\n"
        slow.sendall(head.encode() + b"{")
        assert slow.recv(4096).startswith(b"HTTP/1.1 408")


def test_a_frozen_kafka_is_503_and_nothing_is_said_to_be_taken(tmp_path):
    broker = embedded.start(Home(tmp_path / "frozen"))
    topics.ensure(broker.address, PARTITIONS)
    config = OcpiConfig(tokens=frozenset({TOKEN}), registrations=tmp_path / "p.json", port=0, ack_timeout_s=0.5)
    receiver = LiveReceiver(config, broker.address)
    try:
        body = {"id": "bad", "last_updated": STAMP}
        envelope(receiver.client.put(SESSION, json=body))
        os.kill(broker.pid, signal.SIGSTOP)
        response = receiver.client.put(SESSION, json=body)
        envelope(response, http=503, status=3000)
        assert "Retry-After" in response.headers
        os.kill(broker.pid, signal.SIGCONT)
        envelope(receiver.client.put(SESSION, json=body))
    finally:
        os.kill(broker.pid, signal.SIGCONT)
        receiver.stop()
        broker.stop()
        gc.collect()


def test_stopping_answers_what_was_begun(start, broker):
    receiver = start()
    answers = []

    def push():
        with httpx.Client(base_url=receiver.url, headers=AUTHORISATION, trust_env=False) as client:
            for number in range(50):
                try:
                    answers.append(client.put(f"/ocpi/emsp/2.2.1/sessions/NL/TNM/last{number}", json={}).status_code)
                except httpx.TransportError:
                    return

    pushing = threading.Thread(target=push)
    pushing.start()
    time.sleep(0.2)
    receiver.stop()
    pushing.join(10)
    assert answers
    assert set(answers) == {200}
    for number in range(len(answers)):
        assert read(broker, OBJECTS, f"NL-TNM/sessions/last{number}")


@pytest.mark.parametrize("tokens", [frozenset(), frozenset({""}), frozenset({"with blank "}), frozenset({"å"})])
def test_without_a_sound_token_it_refuses_to_start(start, tokens):
    with pytest.raises(OcpiConfigError, match="LADDSTROM_OCPI__TOKENS"):
        start(tokens=tokens)


def test_a_damaged_file_of_registrations_is_named(start, tmp_path):
    (tmp_path / "partners.json").write_text('{"half": ')
    with pytest.raises(OcpiConfigError, match=r"partners\.json is damaged; move it away"):
        start()


def test_partners_that_register_at_once_are_all_kept(start, tmp_path):
    tokens = frozenset(f"partner-{number}" for number in range(8))
    receiver = start(tokens=tokens)

    def register(token):
        headers = {"Authorization": f"Token {base64.b64encode(token.encode()).decode()}"}
        return receiver.client.post("/ocpi/2.2.1/credentials", json=CREDENTIALS, headers=headers).status_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(register, tokens)) == {200}
    assert len(json.loads((tmp_path / "partners.json").read_text())) == len(tokens)
