"""Quirks 45 to 52a of the field: tokens and who may charge."""

import pytest
from captures import KEY, Wire, at

from models.record import Direction
from models.tokens import pseudonyms

UID = "04A2B3C4D5E6F7"


def present(wire: Wire, token: str, status: str = "Accepted", seconds: float | None = None) -> None:
    asked = wire.call("Authorize", {"idTag": token}, seconds=seconds)
    wire.answer(asked, {"idTagInfo": {"status": status}}, seconds=seconds)


def ask_for_start(wire: Wire, token: str, action: str = "RemoteStartTransaction") -> None:
    payload = {"idTag": token} if action == "RemoteStartTransaction" else {"idToken": {"idToken": token}}
    wire.add([2, f"c{len(wire.records)}", action, payload], Direction.CSMS_TO_CP)


def only(wire: Wire, kind: str = "sessions"):
    (fact,) = wire.fold().of(kind)
    return fact


def forms(wire: Wire) -> dict[str, str]:
    return {row.rule: row.form_id for row in wire.fold().of("token_keys")}


def words(wire: Wire) -> list[str]:
    return sorted({row.anomaly for row in wire.fold().of("anomalies")})


def test_quirk_45_a_card_is_one_card_in_any_case() -> None:
    """An idTag is case-insensitive; some stations change its case or put separators in.

    Source: OCPP 1.6 errata 3.73.
    We: case is folded and separators left out before the pseudonym is made.
    """
    wire = Wire()
    for number, text in enumerate((UID, UID.lower(), "04:A2:B3:C4:D5:E6:F7", "04-a2-b3-c4-d5-e6-f7")):
        wire.start(seconds=number * 10, timestamp=at(number * 10), idTag=text, meterStart=number)
    assert {row.token_id for row in wire.sessions()} == {pseudonyms.pseudonym(UID, KEY)}


@pytest.mark.parametrize(
    ("other", "rule"),
    [
        ("04A2B3C4D5E62B", "truncated_crc"),
        ("04A2B3C4D5E6", "truncated"),
        ("F7E6D5C4B3A204", "byte_order"),
    ],
)
def test_quirk_46_a_reader_truncates_pads_or_turns_round_a_uid(other: str, rule: str) -> None:
    """A reader gives 6 of a uid's 7 bytes and their checksum, pads 4 bytes with zeros, or turns the bytes round.

    Source: dingo35/SmartEVSE-3.5 98, PR 100.
    We: the pseudonyms of these forms are said with rule and score; `core__token_aliases` joins them, merging nothing.
    """
    wire = Wire()
    wire.start(idTag=UID)
    assert forms(wire)[rule] == pseudonyms.pseudonym(other, KEY)


@pytest.mark.parametrize("padded", ["A1B2C3D4000000", "000000A1B2C3D4"])
def test_a_uid_of_four_bytes_padded_to_seven_leads_to_the_short_one(padded: str) -> None:
    wire = Wire()
    wire.start(idTag=padded)
    assert forms(wire)["zero_padding"] == pseudonyms.pseudonym("A1B2C3D4", KEY)


