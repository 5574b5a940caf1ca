"""What a session itself tells to be odd, once everything that came has come."""

from folded import Wire, land
from small_lake import Lake, rows

from models.anomalies import Kind

ODD = "SELECT anomaly, severity, value, station_id FROM core__anomalies WHERE found_by = 'sql' ORDER BY ALL"


def test_missing_stops_missing_events_and_unknown_evses_are_anomalies(lake: Lake) -> None:
    first, second = Wire(station="CS1"), Wire("ocpp2.0.1", station="CS2")
    first.start(7, seconds=0)
    first.start(8, seconds=900, timestamp="2023-11-14T22:30:00Z")
    for number in (0, 1, 4):
        second.transaction("Updated", seconds=60 * number, seqNo=number)
    records = [*first.records, *second.records]
    for offset, record in enumerate(records):
        record.offset = offset
    opened = land(lake, records).build()
    assert rows(opened, ODD) == [
        ("energy_unknown", "warning", None, "CS1"),
        ("evse_unknown", "warning", None, "CS2"),
        ("sequence_gap", "warning", "2", "CS2"),
        ("stop_missing", "warning", "next_start", "CS1"),
    ]
    found = rows(opened, "SELECT anomaly, severity FROM core__anomalies")
    assert all(Kind(anomaly).severity == severity for anomaly, severity in found)
    assert rows(opened, "SELECT count(*) FROM core__anomalies WHERE session_id IS NULL OR happened_at IS NULL") == [
        (0,)
    ]


def test_a_gap_that_was_filled_is_none(lake: Lake) -> None:
    wire = Wire("ocpp2.0.1", station="CS2")
    for number in (0, 2, 1):
        wire.transaction("Updated", seconds=60 * number, seqNo=number, evse={"id": 1})
    assert rows(land(lake, wire.records).build(), ODD) == []


def test_queued_sessions_missing_tokens_and_impossible_statuses_are_anomalies(lake: Lake) -> None:
    wire = Wire(station="CS3")
    wire.start(seconds=0, idTag=None)
    wire.stop(-1, seconds=3600)
    wire.status("Charging", connector=0, seconds=3700)
    wire.status("Available", connector=0, seconds=3701)
    assert rows(land(lake, wire.records).build(), ODD) == [
        ("backlog", "info", None, "CS3"),
        ("status_impossible", "info", "Charging", "CS3"),
        ("token_missing", "info", None, "CS3"),
    ]
