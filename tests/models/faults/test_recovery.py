"""Faults of 2.x that nobody clears: what shows that they are over, and what takes that back."""

import pytest
from captures import START_US, Wire, at

from models.faults import witnesses

PLACE = {"id": 1, "connectorId": 1}
BOOT = {"reason": "RemoteReset", "chargingStation": {"model": "M", "vendorName": "V"}}


def alarm(wire: Wire, value: str, seconds: float, code: str | None = "CX017", **fields: object) -> None:
    more = {"techCode": code} if code else {}
    evse = fields.pop("evse", PLACE)
    wire.notify(seconds, evse, actualValue=value, trigger="Delta", timestamp=at(seconds), **more, **fields)


def status(wire: Wire, status: str, seconds: float, evse: int = 1) -> None:
    payload = {"evseId": evse, "connectorId": 1, "connectorStatus": status, "timestamp": at(seconds)}
    wire.call("StatusNotification", payload, seconds=seconds)


def session(wire: Wire, seconds: float, wh: int = 6000, evse: int = 1) -> None:
    name = f"t{seconds}"
    wire.transaction("Started", name, seconds=seconds, wh=1000, evse={"id": evse, "connectorId": 1})
    wire.transaction("Updated", name, seconds=seconds + 600, wh=1000 + wh // 2)
    wire.transaction("Ended", name, seconds=seconds + 1200, wh=1000 + wh)


def ends(wire: Wire) -> list[tuple[str, str, float | None]]:
    found = sorted(wire.fold(drain_every=1).of("faults"), key=lambda fault: fault.opened_at)
    assert {f.fault_id: (f.close_kind, f.closed_at) for f in wire.fold().of("faults")} == {
        f.fault_id: (f.close_kind, f.closed_at) for f in found
    }
    return [
        (f.raw_code, f.close_kind, None if f.closed_at is None else (f.closed_at - f.opened_at).total_seconds())
        for f in found
    ]


def test_a_fault_that_is_not_said_again_after_a_boot_ends_when_its_connector_works() -> None:
    wire = Wire("ocpp2.0.1")
    alarm(wire, "true", 100)
    status(wire, "Faulted", 101)
    wire.call("BootNotification", BOOT, seconds=200)
    assert ends(wire) == [("CX017", "open", None)]
    status(wire, "Available", 210)
    assert ends(wire) == [("CX017", "implied_by_boot", 110)]
    session(wire, 300)
    wire.call("Heartbeat", {}, seconds=86400 * 30)
    assert ends(wire) == [("CX017", "implied_by_boot", 110)]
    assert sum(rate.fault_s for rate in wire.fold().of("rates")) == 110


@pytest.mark.parametrize("first", ["Faulted", "Unavailable"])
def test_a_fault_that_keeps_its_connector_from_working_after_a_boot_stays_open(first: str) -> None:
    wire = Wire("ocpp2.0.1")
    alarm(wire, "true", 100)
    wire.call("BootNotification", BOOT, seconds=200)
    status(wire, first, 210)
    status(wire, "Available", 220, evse=2)
    assert ends(wire) == [("CX017", "open", None)]


@pytest.mark.parametrize("seconds", [205, 240])
def test_a_fault_that_is_said_again_after_a_boot_is_one_episode_and_never_was_over(seconds: int) -> None:
    wire = Wire("ocpp2.0.1")
    alarm(wire, "true", 100)
    wire.call("BootNotification", BOOT, seconds=200)
    if seconds < 210:
        alarm(wire, "true", seconds)
    status(wire, "Available", 210)
    if seconds > 210:
        alarm(wire, "true", seconds)
    folded = wire.fold()
    assert [(f.is_open, f.reopened) for f in folded.of("faults")] == [(True, 0)]
    assert "flapping" not in {row.anomaly for row in folded.of("anomalies")}
    alarm(wire, "false", 400)
    assert ends(wire) == [("CX017", "explicit_clear", 300)]


@pytest.mark.parametrize("evse", [None, {"id": 0}])
def test_any_working_connector_speaks_for_the_station_after_a_boot(evse: object) -> None:
    wire = Wire("ocpp2.0.1")
    alarm(wire, "true", 100, component="ChargingStation", evse=evse)
    wire.call("BootNotification", BOOT, seconds=200)
    status(wire, "Available", 210, evse=2)
    assert ends(wire) == [("CX017", "implied_by_boot", 110)]


def test_a_healthy_status_ends_what_had_made_it_faulted_and_leaves_warnings() -> None:
    wire = Wire("ocpp2.0.1")
    alarm(wire, "true", 0, code=None, component="TokenReader")
    alarm(wire, "true", 10)
    status(wire, "Faulted", 11)
    alarm(wire, "true", 12, code="CX002")
    status(wire, "Available", 70)
    assert ends(wire) == [
        ("TokenReader.Problem", "open", None),
        ("CX017", "implied_by_status", 60),
        ("CX002", "implied_by_status", 58),
    ]


def test_the_clearing_that_comes_after_all_is_the_end() -> None:
    wire = Wire("ocpp2.0.1")
    alarm(wire, "true", 10)
    status(wire, "Faulted", 11)
    status(wire, "Available", 70)
    alarm(wire, "false", 75, code="CX099")
    assert ends(wire) == [("CX017", "implied_by_status", 60)]
    alarm(wire, "false", 80)
    alarm(wire, "false", 90)
    assert ends(wire) == [("CX017", "explicit_clear", 70)]


def test_a_later_session_that_takes_energy_ends_a_grave_fault_at_its_start() -> None:
    wire = Wire("ocpp2.0.1")
    alarm(wire, "true", 10)
    alarm(wire, "true", 20, code=None, component="TokenReader")
    session(wire, 300, evse=2)
    session(wire, 2000, wh=50)
    assert [kind for _, kind, _ in ends(wire)] == ["open", "open"]
    session(wire, 4000)
    assert ends(wire) == [("CX017", "implied_by_session", 3990), ("TokenReader.Problem", "open", None)]
    contactor, reader = sorted(wire.fold().of("faults"), key=lambda fault: fault.opened_at)
    assert (contactor.blocks_charging, reader.blocks_charging) == (False, False)


@pytest.mark.parametrize(("before_wh", "expected"), [(None, None), (0, True), (3000, False)])
def test_what_an_earlier_session_showed_stays_when_a_later_one_ends_the_fault(
    before_wh: int | None, expected: bool | None
) -> None:
    wire = Wire("ocpp2.0.1")
    if before_wh is not None:
        wire.transaction("Started", "first", seconds=0, wh=1000, evse=PLACE)
    alarm(wire, "true", 10)
    if before_wh is not None:
        wire.transaction("Updated", "first", seconds=300, wh=1000 + before_wh)
        wire.transaction("Ended", "first", seconds=600, wh=1000 + before_wh)
    wire.transaction("Started", "later", seconds=1000, wh=5000, evse=PLACE)
    wire.transaction("Updated", "later", seconds=1100, wh=5000)
    wire.transaction("Updated", "later", seconds=1200, wh=5050)
    wire.transaction("Updated", "later", seconds=1800, wh=9000)
    assert ends(wire) == [("CX017", "implied_by_session", 990)]
    assert [fault.blocks_charging for fault in wire.fold().of("faults")] == [expected]


def test_what_sessions_that_are_let_go_of_showed_stays_in_bounds() -> None:
    wire = Wire("ocpp2.0.1")
    alarm(wire, "true", 10, component="ChargingStation", evse=None)
    for number in range(12):
        place = {"id": number + 1, "connectorId": 1}
        wire.transaction("Started", f"t{number}", seconds=20 + number, wh=1000, evse=place)
        wire.transaction("Ended", f"t{number}", seconds=100 + number, wh=1060 - 30 * (number % 2))
    session(wire, 1000)
    (fault,) = wire.fold().of("faults")
    assert (fault.close_kind, fault.blocks_charging) == ("implied_by_session", False)
    (known,) = wire.fold().states["CP"].recent_faults.values()
    # And those that are let go of, and the one that is held back.
    assert len(known.witnesses) == witnesses.MAX_SESSIONS + 2


def test_a_session_says_nothing_of_a_fault_while_its_connector_is_faulted_or_that_it_saw_begin() -> None:
    wire = Wire("ocpp2.0.1")
    alarm(wire, "true", 10)
    status(wire, "Faulted", 11)
    session(wire, 300)
    assert [
        (kind, f.blocks_charging) for (_, kind, _), f in zip(ends(wire), wire.fold().of("faults"), strict=True)
    ] == [("open", False)]


def test_a_data_transfer_of_1_6_ends_with_a_boot_too() -> None:
    wire = Wire()
    data = {"code": "PowerLoss", "timestamp": at(0)}
    wire.call("DataTransfer", {"vendorId": "org.charin.uec.v1", "data": data}, seconds=0)
    wire.status("Available", seconds=30)
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, seconds=60)
    assert [kind for _, kind, _ in ends(wire)] == ["open"]
    wire.status("Available", seconds=90)
    assert ends(wire) == [("PowerLoss", "implied_by_boot", 90)]


