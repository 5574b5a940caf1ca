"""Where other programs count wrong on these inputs, what is right: one test for each of their defects.

What they say was found by running them, or is read in their source (kwwhat at 652965e4, the INL calculator at
c82fca53, ocpp-lens 0.2.0, CitrineOS). Times of ports and calls are tested on the tables: `test_status_timeline_sql`,
`test_calls_sql`.
"""

import captures
import pytest
from captures import START_US, Folded, Wire, at, frame

from models.order.canonical import canonical
from models.record import Record

CSV = "kwwhat_ocpp16_synthetic_14d.csv"
SAP = "sim_sap_emobility_16_201.jsonl"
VCP = "sim_solidstudio_vcp_16_201_21.jsonl"


def folded(name: str) -> Folded:
    return Folded().fold(captures.records(captures.shared(name)))


def test_the_newest_session_of_a_log_is_not_lost() -> None:
    """kwwhat: 38 of 39 sessions and 60.8 kWh, as its window ends at the last Preparing; SAP's 1144 is lost likewise."""
    found = folded(CSV).of("sessions")
    assert (len(found), sum(s.energy_wh for s in found)) == (39, 62_400)
    newest = max(found, key=lambda s: s.started_at)
    assert (newest.transaction_id, newest.energy_wh, newest.is_open) == ("1037", 1_600, False)
    assert "1144" in {s.transaction_id for s in folded(SAP).of("sessions")}


def test_every_presented_card_is_known_without_a_connector() -> None:
    """kwwhat: 101 anonymous visits, because its join wants a connectorId, which Authorize has not."""
    asked = folded(CSV).of("authorizations")
    assert len(asked) == 101
    assert {a.status for a in asked} == {"Accepted"}
    assert len({a.token_id for a in asked}) == 1
    assert None not in {a.token_id for a in asked}


def test_a_log_in_six_batches_gives_what_it_gives_as_one() -> None:
    """kwwhat: six incremental runs find other visits and attempts than one."""
    records = captures.records(captures.shared(CSV))
    whole = Folded().fold(records).rows()
    batched = Folded()
    step = len(records) // 6 + 1
    for begin in range(0, len(records), step):
        batched.fold(records[begin : begin + step])
    assert batched.rows() == whole


def test_fifteen_seconds_of_fault_are_not_nothing() -> None:
    """kwwhat: SAP's uptime is 100 %, its two faults of 15 and 16 s round to 0 minutes."""
    lasted = [(f.closed_at - f.opened_at).total_seconds() for f in folded(SAP).of("faults")]
    assert sorted(round(seconds) for seconds in lasted) == [15, 16]


def test_message_and_transaction_ids_of_two_chargers_do_not_meet() -> None:
    """kwwhat pairs answers by message id alone; ocpp-lens finds 1 session of 20 kWh for 2 of 30."""
    records = []
    for station, begin, wh in (("CP-1", 0, 20_000), ("CP-2", 1, 10_000)):
        wire = Wire(station=station, source=station)
        wire.start(1, seconds=begin, meterStart=0, timestamp=at(begin))
        wire.stop(1, seconds=3600 + begin, meterStop=wh)
        records += wire.records
    log = [_at_offset(record, offset) for offset, record in enumerate(canonical(records))]
    found = Folded().fold(log).of("sessions")
    assert sorted((s.station_id, s.energy_wh) for s in found) == [("CP-1", 20_000), ("CP-2", 10_000)]


def test_offline_sessions_named_minus_one_are_not_merged() -> None:
    """kwwhat groups by (transaction id, charger): 4.5 kWh for two sessions of 1.5 in all."""
    wire = Wire()
    for begin, first, last in ((0, 1_000, 1_500), (4_000, 4_500, 5_500)):
        wire.start(seconds=begin, timestamp=at(begin), meterStart=first)
        wire.stop(-1, seconds=begin + 3600, timestamp=at(begin + 3600), meterStop=last)
    assert [s.energy_wh for s in wire.sessions()] == [500, 1_000]


