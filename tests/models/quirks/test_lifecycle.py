"""Quirks of the field: retries under new ids, stops that never come or come alone, reboots, events out of order."""

import pytest
from captures import Folded, Wire, at

from models.facts import Session
from models.sessions.ends import DWELL_US, RESUME_US

DWELL, RESUME = DWELL_US / 1e6, RESUME_US / 1e6
EVSE = {"id": 1, "connectorId": 1}


def ends(wire: Wire) -> list[tuple[int | None, str | None, str | None]]:
    return [(s.energy_wh, s.end_kind, s.inferred_cause) for s in wire.sessions()]


def only(wire: Wire) -> Session:
    (session,) = wire.sessions()
    return session


def seconds(session: Session) -> float:
    assert session.started_at is not None
    assert session.ended_at is not None
    return (session.ended_at - session.started_at).total_seconds()


def words(folded: Folded) -> list[str]:
    return sorted(row.anomaly for row in folded.of("anomalies"))


def boot(wire: Wire, seconds: float) -> None:
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, seconds=seconds)


def boot_2x(wire: Wire, seconds: float) -> None:
    station = {"vendorName": "V", "model": "M"}
    wire.call("BootNotification", {"chargingStation": station, "reason": "PowerUp"}, seconds=seconds)


def test_quirk_08_a_retry_under_a_new_id_is_the_same_message() -> None:
    """A start or stop that was not answered comes again under a new message id.

    Source: MicroOcpp 237; EVerest/libocpp PR 298 and 688.
    We: equal in connector, token, meterStart and time to an open start is a retry; equal to the last stop, too.
    """
    wire = Wire()
    wire.start(seconds=0)
    wire.start(7, seconds=30)
    wire.stop(7, seconds=3600)
    wire.stop(7, seconds=3630)
    folded = wire.fold()
    assert [(s.energy_wh, s.transaction_id) for s in folded.of("sessions")] == [(2000, "7")]
    assert words(folded) == []


def test_quirk_10_a_stop_whose_start_nobody_saw_is_no_session() -> None:
    """A station that charges for free sends a stop for a transaction that the system never saw.

    Source: ConnectorIO/connectorio-addons PR 199.
    We: an anomaly `orphan_stop` with the meter it names, once however often it is sent; no session, no energy.
    """
    wire = Wire()
    wire.stop(99, seconds=10)
    wire.stop(99, seconds=40)
    folded = wire.fold(drain_every=1)
    assert folded.of("sessions") == []
    (row,) = folded.of("anomalies")
    assert (row.anomaly, row.value, row.severity) == ("orphan_stop", "3000", "warning")


def test_quirk_11_a_start_that_was_lost_leaves_its_stop_alone() -> None:
    """A station was reset while offline: the start is lost, only the stop arrives.

    Source: MicroOcpp 454.
    We: the stop of an unknown id ends nobody else's session; the one that is open on the station stays as it is.
    """
    wire = Wire()
    wire.start(7, seconds=0)
    boot(wire, 100)
    wire.meter(1500, seconds=200, transaction_id=7)
    wire.stop(8, seconds=300, meterStop=9000, idTag="OTHER")
    wire.stop(7, seconds=3600)
    folded = wire.fold()
    assert [(s.energy_wh, s.end_kind) for s in folded.of("sessions")] == [(2000, "reported")]
    assert words(folded) == ["orphan_stop", "resumed"]


def test_quirk_12_a_start_in_place_of_a_stop_ends_the_session_before_it() -> None:
    """At the end a station sends StartTransaction once more, in place of StopTransaction.

    Source: ChargeTimeEU/Java-OCA-OCPP 74 (Schneider EVlink).
    We: a start of the same card on an occupied connector, then the cable leaves without charging: it is taken back
    as a session and ends the one before it with its time and meter, marked as inferred.
    """
    wire = Wire()
    wire.status("Preparing", seconds=-5)
    wire.start(7, seconds=0)
    wire.status("Charging", seconds=5)
    wire.meter(1900, seconds=1800, transaction_id=7)
    wire.start(8, seconds=3600, timestamp=at(3600), meterStart=3000)
    wire.status("Finishing", seconds=3605)
    wire.status("Available", seconds=3700)
    folded = wire.fold(drain_every=1)
    (found,) = folded.of("sessions")
    assert (found.energy_wh, found.end_kind, found.inferred_cause) == (2000, "inferred", "start_as_stop")
    assert seconds(found) == 3600
    assert "start_as_stop" in words(folded)
    assert sum(rate.sessions for rate in folded.of("rates")) == 1
    # The system took it for a start: a stop under its id is the true one.
    wire.stop(8, seconds=3900, timestamp=at(3600), meterStop=3000)
    assert ends(wire) == [(2000, "reported", None)]