@pytest.mark.parametrize(("code", "expected"), [("CX017", []), ("CX999", ["fault_unmapped"])])
def test_a_status_whose_event_comes_after_it_is_no_fault_without_a_code(code: str, expected: list[str]) -> None:
    wire = Wire("ocpp2.0.1")
    status(wire, "Faulted", 10)
    assert [row.anomaly for row in wire.fold().of("anomalies")] == ["fault_without_code"]
    alarm(wire, "true", 11, code=code)
    (fault,) = wire.fold().of("faults")
    assert (fault.raw_code, fault.opened_at.timestamp()) == (code, START_US / 1e6 + 10)
    assert [row.anomaly for row in wire.fold(drain_every=1).of("anomalies")] == expected


@pytest.mark.parametrize("proof", ["cleared", "raised"])
def test_energy_that_flowed_in_a_session_under_a_fault_that_lasted_after_all_flowed_under_it(proof: str) -> None:
    wire = Wire("ocpp2.0.1")
    alarm(wire, "true", 10)
    wire.transaction("Started", "t", seconds=20, wh=1000, evse=PLACE)
    wire.transaction("Updated", "t", seconds=320, wh=1900)
    assert ends(wire) == [("CX017", "implied_by_session", 10)]
    assert [fault.blocks_charging for fault in wire.fold().of("faults")] == [None]
    alarm(wire, "false" if proof == "cleared" else "true", 400)
    assert ends(wire) == [("CX017", "explicit_clear", 390) if proof == "cleared" else ("CX017", "open", None)]
    assert [fault.blocks_charging for fault in wire.fold().of("faults")] == [False]
