"""Card numbers planted wherever others may write one: they stay in the raw log, whatever is made of it."""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from canaries import Canaries, escaped, files, parquet, values
from kafka import KafkaConsumer, TopicPartition
from websockets.sync.client import connect

from models import facts
from models.log import DEAD_LETTERS, FRAMES, OBJECTS, STATES_CHANGELOG
from models.tables.catalogue import TABLES
from models.tokens.pseudonyms import canonical, pseudonym
from pipelines.broker import topics
from pipelines.home import Home
from pipelines.warehouse import read
from pipelines.warehouse.sql import identifier

REPOSITORY = Path(__file__).parents[2]
NEVER_TAKEN = {
    "OCPI path of no object",
    "OCPI refused path",
    "OCPI refused path, no JSON",
    "file that is no log",
}
"""Planted where nothing is recorded, so the raw log does not have them either."""
CLEAR = "LADDSTROM_PRIVACY__TOKENS"
PSEUDONYMS = {
    "1.6 Authorize": "core__authorizations",
    "1.6 Authorize, JSON escapes": "core__authorizations",
    "1.6 StartTransaction": "core__sessions",
    "2.0.1 Authorize": "core__authorizations",
    "2.0.1 TransactionEvent": "core__sessions",
    "log Authorize": "core__authorizations",
    "text log": "core__authorizations",
    "CSV log": "report__rfid_usage_daily",
    "OCPI tokens uid": "core__tokens",
    "OCPI tokens contract_id": "core__tokens",
    "OCPI tokens visual_number": "core__tokens",
    "OCPI sessions PATCH": "core__ocpi_sessions",
    "OCPI sessions authorization_reference": "core__ocpi_sessions",
    "OCPI cdrs uid": "core__cdrs",
    "OCPI cdrs contract_id": "core__cdrs",
}
"""Some of those that are facts, and where their pseudonyms must be."""
T = "2026-03-02T10:{:02}:00Z".format


def ocmf(token: str) -> str:
    """Signed meter data, which names the card."""
    return "OCMF|" + json.dumps({"FV": "1.0", "IT": "ISO14443", "ID": token, "RD": [{"RV": 1.5, "RU": "kWh"}]}) + "|{}"


# --- where card numbers come in -----------------------------------------------------------------------------------


def frames_16(c: Canaries, transaction_id: int) -> Iterator[str | bytes]:
    """What a 1.6 station says after it started a transaction: sound, odd and broken."""
    yield json.dumps([2, "a1", "Authorize", {"idTag": c.plant("1.6 Authorize")}])
    yield f'[2,"a2","Authorize",{{"idTag":"{escaped(c.plant("1.6 Authorize, JSON escapes"))}"}}]'
    yield json.dumps([2, "a3", "Authorize", {"idtag": c.plant("1.6 wrong-case field")}])
    yield json.dumps([2, "a4", "authorize", {"idTag": c.plant("1.6 wrong-case action")}])
    yield json.dumps([2, "a5", "Authorize", [c.plant("1.6 payload that is a list")]])
    yield json.dumps([2, "a6", "Authorize", {"idTag": {"idToken": c.plant("1.6 token that is an object")}}])
    yield json.dumps([2, "s1", "StartTransaction", {"idTag": c.plant("1.6 StartTransaction without connector")}])
    signed = [{"value": ocmf(c.plant("1.6 signed value")), "format": "SignedData"}]
    signed.append({"value": ocmf(c.plant("1.6 signed value that says it is raw"))})
    taken = [{"timestamp": T(20), "sampledValue": signed}]
    yield json.dumps([2, "m1", "MeterValues", {"connectorId": 1, "transactionId": transaction_id, "meterValue": taken}])
    stop = {"transactionId": transaction_id, "meterStop": 4000, "timestamp": T(30), "transactionData": taken}
    yield json.dumps([2, "t1", "StopTransaction", {**stop, "idTag": c.plant("1.6 StopTransaction")}])
    unknown = {"transactionId": 999_999, "meterStop": 5, "timestamp": T(31)}
    yield json.dumps([2, "t2", "StopTransaction", {**unknown, "idTag": c.plant("1.6 StopTransaction of nothing")}])
    yield json.dumps([2, "d1", "DataTransfer", {"vendorId": "V", "data": f"card={c.plant('1.6 DataTransfer')};ok"}])
    status = {"connectorId": 1, "errorCode": "OtherError", "status": "Faulted", "vendorErrorCode": "E42"}
    yield json.dumps([2, "n1", "StatusNotification", {**status, "info": c.plant("1.6 StatusNotification info")}])
    security = {"type": "TamperDetectionActivated", "timestamp": T(32), "techInfo": c.plant("1.6 SecurityEvent")}
    yield json.dumps([2, "n2", "SecurityEventNotification", security])
    yield json.dumps([3, "x1", {"idTagInfo": {"status": "Accepted", "parentIdTag": c.plant("1.6 answer to nothing")}}])
    yield json.dumps([4, "x2", "GenericError", f"no card {c.plant('1.6 error to nothing')}", {}])
    yield f'[2,"b1","Authorize",{{"idTag":"{c.plant("1.6 half a frame")}"'
    yield json.dumps({"idTag": c.plant("1.6 object instead of a frame")})
    yield f"card {c.plant('1.6 plain text')} was refused"
    yield b"\xff\xfe" + c.plant("1.6 binary frame").encode()


