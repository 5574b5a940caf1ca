"""The crosswalk: its data is sound, versioned, and found however stations write their codes."""

import hashlib
from importlib.resources import files
from pathlib import Path

import pytest

from models import crosswalk
from models.crosswalk import CODES, ROWS, rows
from models.crosswalk.lookup import by_error_code, by_pair, by_vendor_code
from models.crosswalk.rows import ACTORS, SEVERITIES, TAXONOMIES, CrosswalkError, row_of
from models.wording import HIDDEN, LONGEST, code_shown, id_shown, shown

STATES = {"1": "fad1890754b88f92", "2": "fc04abcf65f5237e"}
"""The data of each version, so that nobody changes a row and leaves the version as it is."""


def test_the_data_is_that_of_its_version() -> None:
    folder = files("models.crosswalk")
    names = ("canonical.csv", *(f"{taxonomy}.csv" for taxonomy in TAXONOMIES))
    text = "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert STATES[crosswalk.VERSION] == digest, "raise models/crosswalk/version and note its digest here"


def test_every_canonical_code_has_one_family_a_meaning_and_a_row() -> None:
    for code, (family, meaning) in CODES.items():
        assert code == code.lower()
        assert family
        assert meaning.endswith(".")
    assert {row.canonical_code for row in ROWS} == set(CODES)
    assert all(CODES[row.canonical_code][0] == row.family for row in ROWS)


def test_no_key_stands_twice_in_a_taxonomy() -> None:
    keys = [(row.taxonomy, row.raw_key.casefold(), row.vendor_id, row.model) for row in ROWS]
    assert len(set(keys)) == len(keys)


def test_all_of_the_closed_taxonomies_are_mapped() -> None:
    by_taxonomy = {name: {row.raw_key for row in ROWS if row.taxonomy == name} for name in TAXONOMIES}
    assert {f"CX{number:03}" for number in range(1, 27)} == by_taxonomy["mrec"]
    assert len(by_taxonomy["ocpp16"]) == 16  # fifteen of 1.6 and one of 1.5; NoError is no fault
    assert {f"A00{number}" for number in range(6)} < by_taxonomy["evgo_mrec"]
    assert len(by_taxonomy["uec"]) > 60


def test_what_only_secondary_sources_say_is_marked_as_less_sure() -> None:
    sure = {row.raw_key: row.confidence for row in ROWS if row.taxonomy == "mrec"}
    assert {key for key, confidence in sure.items() if confidence < 1} == {"CX012", "CX013", "CX016", "CX021"}


LINE = {
    "taxonomy": "ocpp16", "raw_key": "GroundFailure", "name": "", "vendor_id": "", "model": "", "actor": "evse",
    "severity": "error", "canonical_code": "ground_failure", "family": "insulation", "confidence": "1",
    "source": "OCPP",
}  # fmt: skip
BROKEN = (
    {"actor": "me"}, {"severity": "bad"}, {"confidence": "2"}, {"family": "x"}, {"source": ""}, {"confidence": "x"},
    {"canonical_code": "nothing"}, {"taxonomy": "mrec"},
)  # fmt: skip


@pytest.mark.parametrize("change", BROKEN, ids=str)
def test_a_row_that_breaks_the_rules_is_refused_with_its_key(change: dict[str, str]) -> None:
    assert row_of(LINE, CODES, "ocpp16").canonical_code == "ground_failure"
    with pytest.raises(CrosswalkError, match="GroundFailure"):
        row_of(LINE | change, CODES, "ocpp16")


def test_words_are_those_of_the_vocabularies() -> None:
    assert {row.actor for row in ROWS} <= ACTORS
    assert {row.severity for row in ROWS} <= set(SEVERITIES)
    assert crosswalk.family_of("a code that a later version dropped") == "other"


@pytest.mark.parametrize(
    ("code", "vendor_id", "expected"),
    [
        ("CX015", "https://chargex.inl.gov", "power_loss"), ("cx15", "https://chargex.inl.gov/", "power_loss"),
        ("CX015", None, "power_loss"), ("CX019", "Somebody", "cable_overheating"),
        ("F009", "com.evgo.mrec", "cable_overheating"),
        ("F0AA", "com.evgo.mrec", "other_error"), ("PowerLoss", "org.charin.uec.v1", "power_loss"),
        ("GridPowerLoss", "urn:uec:0.1.0", "power_loss"), ("OverVoltage", "urn:din:99003", "over_voltage"),
        ("over_voltage", None, "over_voltage"), ("CableOverTempStop", None, "cable_overheating"),
        ("MREC17EVSEContactorFault", None, "contactor_failure"), ("MREC14PilotFault/CPShortFault", None, "pilot_fault"),
        ("evse_board_support/DiodeFault", None, "pilot_fault"), ("ReaderFailure", None, "reader_failure"),
    ],
)  # fmt: skip
def test_a_code_is_found_however_it_is_written(code: str, vendor_id: str | None, expected: str) -> None:
    row = by_vendor_code(code, vendor_id)
    assert row is not None
    assert row.canonical_code == expected


