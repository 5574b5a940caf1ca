"""1.6 sessions, from wire frames to facts (contract, section 5)."""

import captures
import pytest
from captures import Wire, at

from models.facts import Session


def only(wire: Wire) -> Session:
    (session,) = wire.sessions()
    return session


def test_a_session_runs_from_its_start_to_its_stop() -> None:
    wire = Wire()
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "1"})
    wire.start(7)
    wire.stop(7)
    found = only(wire)
    assert (found.transaction_id, found.energy_wh, found.energy_basis) == ("7", 2000, "meter_stop")
    assert (found.stop_reason, found.is_open, found.connector_id) == ("Remote", False, 1)
    assert found.started_at is not None
    assert found.ended_at is not None
    assert (found.ended_at - found.started_at).total_seconds() == 3600
    assert (found.vendor, found.model, found.firmware) == ("V", "M", "1")
    assert found.token_id is not None
    assert found.token_id.startswith("tok_")


def test_a_session_exists_from_its_start_without_any_answer() -> None:
    wire = Wire()
    wire.start()
    found = only(wire)
    assert (found.is_open, found.transaction_id, found.ended_at, found.energy_wh) == (True, None, None, None)


def test_an_error_answer_leaves_the_session_open_and_unnamed() -> None:
    wire = Wire()
    wire.add([4, wire.start(), "InternalError", "", {}], "csms-to-cp")
    assert only(wire).transaction_id is None


