"""A card number in any text field of OCPP, one field at a time, is in no table that a build publishes."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import polars as pl
import pytest
from folded import Wire, land
from schema_texts import Text, texts
from small_lake import Lake

from models.ocpp.versions import ADAPTERS
from models.record import Direction, Record
from models.tables.catalogue import DOUBLE, TABLES
from models.tokens.pseudonyms import canonical
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
