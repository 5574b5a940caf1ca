from datetime import UTC, datetime, timedelta

import pytest

from quality.registry import suites

TABLE = "core__sessions"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def session(number, **changes):
    return {
        "session_id": f"s{number}",
        "station_id": "CP1",
        "connector_id": number,
        "protocol": "ocpp1.6",
        "transaction_id": str(number),
        "token_id": "tok_0123456789abcdef",
        "started_at": START,
        "ended_at": START + timedelta(hours=1),
        "energy_wh": 11_000,
        "energy_basis": "meter_stop",
        "energy_confidence": 0.95,
        "register_base": "lifetime",
        "charging_s": 3_000,
        "power_max_w": 11_200,
        "is_open": False,
        "end_kind": "reported",
        "end_confidence": 1.0,
        "session_class": "normal",
        "events_missing": 0,
        **changes,
    }


GOOD = [session(1), session(2), session(3, is_open=True, ended_at=None, charging_s=None)]
METRICS = {"share_inferred": 0.05, "sessions_per_port_day": 3, "overlapping_sessions": 0, "days_since_newest": 15}
LONG = {"ended_at": START + timedelta(hours=20)}
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "connector_id_plausible": {"connector_id": 2**31 - 1},
    "token_id_pseudonym": {"token_id": "04A2B3C4"},
    "token_kind_documented": {"token_kind": "sticker"},
    "started_at_plausible": {"started_at": datetime(1970, 1, 1, tzinfo=UTC), "ended_at": None, "is_open": True},
    "ended_at_plausible": {
        "started_at": START + timedelta(days=2, hours=23),
        "ended_at": START + timedelta(days=3, hours=1),
    },
    "ended_after_start": {"ended_at": START - timedelta(seconds=1), "charging_s": None},
    "open_has_no_end": {"is_open": True},
    "closed_has_end": {"ended_at": None},
    "energy_not_negative": {"energy_wh": -1},
    "energy_possible": {"energy_wh": 1_500_000, **LONG},
    "energy_not_high": {"energy_wh": 250_001},
    "energy_not_low": {"energy_wh": 499},
    "energy_known": {"energy_wh": None, "energy_basis": None, "energy_confidence": None},
    "energy_has_basis": {"energy_basis": None},
    "energy_basis_known": {"energy_basis": "guess"},
    "confidence_in_scale": {"energy_confidence": 1.01},
    "energy_has_confidence": {"energy_confidence": None},
    "energy_not_guessed": {"energy_confidence": 0.4},
    "register_base_known": {"register_base": "day"},
    "not_short": {"ended_at": START + timedelta(seconds=59), "charging_s": 50, "energy_wh": 600},
    "not_long": {"ended_at": START + timedelta(hours=49)},
    "charging_not_negative": {"charging_s": -1},
    "charging_within_session": {"charging_s": 3_661},
    "charging_not_long": {"charging_s": 86_401, "ended_at": START + timedelta(hours=25)},
    "mean_power_possible": {"ended_at": START + timedelta(seconds=61), "charging_s": 60},
    "power_max_possible": {"power_max_w": -1},
    "no_twins": {"connector_id": 2},
    "start_known": {"started_at": None},
    "end_kind_valid": {"end_kind": "guessed"},
    "inferred_cause_valid": {"inferred_cause": "silence"},
    "class_valid": {"session_class": "odd"},
    "end_confidence_in_scale": {"end_confidence": 1.1},
    "events_missing_not_negative": {"events_missing": -1},
    "share_inferred": {"share_inferred": 0.051},
    "sessions_per_port_day": {"sessions_per_port_day": 61},
    "overlapping_sessions": {"overlapping_sessions": 1},
    "days_since_newest": {"days_since_newest": 16},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