@pytest.mark.parametrize("message_id", ["m0", "other"])
def test_a_retried_start_with_its_old_or_a_new_id_is_one_session(message_id: str) -> None:
    wire = Wire()
    start = {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": at(0)}
    wire.call("StartTransaction", start, "m0")
    wire.call("StartTransaction", start, message_id)
    wire.started(message_id, 7)
    wire.stop(7)
    assert only(wire).energy_wh == 2000


def test_both_transaction_ids_of_a_retried_start_lead_to_its_session() -> None:
    for transaction_id in (7, 8):
        wire = Wire()
        wire.start(7)
        wire.start(8)
        wire.meter(1500, transaction_id=7)
        wire.stop(transaction_id)
        found = only(wire)
        assert (found.energy_wh, found.is_open) == (2000, False)
    assert found.transaction_id == "8"


def test_the_same_start_after_a_stop_is_a_new_session() -> None:
    wire = Wire()
    for transaction_id in (7, 8):
        wire.start(transaction_id)
        wire.stop(transaction_id)
    found = wire.sessions()
    assert [session.transaction_id for session in found] == ["7", "8"]
    assert len({session.session_id for session in found}) == 2
    assert [session.energy_wh for session in found] == [2000, 2000]


def test_the_same_start_after_a_stop_with_the_same_answer_is_the_old_session() -> None:
    wire = Wire()
    for _ in range(2):
        wire.start(7)
        wire.stop(7)
    folded = wire.fold(drain_every=1)
    (found,) = folded.of("sessions")
    assert (found.transaction_id, found.energy_wh) == ("7", 2000)
    assert sum(rate.energy_wh for rate in folded.of("rates")) == 2000
    assert sum(rate.sessions for rate in folded.of("rates")) == 1


def test_a_start_that_differs_in_any_of_four_is_no_retry() -> None:
    for change in ({"connectorId": 2}, {"idTag": "OTHER"}, {"meterStart": 1001}, {"timestamp": at(1)}):
        wire = Wire()
        wire.start(7)
        wire.start(8, **change)
        assert len(wire.sessions()) == 2


def test_a_card_written_otherwise_is_still_a_retry() -> None:
    wire = Wire()
    wire.start(7, idTag="04:ab")
    wire.start(7, idTag="04AB")
    only(wire)


def test_overlapping_sessions_of_one_connector_stay_apart() -> None:
    wire = Wire()
    wire.start(1021)
    wire.start(1023, timestamp=at(10), meterStart=5000)
    wire.stop(1021, meterStop=4000)
    wire.stop(1023, meterStop=9000)
    assert [session.energy_wh for session in wire.sessions()] == [3000, 4000]


def test_a_stop_without_a_known_start_is_no_session_and_changes_none() -> None:
    wire = Wire()
    wire.start(7)
    wire.stop(99)
    folded = wire.fold()
    (found,) = folded.of("sessions")
    assert found.is_open
    assert folded.states["CP"].orphan_stops == 1


def test_a_stop_from_another_station_changes_nobody_else_s_session() -> None:
    wire, other = Wire(), Wire(station="OTHER")
    wire.start(7)
    other.stop(7)
    (found,) = captures.Folded().fold([*wire.records, *other.records]).of("sessions")
    assert (found.station_id, found.is_open) == ("CP", True)


def test_a_retried_stop_changes_nothing() -> None:
    wire = Wire()
    wire.start(7)
    wire.stop(7)
    once = wire.fold().rows()
    wire.stop(7)
    wire.stop(7, meterStop=9999, reason="PowerLoss")
    again = wire.fold()
    said = {key: row for key, row in again.rows().items() if key[0] != "anomalies"}
    assert said == {key: row for key, row in once.items() if key[0] != "anomalies"}
    assert [row.anomaly for row in again.of("anomalies")] == ["conflicting_stop"]
    assert again.states["CP"].orphan_stops == 2 - 1  # the second says something else of an ended transaction


def test_an_omitted_reason_means_local() -> None:
    wire = Wire()
    wire.start(7)
    wire.call("StopTransaction", {"transactionId": 7, "meterStop": 3000, "timestamp": at(60)})
    assert only(wire).stop_reason == "Local"


def test_an_open_session_has_the_energy_known_so_far() -> None:
    wire = Wire()
    wire.start(7)
    wire.meter("1.5004", transaction_id=7, unit="kWh")
    found = only(wire)
    assert (found.energy_wh, found.energy_basis, found.is_open) == (500, "register", True)


def test_a_stop_without_a_meter_falls_back_on_the_registers() -> None:
    wire = Wire()
    wire.start(7)
    wire.meter(1800, transaction_id=7)
    sampled = [{"timestamp": at(100), "sampledValue": [{"value": "1900.5"}]}]
    wire.stop(7, meterStop=None, transactionData=sampled)
    found = only(wire)
    assert (found.energy_wh, found.energy_basis) == (901, "register")


def test_a_register_that_runs_back_is_null_and_never_negative() -> None:
    wire = Wire()
    wire.start(7)
    wire.stop(7, meterStop=10)
    folded = wire.fold()
    (found,) = folded.of("sessions")
    assert (found.energy_wh, found.energy_basis, found.is_open) == (None, None, False)
    assert sum(rate.energy_wh for rate in folded.of("rates")) == 0
    assert [anomaly.anomaly for anomaly in folded.of("anomalies")] == ["energy_negative"]


def test_meter_values_after_the_stop_change_nothing() -> None:
    wire = Wire()
    wire.start(7)
    wire.stop(7)
    once = wire.fold().of("sessions")[0]
    wire.meter(9000, transaction_id=7)
    wire.meter(9000)
    again = only(wire)
    assert (again.energy_wh, again.ended_at) == (once.energy_wh, once.ended_at)


def test_samples_without_a_transaction_belong_to_the_open_session_of_their_connector() -> None:
    wire = Wire()
    wire.start(7)
    wire.meter(1700)
    wire.meter(500_000, seconds=70, connectorId=0)  # the main meter
    wire.meter(9_000, seconds=80, connectorId=2)
    wire.meter(900, seconds=-60)  # sampled before the start
    assert only(wire).energy_wh == 700


def test_the_register_at_begin_that_every_sample_repeats_is_not_the_last_one() -> None:
    wire = Wire()
    wire.start(7)
    wire.meter(1700, transaction_id=7)
    wire.meter(1000, seconds=70, transaction_id=7, context="Transaction.Begin")
    assert only(wire).energy_wh == 700


@pytest.mark.parametrize("transaction_id", [-1, 0, 9223372036854775807])
def test_ids_that_are_no_keys_bind_their_stop_by_what_fits(transaction_id: int) -> None:
    wire = Wire()
    wire.start(transaction_id)
    wire.start(transaction_id, connectorId=2, idTag="OTHER", meterStart=50_000, timestamp=at(5))
    wire.stop(transaction_id, idTag="OTHER", meterStop=51_000)
    wire.stop(transaction_id, idTag="CARD", meterStop=3_000)
    wire.stop(transaction_id, idTag="CARD", meterStop=3_000)  # a retry
    found = wire.sessions()
    assert [(s.connector_id, s.energy_wh) for s in found] == [(1, 2000), (2, 1000)]


def test_two_offline_sessions_in_a_row_with_minus_one_are_two() -> None:
    wire = Wire()
    wire.start()
    wire.stop(-1)
    wire.start(timestamp=at(4000), meterStart=3000)
    wire.stop(-1, timestamp=at(5000), meterStop=3500)
    assert [session.energy_wh for session in wire.sessions()] == [2000, 500]


def test_a_log_without_answers_binds_a_stop_to_the_one_start_that_fits() -> None:
    wire = Wire()
    wire.start()
    wire.stop(7)
    found = only(wire)
    assert (found.transaction_id, found.energy_wh) == ("7", 2000)


def test_a_log_without_answers_does_not_guess_between_two() -> None:
    wire = Wire()
    wire.start()
    wire.start(connectorId=2)
    wire.stop(7)
    assert [session.is_open for session in wire.sessions()] == [True, True]


def test_a_sample_names_the_transaction_whose_answer_is_missing() -> None:
    wire = Wire()
    wire.start()
    wire.start(connectorId=2)
    wire.meter(1500, transaction_id=7)
    wire.stop(7)
    assert [(s.connector_id, s.energy_wh, s.is_open) for s in wire.sessions()] == [(1, 2000, False), (2, None, True)]


def test_a_system_that_gives_everyone_one_id_keeps_connectors_apart() -> None:
    wire = Wire()
    wire.start(1)
    wire.start(1, connectorId=2, meterStart=50_000, idTag="OTHER")
    wire.meter(1_500, transaction_id=1)
    wire.meter(50_200, seconds=61, transaction_id=1, connectorId=2)
    wire.stop(1, idTag="CARD", meterStop=3_000)
    wire.stop(1, idTag="OTHER", meterStop=50_400)
    assert [session.energy_wh for session in wire.sessions()] == [2000, 400]


def test_a_message_id_used_again_does_not_hand_its_answer_to_an_old_start() -> None:
    wire = Wire()
    wire.call("StartTransaction", {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": at(0)}, "serial")
    wire.call("Heartbeat", {}, "serial")
    wire.started("serial", 7)
    assert only(wire).transaction_id is None


def test_a_start_with_a_clock_that_was_never_set_takes_the_time_of_receipt() -> None:
    wire = Wire()
    wire.start(1, seconds=0, timestamp="1970-01-01T00:00:00Z")
    wire.stop(1, seconds=60, timestamp="1970-01-01T00:01:00Z")
    wire.start(2, seconds=90, timestamp="1970-01-01T00:00:00Z")
    first, second = wire.sessions()
    assert first.started_at.year == 2023
    assert (first.ended_at - first.started_at).total_seconds() == 60
    assert first.session_id != second.session_id


def test_a_start_with_broken_optional_fields_is_a_session_all_the_same() -> None:
    wire = Wire()
    wire.start(7, idTag=12345, reservationId=[1], timestamp={"no": "time"}, meterStart="1000", connectorId="1")
    wire.stop(7, idTag=None, transactionData="nothing", reason=17)
    found = only(wire)
    assert (found.connector_id, found.energy_wh, found.stop_reason) == (1, 2000, "17")
    assert found.token_id is not None


def test_time_of_charging_is_counted_between_statuses_and_samples() -> None:
    wire = Wire()
    wire.start(7)
    wire.status("Charging", seconds=10)
    wire.status("SuspendedEV", seconds=70)
    wire.status("Charging", seconds=100)
    wire.meter(1500, seconds=130, transaction_id=7)
    assert only(wire).charging_s == 90
    wire.stop(7, timestamp=at(140))
    assert only(wire).charging_s == 100


def test_time_of_charging_is_null_where_charging_was_never_reported() -> None:
    wire = Wire()
    wire.start(7)
    wire.stop(7)
    assert only(wire).charging_s is None


def test_charging_reported_before_the_start_counts_from_the_start() -> None:
    wire = Wire()
    wire.status("Charging", seconds=-50)
    wire.start(7, seconds=0)
    wire.stop(7, seconds=40, timestamp=at(40))
    assert only(wire).charging_s == 40


def test_peak_power_is_the_highest_sample_in_watts() -> None:
    wire = Wire()
    wire.start(7)
    for seconds, kilowatts in ((10, "7.4"), (20, "11.04"), (30, "3")):
        sampled = [{"value": kilowatts, "unit": "kW", "measurand": "Power.Active.Import"}]
        values = [{"timestamp": at(seconds), "sampledValue": sampled}]
        wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": values})
    assert only(wire).power_max_w == 11_040


def test_a_boot_during_a_session_does_not_change_what_it_ran_on() -> None:
    wire = Wire()
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "1"})
    wire.start(7)
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "2"})
    wire.stop(7)
    assert only(wire).firmware == "1"


