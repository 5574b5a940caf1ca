"""OCA's periods of a session."""

from typing import Any

import pytest
from folded import Wire, at, land, records, shared
from small_lake import Lake, rows
from small_lake import at as moment

from models.facts import FaultEpisode, Session, Status

PERIODS = """SELECT period, number, epoch(from_at - TIMESTAMPTZ '2023-11-14 22:13:20Z')::INT, duration_s::INT, basis
  FROM core__periods ORDER BY session_id, period, number"""


def periods(lake: Lake, wire: Wire) -> list[Any]:
    return rows(land(lake, wire.records).build(), PERIODS)


def test_a_1_6_session_is_told_apart_into_the_five_periods_and_the_car_s_pauses(lake: Lake) -> None:
    wire = Wire()
    for second, status in ((0, "Available"), (10, "Preparing")):
        wire.status(status, seconds=second)
    wire.start(7, seconds=30, timestamp=at(30))
    for second, status in (
        *((35, "SuspendedEVSE"), (40, "Charging"), (100, "SuspendedEV"), (150, "Charging")),
        *((200, "SuspendedEVSE"), (220, "Charging"), (300, "SuspendedEV")),
    ):
        wire.status(status, seconds=second)
    wire.stop(7, seconds=400, timestamp=at(400))
    for second, status in ((405, "Finishing"), (450, "Available")):
        wire.status(status, seconds=second)
    assert periods(lake, wire) == [
        ("EnergyOffer", 1, 40, 160, "status"),  # Charging, SuspendedEV, Charging
        ("EnergyOffer", 2, 220, 180, "status"),
        ("EnergyOfferSuspend", 1, 35, 5, "status"),
        ("EnergyOfferSuspend", 2, 200, 20, "status"),
        ("EnergyTransfer", 1, 40, 60, "status"),
        ("EnergyTransfer", 2, 150, 50, "status"),
        ("EnergyTransfer", 3, 220, 80, "status"),
        ("Session", 1, 10, 440, "status"),
        ("SuspendedEV", 1, 100, 50, "status"),
        ("SuspendedEV", 2, 300, 100, "status"),
        ("Transaction", 1, 30, 370, "transaction"),
    ]


def test_a_2_x_session_takes_them_from_charging_state(lake: Lake) -> None:
    wire = Wire("ocpp2.0.1")
    occupied = {"evseId": 1, "connectorId": 1, "connectorStatus": "Occupied", "timestamp": at(10)}
    wire.call("StatusNotification", occupied, seconds=10)
    place = {"evse": {"id": 1, "connectorId": 1}}
    wire.transaction("Started", seconds=20, info={"chargingState": "EVConnected"}, **place)
    wire.transaction("Updated", seconds=30, info={"chargingState": "Charging"}, seqNo=1)
    wire.transaction("Updated", seconds=50, info={"chargingState": "SuspendedEV"}, seqNo=2)
    wire.transaction("Ended", seconds=70, info={"chargingState": "EVConnected"}, seqNo=3)
    wire.call("StatusNotification", occupied | {"connectorStatus": "Available", "timestamp": at(90)}, seconds=90)
    assert periods(lake, wire) == [
        ("EnergyOffer", 1, 30, 40, "transaction"),
        ("EnergyTransfer", 1, 30, 20, "transaction"),
        ("Session", 1, 10, 80, "status"),
        ("SuspendedEV", 1, 50, 20, "transaction"),
        ("Transaction", 1, 20, 50, "transaction"),
    ]


def test_a_silence_ends_no_period_and_an_open_session_has_no_end(lake: Lake) -> None:
    wire = Wire()
    boot = wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, seconds=0)
    wire.answer(boot, {"status": "Accepted", "currentTime": at(0), "interval": 60}, seconds=0)
    wire.start(7, seconds=10, timestamp=at(10))
    wire.status("Charging", seconds=11)
    wire.call("Heartbeat", {}, seconds=500)
    assert periods(lake, wire) == [
        ("EnergyOffer", 1, 11, 489, "status"),
        ("EnergyTransfer", 1, 11, 489, "status"),
        ("Session", 1, 10, None, "status"),
        ("Transaction", 1, 10, None, "transaction"),
    ]


