"""The zone of a log that writes none: told by the answers that say the system's clock."""

import json
from pathlib import Path

import pytest

from ingest.imports.importer import import_file

MARCH_1_NOON_US = 1_772_366_400_000_000
HOUR_US = 3_600_000_000


def at(clock: str, raw: object, station: str = "CP-1", day: str = "2026-03-01") -> str:
    return json.dumps({"device": station, "logged_at": f"{day} {clock}", "raw": json.dumps(raw)}) + "\n"


def beat(clock: str, says: str, **where: str) -> str:
    return at(clock, [2, clock, "Heartbeat", {}], **where) + at(clock, [3, clock, {"currentTime": says}], **where)


def received(path: Path, log, *rows: str) -> list[int | None]:
    path.write_text("".join(rows))
    import_file(path, log)
    return [sent.meta.received_at_us for sent in log.frames]


@pytest.mark.parametrize(
    ("clock", "says"),
    [
        ("14:00:00", "2026-03-01T12:00:00Z"),
        ("17:30:02,250", "2026-03-01T12:00:00.000Z"),
        ("07:00:01", "2026-03-01T12:00:00+00:00"),
        ("13:00:00", "2026-03-01T13:00:00.1234567+01:00"),
        ("12:00:03", "2026-03-01T12:00:00Z"),
    ],
)
def test_a_log_in_local_time_is_read_in_the_zone_that_its_answers_tell(
    tmp_path: Path, log, clock: str, says: str
) -> None:
    start = at(clock, [2, "s", "StartTransaction", {"connectorId": 1, "idTag": "A", "meterStart": 0}])
    times = received(tmp_path / "log", log, start, beat(clock, says))
    assert all(time is not None and 0 <= time - MARCH_1_NOON_US < 4_000_000 for time in times)


@pytest.mark.parametrize(
    "says",
    [
        "2013-02-01T20:53:32Z",  # canned
        "2026-03-01T12:07:00Z",  # no zone's distance
        "soon",
        "",
    ],
)
def test_answers_that_tell_no_zone_leave_the_times_as_they_are_written(tmp_path: Path, log, says: str) -> None:
    times = received(tmp_path / "log", log, beat("14:00:00", says), at("14:00:00", [3, "x", {"status": "Accepted"}]))
    assert times == [MARCH_1_NOON_US + 2 * HOUR_US] * 3


def test_a_canned_answer_that_meets_a_zone_by_chance_tells_nothing(tmp_path: Path, log) -> None:
    canned = "2026-03-01T12:00:00Z"
    beats = [beat(f"{hour}:{minute}:00", canned) for hour in (13, 14) for minute in ("00", "07", "22", "37", "52")]
    times = received(tmp_path / "log", log, *beats)
    assert times[0] == MARCH_1_NOON_US + HOUR_US


def test_a_time_that_says_its_zone_is_never_moved(tmp_path: Path, log) -> None:
    rows = [beat("14:00:00Z", "2026-03-01T12:00:00Z"), beat("15:00:00+01:00", "2026-03-01T12:00:00Z")]
    assert received(tmp_path / "log", log, *rows) == [MARCH_1_NOON_US + 2 * HOUR_US] * 4


def test_summer_time_begins_within_a_log_and_is_noticed_by_the_first_answer(tmp_path: Path, log) -> None:
    day = "2026-03-29"
    rows = [
        at("01:58:00", [2, "1", "StatusNotification", {}], day=day),
        beat("01:59:00", "2026-03-29T00:59:00Z", day=day),
        beat("03:01:00", "2026-03-29T01:01:00Z", day=day),
        at("03:02:00", [2, "2", "StatusNotification", {}], day=day),
    ]
    midnight_us = 1_774_742_400_000_000
    minutes = [
        None if us is None else (us - midnight_us) // 60_000_000 for us in received(tmp_path / "log", log, *rows)
    ]
    assert minutes == [58, 59, 59, 121, 61, 62]


def test_each_station_is_told_by_its_own_answers(tmp_path: Path, log) -> None:
    other = at("14:00:00", [2, "9", "Heartbeat", {}], station="CP-2")
    times = received(tmp_path / "log", log, beat("14:00:00", "2026-03-01T12:00:00Z"), other)
    assert times == [MARCH_1_NOON_US, MARCH_1_NOON_US, MARCH_1_NOON_US + 2 * HOUR_US]
