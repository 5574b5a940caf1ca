"""Clocks from wire to fact: any offset, jitter, backlog and jump; the state may be cut anywhere."""

from datetime import timedelta

from captures import START_US, Folded, Wire, at
from hypothesis import given, settings
from hypothesis import strategies as st

from models.facts import Session, Status
from models.state import SessionState, StationState, decode, encode
from models.state.meter import MeterState
from models.stations import moving
from models.stations.clock import TOLERANCE_US

HOUR = 3600
WAY = 5
"""The longest that a live message is under way, seconds."""


class Truth:
    """A station that charges again and again by a clock that is `behind`; `starts` are true, in order."""

    def __init__(self, behind: float) -> None:
        self.wire, self.behind, self.now = Wire(), behind, 0.0
        self.statuses: list[float] = []
        self.starts: list[tuple[float, float]] = []

    def status(self, after: float, way: float) -> None:
        self.now += after
        self.statuses.append(self.now)
        payload = {"connectorId": 2, "status": f"S{len(self.statuses)}", "errorCode": "NoError"}
        self.wire.call(
            "StatusNotification", payload | {"timestamp": at(self.now - self.behind)}, seconds=self.now + way
        )

    def session(self, length: float, *, late: float = 0) -> None:
        """A session; `late` is how long after its end its start and stop come, in one burst."""
        begin, number = self.now + 20, len(self.starts)
        end = begin + length
        self.starts.append((begin, end))
        received = [(end + late + number_of, number_of) for number_of in (0.1, 0.2)] if late else [(begin, 0), (end, 0)]
        fields = {"meterStart": number * 1000, "timestamp": at(begin - self.behind)}
        self.wire.start(number + 1, seconds=received[0][0] + 0.1, **fields)
        fields = {"meterStop": number * 1000 + 500, "timestamp": at(end - self.behind)}
        self.wire.stop(number + 1, seconds=received[1][0] + 0.2, **fields)
        self.now = end + late + 20


def seconds(fact: Session | Status, name: str) -> float:
    return getattr(fact, name).timestamp() - START_US / 1e6


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_times_of_sessions_are_within_the_way_of_the_truth(data: st.DataObject) -> None:
    behind = data.draw(
        st.one_of(st.floats(-14 * HOUR, 14 * HOUR), st.integers(-13, 13).map(lambda hours: hours * HOUR))
    )
    truth = Truth(round(behind, 3))
    ways = st.floats(0, WAY)
    for _ in range(data.draw(st.integers(4, 8))):
        truth.status(data.draw(st.floats(15, 600)), data.draw(ways))
    for _ in range(data.draw(st.integers(1, 4))):
        truth.session(data.draw(st.floats(600, 4000)), late=data.draw(st.sampled_from((0.0, 0.0, 7000.0))))
        truth.status(data.draw(st.floats(15, 600)), data.draw(ways))
    found = sorted(truth.wire.fold().of("sessions"), key=lambda fact: fact.transaction_id)
    allowed = WAY + TOLERANCE_US / 1e6
    for fact, (begin, end) in zip(found, truth.starts, strict=True):
        assert abs(seconds(fact, "started_at") - begin) <= allowed
        assert abs(seconds(fact, "ended_at") - end) <= allowed
        length = fact.ended_reported_at - fact.started_reported_at
        assert abs(fact.ended_at - fact.started_at - length) <= timedelta(seconds=1)
        assert fact.clock_offset_s is None or abs(fact.clock_offset_s - behind) <= allowed


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_sound_clock_s_times_are_facts_as_they_were_reported(data: st.DataObject) -> None:
    truth = Truth(data.draw(st.floats(-30, 30)))
    for _ in range(data.draw(st.integers(1, 5))):
        truth.status(data.draw(st.floats(0, 4000)), data.draw(st.floats(0, WAY)))
        truth.session(data.draw(st.floats(600, 4000)), late=data.draw(st.sampled_from((0.0, 100.0, 90_000.0))))
    folded = truth.wire.fold()
    assert all(fact.clock_offset_s is None for fact in folded.of("sessions"))
    assert all(fact.started_at == fact.started_reported_at for fact in folded.of("sessions"))
    assert all(fact.happened_at == fact.reported_at for fact in folded.of("statuses"))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_state_cut_anywhere_learns_the_same_clock(data: st.DataObject) -> None:
    truth = Truth(data.draw(st.sampled_from((0, 7200, -500, -2 * HOUR))))
    for _ in range(3):
        for _ in range(3):
            truth.status(60, 0.1)
        truth.session(1000)
        truth.behind = data.draw(st.sampled_from((0, 7200, -500, -2 * HOUR)))
    whole = truth.wire.fold()
    cut = Folded()
    places = data.draw(st.sets(st.integers(0, len(truth.wire.records) - 1)))
    for number, record in enumerate(truth.wire.records):
        cut.fold([record])
        if number in places:
            cut.states = {name: decode(encode(state)) for name, state in cut.states.items()}
    assert cut.rows() == whole.rows()


def test_every_time_of_an_open_session_either_follows_its_clock_or_is_kept_for_a_reason() -> None:
    """Whoever adds a time to a session decides here whether it moves when its station's clock becomes known."""
    kept = {
        "ended_us",  # of closed sessions only
        "over_us",  # moves where a clock told it
        "stop_reported_us",
        "charging_us",  # a duration
        "started_reported_us",
        "started_received_us",
        "ended_reported_us",
        "ended_received_us",
        "clock_us",
    }
    times = {name for name in SessionState.__struct_fields__ if name.endswith("_us")}
    assert times == kept | set(moving.MOVED_TIMES)
    assert {name for name in MeterState.__struct_fields__ if name.endswith(("_us", "_instants"))} == {
        "power_us",
        "phases_us",
        "trail_due_us",
        "interval_instants",
        "interval_clock_instants",
    }


