"""The zone of a log that writes none: told by the answers that say the system's clock."""

import json
from pathlib import Path

import pytest

from ingest.imports.importer import Survey, import_file, survey
from ingest.imports.zones import Known, Told, settle

MARCH_1_NOON_US = 1_772_366_400_000_000
HOUR_US = 3_600_000_000


def at(clock: str, raw: object, station: str = "CP-1", day: str = "2026-03-01") -> str:
    return json.dumps({"device": station, "logged_at": f"{day} {clock}", "raw": json.dumps(raw)}) + "\n"


def beat(clock: str, says: str, **where: str) -> str:
    return at(clock, [2, clock, "Heartbeat", {}], **where) + at(clock, [3, clock, {"currentTime": says}], **where)


def two_beats(**where: str) -> list[str]:
    """Two hours ahead."""
    return [beat("14:00:00", "2026-03-01T12:00:00Z", **where), beat("14:00:10", "2026-03-01T12:00:10Z", **where)]


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
    times = received(tmp_path / "log", log, start, beat(clock, says), beat(clock, says[:18] + "1" + says[19:]))
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
    times = received(tmp_path / "log", log, *two_beats(), other)
    assert times == [MARCH_1_NOON_US] * 2 + [MARCH_1_NOON_US + 10_000_000] * 2 + [MARCH_1_NOON_US + 2 * HOUR_US]


def minutes(times: list[int | None], since_us: int = MARCH_1_NOON_US) -> list[int | None]:
    return [None if time is None else (time - since_us) // 60_000_000 for time in times]


def hourly(first: int, count: int, ahead: int, day: str) -> list[str]:
    """Answers to one heartbeat an hour, on a day from a local hour on, so many hours ahead of UTC."""
    return [
        at(f"{hour:02}:00:00", [3, f"{day}{hour}", {"currentTime": f"{day}T{hour - ahead:02}:00:00Z"}], day=day)
        for hour in range(first, first + count)
    ]


def test_an_answer_sent_again_and_again_shifts_no_station(tmp_path: Path, log) -> None:
    canned = [beat(f"14:00:{second}", "2026-03-01T12:00:00Z") for second in (10, 20, 30)]
    assert minutes(received(tmp_path / "log", log, *canned)) == [120] * 6


def test_canned_answers_that_take_turns_shift_no_station(tmp_path: Path, log) -> None:
    clocks = ["2026-03-01T12:00:00Z", "2020-01-01T00:00:00Z"]
    canned = [beat(f"14:00:{second}", clocks[second % 2]) for second in range(10, 40)]
    assert set(minutes(received(tmp_path / "log", log, *canned))) == {120}


def test_few_answers_of_winter_time_among_many_of_summer_time_are_believed(tmp_path: Path, log) -> None:
    rows = hourly(2, 17, 2, "2025-10-25") + hourly(10, 4, 1, "2025-10-26")
    whole = received(tmp_path / "log", log, *rows)
    log.frames.clear()
    assert received(tmp_path / "part", log, *rows[17:]) == whole[17:]
    assert minutes(whole[17:]) == minutes([1_761_469_200_000_000 + hour * HOUR_US + 0 for hour in range(4)])


def test_receipts_run_backwards_in_the_hour_that_comes_twice_until_an_answer_tells_it(tmp_path: Path, log) -> None:
    day = "2025-10-26"
    rows = [
        beat("02:30:00", f"{day}T00:30:00Z", day=day),
        at("02:55:00", [2, "1", "Heartbeat", {}], day=day),
        at("02:10:00", [2, "2", "Heartbeat", {}], day=day),
        beat("02:30:00", f"{day}T01:30:00Z", day=day),
    ]
    midnight_us = 1_761_436_800_000_000
    assert minutes(received(tmp_path / "log", log, *rows), midnight_us) == [30, 30, 55, 10, 30, 90]


def surveys(folder: Path, *logs: list[str]) -> list[Survey]:
    found = []
    for number, rows in enumerate(logs):
        path = folder / f"log{number}"
        path.write_text("".join(rows))
        found.append(survey(path))
    return found


def read(log, found: Survey) -> list[int | None]:
    log.frames.clear()
    import_file(found.path, log, known=found)
    return minutes([sent.meta.received_at_us for sent in log.frames])


SILENT = [at("14:05:00", [2, "9", "Heartbeat", {}]), at("14:06:00", [2, "a", "Heartbeat", {}])]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_part_of_a_log_without_an_answer_is_read_as_its_other_part(tmp_path: Path, log, order) -> None:
    found = surveys(tmp_path, *[(two_beats(), SILENT)[place] for place in order])
    assert [part.zones.untold() for part in found] == list(order)
    settle([part.zones for part in found], {})
    assert [part.zones.untold() for part in found] == [0, 0]
    assert read(log, found[order.index(1)]) == [5, 6]


def test_a_later_log_is_read_as_the_station_was_before(tmp_path: Path, log) -> None:
    first, later = surveys(tmp_path, two_beats(), SILENT)
    known = settle([first.zones], {})
    assert known == {
        "CP-1": [Told(MARCH_1_NOON_US + 2 * HOUR_US, MARCH_1_NOON_US + 2 * HOUR_US + 10_000_000, 2 * HOUR_US)]
    }
    assert settle([later.zones], known) == known
    assert read(log, later) == [5, 6]


@pytest.mark.parametrize(("says", "read_at"), [("18", 360), ("19", 420), ("17", 300), ("20", 480), ("16", 480)])
def test_a_single_answer_counts_where_it_fits_what_is_known(tmp_path: Path, log, says: str, read_at: int) -> None:
    """Two hours ahead are known: one or three are its summer time; none or four are another log's, not believed."""
    first, later = surveys(tmp_path, two_beats(), [beat("20:00:00", f"2026-03-01T{says}:00:00Z")])
    settle([later.zones], settle([first.zones], {}))
    assert read(log, later) == [read_at] * 2


def test_what_is_known_follows_summer_time(tmp_path: Path, log) -> None:
    rows = hourly(2, 17, 2, "2025-10-25") + hourly(10, 4, 1, "2025-10-26")
    silent = [
        at(f"{hour}:30:00", [2, "9", "Heartbeat", {}], day=f"2025-10-{day}")
        for day in (24, 25, 26)
        for hour in ("00", "12")
    ]
    first, later = surveys(tmp_path, rows, silent)
    settle([later.zones], settle([first.zones], {}))
    log.frames.clear()
    import_file(later.path, log, known=later)
    ahead = [sent.meta.received_at_us for sent in log.frames]
    settle([later.zones], {})
    log.frames.clear()
    import_file(later.path, log, known=later)
    written = [sent.meta.received_at_us for sent in log.frames]
    assert [(local - utc) // HOUR_US for local, utc in zip(written, ahead, strict=True)] == [2, 2, 2, 2, 2, 1]


def told(first_h: int, last_h: int, offset_h: int) -> Told:
    return Told(MARCH_1_NOON_US + first_h * HOUR_US, MARCH_1_NOON_US + last_h * HOUR_US, offset_h * HOUR_US)


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        ([told(0, 1, 2)], [5, 6]),
        ([told(30, 40, 2)], [5, 6]),
        ([told(0, 3, 2), told(2, 9, 1)], [5 + 60, 6 + 60]),
        ([told(0, 8, 2), told(2, 9, 1)], [125, 126]),  # both at once: of two logs
        ([told(0, 1, 0), told(2, 9, 2)], [125, 126]),
    ],
)
def test_what_cannot_be_one_zone_tells_nothing(tmp_path: Path, log, stretches: list[Told], expected: list[int]) -> None:
    (later,) = surveys(tmp_path, SILENT)
    known: Known = {"CP-1": stretches}
    assert settle([later.zones], known) == known
    assert read(log, later) == expected
    assert later.zones.untold() == (expected[0] == 125)


