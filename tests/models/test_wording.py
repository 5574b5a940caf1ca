"""What may stand in a text that is kept, and what may not."""

import pytest

from models.crosswalk import ROWS
from models.wording import HIDDEN, code_shown, id_shown, shown, word_shown


@pytest.mark.parametrize(
    "card",
    [
        "04 A1 B2 C3 D4 E5 F6",
        "04 A1 B2 C3",
        "04/A1/B2/C3/D4/E5/F6",
        "04, A1, B2, C3",
        "04;A1;B2;C3;D4;E5;F6",
        "04:A1:B2:C3:D4:E5:F6",
        "04-A1-B2-C3",
        "04 \u2013 A1 \u2013 B2 \u2013 C3",
        "04\u00a0A1\u00a0B2\u00a0C3",
        "04A1 B2C3 D4E5F6",
        "04A1B2 C3D4E5F6",
        "04 12 34 56 78 90 12",
        "12/34/56/78",
        "DE AD BE EF",
        "0x04 0xA1 0xB2 0xC3",
        "4111 1111 1111 1111",
        "3782 822463 10005",
        "+46 70 123 45 67",
        "DE*8AA*123456*7",
        "de*8aa*c12345678",
    ],
)
def test_a_card_is_left_out_whatever_stands_between_its_bytes(card: str) -> None:
    assert shown(f"card {card} was refused") == f"card {HIDDEN} was refused"
    assert shown(f"({card})") == f"({HIDDEN})"
    assert word_shown(f"x {card}") == f"x {HIDDEN}"
    assert id_shown(f"the card {card}") == f"the card {HIDDEN}"


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-01 10:00:00",
        "lost at 2025-01-01T10:00:00.123+01:00, again at 2025-01-01T10:05:00Z",
        "01.02.2025 12:00",
        "since 10:00:00",
        "no route to 192.168.100.200",
        "10.20.30.40:8080 refused",
        "10.0.0.1/24",
        "firmware 1.12.345",
        "V5.33.0.4659 installed",
        "v2.10.33-rc1",
        "serial 12345",
        "SN 1234567",
        "I=16.25 16.30 16.28 A",
        "L1 230.1 V, L2 231.2 V, L3 229.9 V",
        "16.25, 15.75",
        "temperature 85 of 90 at 12",
        "error 12 of 34",
        "phase 10 11 12",
        "be 10 of 20",
        "dead face",
        "1 2 3 4 5 6 7 8",
    ],
)
def test_ordinary_numbers_stay(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize("text", ["01.23.45.67 or so", "10.20.30.A1", "10:22:33:A1", "2012-01-15-A1 found"])
def test_what_only_begins_like_a_time_an_address_or_a_version_is_left_out(text: str) -> None:
    assert HIDDEN in (shown(text) or "")


@pytest.mark.parametrize("vendor_id", ["urn:din:99003", "https://chargex.inl.gov", "com.evgo", "org.iso.15118"])
def test_a_vendor_s_id_stays(vendor_id: str) -> None:
    assert id_shown(vendor_id) == vendor_id


@pytest.mark.parametrize("vendor_id", ["card:04A2B3C4D5E6F7", "urn:04:A2:B3:C4", "DE8AAC12345678X", "ABCDEF123"])
def test_a_card_in_a_vendor_s_id_hides_it(vendor_id: str) -> None:
    assert id_shown(vendor_id) == HIDDEN


@pytest.mark.parametrize(
    "code", ["0x00000004", "00000004", "E0010002", "FFFF8001", "10000123", "E-17", "EVSE_0x1A2B3C4D"]
)
def test_a_code_stays_hexadecimal_or_not(code: str) -> None:
    assert code_shown(code) == code


@pytest.mark.parametrize("code", ["04A2B3C4", "card:04A2B3C4D5E6F7", "04:A2:B3:C4", "uid-04A2B3C4", "0x04A2B3C4D5E6F7"])
def test_a_card_in_the_place_of_a_code_is_left_out(code: str) -> None:
    assert code_shown(code) == HIDDEN


def test_every_code_that_the_crosswalk_knows_stays() -> None:
    codes = [row.raw_key for row in ROWS if row.taxonomy != "ocpp2_cv"]
    assert [code for code in codes if code_shown(code) != code] == []