def test_two_sessions_in_a_row_without_a_free_port_share_no_time(lake: Lake) -> None:
    wire = Wire()
    wire.status("Preparing", seconds=0)
    for number, begin in ((7, 10), (8, 200)):
        wire.start(number, seconds=begin, timestamp=at(begin), meterStart=begin)
        wire.status("Charging", seconds=begin + 1)
        wire.stop(number, seconds=begin + 100, timestamp=at(begin + 100))
        wire.status("Finishing", seconds=begin + 101)
    wire.status("Available", seconds=400)
    found = [row for row in periods(lake, wire) if row[0] == "Session"]
    assert sorted(row[2:4] for row in found) == [(0, 200), (110, 290)]


def test_what_follows_a_short_session_within_a_long_one_takes_none_of_the_long_one_s_time(lake: Lake) -> None:
    place: dict[str, Any] = {"version_generation": 1, "version_offset": 1, "station_id": "CS1", "connector_id": 1}
    lake.facts(
        *(
            Session(
                **place,
                session_id=name,
                started_at=moment(begin),
                ended_at=None if end is None else moment(end),
                is_open=end is None,
            )
            for name, begin, end in (("long", 10, 200), ("short", 20, 30), ("after", 210, 300), ("last", 310, None))
        )
    )
    lake.facts(
        *(
            Status(**place, status_id=status, status=status, reported_at=moment(second), received_at=moment(second))
            for status, second in (("Preparing", 0), ("Available", 400))
        )
    )
    found = rows(lake.build(), "SELECT session_id, from_at FROM core__periods WHERE period = 'Session' ORDER BY ALL")
    assert found == [("after", moment(200)), ("last", moment(300)), ("long", moment(0)), ("short", moment(20))]


@pytest.mark.parametrize(
    ("sessions", "turns"),
    [
        ((("a", 0, 120), ("b", 30, 60)), [("a", 0, 30), ("a", 60, 120), ("b", 30, 60)]),
        ((("a", 0, None), ("b", 30, 60)), [("a", 0, 30), ("a", 60, 200), ("b", 30, 60)]),
        # Two within one, each beside the other: the one begun last has the time, then the one still open.
        (
            (("a", 0, 120), ("b", 30, 60), ("c", 45, 90)),
            [("a", 0, 30), ("a", 90, 120), ("b", 30, 45), ("c", 45, 90)],
        ),
        (
            (("a", 0, 120), ("b", 30, 90), ("c", 45, 60)),
            [("a", 0, 30), ("a", 90, 120), ("b", 30, 45), ("b", 60, 90), ("c", 45, 60)],
        ),
        ((("a", 0, 120), ("b", 30, 60), ("c", 60, 80)), [("a", 0, 30), ("a", 80, 120), ("b", 30, 60), ("c", 60, 80)]),
        ((("a", 0, 120), ("b", 30, 60), ("z", 30, 90)), [("a", 0, 30), ("a", 90, 120), ("z", 30, 90)]),
        ((("a", 0, 120), ("b", 0, 60)), [("a", 60, 120), ("b", 0, 60)]),
        ((("a", 0, 120), ("b", 30, 30)), [("a", 0, 120)]),
        ((("a", 0, 100), ("b", 30, 120)), [("a", 0, 30), ("b", 30, 120)]),
        ((("a", 0, 60), ("b", 60, 120)), [("a", 0, 60), ("b", 60, 120)]),
        ((("a", 0, 60), ("b", 90, 120)), [("a", 0, 60), ("b", 90, 120)]),
    ],
)
def test_a_port_s_time_goes_back_to_the_session_that_outlasts_another(
    lake: Lake, sessions: tuple[tuple[str, int, int | None], ...], turns: list[tuple[str, int, int]]
) -> None:
    place: dict[str, Any] = {"version_generation": 1, "version_offset": 1, "station_id": "CS1", "connector_id": 1}
    lake.facts(
        *(
            Session(
                **place,
                session_id=name,
                started_at=moment(begin),
                ended_at=None if end is None else moment(end),
                is_open=end is None,
            )
            for name, begin, end in sessions
        )
    )
    lake.facts(
        *(
            Status(**place, status_id=status, status=status, reported_at=moment(second), received_at=moment(second))
            for status, second in (("Charging", 0), ("Available", 200))
        )
    )
    query = "SELECT session_id, from_at, until_at FROM core__periods WHERE period = 'EnergyTransfer' ORDER BY ALL"
    assert rows(lake.build(), query) == [(name, moment(begin), moment(end)) for name, begin, end in turns]


