"""Quirks 20 and 24 to 29 of the field: clocks, and statuses that come late."""

from datetime import datetime, timedelta

import pytest
from captures import Wire, at

HOUR = 3600


def moment(seconds: float) -> datetime:
    return datetime.fromisoformat(at(seconds))


def local(seconds: float, hours: float, suffix: str = "Z") -> str:
    """What a station of that zone writes: its wall clock, as if it were UTC."""
    return at(seconds + hours * HOUR).removesuffix("Z") + suffix


def say(wire: Wire, status: str, seconds: float, timestamp: str | None, connector: int = 1) -> None:
    payload = {"connectorId": connector, "status": status, "errorCode": "NoError"}
    wire.call("StatusNotification", payload | ({"timestamp": timestamp} if timestamp else {}), seconds=seconds)


def live(wire: Wire, hours: float, seconds: float = 0, count: int = 4, suffix: str = "Z") -> None:
    """Statuses of a station that is `hours` ahead, a minute apart; enough to know its clock."""
    for number in range(count):
        second = seconds + 60 * number
        say(wire, "Preparing" if number % 2 else "Available", second, local(second, hours, suffix))


def session_of(wire: Wire, begin: float, hours: float, suffix: str = "Z") -> None:
    """An hour's session by such a clock."""
    wire.start(7, seconds=begin, timestamp=local(begin, hours, suffix))
    wire.stop(7, seconds=begin + HOUR, timestamp=local(begin + HOUR, hours, suffix))


def only(wire: Wire, kind: str = "sessions"):
    (fact,) = wire.fold().of(kind)
    return fact


def clock_of(wire: Wire) -> tuple:
    station = only(wire, "stations")
    return station.clock_state, station.clock_offset_s, station.clock_jumps


def words(wire: Wire) -> list[str]:
    return sorted({row.anomaly for row in wire.fold().of("anomalies")})


def test_quirk_20_a_queued_status_does_not_overwrite_a_newer_one() -> None:
    """StatusNotification should not be queued while offline, yet some chargers do.

    Source: mikuso/ocpp-rpc 29.
    We: the older status is a row at its own time, but what is known of the connector stays; `status_out_of_date`.
    """
    wire = Wire()
    say(wire, "Available", 0, at(0))
    say(wire, "Charging", 1000, at(1000))
    say(wire, "Preparing", 1001, at(400))
    folded = wire.fold()
    assert [row.status for row in folded.of("statuses")] == ["Available", "Charging", "Preparing"]
    assert [row.happened_at for row in folded.of("statuses")] == [moment(0), moment(1000), moment(400)]
    assert folded.states["CP"].connectors["None/1"].status == "Charging"
    assert words(wire) == ["status_out_of_date"]


def test_a_status_a_little_out_of_order_is_no_queued_one() -> None:
    wire = Wire()
    say(wire, "Preparing", 10, at(10))
    say(wire, "Charging", 11, at(9))
    assert wire.fold().states["CP"].connectors["None/1"].status == "Charging"


def test_quirk_24_a_clock_before_its_first_boot_reply_says_1970() -> None:
    """Times read 1970-01-01 until the station had its first answer to a boot.

    Source: MicroOcpp 311, PR 354.
    We: no time at all; receipt stands in, the clock is `unset`, and an anomaly says so.
    """
    wire = Wire()
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, seconds=0)
    wire.start(7, seconds=10, timestamp="1970-01-01T00:00:07Z")
    fact = only(wire)
    assert (fact.started_at, fact.started_reported_at, fact.clock_offset_s) == (moment(10), None, None)
    assert clock_of(wire) == ("unset", None, 0)
    assert words(wire) == ["clock_unset"]
    wire.stop(7, seconds=HOUR + 10, timestamp=at(HOUR + 10))
    assert (only(wire).ended_at, clock_of(wire)[0]) == (moment(HOUR + 10), None)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "222222017-01-01T00:00:00Z", "1969-12-31T23:59:59Z"])
def test_quirk_25_a_time_that_was_left_out_reads_0001(text: str) -> None:
    """A library writes 0001-01-01 for an optional time that it leaves out; one clock wrote the year 222222017.

    Source: lorenzodonini/ocpp-go 20 (SteVe then crashes).
    We: no time at all; receipt stands in.
    """
    wire = Wire()
    say(wire, "Charging", 5, text)
    (row,) = wire.fold().of("statuses")
    assert (row.happened_at, row.reported_at, row.received_at) == (moment(5), None, moment(5))
    assert words(wire) == ["clock_unset"]


