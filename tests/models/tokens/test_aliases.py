"""Forms of one card, and that none of them nor the card itself is ever in a state or a fact."""

import pytest
from captures import KEY, Folded, Wire, at
from hypothesis import given
from hypothesis import strategies as st

from models.record import Direction
from models.state import MAX_TOKENS, encode
from models.tokens import aliases, pseudonyms


def of(text: str) -> dict[str, str]:
    canonical = pseudonyms.canonical(text) or ""
    return {rule: form for rule, _, form in aliases.forms(text, canonical, is_whole=False)}


def test_the_checksum_is_that_of_1_wire() -> None:
    """The check value of CRC-8/MAXIM-DOW."""
    assert aliases.crc8(b"123456789") == 0xA1


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("04A2B3C4D5E6F7", {"truncated_crc", "truncated", "truncated_uid", "byte_order"}),
        ("A1B2C3D4", {"byte_order"}),
        ("04A2B3C4D5E6F7080910", {"truncated_uid", "byte_order"}),
        ("A1B2C3D4000000", {"truncated_crc", "truncated", "zero_padding", "byte_order"}),
        ("04A2B3C4D5E6F7_1761", {"suffix"}),
        ("NL-TNM-C12345678-J", {"suffix"}),
        ("04-A2-B3-C4-D5-E6-F7", {"truncated_crc", "truncated", "truncated_uid", "byte_order"}),
        ("DRIVER.ANNA.OF.HAMBURG", {"truncated_text"}),
        ("VID:001122334455", {"prefix"}),
        ("A1A1A1A1", set()),
        ("A-B", set()),
        ("Employee 12", set()),
    ],
)
def test_each_shape_of_token_has_its_forms(text: str, rules: set[str]) -> None:
    assert of(text).keys() == rules


def test_a_suffix_is_cut_where_the_uid_ends() -> None:
    assert of("04A2B3C4D5E6F7_17_61")["suffix"] == "04a2b3c4d5e6f7"
    assert of("NL-TNM-C12345678-J")["suffix"] == "nltnmc12345678"


def test_a_suffix_behind_a_name_is_not_said_to_be_cut_off() -> None:
    wire = Wire()
    wire.start(idTag="EMPLOYEE-ANNA-1")
    folded = wire.fold()
    assert [row.score for row in folded.of("token_keys")] == [0.5]
    assert folded.of("anomalies") == []


@given(st.text(max_size=80), st.booleans())
def test_any_text_has_few_forms_none_twice_and_none_but_the_cleaned_its_own(text: str, is_whole: bool) -> None:
    canonical = pseudonyms.canonical(text) or ""
    found = list(aliases.forms(text, canonical, is_whole=is_whole))
    assert len(found) <= 6
    others = [form for rule, _, form in found if rule != aliases.CONTROL]
    assert len({*others, canonical}) == len(others) + 1
    assert all(0 < score <= 1 and rule in aliases.RULES for rule, score, _ in found)


@pytest.mark.parametrize("canary", ["04C0FFEE123456", "04C0FFEE123456_778899", "C0FFEE12000000", "VID:C0FFEE123456"])
def test_no_card_number_and_no_form_of_it_is_in_a_state_or_a_fact(canary: str) -> None:
    wire, newer = Wire(), Wire("ocpp2.1", station="CP2")
    wire.add([2, "r", "RemoteStartTransaction", {"idTag": canary}], Direction.CSMS_TO_CP)
    wire.answer(wire.call("Authorize", {"idTag": canary}), {"idTagInfo": {"status": "Accepted"}})
    wire.answer(wire.start(idTag=canary), {"transactionId": 7, "idTagInfo": {"status": "Blocked"}})
    wire.stop(7, idTag=canary + "\x10")
    token = {"idToken": canary, "type": "ISO14443"}
    newer.add([2, "r", "RequestStartTransaction", {"idToken": token}], Direction.CSMS_TO_CP)
    newer.call("Authorize", {"idToken": token})
    newer.transaction("Started", idToken=token)
    folded = Folded().fold([*wire.records, *newer.records])
    assert {row.token_id for row in folded.of("sessions")} <= {pseudonyms.pseudonym(canary, KEY)}
    said = repr(list(folded.facts.values())) + repr([encode(state) for state in folded.states.values()])
    said = said.casefold()
    secrets = {canary.casefold(), pseudonyms.canonical(canary) or "", "c0ffee", *of(canary).values()}
    assert not [secret for secret in secrets if secret in said]


@pytest.mark.parametrize(
    ("whole", "rule", "other"),
    [
        ("04A2B3C4D5E6F7", "truncated_uid", "04A2B3C4"),
        ("04A2B3C4D5E6F7080910", "truncated_uid", "04A2B3C4D5E6F7"),
        ("DRIVER.ANNA.OF.HAMBURG", "truncated_text", "DRIVER.ANNA.OF.HAMBURG"[:20]),
        ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "truncated_text", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"[:20]),
        ("VID:00:11:22:33:44:55", "prefix", "00-11-22-33-44-55"),
        ("VID001122334455", "prefix", "001122334455"),
    ],
)
def test_the_form_of_a_token_is_the_token_that_another_system_shows(whole: str, rule: str, other: str) -> None:
    token, elsewhere = pseudonyms.shown(whole, KEY), pseudonyms.shown(other, KEY)
    assert token is not None
    assert elsewhere is not None
    assert {name: form for name, _, form in token.forms}[rule] == elsewhere.token_id


def test_a_suffix_behind_a_uid_explains_a_long_token_and_longer_texts_are_no_tokens() -> None:
    assert of("04A2B3C4D5E6F7_17619092").keys() == {"suffix"}
    assert of("A" * 256) == {}


