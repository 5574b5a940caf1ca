"""Signed records are read, whatever stands in them, and never raise."""

import base64
import json
from decimal import Decimal

import pytest
from captures import DATA
from hypothesis import given
from hypothesis import strategies as st

from models.energy import signed


def record(*readings: dict) -> str:
    return f"OCMF|{json.dumps({'FV': '1.0', 'RD': list(readings)})}|{{}}"


BEGIN, END = {"TX": "B", "RV": 1.5, "RU": "kWh"}, {"TX": "E", "RV": "2500", "RU": "Wh"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (record(BEGIN), (1500, None)),
        (record(END), (None, 2500)),
        (record(BEGIN, END), (1500, 2500)),
        (record(END, BEGIN), (1500, 2500)),
        (record(BEGIN, {"TX": "C", "RV": 2}, {"TX": "R", "RV": 3}), (1500, 3000)),
        (record(BEGIN, {"RV": 2.5}), (1500, None)),
        (record({"RV": 1, "RU": "kWh"}), (None, None)),
        (record({"TX": "B", "RV": 1, "RU": "mOhm"}), (None, None)),
        (record({"TX": "B", "RV": "NaN", "RU": "Wh"}), (None, None)),
        (record({"TX": "B", "RV": "1e30", "RU": "Wh"}), (None, None)),
        (record({"TX": "B", "RV": "x", "RU": "Wh"}), (None, None)),
        ("OCMF|{", (None, None)),
        ("OCMF|" + "[" * 100_000, (None, None)),
        ("not a record", (None, None)),
        ("{}", (None, None)),
        ("{", (None, None)),
        ("", (None, None)),
    ],
)
def test_registers_go_by_their_letters(text: str, expected: tuple) -> None:
    assert signed.registers(text) == expected


def test_records_are_found_in_base64_and_in_envelopes_but_no_deeper_than_that() -> None:
    wrapped = record(BEGIN)
    for _ in range(2):
        wrapped = base64.b64encode(wrapped.encode()).decode()
        assert signed.registers(wrapped) == (1500, None)
    assert signed.registers(base64.b64encode(wrapped.encode()).decode()) == (None, None)
    assert signed.registers(json.dumps({"signedMeterData": record(END)})) == (None, 2500)


@given(st.text() | st.binary().map(lambda data: base64.b64encode(data).decode()))
def test_no_record_raises(text: str) -> None:
    assert signed.registers(text) == (None, None)


def test_records_of_real_meters_are_read() -> None:
    path = DATA.parent / "ocmf"
    if not path.exists():
        pytest.skip(f"{path} is not there: the shared records are not part of the repository")
    found = []
    for file in sorted(path.glob("*.xml")):
        text = file.read_text(encoding="utf-8").replace("&quot;", '"')
        found += [signed.registers("OCMF" + part.split("<")[0]) for part in text.split("OCMF")[1:] if part[:2] == "|{"]
    assert len(found) >= 100
    assert all(value is None or Decimal(0) <= value < 10**9 for pair in found for value in pair)
    assert sum(begin is not None and end is not None for begin, end in found) > 0
