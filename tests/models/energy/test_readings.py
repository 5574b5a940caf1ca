"""Readings: phases, locations, contexts."""

from decimal import Decimal

import msgspec
import pytest

from models.energy import arithmetic, readings
from models.energy.readings import POWER, REGISTER


class Sampled(msgspec.Struct):
    value: arithmetic.Number
    measurand: str | None = None
    unit: str | None = None
    multiplier: int = 0
    context: str | None = None
    phase: str | None = None
    location: str | None = None


def register(*samples: Sampled) -> Decimal | None:
    reading = readings.reading(None, samples)
    return reading.register_wh if reading else None


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
    reading = readings.reading(
        1, [Sampled("10", context="Transaction.Begin"), Sampled("25", context="Sample.Periodic")]
    )
    assert reading is not None
    assert (reading.begin_wh, reading.register_wh) == (10, 25)


def test_power_is_summed_over_phases_and_rounded() -> None:
    reading = readings.reading(
        None, [Sampled("1.2", POWER, "kW", phase="L1"), Sampled("600.5", POWER, "W", phase="L2")]
    )
    assert reading is not None
    assert reading.power_w == 1801
    assert reading.register_wh is None


def test_samples_that_say_nothing_give_no_reading() -> None:
    assert readings.reading(None, [Sampled("", REGISTER), Sampled(None, POWER)]) is None
    assert readings.reading(None, []) is None


def test_a_total_beside_two_phases_only_is_the_total() -> None:
    samples = [Sampled("3000", POWER, phase=phase) for phase in ("L1", "L2")]
    read = readings.reading(None, [*samples, Sampled("9000", POWER), Sampled("9100", POWER, context="Sample.Clock")])
    assert read is not None
    assert read.power_w == 9000
    assert not read.marks & readings.IS_TOTAL_DOUBTED


@pytest.mark.parametrize("context", ["Transaction.Begin", "Transaction.End"])
def test_a_bound_that_is_no_number_is_no_reading(context: str) -> None:
    assert readings.reading(None, [Sampled("much", context=context)]) is None
    assert readings.reading(None, [Sampled("much", measurand=readings.INTERVAL)]) is None
    kept = readings.reading(None, [Sampled("much", context=context), Sampled("7400", measurand=POWER)])
    assert kept is not None
    assert (kept.register_wh, kept.begin_wh, kept.power_w) == (None, None, 7400)