def frames_201(c: Canaries) -> Iterator[str]:
    """The same of a 2.0.1 station."""
    extra = [{"additionalIdToken": c.plant("2.0.1 additionalIdToken"), "type": "x"}]
    token = {"idToken": c.plant("2.0.1 Authorize"), "type": "ISO14443", "additionalInfo": extra}
    yield json.dumps([2, "1", "Authorize", {"idToken": token}])
    group = {"idToken": c.plant("2.0.1 groupIdToken"), "type": "Central"}
    started = {"idToken": c.plant("2.0.1 TransactionEvent"), "type": "ISO14443", "groupIdToken": group}
    yield event(0, "Started", {"transactionId": "TX-1"}, idToken=started)
    signed = base64.b64encode(ocmf(c.plant("2.0.1 signed value")).encode()).decode()
    sample = {"value": 2500, "signedMeterValue": {"signedMeterData": signed, "encodingMethod": "OCMF"}}
    values_of = [{"timestamp": T(40), "sampledValue": [sample]}]
    stopped = {"idToken": c.plant("2.0.1 token of the end"), "type": "ISO14443"}
    beside = {"idToken": c.plant("2.0.1 groupIdToken beside"), "type": "Central"}
    yield event(1, "Ended", {"transactionId": "TX-1"}, idToken=stopped, groupIdToken=beside, meterValue=values_of)
    yield event(2, "Started", {}, idToken={"idToken": c.plant("2.0.1 event of no transaction"), "type": "Central"})
    yield json.dumps([2, "w", "transactionevent", {"idToken": {"idToken": c.plant("2.0.1 wrong-case action")}}])
    reader = {"component": {"name": "TokenReader"}, "variable": {"name": "Token"}, "trigger": "Alerting"}
    read_card = {**reader, "eventId": 1, "timestamp": T(41), "actualValue": c.plant("2.0.1 NotifyEvent")}
    read_card["eventNotificationType"] = "CustomMonitor"
    yield json.dumps([2, "e", "NotifyEvent", {"generatedAt": T(41), "seqNo": 0, "eventData": [read_card]}])
    customer = {"data": c.plant("2.0.1 customer information"), "seqNo": 0, "generatedAt": T(42), "requestId": 1}
    yield json.dumps([2, "c", "NotifyCustomerInformation", customer])
    yield json.dumps([2, "d", "DataTransfer", {"vendorId": "V", "data": {"card": c.plant("2.0.1 DataTransfer")}}])
    yield f'[2,"h","Authorize",{{"idToken":{{"idToken":"{c.plant("2.0.1 half a frame")}"'


def event(number: int, kind: str, info: dict[str, Any], **more: Any) -> str:
    payload = {"eventType": kind, "timestamp": T(38 + number), "triggerReason": "Authorized", "seqNo": number}
    evse = {"evse": {"id": 1, "connectorId": 1}}
    return json.dumps([2, f"ev{number}", "TransactionEvent", {**payload, "transactionInfo": info, **evse, **more}])


def tell(url: str, c: Canaries) -> None:
    """Both stations over real WebSockets; returns once the gateway has taken everything in."""
    start = {"connectorId": 1, "idTag": c.plant("1.6 StartTransaction"), "meterStart": 1000, "timestamp": T(10)}
    with connect(f"{url}/CA-16", subprotocols=["ocpp1.6"], proxy=None) as station:  # type: ignore[list-item]
        station.send(json.dumps([2, "boot", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]))
        station.send(json.dumps([2, "start", "StartTransaction", start]))
        answers = [json.loads(station.recv(30)) for _ in range(2)]
        say(station, frames_16(c, answers[1][2]["transactionId"]))
    with connect(f"{url}/CA-201", subprotocols=["ocpp2.0.1"], proxy=None) as station:  # type: ignore[list-item]
        say(station, frames_201(c))


