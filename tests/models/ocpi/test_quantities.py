"""OCPI's values as ours."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from models.ocpi.quantities import instant, known_instant, money, seconds, watt_hours


@pytest.mark.parametrize(
    ("hours", "expected"), [("1.973", 7103), ("0.7", 2520), ("0", 0), ("3.2", 11_520), ("0.00014", 1)]
)
def test_hours_become_whole_seconds(hours: str, expected: int) -> None:
    assert seconds(Decimal(hours)) == expected


@pytest.mark.parametrize("value", ["1e19", "-1e19", "9223372036854775.808", "NaN", "Infinity", "1E+999999"])
def test_energies_that_no_column_holds_are_refused_at_once(value: str) -> None:
    with pytest.raises(ValueError, match="out of range"):
        watt_hours(Decimal(value))
    assert watt_hours(Decimal("9223372036854775.807")) == 2**63 - 1


def test_amounts_keep_four_decimals_and_fit_their_column() -> None:
    assert money(Decimal("1.00005")) == Decimal("1.0001")
    assert money(Decimal("99999999999999.9999")) == Decimal("99999999999999.9999")
    for value in ("1e14", "99999999999999.99995", "NaN"):
        with pytest.raises(ValueError, match="out of range"):
            money(Decimal(value))
    assert money(None) is None


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00Z", "2" * 100, "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a time$"):
        instant(text)


def test_unpadded_dates_are_read_and_the_sentinel_means_unknown() -> None:
    assert instant("2026-3-2T08:00:00Z") == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert known_instant("1970-1-1T00:00:00Z") is None
    assert known_instant("1970-01-01T00:00:00+00:00") is None
    assert known_instant(None) is None