def test_a_start_after_a_lost_stop_is_a_session_where_charging_follows() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.status("Charging", seconds=5)
    wire.start(8, seconds=3600, timestamp=at(3600), meterStart=3000)
    wire.status("Charging", seconds=3605)
    wire.meter(3400, seconds=4000, transaction_id=8)
    wire.status("Finishing", seconds=4100)
    assert [s.transaction_id for s in wire.sessions()] == ["7", "8"]


def test_quirk_13_a_serial_longer_than_the_schema_is_kept() -> None:
    """Serial numbers are longer than the schema's 25 characters.

    Source: lbbrhzn/ocpp 213; mobilityhouse/ocpp 128.
    We: no length is refused; what is longer than 64 characters is shortened with a digest of the whole.
    """
    wire = Wire()
    for number, serial in enumerate(("S" * 40, "S" * 80)):
        payload = {"chargePointVendor": "V", "chargePointModel": "M", "chargePointSerialNumber": serial}
        wire.call("BootNotification", payload, seconds=number)
        folded = wire.fold()
        assert folded.refusals == []
        assert folded.of("stations")[0].serial_number[:40] == "S" * 40


@pytest.mark.parametrize("cause", ["boot", "next_start", "available"])
def test_quirk_14_a_stop_that_never_comes(cause: str) -> None:
    """After a power cut no StopTransaction comes; the session would be active for ever.

    Source: MicroOcpp 100, 174 and 227; dallmann-consulting/OCPP.Core 47.
    We: a boot without a sign of the session, the next start on the connector, or Available ends it at its last sign,
    marked as inferred, with cause and confidence.
    """
    wire = Wire()
    wire.status("Preparing", seconds=-5)
    wire.start(7, seconds=0)
    wire.status("Charging", seconds=5)
    wire.meter(1500, seconds=600, transaction_id=7)
    assert only(wire).is_open
    if cause == "boot":
        boot(wire, 700)
        wire.call("Heartbeat", {}, seconds=700 + RESUME - 1)
        assert only(wire).is_open
        wire.call("Heartbeat", {}, seconds=700 + RESUME)
    elif cause == "next_start":
        wire.start(8, seconds=5000, timestamp=at(5000), meterStart=1700)
    else:
        wire.status("Available", seconds=700)
        assert only(wire).is_open
        wire.call("Heartbeat", {}, seconds=700 + DWELL)
    folded = wire.fold(drain_every=1)
    found = folded.of("sessions")[0]
    assert (found.energy_wh, found.end_kind, found.inferred_cause) == (500, "inferred", cause)
    assert (seconds(found), found.is_open, found.stop_reason) == (600, False, None)
    assert 0.5 < found.end_confidence < 1
    assert words(folded) == []
    assert folded.of("restatements") == []