def say(station: Any, frames: Iterator[str | bytes]) -> None:
    for frame in frames:
        station.send(frame)
    station.send('[2,"last","Heartbeat",{}]')
    while json.loads(station.recv(30))[1] != "last":
        pass


def push(ocpi: str, credentials: str, c: Canaries) -> None:
    """A roaming partner over real HTTP."""
    header = {"Authorization": f"Token {base64.b64encode(credentials.encode()).decode()}"}
    own = {"country_code": "SE", "party_id": "EMP", "last_updated": T(1)}
    cdr_token = {"country_code": "SE", "party_id": "EMP", "type": "RFID"}
    with httpx.Client(base_url=f"{ocpi}/ocpi", headers=header, trust_env=False, timeout=30) as partner:

        def send(method: str, path: str, body: Any, code: int = 200) -> None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            answer = partner.request(method, path, content=content)
            assert answer.status_code == code, answer.text

        tokens, sessions = "/cpo/2.2.1/tokens/SE/EMP", "/emsp/2.2.1/sessions/SE/EMP"
        uid = c.plant("OCPI tokens uid")
        numbers = {name: c.plant(f"OCPI tokens {name}") for name in ("contract_id", "visual_number", "group_id")}
        send("PUT", f"{tokens}/{uid}", {**own, "uid": uid, "type": "RFID", "issuer": "I", "valid": True, **numbers})
        patch = {"visual_number": c.plant("OCPI tokens PATCH"), "last_updated": T(2)}
        send("PATCH", f"{tokens}/{c.plant('OCPI tokens uid of a PATCH')}", patch)
        send("PUT", f"{tokens}/{c.plant('OCPI refused path')}", {**own, "uid": c.plant("OCPI refused body")})
        send("PUT", f"{tokens}/{c.plant('OCPI refused path, no JSON')}", b'{"uid":', 400)
        send("PUT", f"{tokens}/{c.plant('OCPI path of no object')}/1/2/3/4", own, 404)
        send("PUT", f"{tokens}/{c.plant('OCPI rejected document')}", {**own, "uid": None, "valid": "perhaps"})
        for module, key in (("sessions", "id"), ("cdrs", "id")):
            card = {name: c.plant(f"OCPI {module} {name}") for name in ("uid", "contract_id")}
            signed = {"encoding_method": "OCMF", "signed_values": [{"signed_data": ocmf(c.plant(f"OCPI {module}"))}]}
            reference = c.plant(f"OCPI {module} authorization_reference")
            body = {**own, key: "OBJ-1", "cdr_token": {**cdr_token, **card}, "signed_data": signed}
            body |= {"start_date_time": T(1), "end_date_time": T(9), "kwh": 1, "total_energy": 1}
            body["authorization_reference"] = reference
            if module == "sessions":
                send("PUT", f"{sessions}/OBJ-1", body)
            else:
                send("POST", "/emsp/2.2.1/cdrs", body, 201)
        again = {"cdr_token": {**cdr_token, "uid": c.plant("OCPI sessions PATCH")}, "last_updated": T(3)}
        send("PATCH", f"{sessions}/OBJ-1", again)
        send("POST", "/emsp/2.2.1/cdrs", {"cdr_token": {"uid": c.plant("OCPI cdr without an id")}})
        place = {**own, "id": "LOC-1", "name": "Nowhere near a card"}
        send("PUT", "/emsp/2.2.1/locations/SE/EMP/LOC-1", place)


def json_lines(c: Canaries) -> str:
    """Another system's log: what a CSMS says, answers with parents, lines that cannot be read."""
    tag, info = c.plant("log RemoteStartTransaction"), {"status": "Accepted", "parentIdTag": c.plant("log parentIdTag")}
    listed = {"idTag": c.plant("log SendLocalList"), "idTagInfo": info}
    group = {"idToken": c.plant("log groupIdToken"), "type": "Central"}
    remote = {"idToken": {"idToken": c.plant("log RequestStartTransaction"), "type": "Central"}, "groupIdToken": group}
    said = [
        ("CA-L16", [2, "1", "RemoteStartTransaction", {"idTag": tag, "connectorId": 1}]),
        ("CA-L16", [2, "2", "SendLocalList", {"listVersion": 1, "localAuthorizationList": [listed]}]),
        ("CA-L16", [2, "3", "Authorize", {"idTag": c.plant("log Authorize")}]),
        ("CA-L16", [3, "3", {"idTagInfo": {**info, "parentIdTag": c.plant("log parentIdTag of an answer")}}]),
        ("CA-L201", [2, "1", "RequestStartTransaction", {**remote, "remoteStartId": 1}]),
        ("CA-L201", [2, "2", "Authorize", {"idToken": {"idToken": c.plant("log 2.0.1 Authorize"), "type": "Central"}}]),
        ("CA-L201", [3, "2", {"idTokenInfo": {"status": "Accepted", "groupIdToken": group}}]),
    ]
    lines = [
        json.dumps({"chargePointId": station, "timestamp": T(number), "raw": json.dumps(frame)})
        for number, (station, frame) in enumerate(said)
    ]
    lines.append(json.dumps({"chargePointId": "CA-L16", "raw": f"card {c.plant('log frame that is no OCPP')}"}))
    lines.append(json.dumps({"raw": json.dumps([2, "9", "Authorize", {"idTag": c.plant("log line of no station")}])}))
    lines.append(json.dumps({"chargePointId": [c.plant("log station that is a list")], "raw": "[2]"}))
    lines.append(
        '{"chargePointId":"CA-L16","raw":"[2,\\"9\\",\\"Authorize\\",{\\"idTag\\":\\"' + c.plant("log half a line")
    )
    lines.append(f"{c.plant('log line that is no JSON')}")
    return "\n".join(lines)


