"""The same happenings in 1.6, 2.0.1 and 2.1: clocks, lost stops, queues, tokens and flapping end in the same facts.

Each of these quirks was seen in one version; nothing in it is of that version (`tests/models/quirks` has the sources).
"""

from datetime import datetime
from typing import Any

import pytest
from captures import KEY, Folded, Wire, at

from models.facts import Session
from models.sessions.ends import DWELL_US, RESUME_US
from models.tokens import pseudonyms

DWELL, RESUME, HOUR = DWELL_US / 1e6, RESUME_US / 1e6, 3600
UID = "04A2B3C4D5E6F7"
pytestmark = pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])


class Station:
    """One connector that talks in its version's words. Times are seconds; `stamp` is what its clock writes."""

    def __init__(self, protocol: str) -> None:
        self.wire, self.is_1_6 = Wire(protocol), protocol == "ocpp1.6"

    def boot(self, second: float) -> None:
        old = {"chargePointVendor": "V", "chargePointModel": "M"}
        new = {"chargingStation": {"vendorName": "V", "model": "M"}, "reason": "PowerUp"}
        self.wire.call("BootNotification", old if self.is_1_6 else new, seconds=second)

    def beat(self, second: float) -> None:
        self.wire.call("Heartbeat", {}, seconds=second)

    def status(self, word: str, second: float, stamp: str | None = None, connector: int = 1) -> None:
        place: dict[str, Any] = {"connectorId": 1, "evseId": connector, "connectorStatus": word}
        if self.is_1_6:
            place = {"connectorId": connector, "errorCode": "NoError", "status": word}
        self.wire.call("StatusNotification", place | {"timestamp": stamp or at(second)}, seconds=second)

    def start(self, number: int, second: float, wh: int, stamp: str | None = None, token: str = "CARD") -> None:
        stamp = stamp or at(second)
        if self.is_1_6:
            self.wire.start(number, seconds=second, meterStart=wh, timestamp=stamp, idTag=token)
        else:
            shown = {"idToken": {"idToken": token, "type": "ISO14443"}} if token else {}
            self.event("Started", number, second, wh, stamp, evse={"id": 1, "connectorId": 1}, **shown)
            if token:
                message_id = f"m{len(self.wire.records) - 1}"
                self.wire.answer(message_id, {"idTokenInfo": {"status": "Accepted"}}, seconds=second)

    def sample(self, number: int, second: float, wh: int) -> None:
        if self.is_1_6:
            self.wire.meter(wh, seconds=second, transaction_id=number)
        else:
            self.event("Updated", number, second, wh, at(second))

    def stop(self, number: int, second: float, wh: int, stamp: str | None = None, reason: str = "Remote") -> None:
        stamp = stamp or at(second)
        if self.is_1_6:
            self.wire.stop(number, seconds=second, meterStop=wh, timestamp=stamp, reason=reason)
        else:
            self.event("Ended", number, second, wh, stamp, info={"stoppedReason": reason})

    def event(self, phase: str, number: int, second: float, wh: int, stamp: str, **more: Any) -> None:
        value = [{"timestamp": stamp, "sampledValue": [{"value": wh}]}]
        info = {"transactionId": f"t{number}"} | more.pop("info", {})
        payload = {"eventType": phase, "timestamp": stamp, "transactionInfo": info, "meterValue": value} | more
        self.wire.call("TransactionEvent", payload, seconds=second)

    def fold(self) -> Folded:
        return self.wire.fold()

    def only(self) -> Session:
        (session,) = self.wire.sessions()
        return session

    def words(self) -> set[str]:
        return {row.anomaly for row in self.fold().of("anomalies")}


def moment(seconds: float) -> datetime:
    return datetime.fromisoformat(at(seconds))


def lasted(session: Session) -> float:
    assert session.started_at is not None
    assert session.ended_at is not None
    return (session.ended_at - session.started_at).total_seconds()


