"""Meter arithmetic: units, phases, locations, contexts, rounding."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.energy import arithmetic
from models.energy.arithmetic import POWER, REGISTER


class Sampled(msgspec.Struct):
    value: arithmetic.Number
    measurand: str | None = None
    unit: str | None = None
    multiplier: int = 0
    context: str | None = None
    phase: str | None = None
    location: str | None = None


def register(*samples: Sampled) -> Decimal | None:
    reading = arithmetic.reading(None, samples)
    return reading.register_wh if reading else None


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


def test_the_total_counts_before_the_phases() -> None:
    phases = [Sampled("100", phase=phase) for phase in ("L1", "L2", "L3")]
    assert register(*phases) == 300
    assert register(*phases, Sampled("305")) == 305


def test_one_phase_alone_is_the_total_and_phases_to_neutral_are_phases() -> None:
    assert register(Sampled("100", phase="L1")) == 100
    assert register(*(Sampled("100", phase=f"L{n}-N") for n in (1, 2, 3))) == 300


def test_what_is_not_at_the_outlet_counts_only_where_nothing_is() -> None:
    assert register(Sampled("7", location="Inlet"), Sampled("5", location="Outlet")) == 5
    assert register(Sampled("7", location="Inlet"), Sampled("5")) == 5
    assert register(Sampled("7", location="Inlet")) == 7


def test_the_register_at_begin_is_kept_apart() -> None:
    reading = arithmetic.reading(
        1, [Sampled("10", context="Transaction.Begin"), Sampled("25", context="Sample.Periodic")]
    )
    assert reading is not None
    assert (reading.begin_wh, reading.register_wh) == (10, 25)


def test_power_is_summed_over_phases_and_rounded() -> None:
    reading = arithmetic.reading(
        None, [Sampled("1.2", POWER, "kW", phase="L1"), Sampled("600.5", POWER, "W", phase="L2")]
    )
    assert reading is not None
    assert reading.power_w == 1801
    assert reading.register_wh is None


def test_samples_that_say_nothing_give_no_reading() -> None:
    assert arithmetic.reading(None, [Sampled("", REGISTER), Sampled(None, POWER)]) is None
    assert arithmetic.reading(None, []) is None


@given(st.decimals(0, 10**12, places=6), st.decimals(0, 10**12, places=6))
def test_differences_are_exact_at_every_precision(start: Decimal, travel: Decimal) -> None:
    found = arithmetic.difference(start + travel, start)
    assert found is not None
    assert abs(Decimal(found) - travel) <= Decimal("0.5")


@given(st.text(max_size=50) | st.integers() | st.floats() | st.decimals(), st.text(max_size=5), st.integers(-20, 20))
def test_no_value_raises(value: arithmetic.Number, unit: str, multiplier: int) -> None:
    for wh in (arithmetic.watt_hours(value, unit, multiplier), arithmetic.watts(value, None, multiplier)):
        assert wh is None or abs(wh) < 10**16


def test_a_total_beside_two_phases_only_is_the_total() -> None:
    samples = [Sampled("3000", POWER, phase=phase) for phase in ("L1", "L2")]
    read = arithmetic.reading(None, [*samples, Sampled("9000", POWER), Sampled("9100", POWER, context="Sample.Clock")])
    assert read is not None
    assert read.power_w == 9000
    assert not read.marks & arithmetic.IS_TOTAL_DOUBTED


@pytest.mark.parametrize("context", ["Transaction.Begin", "Transaction.End"])
def test_a_bound_that_is_no_number_is_no_reading(context: str) -> None:
    assert arithmetic.reading(None, [Sampled("much", context=context)]) is None
    assert arithmetic.reading(None, [Sampled("much", measurand=arithmetic.INTERVAL)]) is None
    kept = arithmetic.reading(None, [Sampled("much", context=context), Sampled("7400", measurand=POWER)])
    assert kept is not None
    assert (kept.register_wh, kept.begin_wh, kept.power_w) == (None, None, 7400)


@given(
    st.from_regex(r" ?-?[0-9]{1,12}(\.[0-9]{0,12})?([eE]-?[0-9]{1,2})?", fullmatch=True), st.sampled_from(["Wh", "kWh"])
)
def test_a_text_and_the_number_that_it_tells_are_the_same_register(text: str, unit: str) -> None:
    assert str(arithmetic.watt_hours(text, unit)) == str(arithmetic.watt_hours(Decimal(text), unit))
