"""Every answer the CSMS can give, against the official schemas; every refusal in OCPP's own words."""

import asyncio
import json
import random
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.gateway import schemas
from ingest.gateway.csms import VERSIONS, Csms
from ingest.gateway.journal import Journal

CODES_16 = {
    "NotImplemented", "NotSupported", "ProtocolError", "SecurityError", "FormationViolation",
    "PropertyConstraintViolation", "OccurenceConstraintViolation", "TypeConstraintViolation", "GenericError",
}  # fmt: skip
CODES_2X = (CODES_16 - {"FormationViolation", "OccurenceConstraintViolation"}) | {
    "FormatViolation", "OccurrenceConstraintViolation", "RpcFrameworkError", "MessageTypeNotSupported",
}  # fmt: skip
STATION_ACTIONS = [(protocol, action) for protocol, version in VERSIONS.items() for action in sorted(version.answers)]


class Counter:
    """Ids without a disk; the journal has tests of its own."""

    def __init__(self):
        self.last = 0

    async def start(self, *start):
        self.last += 1
        return self.last

    async def stop(self, *stop):
        pass


def csms(tokens=None):
    return Csms(heartbeat_s=300, tokens=tokens, transactions=Counter())


def ask(protocol, frame, tokens=None):
    payload = frame if isinstance(frame, bytes) else json.dumps(frame).encode()
    answer = asyncio.run(csms(tokens).answer("CP1", protocol, payload))
    return None if answer is None else json.loads(answer)


def load(protocol, name):
    path = schemas.folder(VERSIONS[protocol].schemas) / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8-sig"))


def request_schema(protocol, action):
    return load(protocol, action if protocol == "ocpp1.6" else f"{action}Request")


def validator(schema):
    return jsonschema.validators.validator_for(schema)(schema)


def example(schema, definitions=None, *, full, depth=0):
    """A valid value of a schema: its required fields, or all of them."""
    definitions = definitions if definitions is not None else schema.get("definitions", {})
    if "$ref" in schema:
        return example(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions, full=full, depth=depth)
    if "enum" in schema:
        return schema["enum"][-1 if full else 0]
    match schema.get("type"):
        case "object":
            names = schema.get("properties", {}) if full and depth < 6 else schema.get("required", ())
            fields = schema.get("properties", {})
            return {name: example(fields[name], definitions, full=full, depth=depth + 1) for name in names}
        case "array":
            return [example(schema["items"], definitions, full=full, depth=depth)] * max(1, schema.get("minItems", 1))
        case "string":
            text = "2026-01-01T00:00:00Z" if schema.get("format") == "date-time" else "A"
            return text[: schema.get("maxLength", 99)]
        case "integer":
            return int(schema.get("minimum", 1))
        case "number":
            return schema.get("minimum", min(1.5, schema.get("maximum", 1.5)))
        case "boolean":
            return True
    return {"anything": 1}


@pytest.mark.parametrize("full", [False, True], ids=["required fields", "all fields"])
@pytest.mark.parametrize(("protocol", "action"), STATION_ACTIONS)
def test_every_action_a_station_may_send_gets_a_schema_valid_answer(protocol, action, full):
    schema = request_schema(protocol, action)
    payload = example(schema, full=full)
    validator(schema).validate(payload)
    for tokens in (None, frozenset({"OTHER"})):
        kind, message_id, result = ask(protocol, [2, "id-1", action, payload], tokens)
        assert (kind, message_id) == (3, "id-1")
        validator(load(protocol, f"{action}Response")).validate(result)


@pytest.mark.parametrize("protocol", VERSIONS)
def test_the_actions_answered_are_those_of_the_version(protocol):
    known = schemas.actions(VERSIONS[protocol].schemas)
    assert set(VERSIONS[protocol].answers) <= known
    for action in sorted(known - set(VERSIONS[protocol].answers)):
        assert ask(protocol, [2, "1", action, {}])[2] == "NotSupported"


@pytest.mark.parametrize("protocol", VERSIONS)
@pytest.mark.parametrize("action", ["heartbeat", "HEARTBEAT", "bootNotification", "Nonsense", "", "x" * 5000, "Ünï"])
def test_unknown_and_wrong_case_actions_are_not_implemented(protocol, action):
    kind, message_id, code, description, details = ask(protocol, [2, "1", action, {}])
    assert (kind, message_id, code, details) == (4, "1", "NotImplemented", {})
    assert len(description) <= 255