def test_power_and_intervals_before_the_clock_was_known_follow_it() -> None:
    wire = Wire()
    ahead = 7200
    wire.start(7, seconds=0, timestamp=at(ahead))
    for number in range(1, 6):
        second = number * 60
        samples = [
            {"value": "6000", "measurand": "Power.Active.Import", "unit": "W"},
            {"value": "100", "measurand": "Energy.Active.Import.Interval", "unit": "Wh"},
        ]
        value = {"timestamp": at(second + ahead), "sampledValue": samples}
        wire.call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": [value]}, seconds=second)
    (session,) = wire.fold().states["CP"].open_sessions.values()
    assert session.meter is not None
    assert session.clock_us == -ahead * 1_000_000
    # Four minutes at 6 kW.
    assert session.meter.power_wms2 == 2 * 6000 * 240_000
    assert session.meter.interval_instants == [START_US + number * 60_000_000 for number in range(1, 6)]


def test_a_state_before_clocks_goes_on() -> None:
    state = StationState(station_id="CP")
    fields = state.__struct_fields__
    assert fields.index("clock") > fields.index("changed")
    assert decode(encode(state)).clock.base_us is None


def test_the_times_of_a_transaction_of_2_x_before_its_clock_was_known_follow_it() -> None:
    wire, behind = Wire("ocpp2.0.1"), 500
    for number in range(4):
        second = 60 * number
        info = {"transactionId": "t", "chargingState": "Charging"}
        event = {"timestamp": at(second - behind), "transactionInfo": info, "seqNo": number}
        wire.call("TransactionEvent", event | {"eventType": "Updated" if number else "Started"}, seconds=second)
    info = {"transactionId": "t", "chargingState": "EVConnected"}
    event = {"eventType": "Ended", "timestamp": at(240 - behind), "transactionInfo": info, "seqNo": 4}
    wire.call("TransactionEvent", event, seconds=240)
    (fact,) = wire.fold().of("sessions")
    assert (seconds(fact, "started_at"), seconds(fact, "ended_at"), fact.charging_s) == (0, 240, 240)
    assert fact.clock_offset_s == behind


def test_what_was_told_by_the_clock_before_it_was_set_does_not_follow_the_new_one() -> None:
    wire = Wire()
    for number in range(4):
        payload = {"connectorId": 2, "status": f"S{number}", "errorCode": "NoError", "timestamp": at(60 * number)}
        wire.call("StatusNotification", payload, seconds=60 * number)
    wire.start(7, seconds=300, timestamp=at(300))
    for number in range(6):
        second = 400 + 60 * number
        payload = {"connectorId": 2, "status": f"T{number}", "errorCode": "NoError", "timestamp": at(second + 5000)}
        wire.call("StatusNotification", payload, seconds=second)
    (fact,) = wire.fold().of("sessions")
    assert (seconds(fact, "started_at"), fact.clock_offset_s) == (300, None)


def test_a_fault_of_no_known_time_stays_where_it_is() -> None:
    wire = Wire()
    fault = {"connectorId": 2, "status": "Faulted", "errorCode": "GroundFailure"}
    wire.call("StatusNotification", fault, seconds=0)
    for number in range(4):
        second = 60 + 60 * number
        payload = {"connectorId": 1, "status": f"S{number}", "errorCode": "NoError", "timestamp": at(second + 7200)}
        wire.call("StatusNotification", payload, seconds=second)
    (fact,) = wire.fold().of("faults")
    assert fact.opened_at.timestamp() == START_US / 1e6


def test_a_fault_of_an_older_state_without_its_receipt_is_left_alone() -> None:
    wire = Wire()
    fault = {"connectorId": 2, "status": "Faulted", "errorCode": "GroundFailure", "timestamp": at(7200)}
    wire.call("StatusNotification", fault, seconds=0)
    folded = wire.fold()
    for known in folded.states["CP"].faults.values():
        known.opened_received_us = None
    wire.records.clear()
    for number in range(4):
        second = 60 + 60 * number
        payload = {"connectorId": 1, "status": f"S{number}", "errorCode": "NoError", "timestamp": at(second + 7200)}
        wire.call("StatusNotification", payload, seconds=second)
    for record in wire.records:
        record.offset, record.ordinal = record.offset + 10, record.ordinal + 10
    (fact,) = folded.fold(wire.records).of("faults")
    assert fact.opened_at.timestamp() == START_US / 1e6 + 7200


def test_an_answer_to_a_boot_without_a_time_judges_no_receipt() -> None:
    wire = Wire()
    boot = wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, seconds=0)
    wire.answer(boot, {"status": "Accepted"}, seconds=1)
    assert not wire.fold().states["CP"].is_receipt_doubted


def test_alarms_of_2_x_are_corrected_and_teach_the_clock_too() -> None:
    wire = Wire("ocpp2.0.1")
    for number in range(5):
        second = 60 * number
        wire.notify(
            seconds=second + 20,
            timestamp=at(second + 20 + 7200),
            trigger="Alerting",
            actualValue="true",
            cleared=bool(number % 2),
        )
    last = max(wire.fold().of("faults"), key=lambda fact: fact.opened_received_at)
    assert seconds(last, "opened_at") == 4 * 60 + 20
    assert wire.fold().states["CP"].clock.offset_us == -7200 * 1_000_000
