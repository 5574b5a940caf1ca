"""Fault codes from wire frames to the tables of a build: the crosswalk, what it does not know, and the trend."""

from datetime import UTC, datetime
from typing import Any

import pytest
import small_lake
from folded import Wire, at, land
from small_lake import Lake, rows

from models.crosswalk import ROWS, VERSION
from models.facts import FaultEpisode

MREC = "https://chargex.inl.gov"
FOUR_IN_1_6: dict[str, list[dict[str, str]]] = {
    "cable_overheating": [
        {"errorCode": "OtherError", "vendorId": MREC, "vendorErrorCode": "CX019"},
        {"errorCode": "OtherError", "vendorId": "com.evgo.mrec", "vendorErrorCode": "F009", "info": "96"},
    ],
    "power_loss": [
        {"errorCode": "OtherError", "vendorId": MREC, "vendorErrorCode": "CX015"},
        {"errorCode": "OtherError", "vendorId": "org.charin.uec.v1", "vendorErrorCode": "PowerLoss"},
    ],
    "communication_error": [
        {"errorCode": "OtherError", "vendorId": MREC, "vendorErrorCode": "CX013"},
        {"errorCode": "OtherError", "vendorErrorCode": "CommunicationFault"},
    ],
    "ev_communication_error": [{"errorCode": "EVCommunicationError"}, {"errorCode": "Mode3Error"}],
    "over_voltage": [
        {"errorCode": "OverVoltage"},
        {"errorCode": "OtherError", "vendorId": MREC, "vendorErrorCode": "CX005"},
    ],
}
FOUR_IN_2_X: dict[str, list[dict[str, str]]] = {
    "cable_overheating": [{"techCode": "CX019"}, {"techCode": "CX018"}],
    "power_loss": [{"component": "ElectricalFeed"}, {"techCode": "GridPowerLoss"}, {"techCode": "CX015"}],
    "communication_error": [{"component": "DataLink"}, {"component": "DataLink", "variable": "Fallback"}],
    "ev_communication_error": [{"techCode": "EVCommunicationError"}],
    "over_voltage": [{"techCode": "OverVoltage"}, {"techCode": "CX005"}, {"techCode": "Overvoltage"}],
}
TREND = "SELECT canonical_code, CAST(sum(episodes) AS BIGINT) FROM report__error_trend_daily GROUP BY ALL"


@pytest.mark.parametrize("code", FOUR_IN_1_6)
def test_the_faults_the_project_is_asked_about_come_from_the_wire_to_the_report_in_1_6(lake: Lake, code: str) -> None:
    wire = Wire()
    ways = FOUR_IN_1_6[code]
    for number, way in enumerate(ways):
        for second, status in ((0, "Faulted"), (60, "Available")):
            when = 600 * number + second
            said = way if status == "Faulted" else {"errorCode": "NoError"}
            payload = {"connectorId": 1, "status": status, "timestamp": at(when)} | said
            wire.call("StatusNotification", payload, seconds=when)
    opened = land(lake, wire.records).build()
    assert rows(opened, TREND) == [(code, len(ways))]
    found = "SELECT count(*), min(date_diff('second', opened_at, closed_at)) FROM core__fault_episodes"
    assert rows(opened, found) == [(len(ways), 60)]


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
@pytest.mark.parametrize("code", FOUR_IN_2_X)
def test_the_same_faults_come_from_the_wire_to_the_report_in_2_x(lake: Lake, code: str, protocol: str) -> None:
    wire = Wire(protocol)
    ways = FOUR_IN_2_X[code]
    for number, way in enumerate(ways):
        for second, value in ((0, "true"), (60, "false")):
            when = 600 * number + second
            wire.notify(when, {"id": 1}, actualValue=value, trigger="Delta", timestamp=at(when), **way)
    opened = land(lake, wire.records).build()
    assert rows(opened, TREND) == [(code, len(ways))]
    found = "SELECT DISTINCT date_diff('second', opened_at, closed_at), close_kind FROM core__fault_episodes"
    assert rows(opened, found) == [(60, "explicit_clear")]


def test_evidence_leads_to_the_frames_that_opened_and_closed_an_episode(lake: Lake) -> None:
    wire = Wire()
    wire.status("Faulted", "GroundFailure", seconds=1)
    wire.status("Available", seconds=61)
    opened = land(lake, wire.records).build()
    found = rows(
        opened,
        "SELECT o.payload_text LIKE '%Faulted%', c.payload_text LIKE '%Available%' FROM core__fault_episodes AS f "
        'JOIN raw_ocpp__frames AS o ON (o.generation, o.partition, o."offset") = '
        "(f.opened_generation, f.opened_partition, f.opened_offset) "
        'JOIN raw_ocpp__frames AS c ON (c.generation, c.partition, c."offset") = '
        "(f.closed_generation, f.closed_partition, f.closed_offset)",
    )
    assert found == [(True, True)]