def test_a_session_without_a_stop_has_the_energy_of_its_samples() -> None:
    """kwwhat and ocpp-lens: null, as they read no MeterValues."""
    wire = Wire()
    wire.start(7, meterStart=1_000)
    for minute, wh in ((10, 2_000), (20, 3_000), (30, 4_000)):
        wire.meter(wh, seconds=minute * 60, transaction_id=7)
    assert [(s.energy_wh, s.energy_basis, s.is_open) for s in wire.sessions()] == [(3_000, "register", True)]


def test_seven_chargers_that_go_wrong_in_seven_ways_are_eight_sessions_and_17_5_kwh() -> None:
    """kwwhat: 9 transactions and 9.3 kWh, of which -8.2 are of a register that fell. One of the 8 is unknown."""
    wires = {number: Wire(station=f"CP-{number}", source=f"s{number}") for number in range(1, 8)}
    for number, wh in ((1, 5_000), (2, 4_000)):  # the same message ids, and the same transaction id
        wires[number].start(1, seconds=number, meterStart=0, timestamp=at(number))
        wires[number].stop(1, seconds=3600 + number, meterStop=wh)
    for begin, first, last in ((0, 1_000, 1_500), (4_000, 4_500, 5_500)):  # two that are named -1
        wires[3].start(seconds=begin, timestamp=at(begin), meterStart=first)
        wires[3].stop(-1, seconds=begin + 3600, timestamp=at(begin + 3600), meterStop=last)
    wires[4].start(2, meterStart=1_000)  # never stopped, but metered
    for minute in (10, 20, 30):
        wires[4].meter(1_000 + 100 * minute, seconds=60 * minute, transaction_id=2)
    wires[5].start(3, meterStart=8_700)  # the register fell
    wires[5].stop(3, meterStop=500)
    wires[6].start()  # a start that is sent again
    wires[6].start(4, seconds=30)
    wires[6].stop(4)
    wires[7].start(5)  # a stop that is sent again
    wires[7].stop(5, seconds=3600)
    wires[7].stop(5, seconds=3660)
    found = Folded().fold([record for wire in wires.values() for record in wire.records]).of("sessions")
    assert len(found) == 8
    assert sum(session.energy_wh or 0 for session in found) == 17_500
    assert [session.station_id for session in found if session.energy_wh is None] == ["CP-5"]


def test_a_register_that_fell_is_never_a_negative_energy() -> None:
    """kwwhat sums -8.2 kWh; OCPP.Core stores it."""
    wire = Wire()
    wire.start(7, meterStart=8_700)
    wire.stop(7, meterStop=500)
    [session] = wire.sessions()
    assert session.energy_wh is None


def test_a_retried_start_is_no_failed_attempt() -> None:
    """kwwhat counts the retry as an attempt that failed."""
    wire = Wire()
    wire.start()
    wire.start(7, seconds=30)
    wire.stop(7)
    assert [(s.energy_wh, s.is_open) for s in wire.sessions()] == [(2_000, False)]


@pytest.mark.parametrize("message_id", ["m-stop", "m-again"])
def test_a_retried_stop_counts_once_and_its_samples_too(message_id: str) -> None:
    """ocpp-lens crashes on a stop under a new id; CitrineOS counted its transactionData twice."""
    wire = Wire()
    wire.start(7)
    data = [{"timestamp": at(3600), "sampledValue": [{"value": "3000", "context": "Transaction.End"}]}]
    stop = {"transactionId": 7, "meterStop": 3_000, "timestamp": at(3600), "transactionData": data}
    wire.answer(wire.call("StopTransaction", stop, "m-stop", seconds=3600), {}, seconds=3601)
    wire.answer(wire.call("StopTransaction", stop, message_id, seconds=3660), {}, seconds=3661)
    assert [(s.energy_wh, s.is_open) for s in wire.sessions()] == [(2_000, False)]


def test_times_with_an_offset_are_times() -> None:
    """ocpp-lens: `+02:00` becomes no time; the INL calculator raises or loses the last digit of one without `Z`."""
    wire = Wire()
    wire.start(7, timestamp="2023-11-15T00:13:20+02:00")
    wire.stop(7, timestamp="2023-11-14T23:13:20.123456Z")
    [session] = wire.sessions()
    assert int(session.started_at.timestamp() * 1e6) == START_US
    assert session.ended_at.isoformat() == "2023-11-14T23:13:20.123456+00:00"


