"""A card number in any text field of OCPP, one field at a time, is in no table that a build publishes."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import polars as pl
import pytest
from folded import Wire, land, put
from schema_texts import Text, texts
from small_lake import KEY, Lake, rows

from models.ids import bounded
from models.ocpp.versions import ADAPTERS
from models.record import Direction, Record
from models.state import StationState
from models.step import Context, drain, step
from models.tables.catalogue import DOUBLE, TABLES
from models.tokens.lookalikes import hidden, hidden_name
from models.tokens.pseudonyms import canonical
from models.wording import HIDDEN
from pipelines.conformance.schemas import Message
from pipelines.warehouse.sql import identifier


def _digits(name: str, length: int) -> str:
    """Hex digits of one field's card, letters and decimals among them."""
    return hashlib.sha256(name.encode()).hexdigest()[: length - 2].upper() + "A1"


def _spaced(text: str, separator: str) -> str:
    return separator.join(text[at : at + 2] for at in range(0, len(text), 2))


def _pan(name: str) -> str:
    digits = "4" + str(int(_digits(name, 14), 16))[:14].rjust(14, "7")
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(digits)]
    total = sum(number // 10 + number % 10 for number in doubled)
    return f"{digits}{-total % 10}"


FORMS: dict[str, Callable[[str], str]] = {
    "uid of 4 bytes": lambda name: _digits(name, 8),
    "uid of 7 bytes": lambda name: f"04{_digits(name, 12)}",
    "uid of 10 bytes": lambda name: _digits(name, 20),
    "uid in pairs": lambda name: _spaced(f"04{_digits(name, 12)}", " "),
    "uid with colons": lambda name: _spaced(f"04{_digits(name, 12)}", ":"),
    "uid in a sentence": lambda name: f"card {_spaced(_digits(name, 8), ' ')} refused",
    "contract": lambda name: f"DE8AAC{_digits(name, 9)}",
    "contract in parts": lambda name: f"DE-8AA-C{_digits(name, 8)}-X",
    "MAC": lambda name: _spaced(_digits(name, 12), ":"),
    "payment card": _pan,
    "payment card in parts": lambda name: " ".join(_pan(name)[at : at + 4] for at in range(0, 16, 4)),
    "phone": lambda name: "+46" + str(int(_digits(name, 10), 16)).rjust(10, "7")[:9],
}


class Planted:
    """Conversations in which each field's card is shown to the station, and then stands in that field."""

    def __init__(self, form: str) -> None:
        self.form = form
        self.wires: dict[str, Wire] = {}
        self.owners: dict[str, set[str]] = defaultdict(set)

    def plant(self, field: Text) -> None:
        card = FORMS[self.form](field.name)
        if field.is_number and (canonical(bare(card)) or "").isdecimal():
            # Digits where digits belong are a number.
            return
        # A station of its own: what one says of itself last, and how often, hides nothing of another.
        number = len(self.wires)
        wire = self.wires[field.name] = Wire(field.protocol, station=f"CP{number}", source=f"log {number}")
        self.owners[canonical(bare(card)) or ""].add(field.name)
        _show(wire, bare(card))
        says = Direction.CP_TO_CSMS if field.is_station else Direction.CSMS_TO_CP
        answers = Direction.CSMS_TO_CP if field.is_station else Direction.CP_TO_CSMS
        is_call = field.message == Message.REQUEST
        message_id = f"message-{len(wire.records)}"
        wire.add([2, message_id, field.action, field.with_text(card) if is_call else {}], says)
        wire.add([3, message_id, {} if is_call else field.with_text(card)], answers)

    def records(self) -> Iterator[Record]:
        for wire in self.wires.values():
            yield from wire.records


def bare(card: str) -> str:
    """The card of a sentence."""
    return card.removeprefix("card ").removesuffix(" refused")


def _show(wire: Wire, card: str) -> None:
    token = {"idTag": card} if wire.protocol == "ocpp1.6" else {"idToken": {"idToken": card, "type": "ISO14443"}}
    wire.call("Authorize", token)


def found(lake: Lake, owners: dict[str, set[str]]) -> set[str]:
    """Where a planted card is, separators and cases left out: field and column."""
    opened = lake.build()
    hits: set[str] = set()
    for name, table in TABLES.items():
        if name.startswith("raw_") or name == "stg_ocpp__frames":
            continue
        for column in table.columns:
            if column.arrow == DOUBLE:
                # A reading: a number where a number belongs.
                continue
            query = f"SELECT DISTINCT CAST({identifier(column.name)} AS VARCHAR) FROM {identifier(name)}"
            values = [canonical(value) or "" for (value,) in opened.execute(query).fetchall() if value]
            for value, card in _held(values, owners):
                hits |= {f"{name}.{column.name} ({value}): {owner}" for owner in owners[card]}
    return hits


def _held(values: list[str], cards: Iterable[str]) -> Iterator[tuple[str, str]]:
    for value, cards_in in zip(
        values,
        pl.Series(values, dtype=pl.String).str.extract_many(list(cards), overlapping=True).to_list(),
        strict=True,
    ):
        yield from ((value, card) for card in cards_in)


@pytest.mark.parametrize("form", FORMS)
def test_no_published_table_holds_a_card_whatever_field_it_stood_in(lake: Lake, form: str) -> None:
    planted = Planted(form)
    for protocol in ADAPTERS:
        for field in texts(protocol):
            planted.plant(field)
    assert len(planted.owners) > 1000
    land(lake, planted.records())
    leaks = found(lake, planted.owners)
    assert not leaks, "\n".join(sorted(leaks))


@pytest.mark.parametrize("key", [KEY, None], ids=["pseudonyms", "clear"])
@pytest.mark.parametrize("transaction_id", ["04C0FFEE123456", "12345678", "04C0FFEE-17", "DE8AAC12345678X", "x" * 70])
def test_a_transaction_named_by_a_card_is_one_in_every_table(
    lake: Lake, transaction_id: str, key: bytes | None
) -> None:
    wire = Wire("ocpp2.0.1")
    place = {"evse": {"id": 1, "connectorId": 1}}
    wire.transaction("Started", transaction_id, wh=1000, **place)
    _show(wire, transaction_id)
    wire.transaction("Updated", transaction_id, seconds=600, wh=1500)
    wire.add([2, "stop", "RequestStopTransaction", {"transactionId": transaction_id}], Direction.CSMS_TO_CP)
    wire.transaction("Ended", transaction_id, seconds=1200, wh=2000)
    # Said in clear by a worker of that setting, published under either.
    _land(lake, wire.records, key)
    for published in (KEY, key):
        opened = lake.build(token_key=published)
        ((session_id, shown),) = rows(opened, "SELECT session_id, transaction_id FROM core__sessions")
        assert shown == (bounded(transaction_id) if published is None else hidden(transaction_id, KEY))
        events = rows(opened, "SELECT session_id, transaction_id FROM core__transaction_events")
        samples = rows(opened, "SELECT session_id, transaction_id FROM core__measurements")
        assert set(events) == set(samples) == {(session_id, shown)}
        assert rows(
            opened, "SELECT transaction_id FROM core__station_events WHERE action = 'RequestStopTransaction'"
        ) == [(shown,)]


def test_a_name_that_was_said_in_clear_is_hidden_when_it_is_published(lake: Lake) -> None:
    wire = Wire()
    said = {"chargePointVendor": "V", "chargePointModel": "04C0FFEE123456", "firmwareVersion": "04C0FFEE123457"}
    wire.call("BootNotification", said | {"chargePointSerialNumber": "04C0FFEE123458"})
    wire.start(1)
    _land(lake, wire.records, None)
    clear = ["V", "04C0FFEE123456", "04C0FFEE123457", "04C0FFEE123458"]
    for key in (KEY, None):
        opened, expected = lake.build(token_key=key), tuple(hidden_name(text, key) for text in clear)
        assert rows(opened, "SELECT vendor, model, firmware, serial_number FROM core__stations") == [expected]
        for table in ("core__boots", "core__sessions"):
            assert rows(opened, f"SELECT vendor, model, firmware FROM {table}") == [expected[:3]]


def test_a_number_of_1_6_is_the_system_s_in_every_table(lake: Lake) -> None:
    wire = Wire()
    wire.start(12345678)
    wire.meter(1500, transaction_id=12345678)
    wire.stop(12345678)
    opened = land(lake, wire.records).build()
    for table in ("core__sessions", "core__measurements"):
        assert rows(opened, f"SELECT DISTINCT transaction_id FROM {table}") == [("12345678",)]


def test_words_beside_a_sample_stay_as_reported_unless_they_could_be_a_card(lake: Lake) -> None:
    wire = Wire()
    for said in ("energy.active.import.register", "Vendor.Heat Sink", "04 C0 FF EE 12 34 56"):
        sampled = {"value": "1", "measurand": said, "unit": said, "phase": said, "location": said, "context": said}
        value = [{"timestamp": "2023-11-14T22:13:20Z", "sampledValue": [sampled]}]
        wire.call("MeterValues", {"connectorId": 1, "meterValue": value})
    opened = land(lake, wire.records).build()
    query = "SELECT measurand, unit, phase, location, context FROM core__measurements ORDER BY received_at"
    assert [set(row) for row in rows(opened, query)] == [
        {"energy.active.import.register"},
        {"Vendor.Heat Sink"},
        {HIDDEN},
    ]


def _land(lake: Lake, records: list[Record], key: bytes | None) -> None:
    state = StationState(station_id=records[0].station_id)
    for record in records:
        step(state, record, Context(key))
    put(lake, records, drain(state))