def test_every_session_of_the_captures_has_its_transaction_within_its_session(lake: Lake) -> None:
    opened = land(lake, records(shared("sim_sap_emobility_16_201.jsonl"))).build()
    query = "SELECT period, count(*), count(DISTINCT session_id) FROM core__periods GROUP BY ALL ORDER BY ALL"
    assert rows(opened, query) == [
        ("EnergyOffer", 195, 195),
        ("EnergyTransfer", 195, 195),  # one more begins and ends in the same instant of receipt
        ("Session", 196, 196),
        ("Transaction", 196, 196),
    ]
    outside = """SELECT count(*) FROM core__periods AS p JOIN core__periods AS t USING (session_id)
      WHERE t.period = 'Transaction' AND CASE p.period
        WHEN 'Session' THEN p.from_at > t.from_at OR p.until_at < t.until_at
        ELSE p.from_at < t.from_at OR p.until_at > t.until_at END"""
    assert rows(opened, outside) == [(0,)]


def test_energy_that_goes_on_flowing_while_faulted_is_transferred(lake: Lake) -> None:
    wire = Wire()
    wire.status("Charging", seconds=0)
    wire.start(5, seconds=10, timestamp=at(10))
    wire.meter(1100, seconds=60, transactionId=5)
    wire.status("Faulted", "OverVoltage", seconds=100)
    for second, wh in ((120, 1200), (180, 1500)):
        wire.meter(wh, seconds=second, transactionId=5)
    wire.status("Charging", seconds=200)
    wire.stop(5, seconds=300, timestamp=at(300), meterStop=1600)
    wire.status("Available", seconds=310)
    opened = land(lake, wire.records).build()
    transferred = [row[2:4] for row in rows(opened, PERIODS) if row[0] == "EnergyTransfer"]
    assert transferred == [(10, 290)]
    assert rows(opened, "SELECT charging_s FROM core__session_power") == [(290,)]


def test_a_port_that_was_free_at_the_very_start_was_free(lake: Lake) -> None:
    wire = Wire()
    for second, status in ((0, "Available"), (10, "Preparing"), (100, "Available"), (101, "Charging")):
        wire.status(status, seconds=second)
    wire.start(7, seconds=102, timestamp=at(100))
    wire.stop(7, seconds=300, timestamp=at(300))
    wire.status("Available", seconds=300)
    assert [row[2:4] for row in periods(lake, wire) if row[0] == "Session"] == [(100, 200)]


@pytest.mark.parametrize(
    ("faults", "transferred"),
    [
        ([("on", 100, 400, False)], [(10, 290)]),  # the transaction's end ends it, the fault or not
        ([("on", 100, 400, False), ("off", 200, 350, True)], [(10, 190)]),
        ([("off", 100, 250, True), ("on", 150, 200, False)], [(10, 90)]),
        ([("off", 100, 150, True), ("on", 120, 400, False)], [(10, 90), (150, 150)]),
        ([("whole", 100, 400, True), ("on", 100, 400, False)], [(10, 90)]),
    ],
)
def test_a_port_is_faulted_while_any_fault_that_stops_it_is_open(
    lake: Lake, faults: list[tuple[str, int, int, bool]], transferred: list[tuple[int, int]]
) -> None:
    version: dict[str, Any] = {"version_generation": 1, "version_offset": 1, "station_id": "CS1"}
    lake.facts(
        Session(**version, session_id="s", connector_id=1, started_at=moment(10), ended_at=moment(300), is_open=False)
    )
    lake.facts(
        *(
            Status(
                **version,
                status_id=str(second),
                connector_id=1,
                status=status,
                happened_at=moment(second),
                received_at=moment(second),
            )
            for status, second in (("Charging", 5), ("Faulted", 100), ("Available", 400))
        )
    )
    lake.facts(
        *(
            FaultEpisode(
                **version,
                fault_id=name,
                connector_id=0 if name == "whole" else 1,
                code=name,
                opened_at=moment(opened),
                closed_at=moment(closed),
                is_open=False,
                blocks_charging=blocks,
            )
            for name, opened, closed, blocks in faults
        )
    )
    begin = moment(0).isoformat()
    found = f"""SELECT epoch(from_at - TIMESTAMPTZ '{begin}')::INT, duration_s::INT FROM core__periods
      WHERE period = '{{}}' ORDER BY ALL"""
    opened = lake.build()
    assert rows(opened, found.format("EnergyTransfer")) == transferred
    assert rows(opened, found.format("Session"))[0][0] == 5