def text_lines(c: Canaries) -> str:
    return (
        f'CA-TXT : [2,"1","Authorize",{{"idTag":"{c.plant("text log")}"}}]\n'
        f"[{c.plant('text log, unreadable line')}\n"
        f'CA-TXT : [2,"2","authorize",{{"idTag":"{c.plant("text log, wrong-case action")}"}}]\n'
    )


def csv_rows(c: Canaries) -> str:
    frame = json.dumps([2, "1", "Authorize", {"idTag": c.plant("CSV log")}]).replace('"', '""')
    return (
        "timestamp,id,action,msg\n"
        f'2026-03-02T12:00:00Z,CA-CSV,Authorize,"{frame}"\n'
        f"2026-03-02T12:00:01Z,CA-CSV,Authorize,{c.plant('CSV log, unreadable row')},too,many\n"
    )


# --- where they must not come out ---------------------------------------------------------------------------------


def records(bootstrap: str, *names: str) -> list[tuple[str, bytes]]:
    """Every record of these topics as it is on the broker: key, value, headers."""
    ends = {TopicPartition(*place): end for place, end in topics.end_offsets(bootstrap, names).items() if end}
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    found = []
    try:
        consumer.assign(list(ends))
        while any(consumer.position(place) < end for place, end in ends.items()):
            for record in (record for batch in consumer.poll(500).values() for record in batch):
                parts = [record.key, record.value, *(value for _, value in record.headers)]
                found.append((record.topic, b"\n".join(part or b"" for part in parts)))
    finally:
        consumer.close()
    return found


def published(home: Home) -> tuple[list[tuple[str, bytes]], set[str]]:
    """All tables and views of the database as somebody has them who copied it; those that need the lake, by name."""
    away = home.lake / "away"
    home.restricted.rename(away)
    try:
        with read.connect_readonly(home) as connection:
            shown, refused = [], set()
            for (name,) in connection.execute("SELECT table_name FROM information_schema.tables").fetchall():
                try:
                    shown.append((name, values(connection, f"SELECT * FROM {identifier(name)}")))
                except duckdb.IOException:
                    refused.add(name)
            return shown, refused
    finally:
        away.rename(home.restricted)


