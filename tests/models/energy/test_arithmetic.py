"""Meter arithmetic: numbers, units, rounding."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.energy import arithmetic


@pytest.mark.parametrize(
    ("value", "unit", "multiplier", "wh"),
    [
        ("1234", None, 0, "1234"),
        ("1234.5", "Wh", 0, "1234.5"),
        ("30850.8733", "kWh", 0, "30850873.3"),
        ("0.15028999999999998", "kWh", 0, "150.28999999999998"),
        (Decimal("12.5"), "Wh", 3, "12500"),
        (Decimal("12500"), "kWh", -3, "12500"),
        (" 0.0", "Wh", 0, "0"),
        (5, "KWH", 0, "5000"),
        (0.1, "", 0, "0.1"),
    ],
)
def test_registers_are_exact_watt_hours(value: arithmetic.Number, unit: str | None, multiplier: int, wh: str) -> None:
    assert arithmetic.watt_hours(value, unit, multiplier) == Decimal(wh)


@pytest.mark.parametrize("value", [None, "", "abc", "NaN", "Infinity", "1e400", "9" * 5_000, Decimal("1e30")])
def test_what_is_no_plausible_register_is_none(value: arithmetic.Number) -> None:
    assert arithmetic.watt_hours(value) is None


def test_a_register_in_a_unit_that_is_no_energy_is_none() -> None:
    assert arithmetic.watt_hours("5", "Celcius") is None
    assert arithmetic.watt_hours("5", "Wh", 99) is None


def test_power_without_a_unit_or_with_the_schema_s_default_is_in_watts() -> None:
    assert arithmetic.watts("7400") == 7400
    assert arithmetic.watts("7400", "Wh") == 7400
    assert arithmetic.watts("7.4", "kW") == 7400
    assert arithmetic.watts("7.4", "A") is None


def test_a_difference_is_rounded_half_up_once_and_never_negative() -> None:
    assert arithmetic.difference(Decimal("2.5"), Decimal("0")) == 3
    assert arithmetic.difference(Decimal("3.4"), Decimal("0.9")) == 3
    assert arithmetic.difference(Decimal("0.9"), Decimal("1")) is None


@given(st.decimals(0, 10**12, places=6), st.decimals(0, 10**12, places=6))
def test_differences_are_exact_at_every_precision(start: Decimal, travel: Decimal) -> None:
    found = arithmetic.difference(start + travel, start)
    assert found is not None
    assert abs(Decimal(found) - travel) <= Decimal("0.5")


@given(st.text(max_size=50) | st.integers() | st.floats() | st.decimals(), st.text(max_size=5), st.integers(-20, 20))
def test_no_value_raises(value: arithmetic.Number, unit: str, multiplier: int) -> None:
    for wh in (arithmetic.watt_hours(value, unit, multiplier), arithmetic.watts(value, None, multiplier)):
        assert wh is None or abs(wh) < 10**16


@given(
    st.from_regex(r" ?-?[0-9]{1,12}(\.[0-9]{0,12})?([eE]-?[0-9]{1,2})?", fullmatch=True), st.sampled_from(["Wh", "kWh"])
)
def test_a_text_and_the_number_that_it_tells_are_the_same_register(text: str, unit: str) -> None:
    assert str(arithmetic.watt_hours(text, unit)) == str(arithmetic.watt_hours(Decimal(text), unit))


_TEXTS = st.one_of(
    st.decimals(0, 10**9, places=4).map(str),
    st.sampled_from(
        ["0", "0.000", "-1", "NaN", "inf", "x", "", " 7 ", "1_0", "1e400", "1e-60", "9" * 45, "1" + "0" * 17]
    ),
)


@given(st.lists(_TEXTS, min_size=1, max_size=6), st.sampled_from([None, "", "Wh", "kWh", "kwh", "furlong"]))
@example(["NaN"], None)
@example(["9" * 45], "Wh")
@example(["1"], "furlong")
@example(["x"], "Wh")
@example(["-1"], "Wh")
@example(["0.00", "12.5"], "kWh")
def test_numbers_that_are_read_together_are_those_that_are_read_one_by_one(texts: list[str], unit: str | None) -> None:
    together = arithmetic.scaled_alike(texts, arithmetic.ENERGY_UNITS, unit)
    one_by_one = [arithmetic.watt_hours(text, unit) for text in texts]
    if together is not None:
        assert list(map(repr, together)) == list(map(repr, one_by_one))
    elif unit in ("Wh", "kWh"):
        assert any(
            number is None or number < 0 or len(text) > 40 or text != text.strip()
            for number, text in zip(one_by_one, texts, strict=True)
        )
