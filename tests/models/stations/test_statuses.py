"""Rows of statuses: their times once the clock is known, and what comes and goes too fast."""

from pathlib import Path

import pytest
from captures import START_US, Folded, Wire, at

from models.state import MAX_SAID_STATUSES, decode, encode
from models.stations import statuses

BEHIND = 7200


def status(
    wire: Wire, status: str, seconds: float, connector: int = 1, behind: float = 0, error: str = "NoError"
) -> None:
    payload = {"connectorId": connector, "status": status, "errorCode": error, "timestamp": at(seconds - behind)}
    wire.call("StatusNotification", payload, seconds=seconds)


def happened(folded: Folded) -> dict[tuple[int, str], list[float]]:
    found: dict[tuple[int, str], list[float]] = {}
    for row in sorted(folded.of("statuses"), key=lambda row: row.received_at):
        second = row.happened_at.timestamp() - START_US / 1e6
        found.setdefault((row.connector_id, row.status), []).append(second)
        assert row.reported_at.timestamp() == pytest.approx(row.received_at.timestamp() - BEHIND)
    return found


def test_statuses_from_before_the_clock_was_known_are_said_again_with_its_time() -> None:
    wire = Wire()
    status(wire, "Faulted", 1, behind=BEHIND, error="InternalError")
    for minute in range(11):
        status(wire, "Available" if minute % 2 == 0 else "Preparing", 60 * (minute + 1), 2, behind=BEHIND)
    status(wire, "Available", 900, behind=BEHIND)
    for folded in (wire.fold(), wire.fold(drain_every=1)):
        assert happened(folded) == {
            (1, "Faulted"): [1],
            (1, "Available"): [900],
            (2, "Available"): [60, 180, 300, 420, 540, 660],
            (2, "Preparing"): [120, 240, 360, 480, 600],
        }
        assert folded.states["CP"].said_statuses == []


def test_what_waits_for_a_clock_is_bounded_and_outlives_a_restart() -> None:
    wire = Wire()
    for number in range(40):
        status(wire, "Available" if number % 2 else "Unavailable", 0.1 * number, number % 3 + 1, behind=BEHIND)
    folded = wire.fold()
    state = decode(encode(folded.states["CP"]))
    assert len(state.said_statuses) == MAX_SAID_STATUSES
    for seconds in (60, 120, 180):
        status(wire, "Available" if seconds != 120 else "Preparing", seconds, behind=BEHIND)
    folded.states["CP"] = state
    folded.fold(wire.records[40:])
    corrected = [row for row in folded.of("statuses") if row.happened_at.timestamp() * 1e6 >= START_US]
    assert len(corrected) >= MAX_SAID_STATUSES


def test_a_sound_clock_keeps_its_rows_as_they_are() -> None:
    wire = Wire()
    for number in range(5):
        status(wire, "Available" if number % 2 else "Preparing", 60 * number)
    folded = wire.fold(drain_every=1)
    assert [row.version_offset for row in folded.of("statuses")] == [0, 1, 2, 3, 4]
    assert folded.states["CP"].said_statuses == []


@pytest.mark.parametrize(
    ("first", "between", "lasted", "is_flapping"),
    [
        ("Unavailable", "Available", 1, True), ("Available", "Unavailable", 30, True),
        ("Unavailable", "Available", 31, False), ("Charging", "SuspendedEV", 1, True),
        ("Available", "Preparing", 10, False), ("Unavailable", "Available", 0, False),
    ],
)  # fmt: skip
def test_a_status_that_comes_back_at_once_is_flapping(first: str, between: str, lasted: int, is_flapping: bool) -> None:
    wire = Wire()
    status(wire, first, 100)
    status(wire, between, 200)
    status(wire, between, 200 + lasted)
    status(wire, first, 200 + lasted)
    folded = wire.fold()
    found = [(row.connector_id, row.value) for row in folded.of("anomalies") if row.anomaly == "flapping"]
    assert found == ([(1, f"{first}/{between}")] if is_flapping else [])
    assert len(folded.of("statuses")) == 3


def test_a_fault_that_comes_back_at_once_is_said_once_by_its_episode() -> None:
    wire = Wire()
    for seconds, word in ((100, "Faulted"), (200, "Available"), (201, "Faulted")):
        status(wire, word, seconds)
    assert [row.value for row in wire.fold().of("anomalies") if row.anomaly == "flapping"] == ["unknown_fault"]


def test_the_timeline_takes_what_flaps_for_as_long_as_the_step_does() -> None:
    sql = Path(statuses.__file__).parents[1] / "sql" / "core" / "core__status_timeline.sql"
    assert f"INTERVAL {statuses.DWELL_US // 1_000_000} SECONDS" in sql.read_text(encoding="utf-8")