def dagster(laddstrom: Any, folder: Path) -> subprocess.CompletedProcess[str]:
    """The job as people run it, its storage below the folder; without the checks (half a minute), which quote ids."""
    folder.mkdir()
    shutil.copy(REPOSITORY / "dagster.yaml", folder)
    program = Path(sys.executable).with_name("dagster")
    command = [str(program), "job", "execute", "-m", "pipelines.definitions", "-j", "refresh", "-o", "land,build"]
    done = subprocess.run(
        command, cwd=folder, env=laddstrom.environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done


@pytest.mark.parametrize(
    "as_written",
    [
        str.upper,
        escaped,
        lambda text: text.replace("-", "").swapcase(),
        lambda text: text.encode().hex(),
        lambda text: base64.b64encode(f"idTag={text};".encode()).decode(),
        lambda text: hashlib.sha256(text.encode()).hexdigest(),
        lambda text: hashlib.blake2b(text.lower().encode(), digest_size=16).hexdigest(),
        lambda text: "".join(f"%{ord(letter):02X}" for letter in text),
    ],
)
def test_the_search_finds_a_card_number_however_it_is_written(as_written: Callable[[str], str]) -> None:
    c = Canaries()
    token = c.plant("here")
    c.plant("elsewhere")
    assert set(c.found_in([("a file", f"before {as_written(token)} after".encode())])) == {"here"}
    assert c.found_in([("a file", f"before {as_written(token[:-3])} after".encode())]) == {}


def test_card_numbers_stay_in_the_raw_log(laddstrom: Any, eventually: Any, tmp_path: Path) -> None:
    c, home = Canaries(), laddstrom.home
    for name, content in (("a.jsonl", json_lines(c)), ("b.txt", text_lines(c)), ("c.csv", csv_rows(c))):
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "cards.csv").write_text(f"card,holder\n{c.plant('file that is no log')},Somebody\n")

    with laddstrom.up("--land-every", 600) as up:
        tell(up.ready["gateway"], c)
        push(up.ready["ocpi"], (home.keys / "ocpi.token").read_text(), c)
        said = [laddstrom.run("import", tmp_path / "a.jsonl")]
        live = {where: token for where, token in c.tokens.items() if not where.startswith(("text", "CSV", "file"))}
        bootstrap = up.ready["kafka"]
        assert eventually(lambda: not any(topics.lag(bootstrap).values()), 60)
        raw = records(bootstrap, FRAMES, OBJECTS, DEAD_LETTERS)
        derived = records(bootstrap, *map(facts.topic, facts.KINDS), STATES_CHANGELOG)
        running = [*files(home.root, without=home.restricted), ("ready file", up.ready_file.read_bytes())]
        assert up.stop() == 0, up.said
    said.append(laddstrom.run("process", tmp_path / "b.txt", tmp_path / "c.csv"))
    said.append(laddstrom.run("process", tmp_path / "cards.csv", code=2))
    said.append(dagster(laddstrom, tmp_path / "shell"))
    said += [laddstrom.run(*words) for words in (("report",), ("sql",), ("doctor",))]

    # The search finds them where they belong, so it would find them elsewhere.
    assert set(live) - set(c.found_in(raw)) <= NEVER_TAKEN
    assert set(c.tokens) - set(c.found_in(parquet(home.restricted))) == NEVER_TAKEN
    assert home.restricted.stat().st_mode & 0o777 == 0o700

    tables, refused = published(home)
    assert refused == {name for name, table in TABLES.items() if "payload_text" in (c.name for c in table.columns)}
    printed = [(f"output of {done.args[3:]}", (done.stdout + done.stderr).encode()) for done in said]
    printed += [(name, (tmp_path / name).read_bytes()) for name in ("up.err", "up.out")]
    places = {
        "topics": derived,
        "tables": tables,
        "facts": list(parquet(home.lake / "facts")),
        "files while it runs": running,
        "files": list(files(home.root, without=home.restricted)),
        "states": list(parquet(home.restricted / "states")),
        "dagster": list(files(tmp_path / "shell")),
        "printed": printed,
    }
    assert all(places.values())
    assert c.found_in(place for found in places.values() for place in found) == {}

    # What is searched is all there: the cards are in it under their pseudonyms.
    key = home.token_key()
    session = str(pseudonym(c.plant("1.6 StartTransaction"), key)).encode()
    for place in ("topics", "tables", "facts", "files", "states"):
        assert any(session in data for _, data in places[place]), place
    in_tables = dict(tables)
    for where, table in PSEUDONYMS.items():
        assert str(pseudonym(c.plant(where), key)).encode() in in_tables[table], where
    assert b"Nowhere near a card" in in_tables["core__locations"]

    laddstrom.environment[CLEAR] = "clear"
    laddstrom.run("build")
    for where in ("OCPI tokens uid", "OCPI tokens contract_id", "OCPI tokens group_id"):
        assert str(canonical(c.plant(where))).encode() in dict(published(home)[0])["core__tokens"]


def test_a_setting_shows_tokens_in_clear(laddstrom: Any, tmp_path: Path) -> None:
    start = {"connectorId": 1, "idTag": "Card-04:A7", "meterStart": 0, "timestamp": T(1)}
    frames = [[2, "1", "Authorize", {"idTag": "CARD 04a7"}], [2, "2", "StartTransaction", start]]
    (tmp_path / "log.txt").write_text("".join(f"CP : {json.dumps(frame)}\n" for frame in frames))
    laddstrom.environment[CLEAR] = "clear"
    laddstrom.run("process", tmp_path / "log.txt")
    for table in ("core__authorizations", "core__sessions", "report__rfid_usage_daily"):
        assert laddstrom.sql(f"SELECT DISTINCT token_id FROM {table}") == [{"token_id": "card04a7"}]
    assert laddstrom.sql("SELECT is_tokens_clear FROM meta__build") == [{"is_tokens_clear": True}]
