from datetime import UTC, datetime, timedelta

import pytest

from quality.registry import suites

TABLE = "core__fault_episodes"
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def fault(number, **changes):
    return {
        "fault_id": f"f{number}",
        "station_id": "CP1",
        "connector_id": number,
        "protocol": "ocpp1.6",
        "canonical_code": "ground_failure",
        "family": "insulation",
        "actor": "evse",
        "severity": "critical",
        "code": "GroundFailure",
        "raw_code": "GroundFailure",
        "taxonomy": "ocpp16",
        "mapping_confidence": 1.0,
        "close_kind": "explicit_clear",
        "reopened": 0,
        "in_transaction": False,
        "opened_at": START,
        "closed_at": START + timedelta(hours=1),
        "is_open": False,
        **changes,
    }


OPEN = {"is_open": True, "closed_at": None, "close_kind": "open"}
METRICS = {"share_unnamed": 0.1}
GOOD = [fault(1), fault(2), fault(3, **OPEN)]
BAD = {
    "protocol_supported": {"protocol": "ocpp2.0"},
    "connector_id_plausible": {"connector_id": -1},
    "opened_at_plausible": {"opened_at": datetime(2000, 1, 1, tzinfo=UTC), **OPEN},
    "closed_at_plausible": {"closed_at": START + timedelta(days=20)},
    "code_not_blank": {"code": " "},
    "code_is_a_fault": {"code": "NoError"},
    "canonical_code_valid": {"canonical_code": "GroundFailure"},
    "severity_valid": {"severity": "bad"},
    "actor_valid": {"actor": "nobody"},
    "taxonomy_valid": {"taxonomy": "guess"},
    "close_kind_valid": {"close_kind": "gone"},
    "closed_says_how": {"close_kind": "open"},
    "confidence_possible": {"mapping_confidence": 1.1},
    "closed_after_opening": {"closed_at": START - timedelta(seconds=1)},
    "open_not_closed": {"is_open": True},
    "closed_has_end": {"closed_at": None},
    "opening_known": {"opened_at": None},
    "not_long": {"opened_at": START - timedelta(days=31)},
    "one_open_at_a_time": {"connector_id": 3, "opened_at": START - timedelta(hours=1), **OPEN},
    "no_twins": {"connector_id": 2},
    "share_unnamed": {"share_unnamed": 0.21},
}


@pytest.mark.parametrize("rule", suites()[TABLE].rules, ids=lambda rule: rule.name)
def test_one_bad_row_fails_exactly_its_expectation(rule, only_fails):
    only_fails(TABLE, rule, GOOD, BAD, METRICS)