@pytest.mark.parametrize("canary", ["04C0FFEE123456", "C0FFEE12", "04:C0:FF:EE:12:34:56", "DE8AAC0FFEE123456"])
def test_no_card_number_passes_through_a_field_that_is_none(canary: str) -> None:
    wire, newer = Wire(), Wire("ocpp2.1", station="CP2")
    wire.call("StatusNotification", {"connectorId": 1, "status": canary, "errorCode": "NoError"})
    wire.status("Faulted", canary)
    wire.answer(wire.call("Authorize", {"idTag": "A"}), {"idTagInfo": {"status": canary}})
    wire.start(7)
    wire.stop(7, reason=canary)
    wire.call("DataTransfer", {"vendorId": "V", "messageId": canary, "data": canary})
    wire.add([2, "c", "ChangeConfiguration", {"key": canary, "value": canary}], Direction.CSMS_TO_CP)
    wire.add([3, "c", {"status": canary}], Direction.CP_TO_CSMS)
    place = {"evse": {"id": 1, "connectorId": 1}}
    token = {"idToken": canary, "type": "ISO14443"}
    newer.call("StatusNotification", {"evseId": 1, "connectorId": 1, "connectorStatus": canary})
    newer.notify(**place, component=canary, variable=canary, actualValue="true", trigger="Alerting")
    newer.notify(**place, variable="AvailabilityState", actualValue=canary)
    newer.transaction("Started", "t", triggerReason=canary, **place, info={"chargingState": canary}, idToken=token)
    newer.transaction("Ended", "t", info={"stoppedReason": canary})
    variable = {"component": {"name": canary}, "variable": {"name": canary}}
    newer.add([2, "v", "SetVariables", {"setVariableData": [variable]}], Direction.CSMS_TO_CP)
    folded = Folded().fold([*wire.records, *newer.records])
    said = repr([fact for fact in folded.facts.values() if fact.kind != "token_keys"])
    said = (said + repr([encode(state) for state in folded.states.values()])).casefold()
    assert not [secret for secret in (canary.casefold(), "c0ffee", "c0:ff:ee") if secret in said]
    assert len(folded.of("statuses")) == 3


def test_a_transaction_named_by_its_card_keeps_an_identity_that_is_not_the_card() -> None:
    wire = Wire("ocpp2.0.1")
    token = {"idToken": "04C0FFEE123456", "type": "ISO14443"}
    wire.transaction("Started", "04C0FFEE123456", wh=1000, evse={"id": 1, "connectorId": 1}, idToken=token)
    wire.transaction("Updated", "04C0FFEE123456", seconds=60, wh=1500)
    asked = [2, "r", "RequestStopTransaction", {"transactionId": "04C0FFEE123456"}]
    wire.add(asked, Direction.CSMS_TO_CP)
    wire.transaction("Ended", "04C0FFEE123456", seconds=120, wh=2000)
    folded = wire.fold()
    (session,) = folded.of("sessions")
    assert (session.transaction_id, session.energy_wh, session.is_open) == (session.token_id, 1000, False)
    (stop,) = [row for row in folded.of("events") if row.action == "RequestStopTransaction"]
    assert stop.transaction_id == session.transaction_id


def test_a_transaction_named_by_a_card_is_one_whether_or_not_the_card_was_shown_lately() -> None:
    uid, others = "04C0FFEE123456", [f"04A0000000{number:04X}" for number in range(MAX_TOKENS + 1)]
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", uid, wh=1000, evse={"id": 1, "connectorId": 1})
    wire.call("Authorize", {"idToken": {"idToken": uid, "type": "ISO14443"}})
    wire.transaction("Updated", uid, seconds=600, wh=1500)
    for other in others:
        wire.call("Authorize", {"idToken": {"idToken": other, "type": "ISO14443"}})
    wire.transaction("Ended", uid, seconds=1200, wh=2000)
    (session,) = wire.sessions()
    assert (session.transaction_id, session.energy_wh, session.is_open) == (pseudonyms.pseudonym(uid, KEY), 1000, False)


def test_a_fault_in_a_transaction_named_by_a_card_is_that_transaction_s() -> None:
    wire = Wire("ocpp2.1")
    wire.transaction("Started", "04C0FFEE123456", wh=1000, evse={"id": 1, "connectorId": 1})
    wire.notify(component="EVSE", actualValue="true", trigger="Alerting", transactionId="04C0FFEE123456")
    (fault,) = wire.fold().of("faults")
    assert fault.in_transaction


def test_a_1_6_id_in_words_that_is_a_card_leads_to_its_session_and_a_number_stays() -> None:
    wire = Wire()
    wire.start("04C0FFEE123456")
    wire.stop("04C0FFEE123456")
    wire.start("12345678", meterStart=3000, timestamp=at(3700))
    wire.stop(12345678, meterStop=3500, timestamp=at(7200))
    first, second = wire.sessions()
    assert (first.transaction_id, first.is_open) == (pseudonyms.pseudonym("04C0FFEE123456", KEY), False)
    assert (second.transaction_id, second.is_open) == ("12345678", False)


@pytest.mark.parametrize(
    "name",
    [
        "ISO15118Ctrlr",
        "AcDcConverter",
        "ISO15118PnCEnabled",
        "DeAuthorized",
        "MREC17EVSEContactorFault",
        "Power.Active.Import",
    ],
)
def test_names_of_the_standards_stay(name: str) -> None:
    from models.wording import word_shown

    assert word_shown(name) == name