@pytest.mark.parametrize("cause", ["boot", "next_start", "available"])
def test_quirk_14_a_lost_stop_is_inferred_and_restated_when_it_comes(cause: str, protocol: str) -> None:
    station = Station(protocol)
    station.status("Preparing" if station.is_1_6 else "Occupied", -5)
    station.start(7, 0, 1000)
    station.sample(7, 600, 1500)
    assert station.only().is_open
    if cause == "boot":
        station.boot(700)
        station.beat(700 + RESUME)
    elif cause == "next_start":
        station.start(8, 5000, 1700)
    else:
        station.status("Available", 700)
        station.beat(700 + DWELL)
    found = station.fold().of("sessions")[0]
    inferred = (found.energy_wh, found.end_kind, found.inferred_cause, lasted(found), found.is_open)
    assert inferred == (500, "inferred", cause, 600, False)
    assert 0.5 < found.end_confidence < 1
    assert station.fold().of("restatements") == []
    station.stop(7, 9000, 1700, at(690))
    folded = station.fold()
    restated = folded.of("sessions")[0]
    assert (restated.session_id, restated.energy_wh, restated.end_kind) == (found.session_id, 700, "reported")
    assert (lasted(restated), restated.end_confidence) == (690, 1.0)
    (row,) = folded.of("restatements")
    assert (row.table_name, row.cause, row.energy_before_wh, row.energy_after_wh) == (
        "core__sessions", "late_stop", 500, 700,
    )  # fmt: skip


def test_quirk_16_a_backlog_is_counted_when_it_happened(protocol: str) -> None:
    station = Station(protocol)
    for number in range(20):
        begin = 1000 * number - 50_000
        station.start(number + 1, number / 10, 1000 + 100 * number, at(begin))
        station.stop(number + 1, number / 10, 1100 + 100 * number, at(begin + 900))
    found = station.wire.sessions()
    assert [(s.energy_wh, s.end_kind, lasted(s)) for s in found] == [(100, "reported", 900)] * 20
    assert len({s.started_at for s in found}) == 20


def test_quirk_20_a_queued_status_changes_nothing_that_is_newer(protocol: str) -> None:
    station = Station(protocol)
    for second, word, stamp in ((0, "Available", 0), (1000, "Faulted", 1000), (1001, "Available", 400)):
        station.status(word, second, at(stamp))
    folded = station.fold()
    assert [row.happened_at for row in folded.of("statuses")] == [moment(0), moment(1000), moment(400)]
    assert [fault.is_open for fault in folded.of("faults")] == [True]
    assert "status_out_of_date" in station.words()


@pytest.mark.parametrize("stamp", ["1970-01-01T00:00:07Z", "0001-01-01T00:00:00Z", "222222017-01-01T00:00:00Z"])
def test_quirks_24_and_25_a_clock_that_was_not_set_gives_way_to_receipt(stamp: str, protocol: str) -> None:
    station = Station(protocol)
    station.boot(0)
    station.start(7, 10, 1000, stamp)
    found = station.only()
    assert (found.started_at, found.started_reported_at, found.clock_offset_s) == (moment(10), None, None)
    assert station.words() == {"clock_unset"}
    station.stop(7, HOUR + 10, 3000)
    assert (station.only().ended_at, station.only().energy_wh) == (moment(HOUR + 10), 2000)


@pytest.mark.parametrize("hours", [2, -5, 5.5])
@pytest.mark.parametrize("suffix", ["Z", ""])
def test_quirks_26_and_27_local_time_is_corrected(hours: float, suffix: str, protocol: str) -> None:
    station = Station(protocol)

    def local(second: float) -> str:
        return at(second + hours * HOUR).removesuffix("Z") + suffix

    for number in range(4):
        station.status("Unavailable" if number % 2 else "Available", 60 * number, local(60 * number), connector=2)
    station.start(7, 1000, 1000, local(1000))
    station.stop(7, 1000 + HOUR, 3000, local(1000 + HOUR))
    found = station.only()
    assert (found.started_at, found.ended_at, found.energy_wh) == (moment(1000), moment(1000 + HOUR), 2000)
    assert (found.started_reported_at, found.clock_offset_s) == (moment(1000 + hours * HOUR), -hours * HOUR)
    assert station.words() == {"clock_offset"} | (set() if suffix else {"zone_missing"})


@pytest.mark.parametrize("text", [UID.lower(), "04:A2:B3:C4:D5:E6:F7", UID + "\x10\x0e"])
def test_quirks_45_and_47_a_card_is_one_card_however_it_is_written(text: str, protocol: str) -> None:
    station = Station(protocol)
    station.start(7, 0, 1000, token=text)
    assert station.only().token_id == pseudonyms.pseudonym(UID, KEY)
    assert ("token_repaired" in station.words()) == ("\x10" in text)


@pytest.mark.parametrize(
    ("text", "rule", "other"),
    [
        (UID, "truncated_crc", "04A2B3C4D5E62B"),
        (UID, "byte_order", "F7E6D5C4B3A204"),
        ("A1B2C3D4000000", "zero_padding", "A1B2C3D4"),
        (f"{UID}_17619092", "suffix", UID),
    ],
)
def test_quirks_46_and_52a_forms_of_a_card_are_said(text: str, rule: str, other: str, protocol: str) -> None:
    station = Station(protocol)
    station.start(7, 0, 1000, token=text)
    forms = {row.rule: row.form_id for row in station.fold().of("token_keys")}
    assert forms[rule] == pseudonyms.pseudonym(other, KEY)


