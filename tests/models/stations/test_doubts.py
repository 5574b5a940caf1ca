"""Times that cannot be true, from wire to fact: years from receipt, or an end before its start."""

from datetime import datetime

import pytest
from captures import START_US, Folded, Wire, at

from models.state import decode, encode

DAY = 86_400
YEAR = 365 * DAY


def moment(seconds: float) -> datetime:
    return datetime.fromisoformat(at(seconds))


def boot(wire: Wire, seconds: float = 0, says: float | None = None) -> None:
    message_id = wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, seconds=seconds)
    current = at(seconds if says is None else says)
    wire.answer(message_id, {"currentTime": current, "interval": 300, "status": "Accepted"}, seconds=seconds)


def say(wire: Wire, seconds: float, said: float, connector: int = 2, error: str = "NoError") -> None:
    payload = {"connectorId": connector, "status": f"S{seconds}", "errorCode": error, "timestamp": at(said)}
    wire.call("StatusNotification", payload, seconds=seconds)


def sample(wire: Wire, wh: int, seconds: float, said: float) -> None:
    value = {"timestamp": at(said), "sampledValue": [{"value": str(wh)}]}
    wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": [value]}, seconds=seconds)


def words(folded: Folded) -> list[str]:
    return sorted({row.anomaly for row in folded.of("anomalies")})


def only(folded: Folded):
    (session,) = folded.of("sessions")
    return session


@pytest.mark.parametrize("years", [-3.9, 14])
def test_a_start_by_a_clock_that_was_not_set_takes_the_time_of_receipt(years: float) -> None:
    wire = Wire()
    boot(wire)
    wire.start(7, seconds=10, timestamp=at(10 + years * YEAR))
    for seconds in range(60, 3600, 300):
        sample(wire, 1000 + seconds, seconds, seconds)
    wire.stop(7, seconds=3600, meterStop=4600)
    folded = wire.fold()
    found = only(folded)
    assert (found.started_at, found.ended_at) == (moment(10), moment(3600))
    assert (found.started_reported_at, found.energy_wh) == (moment(10 + years * YEAR), 3600)
    assert words(folded) == ["clock_implausible"]


def test_without_a_boot_the_first_message_of_the_right_time_moves_what_was_told_before() -> None:
    wire = Wire()
    wire.start(7, seconds=10, timestamp=at(10 - 4 * YEAR))
    say(wire, 20, 20 - 4 * YEAR, error="GroundFailure")
    assert only(wire.fold()).started_at == moment(10 - 4 * YEAR)
    sample(wire, 1500, 60, 60)
    folded = wire.fold()
    assert only(folded).started_at == moment(10)
    assert folded.of("faults")[0].opened_at == moment(20)
    assert words(folded)[0] == "clock_implausible"
    wire.stop(7, seconds=3600, meterStop=4600)
    cut = Folded()
    for record in wire.records:
        cut.fold([record])
        cut.states = {name: decode(encode(state)) for name, state in cut.states.items()}
    assert (only(cut).started_at, only(cut).ended_at) == (moment(10), moment(3600))


def test_what_was_open_before_a_false_clock_stays_where_it_is() -> None:
    wire = Wire()
    say(wire, 0, 0, error="GroundFailure")
    payload = {"connectorId": 3, "status": "Faulted", "errorCode": "OtherError"}
    wire.call("StatusNotification", payload, seconds=5)
    wire.start(7, seconds=10)
    say(wire, 20, 20 - 4 * YEAR, connector=4)
    say(wire, 60, 60, connector=4)
    folded = wire.fold()
    assert only(folded).started_at == moment(0)
    assert sorted(fault.opened_at for fault in folded.of("faults")) == [moment(0), moment(5)]


def test_phases_in_messages_of_their_own_before_the_clock_was_right_move_along() -> None:
    wire = Wire()
    wire.start(7, seconds=0, timestamp=at(-4 * YEAR))
    said = -4 * YEAR
    for number, phase in enumerate(("L1", "L2", "L3")):
        value = {"timestamp": at(said), "sampledValue": [{"value": "500", "phase": phase}]}
        wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": [value]}, seconds=number)
    say(wire, 60, 60)
    (session,) = wire.fold().states["CP"].open_sessions.values()
    assert session.meter is not None
    assert session.meter.phases_us == START_US