def test_quirk_47_control_characters_behind_a_token_are_cut_off_and_said() -> None:
    """A charger appends the characters 0x10 and 0x0E to a token.

    Source: lbbrhzn/ocpp 2030 (Ocular).
    We: they are cut off before the pseudonym is made; the anomaly `token_repaired` says so once per station and token.
    """
    wire = Wire()
    wire.start(idTag=UID + "\x10\x0e")
    present(wire, UID + "\x10\x0e")
    assert only(wire).token_id == pseudonyms.pseudonym(UID, KEY)
    assert forms(wire)["control_characters"] == pseudonyms.pseudonym(UID, KEY)
    assert words(wire) == ["token_repaired"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("VID:AABBCCDDEEFF", "autocharge"),
        ("AA:BB:CC:DD:EE:FF", "autocharge"),
        ("DE-8AA-C12345678-X", "contract"),
        ("DE8AAC12345678X", "contract"),
        ("APP_USER_77", "app"),
        ("a3bb189e-8bf9-3888-9912-ace4e6543002", "app"),
        ("TERMINAL-1", "terminal"),
        ("REMOTE", "remote"),
        ("freevend", "none"),
        ("", "none"),
        (UID, "card"),
        ("A1B2C3D4", "card"),
        ("Employee 12", "card"),
    ],
)
def test_quirk_48_a_car_s_address_in_place_of_a_card_is_told_from_one(text: str, kind: str) -> None:
    """Autocharge sends the car's MAC address as idTag, such as `VID:...`.

    Source: evcc 32916 (Alpitronic); eosvolt documentation.
    We: the kind is decided from type and pattern before the token becomes a pseudonym: `token_kind`.
    """
    wire = Wire()
    wire.start(idTag=text)
    present(wire, text)
    assert only(wire).token_kind == kind
    assert only(wire, "authorizations").token_kind == kind


@pytest.mark.parametrize(
    ("kind_of_type", "kind"),
    [
        ("ISO14443", "card"),
        ("ISO15693", "card"),
        ("MacAddress", "autocharge"),
        ("eMAID", "contract"),
        ("Central", "remote"),
        ("KeyCode", "keycode"),
        ("Local", "local"),
        ("NoAuthorization", "none"),
        ("DirectPayment", "terminal"),
        ("SomethingOfTheVendor", "card"),
    ],
)
def test_a_type_of_2_x_decides_the_kind(kind_of_type: str, kind: str) -> None:
    wire = Wire("ocpp2.1")
    text = "" if kind_of_type == "NoAuthorization" else UID
    wire.transaction("Started", idToken={"idToken": text, "type": kind_of_type})
    assert only(wire).token_kind == kind


def test_a_start_that_the_system_asked_for_is_remote() -> None:
    wire = Wire()
    ask_for_start(wire, UID)
    present(wire, UID)
    wire.start(7, idTag=UID.lower())
    assert (only(wire).token_kind, only(wire, "authorizations").token_kind) == ("remote", "remote")
    wire.stop(7, seconds=3600)
    wire.start(8, idTag=UID, timestamp=at(4000), seconds=4000, meterStart=3000)
    assert sorted(row.token_kind for row in wire.sessions()) == ["card", "remote"]


@pytest.mark.parametrize("how", ["token", "id"])
def test_a_start_of_2_x_that_the_system_asked_for_is_remote(how: str) -> None:
    wire = Wire("ocpp2.0.1")
    if how == "token":
        ask_for_start(wire, UID, "RequestStartTransaction")
    info = {"info": {"remoteStartId": 5}} if how == "id" else {}
    wire.transaction("Started", idToken={"idToken": UID, "type": "ISO14443"}, **info)
    assert only(wire).token_kind == "remote"


def test_a_wish_to_start_is_forgotten_after_a_while() -> None:
    wire = Wire()
    ask_for_start(wire, UID)
    wire.start(idTag=UID, seconds=700, timestamp=at(700))
    assert only(wire).token_kind == "card"


def test_quirk_49_a_stop_without_a_token_is_its_start_s() -> None:
    """StopTransaction without idTag is legal; a system that rejects it leaves its sessions open.

    Source: dallmann-consulting/OCPP.Core 47.
    We: the session keeps the token of its start.
    """
    wire = Wire()
    wire.start(7, idTag=UID)
    wire.stop(7)
    fact = only(wire)
    assert (fact.is_open, fact.token_id, fact.token_kind) == (False, pseudonyms.pseudonym(UID, KEY), "card")


def test_quirk_50_a_session_without_a_request_was_presented_by_its_start() -> None:
    """A card that the station knows by itself charges without any Authorize.

    Source: go-eCharger 176.
    We: the funnel counts such a start as the presentation; `authorization_id` is null.
    """
    wire = Wire()
    wire.start(7, idTag=UID)
    fact = only(wire)
    assert (fact.authorization_id, fact.start_status, wire.fold().of("authorizations")) == (None, "Accepted", [])