@pytest.mark.parametrize("hours", [2, -5, 5.5, 10, -3.5, 1])
def test_quirk_26_local_time_sent_as_utc_is_corrected(hours: float) -> None:
    """A station sends its local time with a Z, for ever or until its clock is set.

    Source: steve-community/steve 136.
    We: three live messages that agree give the offset, a whole zone; times are corrected, the reported ones kept.
    """
    wire = Wire()
    live(wire, hours)
    session_of(wire, 1000, hours)
    fact = only(wire)
    assert (fact.started_at, fact.ended_at) == (moment(1000), moment(1000 + HOUR))
    assert fact.started_reported_at == moment(1000 + hours * HOUR)
    assert fact.ended_reported_at - fact.ended_received_at == timedelta(hours=hours)
    assert fact.started_received_at == moment(1000)
    assert fact.clock_offset_s == -hours * HOUR
    assert clock_of(wire) == ("offset", -hours * HOUR, 0)
    assert words(wire) == ["clock_offset"]


def test_a_session_that_began_before_its_clock_was_known_keeps_one_clock() -> None:
    wire = Wire()
    wire.start(7, seconds=0, timestamp=local(0, 2))
    say(wire, "Charging", 30, local(30, 2))
    for second in (60, 120, 600):
        wire.meter(1000 + second, seconds=second, transaction_id=7)
        wire.records[-1].payload = wire.records[-1].payload.replace(at(second).encode(), local(second, 2).encode())
    wire.stop(7, seconds=1200, timestamp=local(1200, 2))
    fact = only(wire)
    assert (fact.started_at, fact.ended_at, fact.charging_s) == (moment(0), moment(1200), 1170)
    assert fact.clock_offset_s == -7200


def test_a_fault_that_opened_before_its_clock_was_known_keeps_one_clock() -> None:
    wire = Wire()
    payload = {"connectorId": 2, "status": "Faulted", "errorCode": "GroundFailure", "timestamp": local(0, 2)}
    wire.call("StatusNotification", payload, seconds=0)
    live(wire, 2, seconds=60)
    say(wire, "Available", 600, local(600, 2), connector=2)
    fault = only(wire, "faults")
    assert (fault.opened_at, fault.closed_at) == (moment(0), moment(600))


def test_a_retried_stop_is_the_same_stop_although_the_clock_became_known_between() -> None:
    wire = Wire()
    wire.start(7, seconds=0, timestamp=local(0, -4))
    stop = {"transactionId": 7, "meterStop": 3000, "timestamp": local(100, -4), "reason": "Local"}
    wire.call("StopTransaction", stop, seconds=100)
    live(wire, -4, seconds=130)
    wire.call("StopTransaction", stop, seconds=400)
    folded = wire.fold()
    assert [(row.energy_wh, row.is_open) for row in folded.of("sessions")] == [(2000, False)]
    assert not [row for row in folded.of("anomalies") if row.anomaly in ("orphan_stop", "conflicting_stop")]


@pytest.mark.parametrize("text", ["", "+02", "+0200", "+02:00", " +02:00"])
def test_quirk_27_a_zone_that_is_missing_or_short_is_understood(text: str) -> None:
    """Times come without a zone, or with `+02` and no minutes.

    Source: evcc 10399 (Growatt), lbbrhzn/ocpp 2032; monta-app/ocpp-emulator 5.
    We: zones are read in every spelling; a time without one is read as UTC and the station's own lag tells its zone.
    """
    wire = Wire()
    live(wire, 2, suffix=text)
    session_of(wire, 1000, 2, suffix=text)
    fact = only(wire)
    assert (fact.started_at, fact.ended_at) == (moment(1000), moment(1000 + HOUR))
    assert fact.clock_offset_s == (None if text else -7200)
    assert words(wire) == ([] if text else ["clock_offset", "zone_missing"])


def test_a_station_that_writes_some_times_with_and_some_without_a_zone_has_two_clocks() -> None:
    wire = Wire()
    for number in range(8):
        second = number * 60
        say(wire, f"S{number}", second, at(second) if number % 2 else local(second, 2, ""))
    late = [row.happened_at for row in wire.fold().of("statuses")][5:]
    assert late == [moment(300), moment(360), moment(420)]
    assert clock_of(wire)[2] == 0