@pytest.mark.parametrize("cause", ["boot", "next_start", "available"])
def test_the_stop_that_comes_after_all_restates_the_session(cause: str) -> None:
    wire = Wire()
    wire.status("Preparing", seconds=-5)
    wire.start(7, seconds=0)
    wire.meter(1500, seconds=600, transaction_id=7)
    if cause == "boot":
        boot(wire, 700)
        wire.call("Heartbeat", {}, seconds=700 + RESUME)
    elif cause == "next_start":
        wire.start(8, seconds=5000, timestamp=at(5000), meterStart=3000)
    else:
        wire.status("Available", seconds=700)
        wire.call("Heartbeat", {}, seconds=700 + DWELL)
    inferred = wire.fold().of("sessions")[0]
    wire.stop(7, seconds=9000, timestamp=at(690), meterStop=1700, reason="PowerLoss")
    folded = wire.fold()
    found = folded.of("sessions")[0]
    assert found.session_id == inferred.session_id
    assert found.version > inferred.version
    assert (found.energy_wh, found.end_kind, found.inferred_cause) == (700, "reported", None)
    assert (seconds(found), found.stop_reason, found.end_confidence) == (690, "PowerLoss", 1.0)
    (row,) = folded.of("restatements")
    assert (row.table_name, row.entity_id, row.cause) == ("core__sessions", found.session_id, "late_stop")
    assert (row.energy_before_wh, row.energy_after_wh) == (500, 700)
    assert (row.ended_before_at, row.ended_after_at) == (inferred.ended_at, found.ended_at)
    assert words(folded) == ["stop_after_inferred_end"]
    wire.stop(7, seconds=9100, timestamp=at(690), meterStop=1700, reason="PowerLoss")
    assert len(wire.fold().of("restatements")) == 1


def test_an_offline_stop_without_an_id_finds_the_session_whose_end_was_inferred() -> None:
    wire = Wire()
    wire.start(seconds=0)
    boot(wire, 700)
    wire.status("Available", seconds=701)
    wire.call("Heartbeat", {}, seconds=900)
    assert ends(wire) == [(None, "inferred", "boot")]
    wire.stop(-1, seconds=1000, timestamp=at(650), meterStop=1700, idTag="CARD")
    assert ends(wire) == [(700, "reported", None)]


def test_a_stop_soon_after_available_is_a_reported_end_like_any_other() -> None:
    wire = Wire()
    wire.status("Preparing", seconds=-5)
    wire.start(7, seconds=0)
    wire.status("Available", seconds=3600)
    wire.stop(7, seconds=3605)
    folded = wire.fold()
    assert ends(wire) == [(2000, "reported", None)]
    assert folded.of("restatements") == []


def test_available_that_only_repeats_itself_ends_nothing() -> None:
    wire = Wire()
    wire.status("Available", seconds=-5)
    wire.start(7, seconds=0)
    wire.status("Available", seconds=60)
    wire.call("Heartbeat", {}, seconds=900)
    assert only(wire).is_open


def test_a_moment_of_available_within_a_session_ends_nothing() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.status("Charging", seconds=5)
    wire.status("Available", seconds=60)
    wire.status("Charging", seconds=61)
    wire.call("Heartbeat", {}, seconds=900)
    assert only(wire).is_open


def test_available_on_another_connector_ends_nothing() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.status("Charging", connector=2, seconds=5)
    wire.status("Available", connector=2, seconds=60)
    wire.status("Available", connector=0, seconds=61)
    wire.call("Heartbeat", {}, seconds=900)
    assert only(wire).is_open


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.1"])
@pytest.mark.parametrize("pause", [60.0, 2 * RESUME])
def test_quirk_15_a_session_that_goes_on_after_a_reboot_is_one(protocol: str, pause: float) -> None:
    """A station resumes its transaction after a reboot (2.1: trigger TxResumed).

    Source: OpenEVSE 787; citrineos-core PR 684.
    We: a boot alone ends nothing; a sign of the session, however late, opens it again under the same session_id.
    """
    wire = Wire(protocol)
    if protocol == "ocpp1.6":
        wire.start(7, seconds=0)
        boot(wire, 600)
        wire.meter(1500, seconds=600 + pause, transaction_id=7)
        wire.stop(7, seconds=8000, timestamp=at(8000))
    else:
        wire.transaction("Started", wh=1000, evse=EVSE)
        boot_2x(wire, 600)
        wire.transaction("Updated", seconds=600 + pause, wh=1500, triggerReason="TxResumed")
        wire.transaction("Ended", seconds=8000, wh=3000)
    folded = wire.fold(drain_every=1)
    (found,) = folded.of("sessions")
    assert (found.energy_wh, found.end_kind, seconds(found)) == (2000, "reported", 8000)
    restated = [row.cause for row in folded.of("restatements")]
    assert restated == (["resumed"] if pause > RESUME else [])
    assert words(folded) == ([] if pause > RESUME else ["resumed"])


