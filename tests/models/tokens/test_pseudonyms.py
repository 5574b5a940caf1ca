"""Tokens: canonical form and pseudonym."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tokens import pseudonyms


@pytest.mark.parametrize(
    "text", ["04A2B3C4", "04a2b3c4", "04:A2:B3:C4", "04-a2 b3.c4", "04A2B3C4\x10\x0e", "04A2_B3C4"]
)
def test_spellings_of_one_card_are_one_token(text: str) -> None:
    assert pseudonyms.canonical(text) == "04a2b3c4"
    assert pseudonyms.pseudonym(text, b"key") == pseudonyms.pseudonym("04A2B3C4", b"key")


def test_a_contract_id_with_and_without_separators_is_one_token() -> None:
    assert pseudonyms.canonical("NL-TNM-C12345678-J") == pseudonyms.canonical("NL*TNM*C12345678*J")


@pytest.mark.parametrize("text", [None, "", " ", "\x00\x01"])
def test_no_token_stays_none(text: str | None) -> None:
    assert pseudonyms.pseudonym(text, b"key") is None


def test_a_token_of_separators_only_keeps_them() -> None:
    assert pseudonyms.canonical("--*--") == "--*--"


def test_the_pseudonym_depends_on_the_key_and_does_not_hold_the_token() -> None:
    first, second = pseudonyms.pseudonym("04A2B3C4", b"one"), pseudonyms.pseudonym("04A2B3C4", b"two")
    assert first is not None
    assert first != second
    assert first.startswith("tok_")
    assert len(first) == 20
    assert "04a2b3c4" not in first


def test_without_a_key_tokens_stay_in_clear() -> None:
    assert pseudonyms.pseudonym("04A2B3C4", None) == "04a2b3c4"


@given(st.text())
def test_the_canonical_form_is_its_own_canonical_form(text: str) -> None:
    once = pseudonyms.canonical(text)
    assert once is None or pseudonyms.canonical(once) == once


def test_what_is_shown_is_a_pseudonym_a_kind_and_pseudonyms_of_forms() -> None:
    token = pseudonyms.shown("04A2B3C4D5E6F7", b"key")
    assert token is not None
    assert (token.token_id, token.kind) == (pseudonyms.pseudonym("04A2B3C4D5E6F7", b"key"), pseudonyms.CARD)
    assert all(form.startswith(pseudonyms.PREFIX) for _, _, form in token.forms)


def test_no_token_is_none_and_an_empty_one_is_shown_as_none() -> None:
    assert pseudonyms.shown(None, b"key") is None
    assert pseudonyms.shown("", b"key") == pseudonyms.Token(None, pseudonyms.NONE)
    assert pseudonyms.shown(None, b"key", "NoAuthorization") == pseudonyms.Token(None, pseudonyms.NONE)
    assert pseudonyms.shown("\x00", b"key", "KeyCode") == pseudonyms.Token(None, pseudonyms.KEYCODE)


def test_a_long_token_is_read_like_a_short_one_and_not_kept_in_memory() -> None:
    before = pseudonyms._shown.cache_info().currsize
    token = pseudonyms.shown("9" * 100_000, b"key")
    assert token == pseudonyms.Token(pseudonyms.pseudonym("9" * 100_000, b"key"), pseudonyms.CARD)
    assert pseudonyms._shown.cache_info().currsize == before


@given(st.text(), st.none() | st.text())
def test_any_token_has_a_kind_of_the_vocabulary(text: str, kind_of_type: str | None) -> None:
    token = pseudonyms.shown(text, b"key", kind_of_type)
    assert token is not None
    assert token.kind in pseudonyms.KINDS


@pytest.mark.parametrize(
    ("spellings", "kind"),
    [
        (("00:11:22:33:44:55", "001122334455", "00-11-22-33-44-55", "0011_2233_4455"), "autocharge"),
        (("VID:00:11:22:33:44:55", "VID001122334455"), "autocharge"),
        (("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6BA7B8109DAD11D180B400C04FD430C8"), "app"),
        (("04:A2:B3:C4:D5:E6:F7", "04A2B3C4D5E6F7"), "card"),
    ],
)
def test_spellings_of_one_token_are_of_one_kind(spellings: tuple[str, ...], kind: str) -> None:
    tokens = [pseudonyms.shown(text, b"key") for text in spellings]
    assert {(token.token_id, token.kind) for token in tokens if token} == {(tokens[0].token_id, kind)}  # type: ignore[union-attr]