def mutants(payload, generator):
    """One payload for each way to break it: field dropped, of another type, added, too long, not in the enum."""
    for name in payload:
        yield {key: value for key, value in payload.items() if key != name}
        yield {**payload, name: generator.choice([[], {}, "x" * 20_000, 1.5, True, None, -1])}
    yield {**payload, "unheardOf": 1}


@pytest.mark.parametrize(("protocol", "action"), STATION_ACTIONS)
def test_our_checker_agrees_with_jsonschema_on_broken_payloads(protocol, action):
    schema = request_schema(protocol, action)
    official, ours = validator(schema), schemas.request(VERSIONS[protocol].schemas, action)
    generator = random.Random(7)
    for payload in mutants(example(schema, full=True), generator):
        for broken in (payload, *mutants(payload, generator)):
            assert (ours(broken, "") is None) == official.is_valid(broken), broken


@pytest.mark.parametrize(("protocol", "action"), STATION_ACTIONS)
def test_broken_payloads_are_refused_with_a_code_of_the_version(protocol, action):
    schema = request_schema(protocol, action)
    official, codes = validator(schema), CODES_16 if protocol == "ocpp1.6" else CODES_2X
    for payload in mutants(example(schema, full=True), random.Random(7)):
        answer = ask(protocol, [2, "1", action, payload])
        if official.is_valid(payload):
            assert answer[0] == 3
        elif answer[0] == 3:
            assert action in VERSIONS[protocol].readable
        else:
            assert answer[2] in codes
            assert len(answer[3]) <= 255


@pytest.mark.parametrize("payload", [[], None, 1, "x", True])
def test_a_payload_that_is_no_object_is_a_format_violation(payload):
    assert ask("ocpp1.6", [2, "1", "Heartbeat", payload])[2] == "FormationViolation"
    assert ask("ocpp2.0.1", [2, "1", "Heartbeat", payload])[2] == "FormatViolation"
    assert ask("ocpp2.1", [2, "1", "StatusNotification", payload])[2] == "FormatViolation"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"chargePointVendor": "V"}, "OccurenceConstraintViolation"),
        ({"chargePointVendor": 1, "chargePointModel": "M"}, "TypeConstraintViolation"),
        ({"chargePointVendor": "V" * 21, "chargePointModel": "M"}, "PropertyConstraintViolation"),
        ({"chargePointVendor": "V", "chargePointModel": "M", "x": 1}, "FormationViolation"),
    ],
)
def test_the_kind_of_violation_decides_the_code(payload, code):
    assert ask("ocpp1.6", [2, "1", "BootNotification", payload])[2] == code


START = {"connectorId": 1, "idTag": "CARD", "meterStart": 100, "timestamp": "2026-01-01T00:00:00Z"}
STOP = {"transactionId": 1, "meterStop": 200, "timestamp": "2026-01-01T01:00:00Z"}
EVENT = {
    "eventType": "Ended",
    "timestamp": "2026-01-01T00:00:00Z",
    "triggerReason": "EVDeparted",
    "seqNo": 3,
    "transactionInfo": {"transactionId": "T1"},
}


@pytest.mark.parametrize(
    "change",
    [
        {"idTag": None}, {"idTag": "x" * 40}, {"idTag": 17}, {"timestamp": "yesterday"}, {"timestamp": None},
        {"meterStart": "100"}, {"meterStart": 100.5}, {"vendorExtra": {"a": 1}}, {"reservationId": "none"},
        {"connectorId": "1"}, {"connectorId": 0},
    ],
)  # fmt: skip
def test_a_readable_start_is_answered_with_its_result_whatever_else_is_wrong(change):
    kind, _, result = ask("ocpp1.6", [2, "1", "StartTransaction", {**START, **change}])
    assert kind == 3
    validator(load("ocpp1.6", "StartTransactionResponse")).validate(result)
    assert result["transactionId"] > 0


@pytest.mark.parametrize("change", [{"meterStart": None}, {"meterStart": "much"}, {"connectorId": []}])
def test_a_start_without_connector_or_meter_is_refused(change):
    assert ask("ocpp1.6", [2, "1", "StartTransaction", {**START, **change}])[0] == 4


@pytest.mark.parametrize("change", [{"transactionId": -1}, {"transactionId": 2**40}, {"reason": "Bored"}, {"idTag": 5}])
def test_a_readable_stop_is_answered_with_its_result(change):
    kind, _, result = ask("ocpp1.6", [2, "1", "StopTransaction", {**STOP, **change}])
    assert kind == 3
    validator(load("ocpp1.6", "StopTransactionResponse")).validate(result)


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
@pytest.mark.parametrize(
    "change",
    [
        {"triggerReason": "Bored"}, {"seqNo": None}, {"timestamp": 5}, {"extra": 1}, {"meterValue": []},
        {"meterValue": [{"timestamp": "x", "sampledValue": [{"value": "12.5", "measurand": "Energy"}]}]},
    ],
)  # fmt: skip
def test_a_readable_transaction_event_is_answered_with_its_result(protocol, change):
    assert ask(protocol, [2, "1", "TransactionEvent", {**EVENT, **change}]) == [3, "1", {}]


