"""The status timeline against hand-computed intervals and the shared captures' independent counts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from folded import Wire, at, land, records, shared
from small_lake import Lake, rows

from pipelines.warehouse import ports

BEGIN = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
"""The first frame of a `Wire`."""
INTERVALS = (
    "SELECT port_id, epoch(from_at - TIMESTAMPTZ '2023-11-14 22:13:20Z')::INT AS f, "
    "epoch(until_at - TIMESTAMPTZ '2023-11-14 22:13:20Z')::INT, status, source "
    "FROM core__status_timeline ORDER BY station_id, port_id, f"
)


def heartbeats(wire: Wire, until: int, every: int = 60) -> None:
    for second in range(every, until + 1, every):
        wire.call("Heartbeat", {}, message_id=f"h{second}", seconds=second)
    wire.records.sort(key=lambda record: record.received_at_us)
    for place, record in enumerate(wire.records):
        record.offset = record.ordinal = place


def booted(interval: int = 60) -> Wire:
    wire = Wire()
    boot = wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, seconds=0)
    wire.answer(boot, {"status": "Accepted", "currentTime": at(0), "interval": interval}, seconds=0)
    return wire


def intervals(lake: Lake, wire: Wire) -> list[Any]:
    return [row[1:] for row in rows(land(lake, wire.records).build(), INTERVALS)]


def test_reported_statuses_become_half_open_intervals_over_the_whole_log(lake: Lake) -> None:
    wire = booted()
    for second, status in ((10, "Available"), (100, "Preparing"), (110, "Charging"), (200, "SuspendedEV")):
        wire.status(status, seconds=second)
    wire.status("Finishing", seconds=230)
    heartbeats(wire, 240)
    assert intervals(lake, wire) == [
        (0, 10, "Unknown", "unobserved"),
        (10, 100, "Available", "reported"),
        (100, 110, "Preparing", "reported"),
        (110, 200, "Charging", "reported"),
        (200, 230, "SuspendedEV", "reported"),
        (230, 240, "Finishing", "reported"),
    ]


def test_silence_beyond_one_and_a_half_intervals_answered_at_boot_is_unknown_and_the_status_returns(lake: Lake) -> None:
    wire = booted(interval=60)
    wire.status("Available", seconds=10)
    wire.call("Heartbeat", {}, seconds=100)  # exactly 90 s: still heard
    wire.call("Heartbeat", {}, seconds=191)  # 91 s
    assert intervals(lake, wire) == [
        (0, 10, "Unknown", "unobserved"),
        (10, 100, "Available", "reported"),
        (100, 191, "Unknown", "inferred_offline"),
        (191, 191, "Available", "reported"),
    ]


def test_without_a_boot_the_usual_distance_of_heartbeats_is_the_interval(lake: Lake) -> None:
    wire = Wire()
    wire.status("Available", seconds=0)
    heartbeats(wire, 300)
    wire.call("Heartbeat", {}, message_id="late", seconds=400)
    assert intervals(lake, wire)[1:] == [
        (300, 400, "Unknown", "inferred_offline"),
        (400, 400, "Available", "reported"),
    ]


def connection(kind: str, seconds: float, name: str, ordinal: int) -> dict[str, Any]:
    place = {"log_id": "log", "generation": 1, "topic": "ocpp.frames", "partition": 0, "offset": 1000 + ordinal}
    said = {"station_id": "CP", "kind": kind, "connection": name, "payload": b"{}", "source": "c", "ordinal": ordinal}
    return place | said | {"received_at": BEGIN + timedelta(seconds=seconds)}


def test_a_closed_connection_is_unknown_until_the_next_frame_but_a_takeover_is_not(lake: Lake) -> None:
    wire = booted(interval=3600)
    wire.status("Available", seconds=10)
    wire.call("Heartbeat", {}, seconds=100)
    wire.call("Heartbeat", {}, seconds=300)
    rows_of = [("open", 0, "a"), ("close", 20, "a"), ("open", 50, "b"), ("open", 200, "c"), ("close", 210, "b")]
    lake.add("raw_ocpp__connections", [connection(*row, ordinal=n) for n, row in enumerate(rows_of)])
    assert intervals(lake, wire)[1:] == [
        (10, 20, "Available", "reported"),
        (20, 100, "Unknown", "inferred_offline"),
        (100, 300, "Available", "reported"),
    ]


def test_connector_0_speaks_for_every_port_but_not_for_one_that_charges(lake: Lake) -> None:
    wire = booted(interval=3600)
    for connector in (1, 2):
        wire.status("Available", connector=connector, seconds=10)
    wire.status("Charging", connector=2, seconds=20)
    wire.status("Faulted", "OtherError", connector=0, seconds=30)
    wire.status("Available", connector=0, seconds=60)
    wire.call("Heartbeat", {}, seconds=90)
    found = rows(land(lake, wire.records).build(), INTERVALS)
    assert [row[1:4] for row in found if row[0] == "1"] == [
        (0, 10, "Unknown"),
        (10, 30, "Available"),
        (30, 60, "Faulted"),
        (60, 90, "Available"),
    ]
    assert [row[1:4] for row in found if row[0] == "2"] == [
        (0, 10, "Unknown"),
        (10, 20, "Available"),
        (20, 90, "Charging"),
    ]
    assert {row[0] for row in found} == {"1", "2"}


def test_a_status_from_the_queue_takes_the_place_of_its_own_time(lake: Lake) -> None:
    wire = booted(interval=3600)
    wire.call("StatusNotification", status("Available", 10), seconds=10)
    wire.call("StatusNotification", status("Charging", 200), seconds=400)
    wire.call("StatusNotification", status("Finishing", 300), seconds=401)
    wire.call("StatusNotification", status("Available", 500), seconds=500)
    assert [row[:3] for row in intervals(lake, wire)][1:] == [
        (10, 200, "Available"),
        (200, 300, "Charging"),
        (300, 500, "Finishing"),
        (500, 500, "Available"),
    ]


def status(word: str, second: float) -> dict[str, Any]:
    return {"connectorId": 1, "status": word, "errorCode": "NoError", "timestamp": at(second)}


def test_a_1_6_session_on_a_connector_that_never_says_charging_is_inferred(lake: Lake) -> None:
    wire = booted(interval=3600)
    wire.status("Available", seconds=5)
    wire.status("Preparing", seconds=10)
    wire.start(7, seconds=20, timestamp=at(20))
    wire.stop(7, seconds=80, timestamp=at(80))
    wire.status("Available", seconds=100)
    wire.call("Heartbeat", {}, seconds=120)
    assert intervals(lake, wire)[1:] == [
        (5, 10, "Available", "reported"),
        (10, 20, "Preparing", "reported"),
        (20, 80, "Charging", "inferred_from_transaction"),
        (80, 100, "Finishing", "inferred_from_transaction"),
        (100, 120, "Available", "reported"),
    ]


def test_a_connector_that_said_charging_before_the_start_is_believed(lake: Lake) -> None:
    wire = booted(interval=3600)
    wire.status("Charging", seconds=15)
    wire.start(7, seconds=20, timestamp=at(20))
    wire.call("Heartbeat", {}, seconds=120)
    assert intervals(lake, wire)[1:] == [(15, 120, "Charging", "reported")]


def test_what_is_still_preparing_when_a_session_has_begun_charges(lake: Lake) -> None:
    wire = booted(interval=3600)
    wire.status("Available", seconds=5)
    wire.start(7, seconds=20, timestamp=at(20))
    wire.status("Preparing", seconds=22)
    wire.stop(7, seconds=80, timestamp=at(80))
    wire.status("Available", seconds=100)
    assert intervals(lake, wire)[2:] == [
        (20, 80, "Charging", "inferred_from_transaction"),
        (80, 100, "Finishing", "inferred_from_transaction"),
        (100, 100, "Available", "reported"),
    ]


def test_a_word_that_ocpp_does_not_have_is_no_status_and_small_letters_are(lake: Lake) -> None:
    wire = booted(interval=3600)
    for second, word in ((5, "Available"), (10, "Blocked"), (20, "charging"), (30, "AVAILABLE")):
        wire.status(word, seconds=second)
    assert intervals(lake, wire)[1:] == [
        (5, 10, "Available", "reported"),
        (10, 20, "Unknown", "unobserved"),
        (20, 30, "Charging", "reported"),
        (30, 30, "Available", "reported"),
    ]


def test_a_station_that_keeps_to_an_interval_of_its_own_is_not_silent(lake: Lake) -> None:
    wire = booted(interval=60)
    wire.status("Available", seconds=0)
    heartbeats(wire, 6000, every=300)
    wire.call("Heartbeat", {}, message_id="late", seconds=7000)
    assert intervals(lake, wire) == [
        (0, 6000, "Available", "reported"),
        (6000, 7000, "Unknown", "inferred_offline"),
        (7000, 7000, "Available", "reported"),
    ]


def test_a_log_without_times_has_no_timeline(lake: Lake) -> None:
    wire = Wire()
    wire.status("Available")
    for record in wire.records:
        record.received_at_us = None
    assert intervals(lake, wire) == []


def evse(wire: Wire, word: str, second: float, connector: int = 1) -> None:
    payload = {"evseId": 1, "connectorId": connector, "connectorStatus": word, "timestamp": at(second)}
    wire.call("StatusNotification", payload, seconds=second)


def test_2_x_takes_its_detail_from_charging_state_and_an_evse_is_one_port(lake: Lake) -> None:
    wire = Wire("ocpp2.0.1")
    evse(wire, "Available", 0, 1)
    evse(wire, "Unavailable", 1, 2)
    evse(wire, "Occupied", 10, 1)
    place = {"evse": {"id": 1, "connectorId": 1}}
    wire.transaction("Started", seconds=20, info={"chargingState": "EVConnected"}, **place)
    wire.transaction("Updated", seconds=30, info={"chargingState": "Charging"}, seqNo=1)
    wire.transaction("Updated", seconds=40, info={"chargingState": "SuspendedEVSE"}, seqNo=2)
    wire.transaction("Updated", seconds=50, info={"chargingState": "Charging"}, seqNo=3)
    wire.transaction("Updated", seconds=60, info={"chargingState": "EVConnected"}, seqNo=4)
    wire.transaction("Ended", seconds=70, seqNo=5)
    evse(wire, "Available", 80, 1)
    evse(wire, "Faulted", 90, 1)
    assert intervals(lake, wire) == [
        (0, 10, "Available", "reported"),
        (10, 20, "Preparing", "reported"),
        (20, 30, "Preparing", "inferred_from_transaction"),
        (30, 40, "Charging", "inferred_from_transaction"),
        (40, 50, "SuspendedEVSE", "inferred_from_transaction"),
        (50, 60, "Charging", "inferred_from_transaction"),
        (60, 80, "Finishing", "inferred_from_transaction"),
        (80, 90, "Available", "reported"),
        (90, 90, "Faulted", "reported"),
    ]


WHOLE = """SELECT count(*) FROM (
  SELECT until_at, lead(from_at) OVER (PARTITION BY station_id, port_id ORDER BY from_at) AS next_at
  FROM core__status_timeline) WHERE until_at <> next_at"""
DURATIONS = """SELECT DISTINCT round(sum(observed_s + unknown_s), 3)::DOUBLE FROM core__status_timeline
GROUP BY station_id, port_id"""


def test_sap_capture_has_31_s_faulted_and_103_s_in_which_nothing_was_heard_of_any_port(lake: Lake) -> None:
    """peer_numbers.md row 8: kwwhat says 100 % up and no outage."""
    opened = land(lake, records(shared("sim_sap_emobility_16_201.jsonl"))).build()
    assert rows(opened, WHOLE) == [(0,)]
    # Each from its station's first frame to the end of the log.
    found = [duration for (duration,) in rows(opened, DURATIONS)]
    assert (min(found) > 1516, max(found)) == (True, 1519.747)
    faulted = "SELECT round(sum(observed_s), 1)::DOUBLE FROM core__status_timeline WHERE status = 'Faulted'"
    assert rows(opened, faulted) == [(pytest.approx(31.0, abs=0.1),)]
    unheard = """SELECT count(*), epoch(min(until_at) - max(from_at)) FROM core__status_timeline
      WHERE source = 'inferred_offline'"""
    assert rows(opened, unheard) == [(17, 103.296)]
    assert rows(opened, "SELECT count(DISTINCT (station_id, port_id)) FROM core__status_timeline") == [(17,)]


def test_kwwhat_port_with_two_connectors_is_faulted_1_48_minutes_not_333(
    lake: Lake, shared_data: Path, tmp_path: Path
) -> None:
    """peer_numbers.md row 1; its own table of connectors is the map."""
    (tmp_path / ports.FILE).write_bytes((shared_data / "ocpp/kwwhat_connectors.csv").read_bytes())
    land(lake, records(shared("kwwhat_ocpp16_synthetic_14d.csv")))
    opened = lake.build(ports=ports.read(tmp_path))
    query = """SELECT status, sum(observed_s) FROM core__status_timeline
      WHERE station_id = 'CH-002' AND status = 'Faulted' AND from_at < '2025-10-02' GROUP BY ALL"""
    assert rows(opened, query) == [("Faulted", 89.0)]
    assert rows(opened, "SELECT connector_id, connectors FROM core__connectors WHERE station_id = 'CH-002'") == [
        (1, 2),
        (2, 2),
    ]
    # Rows 5 and 6: gaps of 10 min (heartbeat every 5), four and two of them; what was before is unobserved.
    unknown = """SELECT station_id, source, sum(unknown_s) FROM core__status_timeline WHERE unknown_s > 0
      GROUP BY ALL ORDER BY ALL"""
    assert rows(opened, unknown) == [
        ("CH-001", "inferred_offline", 2400.0),
        ("CH-001", "unobserved", 1080.0),
        ("CH-002", "inferred_offline", 1200.0),
        ("CH-002", "unobserved", 661.0),
    ]
    assert rows(opened, WHOLE) == [(0,)]


def test_a_clock_that_is_learnt_to_be_slow_makes_no_outage_before_the_log(lake: Lake) -> None:
    wire = booted(interval=3600)

    def said(connector: int, word: str, error: str, second: int) -> None:
        payload = {"connectorId": connector, "status": word, "errorCode": error, "timestamp": at(second - 7200)}
        wire.call("StatusNotification", payload, seconds=second)

    said(1, "Faulted", "OverVoltage", 1)
    for minute in range(1, 12):
        said(2, "Preparing" if minute % 2 else "Available", "NoError", 60 * minute)
    said(1, "Available", "NoError", 900)
    wire.call("Heartbeat", {}, seconds=1000)
    found = rows(land(lake, wire.records).build(), INTERVALS)
    assert [row[1:] for row in found if row[0].endswith("1")] == [
        (0, 1, "Unknown", "unobserved"),
        (1, 900, "Faulted", "reported"),
        (900, 1000, "Available", "reported"),
    ]
    assert [row[1:3] for row in found if row[0].endswith("2")][:3] == [(0, 60), (60, 120), (120, 180)]


def test_a_clock_that_is_wrong_later_moves_nothing_that_was_said_before(lake: Lake) -> None:
    wire, hour = booted(interval=86_400), 3600
    for second in (10, 60, 120):
        wire.call("StatusNotification", status("Available", second), seconds=second)
    # From the queue, three hours late, by a clock that is right.
    wire.call("StatusNotification", status("Charging", 200), seconds=200 + 3 * hour)
    wire.call("StatusNotification", status("Available", 201 + 3 * hour), seconds=201 + 3 * hour)
    for minute in range(6):
        second = 5 * hour + 60 * minute
        said = status(("Preparing", "Available")[minute % 2], second - 2 * hour) | {"connectorId": 2}
        wire.call("StatusNotification", said, seconds=second)
    opened = land(lake, wire.records).build()
    assert rows(opened, "SELECT clock_offset_s FROM core__stations") == [(2 * hour,)]
    charging = [row[1:3] for row in rows(opened, INTERVALS) if row[3] == "Charging"]
    assert charging == [(200, 201 + 3 * hour)]


@pytest.mark.parametrize(("lasts", "outages"), [(1, 1), (40, 2)])
def test_an_outage_goes_on_through_a_moment_of_available(lake: Lake, lasts: int, outages: int) -> None:
    wire = booted(interval=3600)
    for second, status in ((10, "Unavailable"), (100, "Available"), (100 + lasts, "Unavailable"), (300, "Available")):
        wire.status(status, seconds=second)
    opened = land(lake, wire.records).build()
    found = [row[1:4] for row in rows(opened, INTERVALS) if row[3] == "Unavailable"]
    assert len(found) == outages
    assert found[-1][1] == 300
    said = rows(opened, "SELECT count(*) > 0 FROM core__anomalies WHERE anomaly = 'flapping'")
    assert said == [(outages == 1,)]


def test_the_station_as_a_whole_does_not_charge(lake: Lake) -> None:
    wire = booted(interval=3600)
    wire.status("Available", seconds=5)
    wire.status("Charging", connector=0, seconds=10)
    wire.call("Heartbeat", {}, seconds=20)
    assert intervals(lake, wire) == [(0, 5, "Unknown", "unobserved"), (5, 20, "Available", "reported")]


def test_a_station_is_judged_over_what_its_own_logs_cover(lake: Lake) -> None:
    years = 2 * 365 * 86_400
    wire, other = booted(interval=60), Wire(station="OLD", source="old")
    wire.status("Available", seconds=10)
    heartbeats(wire, 60)
    other.status("Available", seconds=0)
    # Another station of the same log goes on, and a log of the next day belongs to it.
    other.call("Heartbeat", {}, seconds=5)
    third = Wire(station="THIRD", source=wire.source)
    third.call("Heartbeat", {}, seconds=300)
    later = Wire(station="THIRD", source="next")
    later.call("Heartbeat", {}, seconds=86_000)
    log = [*wire.records, *other.records, *third.records, *later.records]
    for place, record in enumerate(log):
        record.offset = place
        if record.station_id == "OLD":
            record.received_at_us -= years * 1_000_000
        elif record.station_id == "THIRD":
            record.ordinal = place
    found = "SELECT station_id, min(from_at), max(until_at) FROM core__status_timeline GROUP BY ALL ORDER BY ALL"
    assert rows(land(lake, log).build(), found) == [
        ("CP", BEGIN, BEGIN + timedelta(seconds=86_000)),
        ("OLD", BEGIN - timedelta(seconds=years), BEGIN - timedelta(seconds=years - 5)),
    ]