def test_a_whole_session_by_a_clock_that_was_not_set_is_restated_once_it_is() -> None:
    wire = Wire()
    behind = 4 * YEAR
    wire.start(7, seconds=10_000, timestamp=at(10 - behind))
    wire.stop(7, seconds=10_000.5, timestamp=at(3610 - behind))
    wire.start(8, seconds=10_001, connectorId=2, timestamp=at(4000 - behind), meterStart=3000)
    say(wire, 10_100, 10_100)
    folded = wire.fold()
    first, second = folded.of("sessions")
    # The queue's smallest lag is the clock's: the lengths stay, and nothing is later than its receipt.
    assert second.started_at == moment(10_001)
    assert (first.ended_at, first.started_at) == (moment(10_001 - 390), moment(10_001 - 3990))
    (row,) = folded.of("restatements")
    assert (row.cause, row.entity_id, row.ended_after_at) == ("clock_known", first.session_id, first.ended_at)


def test_a_queue_by_a_clock_known_to_be_false_keeps_its_lengths() -> None:
    wire = Wire()
    boot(wire, seconds=10_000)
    wire.start(7, seconds=10_001, timestamp=at(10 - 4 * YEAR))
    wire.stop(7, seconds=10_002, timestamp=at(3610 - 4 * YEAR))
    found = only(wire.fold())
    assert (found.started_at, found.ended_at) == (moment(10_002 - 3600), moment(10_002))


def test_an_end_whose_start_was_told_by_a_false_clock_moves_with_it_although_inferred() -> None:
    wire = Wire()
    wire.start(7, seconds=10, timestamp=at(10 - 4 * YEAR))
    wire.start(8, seconds=20, timestamp=at(20 - 4 * YEAR), meterStart=2000)
    say(wire, 30, 30)
    first, second = wire.fold().of("sessions")
    assert (first.ended_at, second.started_at) == (moment(10), moment(20))


@pytest.mark.parametrize("said", [-4 * YEAR, 14 * YEAR, 3600 - DAY, -1])
def test_a_stop_by_another_clock_takes_the_time_of_receipt(said: float) -> None:
    wire = Wire()
    for number in range(6):
        say(wire, number * 60 - 600, number * 60 - 600)
    wire.start(7, seconds=0)
    wire.meter(1500, seconds=900, transaction_id=7)
    data = [
        {"timestamp": at(3000), "sampledValue": [{"value": "2500"}]},
        *[{"timestamp": at(said), "sampledValue": [{"value": "3000"}]}],
    ]
    for _ in range(2):  # a retry
        wire.stop(7, seconds=3600, timestamp=at(said), reason="PowerLoss", transactionData=data)
    folded = wire.fold()
    found = only(folded)
    assert (found.ended_at, found.ended_reported_at, found.energy_wh) == (moment(3600), moment(said), 2000)
    assert words(folded) == ["clock_implausible"]


def test_a_start_ahead_of_its_own_receipt_gives_way_to_an_end_that_is_right() -> None:
    wire = Wire()
    wire.start(7, seconds=0, timestamp=at(7200))
    wire.stop(7, seconds=3600)
    folded = wire.fold()
    found = only(folded)
    assert (found.started_at, found.ended_at, found.clock_offset_s) == (moment(0), moment(3600), -7200)
    assert found.started_reported_at == moment(7200)


def test_an_end_that_lay_in_one_queue_with_its_start_follows_the_same_clock() -> None:
    wire, ahead = Wire(), 7000
    for number in range(4):
        say(wire, 20 * number, 20 * number + ahead)
    # An hour's session, told when it had been over for as long as the clock is ahead: its end seems right by itself.
    wire.start(7, seconds=4600 + ahead, timestamp=at(1000 + ahead))
    wire.stop(7, seconds=4601 + ahead, timestamp=at(4600 + ahead))
    found = only(wire.fold())
    assert (found.started_at, found.ended_at) == (moment(1000), moment(4600))
    assert (found.ended_reported_at, found.clock_offset_s) == (moment(4600 + ahead), -ahead)


def test_a_clock_that_was_put_right_within_a_session_leaves_its_end_alone() -> None:
    wire, ahead = Wire(), 7000
    for number in range(4):
        say(wire, 20 * number, 20 * number + ahead)
    wire.start(7, seconds=1000, timestamp=at(1000 + ahead))
    wire.stop(7, seconds=11_000, timestamp=at(11_000))
    found = only(wire.fold())
    assert (found.started_at, found.ended_at) == (moment(1000), moment(11_000))


def test_without_any_receipt_an_end_before_its_start_is_the_last_sign() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    wire.meter(1500, seconds=900, transaction_id=7)
    wire.stop(7, seconds=3600, timestamp=at(-DAY))
    for record in wire.records:
        record.received_at_us = None
    found = only(wire.fold())
    assert (found.ended_at, found.ended_reported_at) == (moment(900), moment(-DAY))