def test_samples_from_before_the_boot_are_no_sign_after_it() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    boot(wire, 600)
    wire.meter(1500, seconds=500, transaction_id=7)
    wire.call("Heartbeat", {}, seconds=600 + RESUME)
    found = only(wire)
    assert (found.energy_wh, found.inferred_cause, seconds(found)) == (500, "boot", 500)


def test_quirk_16_a_backlog_is_counted_when_it_happened() -> None:
    """A station delivers everything it had queued on its first connection.

    Source: lbbrhzn/ocpp 361 (Alfen).
    We: the station's own times decide; each start of the queue finds its stop, whatever the hurry.
    """
    wire = Wire()
    for number in range(20):
        begin = 1000 * number - 50_000
        wire.start(seconds=number / 10, timestamp=at(begin), meterStart=1000 + 100 * number)
        wire.stop(-1, seconds=number / 10, timestamp=at(begin + 900), meterStop=1100 + 100 * number, idTag="CARD")
    found = wire.sessions()
    assert [(s.energy_wh, s.end_kind, seconds(s)) for s in found] == [(100, "reported", 900)] * 20
    assert len({s.started_at for s in found}) == 20


def test_quirk_17_queued_events_of_2x_are_put_in_their_order() -> None:
    """Events queued offline arrive late and out of order, and were applied as if they were live.

    Source: lbbrhzn/ocpp 2135 and PR 2141.
    We: within a transaction seqNo orders where it tells events apart, else time; gaps are counted.
    """
    charging, paused = {"chargingState": "Charging"}, {"chargingState": "SuspendedEV"}
    events = (
        ("Started", 0, 0, 1000, {"chargingState": "EVConnected"}, {"evse": EVSE}),
        ("Updated", 1, 10, 1000, charging, {}),
        ("Updated", 2, 110, 1400, paused, {"offline": True}),
        ("Updated", 3, 210, 1400, charging, {"offline": True}),
        ("Ended", 5, 310, 2000, {"stoppedReason": "Local"}, {}),
    )
    facts = []
    for order in ((0, 1, 2, 3, 4), (0, 1, 4, 2, 3), (0, 3, 1, 2, 4), (4, 3, 2, 1, 0)):
        wire = Wire("ocpp2.0.1")
        for place in order:
            phase, number, when, wh, info, more = events[place]
            wire.transaction(phase, seconds=when, wh=wh, info=info, seqNo=number, **more)
        facts.append(only(wire))
    for found in facts:
        assert (found.energy_wh, found.charging_s, found.events_missing) == (1000, 200, 1)
        assert (found.is_offline, found.evse_id, seconds(found)) == (True, 1, 310)


def test_quirk_18_numbers_that_begin_anew_after_a_reboot_are_no_gap() -> None:
    """seqNo restarts after a reboot within one transaction.

    Source: lbbrhzn/ocpp PR 2141.
    We: every boot may begin an epoch; the numbers of a later epoch order after the earlier ones.
    """
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", seconds=0, wh=1000, seqNo=0, evse=EVSE, info={"chargingState": "Charging"})
    wire.transaction("Updated", seconds=60, wh=1200, seqNo=1)
    wire.transaction("Updated", seconds=120, wh=1300, seqNo=2)
    boot_2x(wire, 150)
    wire.transaction("Updated", seconds=180, wh=1400, seqNo=0, info={"chargingState": "SuspendedEV"})
    wire.transaction("Ended", seconds=240, wh=1500, seqNo=1)
    folded = wire.fold()
    (found,) = folded.of("sessions")
    assert (found.energy_wh, found.events_missing, found.charging_s) == (500, 0, 180)
    assert "sequence_restarted" in words(folded)


def test_numbers_that_never_move_lose_no_event_and_count_no_gap() -> None:
    wire = Wire("ocpp2.1")
    for number, phase in enumerate(("Started", "Updated", "Updated", "Updated", "Ended")):
        wire.transaction(phase, seconds=60 * number, wh=1000 + 100 * number, seqNo=0, evse=EVSE)
    folded = wire.fold()
    (found,) = folded.of("sessions")
    assert (found.energy_wh, found.events_missing) == (400, None)
    assert words(folded) == ["sequence_unusable"]