def test_message_ids_used_again_are_new_events() -> None:
    """De-duplication by (station, message id) drops 500 of the log's 8,955 calls, five ids 101 times each."""
    found = folded(CSV)
    assert len(found.of("authorizations")) == 101
    lock_failures = [f for f in found.of("faults") if f.code == "ConnectorLockFailure"]
    assert len(lock_failures) == 102
    assert sum((f.closed_at - f.opened_at).total_seconds() for f in lock_failures) == 9_180


def test_a_sequence_number_that_is_always_zero_loses_no_event() -> None:
    """De-duplication by (transaction, seqNo) drops 15 of 18 events."""
    found = [s for s in folded(VCP).of("sessions") if s.protocol != "ocpp1.6"]
    assert len(found) == 6
    assert all(not s.is_open and s.started_at < s.ended_at for s in found)


def test_a_last_sample_without_a_unit_is_in_the_unit_of_those_before_it() -> None:
    """Read as the default Wh it gives 0.75 Wh in 2.1; carried along in 2.0.1, whose label is wrong, 2.25 MWh."""
    found = folded(VCP).of("sessions")
    assert {s.protocol for s in found} == {"ocpp1.6", "ocpp2.0.1", "ocpp2.1"}
    assert all(749 <= s.energy_wh <= 750 for s in found)


def test_charging_is_seen_whatever_triggered_the_event() -> None:
    """INL: SAP's charge start success is 0 of 51, as it wants the trigger ChargingStateChanged."""
    found = [s for s in folded(SAP).of("sessions") if s.protocol == "ocpp2.0.1"]
    assert len(found) == 51
    # Two of them say Charging in the very second of their end.
    assert all(s.energy_wh > 0 and s.charging_s is not None for s in found)


def test_a_card_and_a_start_of_one_second_belong_together() -> None:
    """INL binds them only where the card was strictly earlier: the card of its own example is an orphan."""
    wire = Wire("ocpp2.0.1")
    card = {"idToken": "CARD", "type": "ISO14443"}
    asked = wire.call("Authorize", {"idToken": card}, seconds=0)
    wire.answer(asked, {"idTokenInfo": {"status": "Accepted"}}, seconds=0)
    wire.transaction("Started", seconds=0, wh=0, idToken=card)
    wire.transaction("Ended", seconds=60, wh=500)
    [presented] = wire.fold().of("authorizations")
    [session] = wire.sessions()
    assert presented.session_id == session.session_id


def test_what_is_metered_after_the_end_belongs_to_no_session() -> None:
    """By the last register seen SAP's 51 transactions hold 4,999.89 Wh, until Ended 4,836.75; 1142: 2,892 for 1,596."""
    found = folded(SAP).of("sessions")
    assert sum(s.energy_wh for s in found if s.protocol == "ocpp2.0.1") == 4_837
    assert [s.energy_wh for s in found if s.transaction_id == "1142"] == [1_596]


def test_a_fault_that_only_the_status_tells_is_a_fault() -> None:
    """Faults counted by errorCode: 0 in the SAP capture, which says Faulted with NoError twice."""
    assert len(folded(SAP).of("faults")) == 2


def test_message_types_5_and_6_do_not_end_the_reading() -> None:
    """The `ocpp` package's `unpack` raises on both."""
    wire = Wire("ocpp2.1")
    wire.transaction("Started", seconds=0, wh=0)
    wire.records += [
        frame([6, "s", "NotifyPeriodicEventStream", {}], ordinal=90, us=START_US + 9, protocol="ocpp2.1"),
        frame([5, "m", "InternalError", "", {}], ordinal=91, us=START_US + 10, protocol="ocpp2.1"),
    ]
    wire.transaction("Ended", seconds=60, wh=500)
    folded = Folded().fold([_at_offset(record, offset) for offset, record in enumerate(wire.records)])
    assert [s.energy_wh for s in folded.of("sessions")] == [500]
    assert folded.refusals == []


def _at_offset(record: Record, offset: int) -> Record:
    record.offset = record.ordinal = offset
    return record
