"""The shared captures through the step: the numbers that were counted independently (see their README)."""

from collections import Counter

import captures
import pytest

from models.reasons import Reason

SAP = "sim_sap_emobility_16_201.jsonl"
KWWHAT = "kwwhat_ocpp16_synthetic_14d.csv"
SOLIDSTUDIO = "sim_solidstudio_vcp_16_201_21.jsonl"


def fold(name: str) -> captures.Folded:
    return captures.Folded().fold(captures.records(captures.shared(name)))


@pytest.fixture(scope="module")
def sap() -> captures.Folded:
    return fold(SAP)


def test_sap_capture_gives_145_sessions_of_1_6_with_both_ends_and_34_975_wh(sap: captures.Folded) -> None:
    found = [session for session in sap.of("sessions") if session.protocol == "ocpp1.6"]
    assert len(found) == 145
    assert all(s.started_at and s.ended_at and not s.is_open and s.transaction_id for s in found)
    assert sum(s.energy_wh for s in found) == 34_975
    assert {s.energy_basis for s in found} == {"meter_stop"}


def test_sap_capture_gives_51_transactions_of_2_0_1_until_their_end(sap: captures.Folded) -> None:
    found = [session for session in sap.of("sessions") if session.protocol == "ocpp2.0.1"]
    assert len(found) == 51
    assert all(s.started_at and s.ended_at and not s.is_open for s in found)
    # 4,836.75 Wh until Ended, each session rounded by itself (half up); 4,999.89 by the last register seen.
    assert sum(s.energy_wh for s in found) == 4_837
    assert {s.energy_basis for s in found} == {"begin_end"}


def test_the_stop_of_1142_that_came_late_and_out_of_order_decides_its_energy(sap: captures.Folded) -> None:
    (found,) = [session for session in sap.of("sessions") if session.transaction_id == "1142"]
    assert found.energy_wh == 1_596  # 2,892 by the last register
    assert str(found.register_seen_wh) == "2892.45"
    assert found.ended_at.isoformat() == "2026-11-21T03:51:25.292000+00:00"
    assert found.charging_s == 295  # not beyond its end, although samples were taken after it


def test_sap_capture_gives_two_faults_that_only_the_status_reported(sap: captures.Folded) -> None:
    found = sap.of("faults")
    assert [fault.code for fault in found] == ["Faulted", "Faulted"]
    assert all(fault.closed_at for fault in found)
    assert sum((f.closed_at - f.opened_at).total_seconds() for f in found) == pytest.approx(31, abs=0.1)


def test_hours_of_receipt_sum_to_sessions_and_energy(sap: captures.Folded) -> None:
    rates = sap.of("rates")
    assert sum(rate.energy_wh for rate in rates) == 34_975 + 4_837
    assert sum(rate.sessions for rate in rates) == 145 + 51
    assert sum(rate.faults for rate in rates) == 2
    assert sum(rate.fault_s for rate in rates) == 31


def test_sap_capture_gives_its_authorizations_stations_and_statuses(sap: captures.Folded) -> None:
    asked = sap.of("authorizations")
    assert len(asked) == 20
    assert all(row.status == "Accepted" and row.answered_at >= row.asked_at for row in asked)
    assert len(sap.of("stations")) == 10
    assert len(sap.of("statuses")) == 697  # of 699 notifications two repeat the last status
    assert sap.refusals == []


def test_sessions_carry_the_station_type_of_the_newest_boot(sap: captures.Folded) -> None:
    types = {session.station_id: (session.vendor, session.model) for session in sap.of("sessions")}
    assert types["CS-ABB-00002"] == ("ABB", "MD_TERRA_53")


def test_kwwhat_log_gives_39_sessions_and_62_400_wh() -> None:
    folded = fold(KWWHAT)
    found = folded.of("sessions")
    assert len(found) == 39
    assert all(not session.is_open and session.energy_basis == "meter_stop" for session in found)
    assert sum(session.energy_wh for session in found) == 62_400
    assert sum(rate.energy_wh for rate in folded.of("rates")) == 62_400
    # five message ids come back 101 times each, for new events
    assert len(folded.of("authorizations")) == 101
    assert folded.refusals == []


def test_solidstudio_capture_gives_three_sessions_a_version() -> None:
    found = fold(SOLIDSTUDIO).of("sessions")
    assert Counter(s.protocol for s in found) == {"ocpp1.6": 3, "ocpp2.0.1": 3, "ocpp2.1": 3}
    assert all(not session.is_open for session in found)
    assert [s.energy_wh for s in found if s.protocol == "ocpp1.6"] == [749, 750, 750]
    # The 2.0.1 register counts Wh, is labelled kWh, and its last sample has no unit: 750 kWh in 75 s are impossible.
    assert [s.energy_wh for s in found if s.protocol == "ocpp2.0.1"] == [750, 750, 750]
    # The 2.1 register is in kWh, and its last sample has no unit: it goes on in kWh.
    assert [s.energy_wh for s in found if s.protocol == "ocpp2.1"] == [750, 750, 750]


def test_ocpp_2_0_is_refused_beside_1_6_and_2_0_1() -> None:
    folded = fold("checkocpp_capt.jsonl")
    assert Counter(refusal.reason for _, refusal in folded.refusals) == {Reason.UNSUPPORTED_PROTOCOL: 6}
    assert {record.protocol for record, _ in folded.refusals} == {"ocpp2.0"}
    assert {row.protocol for row in folded.of("stations")} == {"ocpp1.6", "ocpp2.0.1"}


@pytest.mark.parametrize("name", ["sim_test_ocpp_cli.jsonl", "field_frames.jsonl", "dc_fleet_excerpt_2025.txt"])
def test_every_frame_of_other_makes_is_read(name: str) -> None:
    assert fold(name).refusals == []


def test_open_ocpp_traces_give_what_they_show() -> None:
    sessions, faults, statuses = {}, {}, {}
    for path in sorted(captures.shared("open_ocpp_trace").glob("*/trace.jsonl")):
        folded = captures.Folded().fold(captures.records(path))
        assert folded.refusals == []
        sessions[path.parent.name] = [(s.energy_wh, s.is_open) for s in folded.of("sessions")]
        faults[path.parent.name] = [(f.code, f.is_open) for f in folded.of("faults")]
        statuses[path.parent.name] = [a.status for a in folded.of("authorizations")]
    found = {name: pair for name, pair in sessions.items() if pair}
    assert found == {
        "connector-fault": [(3_500, False)],
        "meter-value-gap": [(0, False)],
        "normal-session": [(10_000, False)],
        "short-session": [(100, False)],
    }
    assert {name: rows for name, rows in faults.items() if rows} == {
        "connector-fault": [("ConnectorLockFailure", True)],
        "failed-auth": [("OtherError", True)],
    }
    assert statuses["failed-auth"] == ["Invalid", "Invalid", "Invalid"]
