"""The suites by table name. Not here: what they demand."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from quality.suite import Suite
from quality.suites import (
    core__anomalies,
    core__answer_rates,
    core__authorizations,
    core__call_anomalies,
    core__calls,
    core__cdrs,
    core__connectors,
    core__dead_letters,
    core__energy_intervals,
    core__evses,
    core__fault_episodes,
    core__late_frames,
    core__locations,
    core__measurements,
    core__meter_fingerprints,
    core__ocpi_rejects,
    core__ocpi_sessions,
    core__periods,
    core__rates,
    core__register_gaps,
    core__replays,
    core__restatements,
    core__session_energy_candidates,
    core__session_power,
    core__sessions,
    core__stations,
    core__status_timeline,
    core__statuses,
    core__tariffs,
    core__tokens,
    core__transaction_events,
    core__violation_rates,
    core__violations,
    report__energy_daily,
    report__error_trend_daily,
    report__rfid_usage_daily,
)

_MODULES = (
    core__anomalies,
    core__answer_rates,
    core__authorizations,
    core__call_anomalies,
    core__calls,
    core__cdrs,
    core__connectors,
    core__dead_letters,
    core__energy_intervals,
    core__evses,
    core__fault_episodes,
    core__late_frames,
    core__locations,
    core__measurements,
    core__meter_fingerprints,
    core__ocpi_rejects,
    core__ocpi_sessions,
    core__periods,
    core__rates,
    core__register_gaps,
    core__replays,
    core__restatements,
    core__session_energy_candidates,
    core__session_power,
    core__sessions,
    core__stations,
    core__status_timeline,
    core__statuses,
    core__tariffs,
    core__tokens,
    core__transaction_events,
    core__violation_rates,
    core__violations,
    report__energy_daily,
    report__error_trend_daily,
    report__rfid_usage_daily,
)


@cache
def suites() -> Mapping[str, Suite]:
    """Every suite; one table, one suite, one name."""
    return MappingProxyType({module.SUITE.table: module.SUITE for module in _MODULES})