def test_quirk_19_the_evse_of_the_first_event_is_the_transaction_s() -> None:
    """evse stands in the first TransactionEvent only (E01.FR.16), connectorId not at all.

    Source: EVerest/libocpp 580; lbbrhzn/ocpp 2135.
    We: it is carried forward; an event that names none changes nothing, and nobody becomes connector 1.
    """
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", seconds=0, wh=0, evse={"id": 2})
    wire.transaction("Updated", seconds=60, wh=100)
    wire.transaction("Ended", seconds=120, wh=200)
    wire.transaction("Ended", "other", seconds=130, wh=200)
    named, other = wire.sessions()
    assert (named.evse_id, named.connector_id) == (2, None)
    assert (other.evse_id, other.connector_id) == (None, None)


def test_a_transaction_that_names_another_evse_later_is_said() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", seconds=0, evse={"id": 2})
    wire.transaction("Ended", seconds=120, evse={"id": 3})
    assert words(wire.fold()) == ["evse_changed"]


def test_quirk_22_states_that_are_skipped_cost_no_session() -> None:
    """SuspendedEV comes before Charging, Charging never comes, or Available is followed by Charging.

    Source: lbbrhzn/ocpp 1877; shiv3/ocpp-cp-simulator 35; MicroOcpp 66.
    We: statuses make no session and end none by their order; charging time is null where nobody said Charging.
    """
    for states, charging in ((("SuspendedEV", "Charging"), 3580), (("SuspendedEV",), None), ((), None)):
        wire = Wire()
        wire.status("Available", seconds=-10)
        wire.start(7, seconds=0)
        for number, state in enumerate(states):
            wire.status(state, seconds=10 * (number + 1))
        wire.stop(7, seconds=3600)
        wire.status("Available", seconds=3601)
        found = only(wire)
        assert (found.energy_wh, found.charging_s, found.end_kind) == (2000, charging, "reported")


def test_a_transaction_of_2x_whose_end_never_comes_is_ended_by_the_next_one_on_its_evse() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", "a", seconds=0, wh=1000, evse={"id": 1})
    wire.transaction("Updated", "a", seconds=60, wh=1500)
    wire.transaction("Started", "b", seconds=900, wh=1500, evse={"id": 2})
    assert [s.is_open for s in wire.sessions()] == [True, True]
    wire.transaction("Started", "c", seconds=950, wh=1500, evse={"id": 1})
    assert ends(wire)[0] == (500, "inferred", "next_start")
    wire.transaction("Ended", "a", seconds=70, wh=1600, offline=True)
    folded = wire.fold()
    assert ends(wire)[0] == (600, "reported", None)
    assert [row.cause for row in folded.of("restatements")] == ["late_stop"]


def test_a_late_event_from_before_an_inferred_end_moves_it_and_opens_nothing() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", "a", seconds=0, wh=1000, evse={"id": 1})
    wire.transaction("Started", "b", seconds=900, wh=1500, evse={"id": 1})
    wire.transaction("Updated", "a", seconds=500, wh=1400, offline=True)
    folded = wire.fold(drain_every=1)
    found = next(s for s in folded.of("sessions") if s.transaction_id == "a")
    assert (found.energy_wh, found.end_kind, seconds(found)) == (400, "inferred", 500)
    assert [row.cause for row in folded.of("restatements")] == ["late_event"]


def test_an_evse_that_becomes_available_ends_a_transaction_of_2x() -> None:
    wire = Wire("ocpp2.0.1")
    status = {"evseId": 1, "connectorId": 1}
    wire.call("StatusNotification", status | {"connectorStatus": "Occupied", "timestamp": at(0)}, seconds=0)
    wire.transaction("Started", seconds=1, wh=1000, evse={"id": 1})
    wire.transaction("Updated", seconds=60, wh=1500)
    wire.call("StatusNotification", status | {"connectorStatus": "Available", "timestamp": at(100)}, seconds=100)
    wire.call("Heartbeat", {}, seconds=100 + DWELL)
    assert ends(wire) == [(500, "inferred", "available")]


def test_another_evse_that_becomes_available_ends_nothing() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", seconds=1, wh=1000, evse={"id": 1})
    for number, status in enumerate(("Occupied", "Available")):
        payload = {"evseId": 2, "connectorId": 1, "connectorStatus": status, "timestamp": at(10 + number)}
        wire.call("StatusNotification", payload, seconds=10 + number)
    wire.call("Heartbeat", {}, seconds=900)
    assert only(wire).is_open