def test_stretches_of_one_offset_join_where_little_time_lies_between(tmp_path: Path) -> None:
    logs = [two_beats(day=f"2026-{day}") for day in ("03-09", "06-01", "03-01")]
    says = [
        [row.replace("2026-03-01T", f"2026-{day}T") for row in rows]
        for day, rows in zip(("03-09", "06-01", "03-01"), logs, strict=True)
    ]
    known = settle([found.zones for found in surveys(tmp_path, *says)], {})
    assert [(stretch.last_us - stretch.first_us) // HOUR_US for stretch in known["CP-1"]] == [8 * 24, 0]


def test_a_log_whose_offset_changes_all_the_time_tells_others_nothing(tmp_path: Path) -> None:
    rows = [beat(f"14:{minute:02}:00", f"2026-03-01T{12 + minute % 2}:{minute:02}:00Z") for minute in range(60)] + [
        beat(f"15:{minute:02}:00", f"2026-03-01T{13 + minute % 2}:{minute:02}:00Z") for minute in range(60)
    ]
    (found,) = surveys(tmp_path, rows)
    assert settle([found.zones], {}) == {}


def test_times_that_say_their_zone_lack_nothing(tmp_path: Path) -> None:
    (found,) = surveys(tmp_path, [beat("14:00:00Z", "2026-03-01T12:00:00Z")])
    assert found.zones.untold() == 0