def test_a_request_leads_to_its_start_and_to_energy() -> None:
    wire = Wire()
    present(wire, UID)
    wire.start(7, idTag=UID)
    asked, session = only(wire, "authorizations"), only(wire)
    assert (asked.purpose, asked.session_id, asked.start_status) == ("start", session.session_id, "Accepted")
    assert (session.authorization_id, asked.is_energised) == (asked.authorization_id, False)
    wire.stop(7, idTag=UID)
    assert (only(wire, "authorizations").is_energised, only(wire, "authorizations").is_rejected_later) == (True, False)


def test_a_card_shown_to_stop_is_no_presentation_for_a_start() -> None:
    wire = Wire()
    present(wire, UID)
    wire.start(7, idTag=UID)
    present(wire, UID, seconds=3000)
    wire.stop(7, seconds=3001, idTag=UID)
    assert [row.purpose for row in wire.fold().of("authorizations")] == ["start", "stop"]


def test_a_request_of_another_token_or_of_long_ago_led_to_nothing() -> None:
    wire = Wire()
    present(wire, "OTHER")
    present(wire, UID)
    wire.start(7, idTag=UID, seconds=2000, timestamp=at(2000))
    assert [row.purpose for row in wire.fold().of("authorizations")] == [None, None]


@pytest.mark.parametrize("is_asked", [True, False])
def test_what_the_station_accepted_and_the_system_rejects_later_is_said(is_asked: bool) -> None:
    wire = Wire()
    if is_asked:
        present(wire, UID)
    started = wire.start(idTag=UID)
    wire.answer(started, {"transactionId": 7, "idTagInfo": {"status": "Blocked"}})
    wire.stop(7)
    fact = only(wire)
    assert (fact.start_status, fact.energy_wh) == ("Blocked", 2000)
    assert "offline_accept_rejected" in words(wire)
    if is_asked:
        asked = only(wire, "authorizations")
        assert (asked.status, asked.start_status, asked.is_rejected_later) == ("Accepted", "Blocked", True)


def test_what_was_rejected_at_once_is_not_rejected_later() -> None:
    wire = Wire()
    present(wire, UID, "Invalid")
    wire.answer(wire.start(idTag=UID), {"transactionId": 7, "idTagInfo": {"status": "Invalid"}})
    assert only(wire, "authorizations").is_rejected_later is False
    assert "offline_accept_rejected" not in words(wire)


def test_an_answer_to_a_start_that_says_nothing_of_the_token_changes_nothing() -> None:
    wire = Wire()
    wire.answer(wire.start(idTag=UID), {"transactionId": 7})
    assert only(wire).start_status is None


def test_the_answer_to_an_event_of_2_x_tells_what_its_token_is_worth() -> None:
    wire = Wire("ocpp2.0.1")
    asked = wire.call("Authorize", {"idToken": {"idToken": UID, "type": "ISO14443"}})
    wire.answer(asked, {"idTokenInfo": {"status": "Accepted"}})
    wire.transaction("Started", wh=1000)
    wire.transaction("Updated", seconds=5, wh=1100, idToken={"idToken": UID, "type": "ISO14443"})
    wire.answer(f"m{len(wire.records) - 1}", {"idTokenInfo": {"status": "ConcurrentTx"}}, seconds=6)
    session, presented = only(wire), only(wire, "authorizations")
    assert (session.start_status, session.token_kind) == ("ConcurrentTx", "card")
    assert (presented.session_id, presented.is_rejected_later) == (session.session_id, True)
    wire.transaction("Updated", seconds=7, idToken={"idToken": UID, "type": "ISO14443"})
    wire.answer(f"m{len(wire.records) - 1}", {"idTokenInfo": {"status": "Accepted"}}, seconds=8)
    assert only(wire).start_status == "ConcurrentTx"


