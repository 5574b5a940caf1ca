"""The suites by table name. Not here: what they demand."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from quality.suite import Suite
from quality.suites import (
    core__authorizations,
    core__calls,
    core__cdrs,
    core__dead_letters,
    core__evses,
    core__fault_episodes,
    core__late_frames,
    core__locations,
    core__measurements,
    core__ocpi_rejects,
    core__ocpi_sessions,
    core__rates,
    core__sessions,
    core__stations,
    core__statuses,
    core__tariffs,
    core__tokens,
    report__energy_daily,
    report__error_trend_daily,
    report__rfid_usage_daily,
)

_MODULES = (
    core__authorizations,
    core__calls,
    core__cdrs,
    core__dead_letters,
    core__evses,
    core__fault_episodes,
    core__late_frames,
    core__locations,
    core__measurements,
    core__ocpi_rejects,
    core__ocpi_sessions,
    core__rates,
    core__sessions,
    core__stations,
    core__statuses,
    core__tariffs,
    core__tokens,
    report__energy_daily,
    report__error_trend_daily,
    report__rfid_usage_daily,
)


@cache
def suites() -> Mapping[str, Suite]:
    """Every suite; one table, one suite, one name."""
    return MappingProxyType({module.SUITE.table: module.SUITE for module in _MODULES})