def test_an_end_of_2_x_before_its_start_takes_the_time_of_receipt() -> None:
    wire = Wire("ocpp2.0.1")
    wire.transaction("Started", seconds=0, wh=1000, seqNo=0, evse={"id": 1})
    payload = {"eventType": "Ended", "timestamp": at(-DAY), "seqNo": 1, "transactionInfo": {"transactionId": "t"}}
    wire.call("TransactionEvent", payload, seconds=3600)
    assert (only(wire.fold()).ended_at, only(wire.fold()).is_open) == (moment(3600), False)


def test_one_sample_stamped_years_ahead_does_not_keep_its_session_open() -> None:
    wire = Wire()
    wire.start(7, seconds=0)
    for seconds in (60, 120, 180, 240, 300):
        sample(wire, 1000 + seconds, seconds, 5 * 10**8 if seconds == 180 else seconds)
    wire.start(8, seconds=5000, meterStart=1500, timestamp=at(5000))
    folded = wire.fold()
    first, second = folded.of("sessions")
    assert (first.end_kind, first.ended_at, second.is_open) == ("inferred", moment(300), True)
    assert words(folded) == ["clock_implausible"]


def test_an_entry_of_2_x_years_away_is_moved_without_those_beside_it() -> None:
    wire = Wire("ocpp2.0.1")
    for number in range(2):
        wire.notify(seconds=number, timestamp=at(number), trigger="Alerting", actualValue="true", cleared=True)
    entry = {"component": {"name": "Connector"}, "variable": {"name": "Problem"}, "actualValue": "true"}
    entry |= {"trigger": "Alerting"}
    second = entry | {"component": {"name": "Connector", "evse": {"id": 2}}, "timestamp": at(20 * YEAR)}
    wire.call("NotifyEvent", {"eventData": [entry | {"timestamp": at(8)}, second]}, seconds=10)
    assert sorted(fact.opened_at for fact in wire.fold().of("faults")) == [moment(8), moment(10)]


def test_days_of_backlog_and_a_log_that_was_exported_are_believed() -> None:
    wire = Wire()
    say(wire, 0, 0)
    received = 200 * DAY
    for number in range(100):
        begin = 100 * DAY + number * DAY  # a hundred days to forty minutes ago
        wire.start(number + 1, seconds=received + number, timestamp=at(begin), meterStart=1000 * number)
        fields = {"timestamp": at(begin + 3600), "meterStop": 1000 * number + 500}
        wire.stop(number + 1, seconds=received + number + 0.5, **fields)
    say(wire, received + 200, received + 200)
    folded = wire.fold()
    found = folded.of("sessions")
    assert [s.started_at for s in found] == [s.started_reported_at for s in found]
    assert words(folded) == []


def test_a_log_of_a_year_stamped_when_it_was_exported_is_believed() -> None:
    wire = Wire()
    for number in range(52):
        say(wire, YEAR + number, number * 7 * DAY)
        wire.start(number + 1, seconds=YEAR + number, timestamp=at(number * 7 * DAY), meterStart=1000 * number)
    say(wire, YEAR + 60, YEAR + 60)
    found = wire.fold().of("sessions")
    assert all(s.started_at == s.started_reported_at for s in found)


def test_a_backlog_after_a_run_of_false_times_ends_it() -> None:
    wire = Wire()
    wire.start(7, seconds=0, timestamp=at(-4 * YEAR))
    say(wire, 10, -30 * DAY)
    say(wire, 20, 20)
    folded = wire.fold()
    assert only(folded).started_at == moment(-4 * YEAR)
    assert folded.states["CP"].far is None


def test_a_clock_that_is_years_wrong_all_the_time_is_learnt_as_any_other() -> None:
    wire = Wire()
    for number in range(4):
        say(wire, number * 60, number * 60 - 4 * YEAR)
    wire.start(7, seconds=300, timestamp=at(300 - 4 * YEAR))
    wire.stop(7, seconds=900, timestamp=at(900 - 4 * YEAR))
    folded = wire.fold()
    found = only(folded)
    assert (found.started_at, found.ended_at, found.clock_offset_s) == (moment(300), moment(900), 4 * YEAR)
    assert words(folded) == ["clock_offset"]
    assert folded.states["CP"].far is None


def test_each_run_of_another_false_clock_is_weighed_by_itself() -> None:
    wire = Wire()
    boot(wire)
    for number, years in enumerate((-4, -8, 5, -4)):
        say(wire, 100 + number, 100 + number + years * YEAR)
    folded = wire.fold()
    assert [row.happened_at for row in folded.of("statuses")] == [moment(100 + n) for n in range(4)]
    assert [row.reported_at.year for row in folded.of("statuses")] == [2019, 2015, 2028, 2019]