@pytest.mark.parametrize(("text", "kind"), [("VID:AABBCCDDEEFF", "autocharge"), ("DE8AAC12345678X", "contract")])
def test_quirk_48_a_pattern_tells_the_kind_where_no_type_does(text: str, kind: str, protocol: str) -> None:
    station = Station(protocol)
    if station.is_1_6:
        station.start(7, 0, 1000, token=text)
    else:
        station.event("Started", 7, 0, 1000, at(0), idToken={"idToken": text})
    assert station.only().token_kind == kind


def test_quirks_49_and_50_a_session_without_a_request_keeps_the_token_of_its_start(protocol: str) -> None:
    station = Station(protocol)
    station.start(7, 0, 1000, token=UID)
    station.stop(7, HOUR, 3000)
    found = station.only()
    assert (found.token_id, found.is_open, found.energy_wh) == (pseudonyms.pseudonym(UID, KEY), False, 2000)
    assert (found.authorization_id, found.start_status) == (None, "Accepted")


@pytest.mark.parametrize(
    ("reason", "happening", "expected"),
    [
        ("DeAuthorized", "boot", "PowerLoss"),
        ("PowerLoss", "boot", None),
        ("Local", "freed", "EVDisconnected"),
        ("EVDisconnected", "freed", None),
        ("Local", None, None),
    ],
)
def test_quirk_51_the_reason_of_a_stop_is_held_against_what_the_station_did(
    reason: str, happening: str | None, expected: str | None, protocol: str
) -> None:
    station = Station(protocol)
    station.status("Charging" if station.is_1_6 else "Occupied", -5)
    station.start(7, 0, 1000)
    if happening == "boot":
        station.boot(700)
    elif happening == "freed":
        station.status("Available", 700)
    station.stop(7, 705, 3000, at(690), reason)
    folded = station.fold()
    assert folded.of("sessions")[0].stop_reason == reason
    doubts = [(row.value, row.expected) for row in folded.of("anomalies") if row.anomaly == "stop_reason_doubted"]
    assert doubts == ([(reason, expected)] if expected else [])


REASONS = ("EmergencyStop", "EVDisconnected", "Local", "Other", "PowerLoss", "Reboot", "Remote", "DeAuthorized")
REASONS_16 = ("HardReset", "SoftReset", "UnlockCommand")
REASONS_2X = (
    *("EnergyLimitReached", "GroundFault", "ImmediateReset", "LocalOutOfCredit", "MasterPass", "OvercurrentFault"),
    *("PowerQuality", "SOCLimitReached", "StoppedByEV", "TimeLimitReached", "Timeout"),
)


def test_every_reason_of_a_stop_is_kept_as_it_is_spelled(protocol: str) -> None:
    """INL's calculator looks for `LocalOutofCredit`, so that stop never counts; OCPP writes `LocalOutOfCredit`."""
    for reason in (*REASONS, *(REASONS_16 if protocol == "ocpp1.6" else REASONS_2X)):
        station = Station(protocol)
        station.start(7, 0, 1000)
        station.stop(7, 600, 1500, reason=reason)
        assert (station.only().stop_reason, station.only().is_open) == (reason, False)


def test_quirks_23_and_53_faulted_without_a_code_that_flaps_is_one_fault(protocol: str) -> None:
    station = Station(protocol)
    for second, word in ((0, "Faulted"), (60, "Available"), (65, "Faulted"), (300, "Available"), (331, "Faulted")):
        station.status(word, second)
    first, second_one = sorted(station.fold().of("faults"), key=lambda fault: fault.opened_at)
    assert (first.canonical_code, first.reopened, first.is_open) == ("unknown_fault", 1, False)
    assert ((first.closed_at - first.opened_at).total_seconds(), second_one.is_open) == (300, True)
    assert "flapping" in station.words()


def test_a_transaction_id_used_again_by_another_station_meets_nobody(protocol: str) -> None:
    log = []
    for name, wh in (("CP-1", 2000), ("CP-2", 5000)):
        station = Station(protocol)
        station.wire.station = station.wire.source = name
        station.start(1, 0, 0)
        station.stop(1, HOUR, wh)
        log += station.wire.records
    found = Folded().fold(log).of("sessions")
    assert sorted((s.station_id, s.energy_wh) for s in found) == [("CP-1", 2000), ("CP-2", 5000)]
    assert len({s.session_id for s in found}) == 2
