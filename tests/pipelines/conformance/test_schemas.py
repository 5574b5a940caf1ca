"""The check of payloads against the official schemas, held against the `jsonschema` package."""

import functools
import json
import re

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.ocpp.versions import ACTIONS, ADAPTERS
from pipelines.conformance import findings, schemas, shapes
from pipelines.conformance.schemas import FORMATS, Message

MESSAGES = [
    (protocol, message, action)
    for protocol in ADAPTERS
    for message in Message
    for action in sorted(ADAPTERS[protocol].SENDS if message == Message.SEND else ACTIONS[protocol])
]
START = b'{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"2026-03-02T08:00:00Z"}'


@functools.cache
def reference(protocol: str, message: str, action: str) -> jsonschema.Draft6Validator:
    checker = jsonschema.FormatChecker(formats=())
    for name, pattern in FORMATS.items():
        checker.checks(name)(lambda value, of=re.compile(pattern): not isinstance(value, str) or bool(of.match(value)))
    return jsonschema.Draft6Validator(schemas.load(protocol, message, action), format_checker=checker)


def expected(protocol: str, message: str, action: str, value: object) -> set[tuple[str, str]]:
    """Rule and path of each violation, as another's validator finds them; what else is wrong beside a type left out."""
    errors = list(reference(protocol, message, action).iter_errors(value))
    mistyped = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    found = set()
    for error in errors:
        place = tuple(error.absolute_path)
        if error.validator != "type" and place in mistyped:
            continue
        names = [None]
        if error.validator == "required":
            names = [name for name in error.validator_value if name not in error.instance]
        elif error.validator == "additionalProperties":
            names = [name for name in error.instance if name not in error.schema.get("properties", ())]
        for name in names:
            shown = name if name is None or error.validator == "required" or findings._NAME.fullmatch(name) else "*"
            path = "".join(
                "[]" if isinstance(step, int) else f".{step}" for step in (*place, *([shown] if shown else []))
            )
            found.add((error.validator, path.lstrip(".") or "$"))
    return found


def test_every_action_of_every_version_has_its_schemas() -> None:
    missing = [it for it in MESSAGES if schemas.load(*it) is None]
    assert missing == []
    assert len(MESSAGES) == 78 + 128 + 181


def test_only_known_actions_become_part_of_a_path() -> None:
    for action in (
        "../../v201/schemas/ResetRequest",
        "Reset/../Reset",
        "",
        "reset",
        "StartTransactionResponse",
        "\x00",
    ):
        assert schemas.load("ocpp1.6", Message.REQUEST, action) is None
    assert schemas.load("ocpp2.0", Message.REQUEST, "Heartbeat") is None
    assert schemas.load("ocpp2.1", Message.SEND, "Heartbeat") is None


def test_every_schema_has_a_shape() -> None:
    assert [it for it in MESSAGES if shapes.shape(*it) is None] == []


@pytest.mark.parametrize(
    ("limit", "is_kept"),
    [("6.3", True), ("16", True), ("-0.1", True), ("32.0", True), ("6.35", False), ("true", False), ("null", False)],
)
def test_a_charging_limit_has_one_decimal_at_most(limit: str, is_kept: bool) -> None:
    schedule = '{"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":%s}]}' % limit  # noqa: UP031
    payload = f'{{"status":"Accepted","chargingSchedule":{schedule}}}'.encode()
    it = ("ocpp1.6", Message.ANSWER, "GetCompositeSchedule")
    assert bool(findings.find(*it, payload)) != is_kept
    accepts = shapes.shape(*it)
    assert accepts is not None
    if is_kept:
        accepts(msgspec.Raw(payload))
    else:
        with pytest.raises(msgspec.ValidationError):
            accepts(msgspec.Raw(payload))


ATOMS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.1, 1.0, -1.5, 6.3, 1e300, 10**30]),
    st.text(max_size=3), st.sampled_from(["x" * 60, "2026-03-02T08:00:00Z", "2026-03-02T08:00:00+0100", "http://a"]),
)  # fmt: skip


def values(schema: dict, definitions: dict, depth: int = 0) -> st.SearchStrategy:
    """Mostly right values of a schema, with something wrong now and then."""
    if "$ref" in schema:
        return values(definitions[schema["$ref"].removeprefix("#/definitions/")], definitions, depth)
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | st.just("Nonsense")
    right: st.SearchStrategy
    match schema.get("type"):
        case "object":
            members = {name: values(sub, definitions, depth + 1) for name, sub in schema.get("properties", {}).items()}
            right = st.fixed_dictionaries({}, optional=members | {"vendorExtra": ATOMS, "04A2B3C4": ATOMS})
        case "array":
            right = st.lists(values(schema["items"], definitions, depth + 1), max_size=3)
        case "integer":
            right = st.integers(-2, 10)
        case "number":
            right = st.integers(-2, 10) | st.sampled_from([0.1, 6.3, 0.25])
        case "boolean":
            right = st.booleans()
        case "string" if "format" in schema:
            right = st.sampled_from(["2026-03-02T08:00:00Z", "2026-03-02T08:00:00.123456789+01:00", "", "ftp://x/y"])
        case _:
            right = st.text(max_size=5) | st.just("x" * (schema.get("maxLength", 20) + 1))
    return st.one_of(right, right, right, ATOMS)


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(MESSAGES))
def test_shape_and_findings_say_what_another_validator_says(data: st.DataObject, it: tuple[str, str, str]) -> None:
    schema = schemas.load(*it)
    assert schema is not None
    value = data.draw(values(schema, schema.get("definitions", {})))
    payload = json.dumps(value).encode()
    found = findings.find(*it, payload)
    assert set(found) == expected(*it, value)
    accepts = shapes.shape(*it)
    if accepts is not None and found:
        with pytest.raises((ValueError, RecursionError)):
            accepts(msgspec.Raw(payload))