def test_receipts_in_local_time_are_good_enough_to_doubt_years() -> None:
    wire = Wire()
    boot(wire, says=7200)
    wire.start(7, seconds=10, timestamp=at(10 - 4 * YEAR))
    folded = wire.fold()
    assert folded.states["CP"].is_receipt_doubted
    assert only(folded).started_at == moment(10)
    assert folded.states["CP"].live_us == START_US


def test_a_fault_that_moves_takes_along_what_its_sessions_measured() -> None:
    wire = Wire()
    false = -4 * YEAR
    wire.start(7, seconds=10, timestamp=at(10 + false))
    sample(wire, 1500, 60, 60 + false)
    say(wire, 61, 61 + false, connector=1, error="GroundFailure")
    sample(wire, 1500, 3600, 3600)
    folded = wire.fold()
    (fault,) = folded.of("faults")
    assert (fault.opened_at, fault.blocks_charging) == (moment(61), True)
    (known,) = folded.states["CP"].faults.values()
    ((_, first_us, last_us),) = known.seen_wh.values()
    assert (first_us, last_us) == (START_US + 60_000_000, START_US + 3600_000_000)


def test_a_fault_that_was_over_before_its_clock_is_known_moves_too() -> None:
    wire = Wire()
    false = -4 * YEAR
    say(wire, 20, 20 + false, error="GroundFailure")
    say(wire, 40, 40 + false)
    say(wire, 60, 60)
    (fault,) = wire.fold(drain_every=1).of("faults")
    assert (fault.opened_at, fault.closed_at) == (moment(20), moment(40))


@pytest.mark.parametrize("is_told", [True, False])
def test_the_evidence_that_a_session_is_over_moves_with_it_unless_receipt_told_it(is_told: bool) -> None:
    wire = Wire()
    false = -4 * YEAR
    wire.start(7, seconds=10, timestamp=at(10 + false))
    for name, seconds in (("Charging", 15), ("Available", 100)):
        more = {"timestamp": at(seconds + false)} if is_told else {}
        wire.call(
            "StatusNotification", {"connectorId": 1, "status": name, "errorCode": "NoError"} | more, None, seconds
        )
    wire.call("Heartbeat", {}, seconds=200)
    assert [found.end_kind for found in wire.sessions()] == ["inferred"]
    # A sample from before the evidence, after the connector changed again, by the clock that is right now.
    wire.status("Preparing", seconds=300)
    say(wire, 310, 310)
    sample(wire, 1600, 320, 90)
    found = only(wire.fold(drain_every=1))
    assert (found.started_at, found.ended_at, found.end_kind) == (moment(10), moment(90), "inferred")
    sample(wire, 1700, 330, 330)
    assert only(wire.fold()).is_open


def test_a_stop_that_is_taken_back_leaves_the_session_where_its_clock_is_known_to_put_it() -> None:
    wire = Wire()
    false = -4 * YEAR
    message_id = wire.start(seconds=10, timestamp=at(10 + false))
    wire.stop(-1, seconds=600, meterStop=2000, timestamp=at(600 + false))
    wire.started(message_id, 7, seconds=610)
    say(wire, 620, 620)
    sample(wire, 2500, 1200, 1200)
    found = only(wire.fold(drain_every=1))
    assert (found.is_open, found.started_at, found.energy_wh) == (True, moment(10), 1500)


def test_what_told_no_time_stays_where_it_was_received_when_a_slow_clock_becomes_known() -> None:
    wire = Wire()
    slow = -2 * 3600
    wire.start(7, seconds=10, timestamp=at(10 + slow))
    wire.status("Charging", seconds=20)
    for seconds in (60, 100, 140):
        sample(wire, 1000 + seconds, seconds, seconds + slow)
    say(wire, 200, 200 + slow, connector=1)
    wire.call(
        "StatusNotification",
        {"connectorId": 1, "status": "Available", "errorCode": "NoError", "timestamp": at(300 + slow)},
        seconds=300,
    )
    wire.call("Heartbeat", {}, seconds=400)
    found = only(wire.fold(drain_every=1))
    assert (found.started_at, found.ended_at, found.inferred_cause) == (moment(10), moment(140), "available")


def test_a_doubt_of_a_session_s_end_moves_with_it() -> None:
    wire = Wire()
    false = -4 * YEAR
    wire.start(7, seconds=10, timestamp=at(10 + false))
    for name, seconds in (("Charging", 15), ("Available", 100)):
        payload = {"connectorId": 1, "status": name, "errorCode": "NoError", "timestamp": at(seconds + false)}
        wire.call("StatusNotification", payload, seconds=seconds)
    sample(wire, 1500, 130, 95)
    wire.call("Heartbeat", {}, seconds=200)
    found = only(wire.fold(drain_every=1))
    assert (found.ended_at, found.inferred_cause) == (moment(95), "available")