@pytest.mark.parametrize("change", [{"transactionInfo": {}}, {"transactionInfo": None}, {"meterValue": [{"x": 1}]}])
def test_a_transaction_event_without_transaction_or_with_an_unreadable_meter_is_refused(change):
    assert ask("ocpp2.0.1", [2, "1", "TransactionEvent", {**EVENT, **change}])[0] == 4


def test_a_field_that_no_machine_can_read_does_not_hide_a_readable_start():
    frame = b'[2,"1","StartTransaction",{"connectorId":1,"idTag":"C","meterStart":5,"timestamp":"2026-01-01T00:00:00Z",'
    assert ask("ocpp1.6", frame + b'"huge":' + b"9" * 5000 + b"}]")[0] == 3
    assert ask("ocpp1.6", b'[2,"1","Heartbeat",{"huge":' + b"9" * 5000 + b"}]")[2] == "FormationViolation"


def test_meter_values_with_an_unknown_measurand_are_taken_in_16():
    sample = {"value": "1", "measurand": "Request.Energy", "unit": "Joule"}
    payload = {"connectorId": 1, "meterValue": [{"timestamp": "2026-01-01T00:00:00Z", "sampledValue": [sample]}]}
    assert ask("ocpp1.6", [2, "1", "MeterValues", payload]) == [3, "1", {}]
    assert ask("ocpp1.6", [2, "1", "MeterValues", {"connectorId": "one", "meterValue": []}])[0] == 4


def test_tokens_are_judged_by_their_canonical_form():
    tokens = frozenset({"04-A3-B1-C2"})
    assert ask("ocpp1.6", [2, "1", "Authorize", {"idTag": "04a3b1c2"}], tokens)[2]["idTagInfo"]["status"] == "Accepted"
    assert ask("ocpp1.6", [2, "1", "Authorize", {"idTag": "04A3B1C3"}], tokens)[2]["idTagInfo"]["status"] == "Invalid"
    ask_2x = {"idToken": {"idToken": "other", "type": "ISO14443"}}
    assert ask("ocpp2.0.1", [2, "1", "Authorize", ask_2x], tokens)[2]["idTokenInfo"]["status"] == "Unknown"
    nobody = {"idToken": {"idToken": "", "type": "NoAuthorization"}}
    assert ask("ocpp2.0.1", [2, "1", "Authorize", nobody], tokens)[2]["idTokenInfo"]["status"] == "Accepted"


def test_a_refused_card_still_gets_its_transaction():
    result = ask("ocpp1.6", [2, "1", "StartTransaction", START], frozenset({"OTHER"}))[2]
    assert result["idTagInfo"] == {"status": "Invalid"}
    assert result["transactionId"] == 1


@pytest.mark.parametrize("protocol", VERSIONS)
@pytest.mark.parametrize(
    "frame",
    [
        b'[3,"1",{}]', b'[4,"1","GenericError","",{}]', b'[3,"1"]', b'[4,"1"]', b'[5,"1","GenericError","",{}]',
        b'[6,"1","NotifyPeriodicEventStream",{}]', b'[7,"1","Heartbeat",{}]', b"[3]", b'[4,{},"x"]', b'[3,"1",',
    ],
)  # fmt: skip
def test_answers_sends_and_unknown_types_are_never_answered(protocol, frame):
    assert ask(protocol, frame) is None


UNREADABLE = [
    b"", b"not json", b"{}", b"[]", b"[2]", b"null", b"[2,1,\"Heartbeat\",{}]", b"[2,null,\"Heartbeat\",{}]",
    b'["2","1","Heartbeat",{}]', b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b"9" * 5000, b"\xff\xfe",
    b'[2,"\\ud800","Heartbeat",{}]',
]  # fmt: skip


@pytest.mark.parametrize("frame", UNREADABLE, ids=[repr(frame[:24]) for frame in UNREADABLE])
def test_an_unreadable_id_is_answered_with_minus_one_in_2x_and_with_silence_in_16(frame):
    assert ask("ocpp1.6", frame) is None
    for protocol in ("ocpp2.0.1", "ocpp2.1"):
        kind, message_id, code, description, details = ask(protocol, frame)
        assert (kind, message_id, code, details) == (4, "-1", "RpcFrameworkError", {})
        assert 0 < len(description) <= 255