def test_quirk_28_the_time_of_a_status_is_that_of_its_report() -> None:
    """Since 2025 EVerest dates a status by its report, not by the fault behind it; the time is optional, too.

    Source: EVerest/libocpp PR 1130.
    We: reported and received time are both kept; what happened was no later than the reported one.
    """
    wire = Wire()
    say(wire, "Preparing", 5, at(3))
    say(wire, "Charging", 9, None)
    first, second = wire.fold().of("statuses")
    assert (first.happened_at, first.reported_at, first.received_at) == (moment(3), moment(3), moment(5))
    assert (second.happened_at, second.reported_at, second.received_at) == (moment(9), None, moment(9))


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
def test_quirk_29_a_clock_that_was_set_is_learnt_anew(protocol: str) -> None:
    """Clocks drift and jump; security events tell of it as SettingSystemTime.

    Source: OCPP 1.6 security whitepaper, table of security events; OCPP 2.0.1 appendices, security events.
    We: the estimate is dropped and made anew; the jump is counted and an anomaly.
    """
    wire = Wire(protocol)
    for number in range(4):
        said_at(wire, number * 60, 500)
    security = {"type": "SettingSystemTime", "timestamp": at(300)}
    wire.call("SecurityEventNotification", security, seconds=300)
    for number in range(4):
        said_at(wire, 400 + number * 60, 0)
    rows = wire.fold().of("statuses")
    assert [row.happened_at for row in rows][2:] == [moment(s) for s in (120, 180, 400, 460, 520, 580)]
    assert clock_of(wire) == ("sound", None, 1)
    assert words(wire) == ["clock_jumped", "clock_offset"]


def said_at(wire: Wire, seconds: float, ahead: float) -> None:
    if wire.protocol == "ocpp1.6":
        say(wire, f"S{seconds}", seconds, at(seconds + ahead))
        return
    payload = {"evseId": 1, "connectorId": 1, "connectorStatus": f"S{seconds}", "timestamp": at(seconds + ahead)}
    wire.call("StatusNotification", payload, seconds=seconds)


def test_a_clock_that_jumps_within_a_session_does_not_change_its_length() -> None:
    wire = Wire()
    live(wire, 0)
    wire.start(7, seconds=300, timestamp=at(300))
    for number in range(5):
        second = 400 + number * 60
        say(wire, f"S{number}", second, at(second - 5000))
    wire.stop(7, seconds=2000, timestamp=at(2000 - 5000))
    fact = only(wire)
    assert fact.started_at == moment(300)
    assert fact.ended_at == moment(2000)
    assert clock_of(wire) == ("offset", 5000, 1)


def test_events_flagged_offline_teach_nothing() -> None:
    wire = Wire("ocpp2.0.1")
    for number in range(10):
        second = 60 * number
        info = {"transactionId": "t"}
        event = {"eventType": "Updated", "timestamp": at(second - HOUR), "transactionInfo": info, "offline": True}
        wire.call("TransactionEvent", event, seconds=second)
    assert wire.fold().of("stations") == []
    assert only(wire).clock_offset_s is None


def test_a_backlog_after_an_outage_is_not_corrected() -> None:
    wire = Wire()
    live(wire, 0)
    for number in range(30):
        begin = 1000 + number * 300
        wire.start(seconds=20_000 + number, timestamp=at(begin), meterStart=1000 + number)
    folded = wire.fold()
    assert [row.started_at for row in folded.of("sessions")] == [moment(1000 + n * 300) for n in range(30)]
    assert {row.clock_offset_s for row in folded.of("sessions")} == {None}


def test_a_log_whose_receipts_the_system_s_own_clock_contradicts_corrects_nothing() -> None:
    """A log written in local time: every sound clock in it looks hours wrong, and the answers to boots say why."""
    wire = Wire()
    boot = wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, seconds=0)
    wire.answer(boot, {"status": "Accepted", "currentTime": at(-2 * HOUR), "interval": 300}, seconds=1)
    live(wire, -2, seconds=60)
    session_of(wire, 1000, -2)
    fact = only(wire)
    assert (fact.started_at, fact.clock_offset_s) == (moment(1000 - 2 * HOUR), None)
    assert clock_of(wire) == (None, None, 0)


def test_an_answer_to_a_boot_with_a_time_of_long_ago_is_canned_and_says_nothing() -> None:
    wire = Wire()
    boot = wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, seconds=0)
    wire.answer(boot, {"status": "Accepted", "currentTime": "2013-02-01T20:53:32.486Z", "interval": 300}, seconds=1)
    live(wire, 2, seconds=60)
    session_of(wire, 1000, 2)
    assert (only(wire).started_at, only(wire).clock_offset_s) == (moment(1000), -7200)


def test_a_log_without_times_of_receipt_corrects_nothing() -> None:
    wire = Wire()
    live(wire, 3)
    session_of(wire, 1000, 3)
    for record in wire.records:
        record.received_at_us = None
    assert only(wire).started_at == moment(1000 + 3 * HOUR)


def test_the_rhythm_of_draining_changes_no_time() -> None:
    wire = Wire()
    live(wire, 2)
    session_of(wire, 1000, 2)
    live(wire, 0, seconds=9000)
    session_of(wire, 10_000, 0)
    assert wire.fold(drain_every=1).rows() == wire.fold().rows()