def test_a_first_boot_during_a_session_says_what_it_runs_on() -> None:
    wire = Wire()
    wire.start(7)
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    assert only(wire).vendor == "V"


def test_a_session_that_began_before_the_stop_of_the_one_before_it_overlaps() -> None:
    wire = Wire()
    wire.start(1021, seconds=0, timestamp=at(0))
    wire.start(1023, seconds=240, timestamp=at(240), meterStart=1500)
    wire.stop(1021, seconds=300, timestamp=at(300), meterStop=2000)
    wire.stop(1023, seconds=600, timestamp=at(600), meterStop=2500)
    folded = wire.fold()
    found = [row for row in folded.of("anomalies") if row.anomaly == "overlapping_sessions"]
    later = next(session for session in folded.of("sessions") if session.transaction_id == "1023")
    assert [(row.session_id, row.happened_at) for row in found] == [(later.session_id, later.started_at)]


def test_a_session_that_began_when_the_one_before_it_stopped_does_not_overlap() -> None:
    wire = Wire()
    wire.start(1, seconds=0, timestamp=at(0))
    wire.start(2, seconds=300, timestamp=at(300), meterStart=2000)
    wire.start(3, seconds=310, timestamp=at(310), connectorId=2)
    wire.stop(1, seconds=320, timestamp=at(300), meterStop=2000)
    assert "overlapping_sessions" not in {row.anomaly for row in wire.fold().of("anomalies")}


@pytest.mark.parametrize("transaction_id", ["04A1B2C3D4E5F6-" + 60 * "x", 60 * "x" + " 04A1B2C3D4E5F6", int("9" * 70)])
def test_a_long_id_is_the_same_in_the_answer_and_in_the_stop(transaction_id: object) -> None:
    wire = Wire()
    wire.start(transaction_id, meterStart=1000)
    wire.stop(transaction_id, seconds=60, meterStop=3000)
    (session,) = wire.sessions()
    assert (session.is_open, session.energy_wh) == (False, 2000)
    assert "04A1B2C3D4E5F6" not in (session.transaction_id or "")
    assert len(session.transaction_id or "") <= 64
