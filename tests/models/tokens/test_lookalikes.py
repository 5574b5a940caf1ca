"""Which ids could be a card, and what they become."""

import pytest

from models.ids import bounded
from models.tokens.lookalikes import could_be_card, hidden, hidden_name, hidden_number
from models.tokens.pseudonyms import pseudonym

KEY = b"a key for tests"

ORDINARY = [
    "1",
    "1000001",
    "-1",
    "1763769600",
    "1763769600123",
    "1763769600123456",
    "9223372036854775807",
    "20250101",
    "20250101120000",
    "20250101120000123456",
    "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "6BA7B8109DAD11D180B400C04FD430C8",
    "tx-6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "2026-03-02T08:00+02:00",
    "20260302T08000200",
    "TX-2025-000123",
    "CP01-1-1763769600",
    "transaction",
    "is-not-working",
    "EVSE 1, connector 2",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_id_stays(text: str) -> None:
    assert hidden(text, KEY) == text
    assert hidden_name(text, KEY) == text


CARDS = [
    "04A2B3C4",
    "12345678",
    "04C0FFEE123456",
    "04:c0:ff:ee:12:34:56",
    "04 C0 FF EE 12 34 56",
    "04C0FFEE123456010203",
    "E0040100ABCDEF12",
    "00:1A:2B:C0:FF:EE",
    "VID001A2BC0FFEE",
    "DE8AAC12345678X",
    "DE*8AA*123456*7",
    "4111111111111111",
    "4111 1111 1111 1111",
    "+46701234567",
    "WVWZZZ1KZAW123456",
]


@pytest.mark.parametrize("text", CARDS)
def test_a_card_s_number_becomes_a_pseudonym_with_and_without_something_beside_it(text: str) -> None:
    assert could_be_card(text)
    for spelled in (text, f"{text}_1763769600", f"tx/{text}", f"{text}/{'x' * 200}"):
        found = hidden(spelled, KEY)
        assert found.startswith("tok_")
        assert len(found) == 20
        # Again and again: what is landed under one setting is hidden when it is published.
        assert hidden(found, KEY) == hidden_number(found, KEY) == hidden_name(found, KEY) == found
        assert hidden(spelled, None) == bounded(spelled)


@pytest.mark.parametrize("text", ["04C0FFEE123456", "04:C0:FF:EE:12:34:56"])
def test_a_card_as_an_id_has_the_pseudonym_of_the_card(text: str) -> None:
    assert hidden(text, KEY) == pseudonym("04c0ffee123456", KEY)


def test_what_stands_beside_a_card_tells_ids_apart() -> None:
    assert len({hidden(text, KEY) for text in ("04A2B3C4-1-11", "04A2B3C4-11-1", "04a2b3c4-1-11")}) == 3


def test_a_number_is_a_name_and_the_system_s_id_but_a_station_s_own_is_hidden() -> None:
    assert hidden_name("12345678", KEY) == hidden_number("12345678", KEY) == "12345678"
    assert hidden("12345678", KEY) == pseudonym("12345678", KEY)
    assert hidden_number("04A2B3C4", KEY) == pseudonym("04A2B3C4", KEY)


@pytest.mark.parametrize("text", [None, ""])
def test_nothing_is_nothing(text: str | None) -> None:
    assert hidden_name(text, KEY) is None


@pytest.mark.parametrize("text", ["A" * 70, "\ud83d" * 9])
def test_a_long_or_broken_id_is_shortened_as_all_are(text: str) -> None:
    assert hidden(text, KEY) == hidden_name(text, KEY) == bounded(text)


@pytest.mark.parametrize(
    "name",
    [
        "ABB",
        "Terra AC W22-T-RD-MC-0",
        "1.6.2.2",
        "V5.33.0-4659",
        "2023.11.04",
        "EVB-P20112345",
        "ACE0123456",
        "R0.12.345",
    ],
)
def test_names_versions_and_serial_numbers_stay(name: str) -> None:
    assert hidden_name(name, KEY) == name


@pytest.mark.parametrize("word", ["a-", "a1-", "ab*", "04:", "4 ", "+1 ", "DE-", "vid"])
def test_an_endless_text_is_looked_at_in_one_pass(word: str) -> None:
    """A pattern that begins anew at every word would take hours for the last of these."""
    for text in (word * 100, word * 20_000, word * 20_000 + "z"):
        for hide in (hidden, hidden_name):
            assert len(hide(text, KEY) or "") <= 64
