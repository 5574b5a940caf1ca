"""Lenient decoding: broken optional fields are left out, everything else is kept."""

import msgspec
import pytest
from msgspec import Raw

from models.events import UnusableError
from models.ocpp.lenient import Payload, present, small


class Inner(msgspec.Struct, rename="camel"):
    sampled_value: str | int | float | None = None
    unit: str | None = None


class Outer(msgspec.Struct, rename="camel"):
    connector_id: int | None = None
    id_tag: str | None = None
    is_cleared: bool | None = None
    inner: Inner | None = None
    meter_value: list[Inner] | None = None


PAYLOAD = Payload(Outer)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"connectorId": 1, "unknown": [1, {}]}', Outer(connector_id=1)),
        (b'{"connectorId": "1", "idTag": 12345}', Outer(connector_id=1, id_tag="12345")),
        (b'{"connectorId": {"a": 1}, "idTag": "A"}', Outer(id_tag="A")),
        (b'{"connectorId": 1.0, "idTag": true}', Outer(connector_id=1, id_tag="true")),
        (b'{"isCleared": "true", "idTag": null}', Outer(is_cleared=True)),
        (b'{"idTag": ["A"], "inner": {"sampledValue": "1", "unit": 7}}', Outer(inner=Inner("1", "7"))),
        (b'{"inner": [], "connectorId": 2}', Outer(connector_id=2)),
        (b'{"meterValue": [{"unit": []}, 5, {"unit": "Wh"}]}', Outer(meter_value=[Inner(), Inner(unit="Wh")])),
        (b'{"meterValue": {"unit": "Wh"}, "idTag": "A"}', Outer(id_tag="A")),
        (b'{"connectorId": ' + b"9" * 5_000 + b', "idTag": "A"}', Outer(id_tag="A")),
        (b'{"idTag": 1e999999999, "connectorId": 3}', Outer(connector_id=3, id_tag="1E+999999999")),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_can_be_read_is_read(payload: bytes, expected: Outer) -> None:
    assert PAYLOAD.read(Raw(payload)) == expected


@pytest.mark.parametrize("payload", [b"[]", b"null", b'"text"', b"17"])
def test_what_is_no_object_is_unusable(payload: bytes) -> None:
    with pytest.raises(UnusableError, match="not a JSON object"):
        PAYLOAD.read(Raw(payload))


def test_connectors_are_small_numbers() -> None:
    assert [small(number) for number in (None, -1, 0, 5, 2**31)] == [None, None, 0, 5, None]


def test_words_for_nothing_are_nothing() -> None:
    assert [present(text) for text in (None, "", " none ", "NULL", "0x0000", "E1")] == [None] * 5 + ["E1"]