def test_a_log_without_times_of_receipt_infers_by_the_station_s_own() -> None:
    wire = Wire()
    for number, (status, when) in enumerate(
        (("Preparing", -5), ("Charging", 5), ("Available", 700), ("Preparing", 900))
    ):
        payload = {"connectorId": 1, "status": status, "errorCode": "NoError", "timestamp": at(when)}
        wire.call("StatusNotification", payload)
        if not number:
            wire.start(7)
    for record in wire.records:
        record.received_at_us = None
    assert ends(wire) == [(None, "inferred", "available")]


def test_a_late_sample_of_a_stopped_connector_does_not_open_its_session_again() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.status("Charging", seconds=5)
    wire.meter(1500, seconds=600, transaction_id=7)
    wire.status("Available", seconds=700)
    wire.call("Heartbeat", {}, seconds=800)
    wire.meter(1500, seconds=900, transaction_id=7)
    assert ends(wire) == [(500, "inferred", "available")]


def test_sessions_are_let_go_of_and_said_so() -> None:
    wire = Wire()
    for number in range(70):
        wire.start(number + 1, connectorId=number + 1, seconds=number)
    folded = wire.fold()
    assert words(folded) == ["session_let_go"] * 6
    assert len(folded.of("sessions")) == 70


def test_sessions_whose_stop_will_not_come_any_more_leave_the_state() -> None:
    wire = Wire()
    for number in range(30):
        wire.start(number + 1, seconds=1000 * number, timestamp=at(1000 * number))
    assert len(wire.fold().states["CP"].unstopped) == 16
    month = 32 * 86_400
    wire.start(90, seconds=month, timestamp=at(month))
    wire.start(91, seconds=month + 10, timestamp=at(month + 10))
    assert len(wire.fold().states["CP"].unstopped) == 1


def test_an_answer_that_names_no_transaction_or_another_session_s_is_said() -> None:
    for transaction_id, said in ((0, ["transaction_id_unusable"] * 2), (1, ["transaction_id_reused"])):
        wire = Wire()
        for number in range(2):
            wire.start(transaction_id, seconds=5000 * number, timestamp=at(5000 * number), meterStart=3000 * number)
            wire.stop(transaction_id, seconds=5000 * number + 900, meterStop=3000 * number + 100, timestamp=None)
        assert words(wire.fold()) == said


@pytest.mark.parametrize(
    ("wh", "lasts", "status", "expected"),
    [
        (3000, 3600, "Charging", "normal"),
        (3000, 60, "Charging", "short"),
        (1000, 60, None, "phantom"),
        (1000, 3600, None, "no_energy"),
        (1400, 3600, None, "low_energy"),
    ],
)
def test_sessions_are_classed(wh: int, lasts: int, status: str | None, expected: str) -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    assert only(wire).session_class == "open"
    if status:
        wire.status(status, seconds=1)
    wire.stop(7, seconds=lasts, timestamp=at(lasts), meterStop=wh)
    assert only(wire).session_class == expected


def test_a_session_that_mostly_waits_is_idle_heavy_and_an_inferred_one_named_so() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.status("Charging", seconds=1)
    wire.status("SuspendedEV", seconds=1000)
    wire.meter(2000, seconds=3600, transaction_id=7)
    wire.start(8, seconds=4000, timestamp=at(4000), meterStart=2000)
    assert wire.sessions()[0].session_class == "inferred_end"
    wire.stop(7, seconds=4001)
    assert wire.sessions()[0].session_class == "idle_heavy"


def test_sessions_that_overlap_on_a_connector_stay_open_and_are_said() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.meter(1500, seconds=600, transaction_id=7)
    wire.start(8, seconds=700, timestamp=at(300), meterStart=1200)
    folded = wire.fold()
    assert [s.is_open for s in folded.of("sessions")] == [True, True]
    assert words(folded) == ["overlapping_sessions"]