@pytest.mark.parametrize("it", MESSAGES, ids="-".join)
def test_what_is_whole_passes_the_shape(it: tuple[str, str, str]) -> None:
    """The smallest payload that keeps the schema: else every message would take the long way."""
    schema = schemas.load(*it)
    assert schema is not None
    payload = json.dumps(smallest(schema, schema.get("definitions", {}))).encode()
    assert not findings.find(*it, payload)
    if (accepts := shapes.shape(*it)) is not None:
        accepts(msgspec.Raw(payload))


def smallest(schema: dict, definitions: dict) -> object:
    if "$ref" in schema:
        return smallest(definitions[schema["$ref"].removeprefix("#/definitions/")], definitions)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: smallest(schema["properties"][name], definitions) for name in schema.get("required", ())}
        case "array":
            return [smallest(schema["items"], definitions)] * schema.get("minItems", 0)
        case "integer" | "number":
            return int(schema.get("minimum", 0))
        case "boolean":
            return False
        case _:
            return {"date-time": "2026-03-02T08:00:00Z", "uri": "http://a/b"}.get(schema.get("format", ""), "")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"meterStart": "0"}, ("type", "meterStart")),
        ({"meterStart": 1.5}, ("type", "meterStart")),
        ({"meterStart": True}, ("type", "meterStart")),
        ({"idTag": "x" * 21}, ("maxLength", "idTag")),
        ({"timestamp": "2026-03-02T08:00:00"}, ("format", "timestamp")),
        ({"timestamp": "2026-03-02T08:00:00+02"}, ("format", "timestamp")),
        ({"timestamp": "2026-03-02 08:00:00Z"}, ("format", "timestamp")),
        ({"timestamp": ""}, ("format", "timestamp")),
        ({"timestamp": "2026-03-02T08:00:00Z\n"}, ("format", "timestamp")),
        ({"info": "x"}, ("additionalProperties", "info")),
        ({"04A2B3C4D5E6F7": 1}, ("additionalProperties", "*")),
        ({"ABCDEFAB": 1}, ("additionalProperties", "*")),
    ],
    ids=str,
)
def test_a_violation_is_named_by_rule_and_path_and_never_by_its_value(change: dict, found: tuple[str, str]) -> None:
    payload = json.dumps(json.loads(START) | change).encode()
    assert findings.find("ocpp1.6", Message.REQUEST, "StartTransaction", payload) == {found: 1}


def test_a_whole_number_written_with_a_point_is_an_integer() -> None:
    payload = START.replace(b'"meterStart":0', b'"meterStart":1.0')
    assert not findings.find("ocpp1.6", Message.REQUEST, "StartTransaction", payload)


def test_the_same_fault_in_many_samples_is_one_row_with_a_count() -> None:
    sample = {"value": "1", "unit": "Wat"}
    values = [
        {"timestamp": "2026-03-02T08:00:00Z", "sampledValue": [sample] * 3},
        {"timestamp": "x", "sampledValue": []},
    ]
    payload = json.dumps({"connectorId": 1, "meterValue": values}).encode()
    assert findings.find("ocpp1.6", Message.REQUEST, "MeterValues", payload) == {
        ("enum", "meterValue[].sampledValue[].unit"): 3,
        ("format", "meterValue[].timestamp"): 1,
        ("minItems", "meterValue[].sampledValue"): 1,
    }


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (b"[]", ("type", "$")),
        (b"null", ("type", "$")),
        (START.replace(b'"A"', b'"\\ud800"'), ("unreadable", "$")),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, ("unreadable", "$")),
    ],
)
def test_what_is_no_object_or_cannot_be_read_is_said_of_the_whole(payload: bytes, found: tuple[str, str]) -> None:
    assert findings.find("ocpp1.6", Message.REQUEST, "StartTransaction", payload) == {found: 1}


def test_a_number_of_5000_digits_is_a_number() -> None:
    payload = START.replace(b'"meterStart":0', b'"meterStart":' + b"9" * 5_000)
    assert not findings.find("ocpp1.6", Message.REQUEST, "StartTransaction", payload)
