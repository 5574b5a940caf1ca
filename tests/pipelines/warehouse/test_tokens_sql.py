"""Aliases of tokens and the funnel of presentations, against figures worked out by hand."""

from typing import Any

from small_lake import KEY, Lake, at, rows

from models.facts import Authorization, Session, TokenKey
from models.tokens import pseudonyms

_VERSION: dict[str, Any] = {"version_generation": 1, "version_offset": 1, "station_id": "CS1", "protocol": "ocpp1.6"}


def session(number: int, token: str | None, **more: Any) -> Session:
    said = _VERSION | {"session_id": f"s{number}", "token_id": token, "started_at": at(0), "is_open": False}
    return Session(**(said | {"token_kind": "card" if token else None} | more))


def asked(number: int, token: str | None, status: str | None, **more: Any) -> Authorization:
    said = _VERSION | {"authorization_id": f"a{number}", "token_id": token, "asked_at": at(0), "status": status}
    return Authorization(**(said | {"token_kind": "card", "answered_at": at(1) if status else None} | more))


def form(token: str, other: str, rule: str, score: float, station: str = "CS1") -> TokenKey:
    said = {name: value for name, value in _VERSION.items() if name != "protocol"} | {"station_id": station}
    number = f"{station}/{token}/{rule}/{other}"
    return TokenKey(**said, token_key_id=number, token_id=token, form_id=other, rule=rule, score=score)


def hidden(text: str) -> str:
    found = pseudonyms.pseudonym(text, KEY)
    assert found is not None
    return found


FULL, CUT, OTHER, LONE = (hidden(text) for text in ("full", "cut", "other", "lone"))
QUERY = "SELECT token_id, alias_of, rule, round(score, 3), evidence, stations, uses FROM core__token_aliases"


def test_a_form_that_is_another_token_in_use_makes_an_alias(lake: Lake) -> None:
    lake.facts(session(1, FULL), session(2, CUT), session(3, CUT, station_id="CS2"))
    lake.facts(
        form(FULL, CUT, "truncated_crc", 0.95),
        form(FULL, CUT, "truncated_crc", 0.95, "CS2"),
        form(FULL, hidden("never shown"), "byte_order", 0.8),
        form(FULL, FULL, "control_characters", 1.0),
    )
    assert rows(lake.build(), QUERY) == [(CUT, FULL, "truncated_crc", 0.95, "shown", 2, 2)]


def test_a_suffixed_token_is_the_alias_of_the_plain_one(lake: Lake) -> None:
    lake.facts(asked(1, LONE, "Accepted"))
    lake.facts(session(1, FULL))
    lake.facts(form(LONE, FULL, "suffix", 0.9))
    assert rows(lake.build(), QUERY) == [(LONE, FULL, "suffix", 0.9, "shown", 1, 1)]


def test_two_suffixes_behind_a_uid_that_nobody_showed_are_one_card(lake: Lake) -> None:
    first, second = sorted((FULL, CUT))
    lake.facts(session(1, FULL), session(2, CUT))
    lake.facts(form(FULL, OTHER, "suffix", 0.9), form(CUT, OTHER, "suffix", 0.9))
    assert rows(lake.build(), QUERY) == [(second, first, "suffix", 0.81, "shared form", 1, 1)]


def test_names_that_begin_alike_are_not_one_card(lake: Lake) -> None:
    lake.facts(session(1, FULL), session(2, CUT))
    lake.facts(form(FULL, OTHER, "suffix", 0.5), form(CUT, OTHER, "suffix", 0.5))
    assert rows(lake.build(), QUERY) == []


def test_of_two_tokens_turned_round_the_one_used_less_is_the_alias(lake: Lake) -> None:
    lake.facts(session(1, FULL), session(2, CUT), session(3, CUT))
    lake.facts(form(FULL, CUT, "byte_order", 0.8), form(CUT, FULL, "byte_order", 0.8))
    assert rows(lake.build(), QUERY) == [(FULL, CUT, "byte_order", 0.8, "shown", 1, 1)]


def test_a_cut_uid_that_fits_several_cards_says_less_of_each(lake: Lake) -> None:
    lake.facts(session(1, FULL), session(2, OTHER), session(3, CUT))
    lake.facts(form(FULL, CUT, "truncated", 0.7), form(OTHER, CUT, "truncated", 0.7))
    assert {row[1:4] for row in rows(lake.build(), QUERY)} == {
        (FULL, "truncated", 0.35),
        (OTHER, "truncated", 0.35),
    }


def test_forms_that_were_said_in_clear_become_the_same_pseudonyms(lake: Lake) -> None:
    lake.facts(session(1, "full"), session(2, CUT))
    lake.facts(form("full", "cut", "suffix", 0.9))
    opened = lake.build()
    assert rows(opened, QUERY) == [(FULL, CUT, "suffix", 0.9, "shown", 1, 1)]
    assert rows(opened, "SELECT token_id, form_id FROM stg_ocpp__token_keys") == [(FULL, CUT)]
    assert rows(lake.build(token_key=None), "SELECT token_id, form_id FROM stg_ocpp__token_keys") == [("full", "cut")]


def test_the_funnel_counts_requests_and_starts_without_one_once(lake: Lake) -> None:
    linked = {"purpose": "start", "start_status": "Accepted"}
    lake.facts(
        asked(1, FULL, "Accepted", session_id="s1", **linked),
        asked(2, FULL, "Accepted", session_id="s1", purpose="stop"),
        asked(3, FULL, "Accepted"),
        asked(4, FULL, "Blocked"),
        asked(5, FULL, None),
        asked(6, CUT, "Accepted", session_id="s2", purpose="start", start_status="Blocked", is_rejected_later=True),
        asked(7, None, "Invalid", token_kind=None),
    )
    lake.facts(
        session(1, FULL, authorization_id="a1", start_status="Accepted", energy_wh=500),
        session(2, CUT, authorization_id="a6", start_status="Blocked", energy_wh=70),
        session(3, OTHER, start_status="Invalid", energy_wh=8),
        session(4, OTHER, start_status="Accepted", energy_wh=0),
        session(5, OTHER, token_kind="remote", energy_wh=None),
        session(6, None),
    )
    day = at(0).date()
    assert rows(lake.build(), "FROM report__authorization_funnel_daily") == [
        # day, kind, presented, by start, answered, accepted, started, energised, rejected later, Wh at risk
        (day, "card", 7, 2, 6, 4, 4, 3, 2, 78),
        (day, "remote", 1, 1, 0, 0, 1, 0, 0, None),
        (day, None, 1, 0, 1, 0, 0, 0, 0, None),
    ]