def test_a_start_that_is_older_than_the_open_one_ends_nothing() -> None:
    wire = Wire()
    wire.start(8, seconds=700, timestamp=at(700), meterStart=3000)
    wire.start(7, seconds=800, timestamp=at(0))
    wire.stop(7, seconds=801, timestamp=at(600))
    assert [(s.transaction_id, s.is_open) for s in wire.sessions()] == [("8", True), ("7", False)]


def test_a_late_sample_of_1_6_from_before_an_inferred_end_counts_and_restates() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.meter(1500, seconds=600, transaction_id=7)
    wire.start(8, seconds=5000, timestamp=at(5000), meterStart=2000)
    value = {"timestamp": at(900), "sampledValue": [{"value": "1800"}]}
    wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": [value]}, seconds=5100)
    folded = wire.fold()
    found = folded.of("sessions")[0]
    assert (found.energy_wh, found.end_kind, seconds(found)) == (800, "inferred", 900)
    assert [row.cause for row in folded.of("restatements")] == ["late_event"]


def test_ends_fall_due_one_after_the_other() -> None:
    wire = Wire()
    for connector in (1, 2):
        wire.status("Preparing", connector=connector, seconds=-9)
        wire.start(connector, connectorId=connector, seconds=0)
    for when, connector in ((100, 1), (120, 2), (125, 2)):
        wire.status("Available", connector=connector, seconds=when)
    wire.call("Heartbeat", {}, seconds=100 + DWELL)
    assert [s.is_open for s in wire.sessions()] == [False, True]
    wire.call("Heartbeat", {}, seconds=120 + DWELL)
    assert [s.is_open for s in wire.sessions()] == [False, False]


def test_an_answer_to_a_start_that_was_a_stop_leads_to_the_session_it_ended() -> None:
    wire = Wire()
    wire.status("Charging", seconds=-5)
    wire.start(7, seconds=0)
    disguised = wire.start(seconds=3600, timestamp=at(3600), meterStart=3000)
    wire.status("Finishing", seconds=3605)
    wire.started(disguised, 8, seconds=3610)
    found = only(wire)
    assert (found.inferred_cause, found.transaction_id, found.energy_wh) == ("start_as_stop", "8", 2000)


def test_a_start_of_another_card_is_no_stop_in_disguise() -> None:
    wire = Wire()
    wire.status("Charging", seconds=-5)
    wire.start(7, seconds=0)
    wire.start(8, seconds=3600, timestamp=at(3600), meterStart=3000, idTag="OTHER")
    wire.status("Finishing", seconds=3605)
    assert len(wire.sessions()) == 2


def test_a_boot_in_a_log_without_any_time_waits_for_more() -> None:
    wire = Wire()
    wire.start(7, seconds=0, timestamp=None)
    wire.meter(1500, seconds=10, transaction_id=7)
    boot(wire, 20)
    for record in wire.records:
        record.received_at_us = None
    assert only(wire).is_open


@pytest.mark.parametrize(
    ("reason", "booted", "freed", "expected"),
    [
        ("DeAuthorized", True, False, "PowerLoss"),
        ("PowerLoss", True, False, None),
        ("Local", False, True, "EVDisconnected"),
        ("EVDisconnected", False, True, None),
        ("Local", False, False, None),
    ],
)
def test_quirk_51_the_reason_of_a_stop_is_held_against_what_the_station_did(
    reason: str, booted: bool, freed: bool, expected: str | None
) -> None:
    """An unplugged cable is reported as Local, a power cut as DeAuthorized.

    Source: citrineos-core PR 970; OpenEVSE 787.
    We: the reason stays as it was sent; a boot or a freed connector before the stop that contradicts it is said as
    `stop_reason_doubted`, with the cause that the station's doings show.
    """
    wire = Wire()
    wire.start(7, seconds=0)
    wire.status("Charging", seconds=5)
    if booted:
        boot(wire, 700)
    if freed:
        wire.status("Available", seconds=700)
    wire.stop(7, seconds=705, timestamp=at(690), reason=reason)
    folded = wire.fold()
    assert folded.of("sessions")[0].stop_reason == reason
    doubts = [(row.value, row.expected) for row in folded.of("anomalies") if row.anomaly == "stop_reason_doubted"]
    assert doubts == ([(reason, expected)] if expected else [])