def test_a_token_shown_to_end_a_transaction_of_2_x_is_for_its_end() -> None:
    wire = Wire("ocpp2.0.1")
    token = {"idToken": UID, "type": "ISO14443"}
    wire.transaction("Started", idToken=token)
    asked = wire.call("Authorize", {"idToken": token}, seconds=100)
    wire.answer(asked, {"idTokenInfo": {"status": "Accepted"}}, seconds=100)
    wire.transaction("Ended", seconds=101, idToken=token)
    assert only(wire, "authorizations").purpose == "stop"


def test_an_answer_to_a_request_that_was_let_go_still_counts() -> None:
    wire = Wire()
    asked = wire.call("Authorize", {"idTag": UID})
    for number in range(20):
        present(wire, f"T{number}")
    wire.answer(asked, {"idTagInfo": {"status": "Accepted"}})
    rows = wire.fold().of("authorizations")
    assert len(rows) == 21
    assert {row.status for row in rows} == {"Accepted"}
    assert len(wire.fold().states["CP"].presented) == 8


def test_quirk_51_a_token_says_nothing_of_why_a_session_ended() -> None:
    """A pulled cable is reported as `Local`, a power cut as `DeAuthorized`.

    Source: citrineos-core PR 970; OpenEVSE 787.
    We: `DeAuthorized` is the station's word only; rejected is what an answer rejects (`start_status`).
    """
    wire = Wire()
    wire.start(7, idTag=UID)
    wire.stop(7, reason="DeAuthorized")
    assert (only(wire).stop_reason, only(wire).start_status) == ("DeAuthorized", "Accepted")
    assert "offline_accept_rejected" not in words(wire)


def test_quirk_52_a_token_may_be_longer_than_twenty_characters() -> None:
    """Systems start sessions with tokens of more than the 20 characters that OCPP 1.6 allows.

    Source: lbbrhzn/ocpp 514; SteVe allows 40 for roaming.
    We: a token has no limit; its pseudonym is always 20 characters.
    """
    wire = Wire()
    text = "DE-8AA-CA2B3C4D5-L-" + "9" * 400
    ask_for_start(wire, text)
    wire.start(7, idTag=text)
    assert (only(wire).token_id, only(wire).token_kind) == (pseudonyms.pseudonym(text, KEY), "remote")
    assert len(only(wire).token_id) == 20


def test_quirk_52a_a_suffix_behind_a_uid_leads_to_the_uid() -> None:
    """A KEBA load-management master sends `<uid>_<serial number of the charger>` as the token.

    Source: dallmann-consulting/OCPP.Core, Real_life_Experiences_KEBA.md.
    We: the token stays as it was shown; the form without its suffix is said, and joined in `core__token_aliases`.
    """
    wire = Wire()
    wire.start(7, idTag=f"{UID}_17619092")
    (row,) = wire.fold().of("token_keys")
    assert (row.rule, row.score, row.form_id) == ("suffix", 0.9, pseudonyms.pseudonym(UID, KEY))
    assert only(wire).token_id == pseudonyms.pseudonym(f"{UID}_17619092", KEY)
    assert words(wire) == ["token_repaired"]


def test_the_forms_of_a_token_are_said_once_and_remembered_within_bounds() -> None:
    wire = Wire()
    for number in range(300):
        wire.start(idTag=f"{number:08X}", timestamp=at(number), meterStart=number)
    folded = wire.fold()
    assert len(folded.states["CP"].tokens) == 128
    before = dict(folded.facts)
    wire.records.clear()
    wire.start(idTag=f"{299:08X}", seconds=1000, timestamp=at(1000))
    wire.records[0].offset = 10_000
    wire.records[0].ordinal = 10_000
    folded.fold(wire.records)
    new = {key for key in folded.facts if key not in before}
    assert "token_keys" not in {kind for kind, _ in new}