@pytest.mark.parametrize(
    "frame",
    [
        b'[2,"x-1","StartTransaction",{"transactionId":,,}]', b'[2,"x-1","Heartbeat"]', b'[2,"x-1"]',
        b'[2,"x-1",["a"],{}]', b'[2,"x-1","Heartbeat",{},{}]', b'[2,"x-1","Heartbeat",{"a":"\\ud800"}]',
        b'[2,"x-1","Heartbeat",' + b"[" * 100_000, b'[2,"x-1","Heartbeat",{"a":NaN}]', b' [ 2 , "x-1" , oops',
        b'[2,"x-1",7,{}]', b'[2,"x-1",null,{}]',
    ],
)  # fmt: skip
def test_a_call_with_a_readable_id_is_answered_however_broken_the_rest(frame):
    assert ask("ocpp1.6", frame)[:3] == [4, "x-1", "FormationViolation"]
    assert ask("ocpp2.1", frame)[:3] == [4, "x-1", "FormatViolation"]


def test_a_start_that_only_lacks_an_optional_value_is_answered_since_the_facts_take_it():
    start = b'{"connectorId":1,"idTag":"A","meterStart":5,"timestamp":"2026-03-02T08:00:00Z","reservationId":}'
    assert ask("ocpp1.6", b'[2,"x-1","StartTransaction",' + start + b"]")[:2] == [3, "x-1"]


def test_a_long_or_escaped_id_is_found_in_a_broken_call_too():
    for message_id in ("x" * 100_000, 'a"b\\c', "Ünï", ""):
        frame = b"[2," + json.dumps(message_id).encode() + b',"Heartbeat",{"a":,}]'
        assert ask("ocpp1.6", frame)[:3] == [4, message_id, "FormationViolation"]


def test_odd_ids_come_back_as_they_were():
    for message_id in ("", "x" * 300, 'a"b\\c', "Ünï😀", "\t", "0"):
        assert ask("ocpp1.6", [2, message_id, "Heartbeat", {}])[1] == message_id


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(
    [
        "connectorId",
        "idTag",
        "idToken",
        "meterStart",
        "meterStop",
        "meterValue",
        "sampledValue",
        "timestamp",
        "transactionId",
        "transactionInfo",
        "value",
        "vatNumber",
        "certificateStatusRequests",
    ]
)
payloads = st.dictionaries(fields, json_values, max_size=6)


@settings(max_examples=300, deadline=None)
@given(protocol=st.sampled_from(list(VERSIONS)), data=st.data())
def test_no_frame_makes_the_csms_raise_and_every_answer_is_a_frame(protocol, data):
    action = data.draw(st.sampled_from(sorted(VERSIONS[protocol].answers)) | st.text(max_size=8))
    frame = data.draw(
        st.binary(max_size=60) | st.builds(lambda p: json.dumps([2, "1", action, p]).encode(), payloads | json_values)
    )
    answer = ask(protocol, frame)
    assert answer is None or answer[0] in (3, 4)
    if answer is not None and answer[0] == 4:
        assert answer[2] != "InternalError"


def test_every_call_of_other_peoples_captures_is_answered(shared_data: Path):
    journal_calls = 0
    server = csms()
    for name in ("sim_sap_emobility_16_201", "sim_solidstudio_vcp_16_201_21", "sim_test_ocpp_cli"):
        for line in (shared_data / "ocpp" / f"{name}.jsonl").read_text().splitlines():
            row = json.loads(line)
            if row["direction"] != "cp-to-csms":
                continue
            frame = json.loads(row["raw"])
            answer = asyncio.run(server.answer("CP", row["subprotocol"], row["raw"].encode()))
            if frame[0] == 2:
                journal_calls += 1
                assert json.loads(answer)[:2] == [3, frame[1]], (row["raw"], answer)
            else:
                assert answer is None
    assert journal_calls > 1500


def test_the_journal_serves_the_csms(tmp_path: Path):
    async def twice():
        journal = Journal(tmp_path, b"k")
        server = Csms(heartbeat_s=1, tokens=None, transactions=journal)
        frames = [json.dumps([2, "1", "StartTransaction", START]).encode()] * 2
        answers = [json.loads(await server.answer("CP", "ocpp1.6", frame)) for frame in frames]
        await journal.close()
        return [answer[2]["transactionId"] for answer in answers]

    assert asyncio.run(twice()) == [1, 1]