def test_the_crosswalk_is_a_table(lake: Lake) -> None:
    opened = lake.build()
    assert rows(opened, "SELECT count(*), count(vendor_id), min(mapping_version) FROM core__fault_codes") == [
        (len(ROWS), sum(bool(row.vendor_id) for row in ROWS), VERSION)
    ]
    heat = "WHERE taxonomy = 'mrec' AND canonical_code = 'cable_overheating' ORDER BY raw_key"
    assert rows(opened, f"SELECT raw_key, name, severity FROM core__fault_codes {heat}") == [
        ("CX018", "CableOverTempDerate", "warning"),
        ("CX019", "CableOverTempStop", "error"),
    ]


def fault(fault_id: str, opened_at: datetime | None, closed_at: datetime | None, **more: Any) -> FaultEpisode:
    said: dict[str, Any] = {"version_generation": 1, "version_offset": 1, "station_id": "CS1", "code": "OtherError"}
    said |= {"opened_at": opened_at, "closed_at": closed_at, "opened_received_at": opened_at}
    said |= {"closed_received_at": closed_at, "is_open": closed_at is None}
    return FaultEpisode(**(said | {"fault_id": fault_id} | more))


def minute(number: float) -> datetime:
    return datetime(2026, 3, 2, 8, 0, tzinfo=UTC).fromtimestamp(1_772_438_400 + 60 * number, UTC)


def test_an_open_fault_costs_what_its_station_s_own_logs_cover(lake: Lake) -> None:
    """A log of another year in the same home is none of its business."""
    begun = small_lake.at(0)
    for station, source, days in (("CS1", "old", 0), ("CS1", "old", 0.5), ("CS2", "new", 700)):
        frame = small_lake.call('[2,"1","Heartbeat",{}]', station_id=station, source=source)
        lake.frames(frame | {"received_at": small_lake.at(86_400 * days)})
    lake.facts(
        fault("a", begun, None, unmapped_code="E17"),
        # Closed by a frame without a time, and one of a station whose frames are not there.
        fault("b", begun, None, unmapped_code="E18", is_open=False),
        fault("c", begun, None, unmapped_code="E19", station_id="CS3"),
    )
    found = rows(lake.build(), "SELECT unmapped_code, minutes FROM core__unmapped_codes ORDER BY ALL")
    assert found == [("E17", 720.0), ("E18", None), ("E19", None)]


def test_unmapped_codes_are_ranked_by_the_minutes_they_cost(lake: Lake) -> None:
    abb = {"vendor": "ABB", "model": "Terra", "firmware": "1.0"}
    lake.facts(
        fault("a", minute(0), minute(10), unmapped_code="E17", **abb),
        fault("b", minute(20), minute(21), unmapped_code="E17", station_id="CS2", **abb),
        fault("c", minute(0), minute(2), unmapped_code="E17", **(abb | {"firmware": "1.1"})),
        fault("d", minute(0), None, unmapped_code="E18", **abb),
        fault("e", minute(0), minute(90), **abb),
        fault("f", None, None, unmapped_code="E19"),
    )
    lake.frames({"payload": b'[3,"1",{}]', "received_at": minute(30)})
    found = rows(
        lake.build(),
        "SELECT unmapped_code, firmware, episodes, episodes_open, minutes, stations, first_seen_at, last_seen_at "
        "FROM core__unmapped_codes",
    )
    assert found == [
        ("E18", "1.0", 1, 1, 30.0, 1, minute(0), minute(0)),
        ("E17", "1.0", 2, 0, 11.0, 2, minute(0), minute(21)),
        ("E17", "1.1", 1, 0, 2.0, 1, minute(0), minute(2)),
        ("E19", None, 1, 1, None, 1, None, None),
    ]


def test_the_trend_keeps_the_codes_as_sent_and_their_sum_is_that_of_the_canonical_code(lake: Lake) -> None:
    same = {"canonical_code": "over_voltage"}
    lake.facts(
        fault("a", minute(0), minute(1), **(same | {"code": "OverVoltage"})),
        fault("b", minute(5), minute(6), **same),
        fault("c", minute(9), minute(10), **same),
    )
    opened = lake.build()
    found = "SELECT canonical_code, code, episodes, episodes_7d_mean FROM report__error_trend_daily ORDER BY code"
    assert rows(opened, found) == [("over_voltage", "OtherError", 2, 2.0), ("over_voltage", "OverVoltage", 1, 1.0)]