def test_a_name_alone_is_believed_less_than_its_taxonomy_s_vendor_id() -> None:
    named, told = by_vendor_code("PowerLoss"), by_vendor_code("PowerLoss", "org.charin.uec.v1")
    assert named is not None
    assert told is not None
    assert named.confidence < told.confidence


@pytest.mark.parametrize(("code", "vendor_id"), [("E17", None), ("F009", None), ("CX099", None), ("A1", "ABB")])
def test_a_code_of_nobody_s_dictionary_is_unknown(code: str, vendor_id: str | None) -> None:
    assert by_vendor_code(code, vendor_id) is None


def test_a_narrower_row_of_a_vendor_goes_before_a_wider_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from models.crosswalk import lookup

    def row(vendor_id: str, model: str, code: str) -> rows.Row:
        return rows.Row("vendor", "E1", "", vendor_id, model, code, CODES[code][0], "evse", "error", 1.0, "test")

    own = [row("", "", "internal_error"), row("ABB", "", "over_current"), row("ABB", "Terra", "over_voltage")]
    monkeypatch.setattr(lookup, "_VENDOR_ROWS", {"e1": own})
    found = [
        by_vendor_code("E1", None, vendor, model) for vendor, model in ((None, None), ("abb", "X"), ("ABB", "terra"))
    ]
    assert [it and it.canonical_code for it in found] == ["internal_error", "over_current", "over_voltage"]


def test_error_codes_and_pairs_are_found_by_their_own_spelling() -> None:
    assert by_error_code("groundfailure") == by_error_code("GroundFailure")
    assert by_error_code("Mode3Error") is not None
    assert by_error_code("Error") is None
    assert by_pair("temperaturesensor.active") is None


def test_a_sensor_s_problem_is_not_what_it_measures() -> None:
    hot, broken = by_pair("TemperatureSensor.Active"), by_pair("TemperatureSensor.Problem")
    assert (hot and hot.canonical_code, broken and broken.canonical_code) == ("high_temperature", "sensor_failure")


@pytest.mark.parametrize(
    "token",
    ["04A2B3C4D5E6F7", "04:a2:b3:c4:d5:e6:f7", "DEADBEEF", "KnABC123-4d5e6f-Qz", "VID:00112233AABB", "12345678"],
)
def test_a_word_that_could_be_a_card_is_left_out_of_a_text(token: str) -> None:
    assert shown(f"card {token} was refused") == f"card {HIDDEN} was refused"
    assert shown(f"({token})") == f"({HIDDEN})"
    assert token.casefold() not in str(shown(token * 3)).casefold()


@pytest.mark.parametrize("text", ["module->impl", "evse_manager_1 failed", "1.11", "Latch could not engage", "P1A13"])
def test_other_texts_stay(text: str) -> None:
    assert shown(text) == text


def test_a_text_is_cut_and_one_line() -> None:
    assert shown("a\n  b") == "a b"
    assert len(shown("word " * 500) or "") <= LONGEST
    assert shown("") is None
    assert shown(None) is None


def test_ids_and_codes_may_hold_digits_but_no_card() -> None:
    assert id_shown("urn:din:99003") == "urn:din:99003"
    assert id_shown("04A2B3C4") == HIDDEN
    assert id_shown("card 04A2B3C4 refused") == f"card {HIDDEN} refused"
    assert code_shown("0x00000004") == "0x00000004"
    assert code_shown("04A2B3C4D5E6F7") == HIDDEN


def test_the_data_files_hold_no_long_quotes() -> None:
    """Meanings are ours; the taxonomies' texts stay where they are."""
    folder = Path(str(files("models.crosswalk")))
    for path in folder.glob("*.csv"):
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            assert len(line) < 220, line


@pytest.mark.parametrize(
    ("code", "vendor", "model", "expected", "confidence"),
    [
        ("EV0082", "Delta", "AC MAX", "over_current", 0.8),
        ("EV0087", "Delta Electronics", "ACMAX 22kW", "contactor_failure", 0.8),
        ("EV0087", "DELTA", "Ultra Fast", "contactor_failure", 0.64),
        ("EV0087", "DELTA", None, "contactor_failure", 0.64),
        ("NoPPDetected", "CTEK", "CC2", "proximity_fault", 0.9),
        ("NoPPDetected", "Other", None, "proximity_fault", 0.8),
    ],
)
def test_a_vendor_s_dictionary_holds_for_its_stations(
    code: str, vendor: str, model: str | None, expected: str, confidence: float
) -> None:
    row = by_vendor_code(code, None, vendor, model)
    assert row is not None
    assert (row.canonical_code, round(row.confidence, 2)) == (expected, confidence)


@pytest.mark.parametrize("vendor", [None, "", "ABB"])
def test_a_vendor_s_code_from_another_vendor_s_station_is_unknown(vendor: str | None) -> None:
    assert by_vendor_code("EV0087", None, vendor, "AC MAX") is None
