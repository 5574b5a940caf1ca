"""Schema violations beside landed frames: found once, healed where they are missing, merged with the rest."""

import json

import polars as pl

from models.log import FRAMES
from models.record import Meta
from models.tables.landed import RAW_FRAMES, VIOLATIONS
from pipelines.home import Home
from pipelines.lake import compact, files, violations
from pipelines.lake.land import land
from pipelines.lake.manifest import Manifest, Merged, Range

SHOWN = ["station_id", "direction", "ordinal", "message", "action", "rule", "path", "violations"]
FILE = "9f86d081884c7d65"


def send(log, ordinal: int, payload: object, *, direction: str = "cp-to-csms") -> None:
    meta = Meta("frame", direction, "ocpp1.6", 1_795_237_375_000_000 + ordinal, None, ordinal, FILE)
    log.record("CP-1", meta, json.dumps(payload).encode())


def shown(rows, home: Home) -> list[tuple]:
    return rows(home, VIOLATIONS.name).sort("station_id", "offset", "action", "rule", "path").select(SHOWN).rows()


def conversation(log) -> None:
    send(log, 0, [2, "1", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M" * 21}])
    send(log, 1, [3, "1", {"status": "Accepted", "interval": 300}], direction="csms-to-cp")
    send(log, 2, [2, "2", "Heartbeat", {}])
    log.flush()


FOUND = [
    ("CP-1", "cp-to-csms", 0, "request", "BootNotification", "maxLength", "chargePointModel", 1),
    ("CP-1", "csms-to-cp", 1, "answer", "BootNotification", "required", "currentTime", 1),
]


def test_what_frames_break_is_landed_beside_them_at_the_same_offsets(log, home, rows) -> None:
    conversation(log)
    landed = land(home, log.address)
    assert shown(rows, home) == FOUND
    assert landed.rows[VIOLATIONS.name] == 2
    (line,) = Manifest(home).ranges[FRAMES]
    assert line.checked == violations.VERSION
    assert line.violations is not None
    raw = next(file for file in line.files if file.table == RAW_FRAMES.name)
    assert line.violations.path.split("/")[-1] == raw.path.split("/")[-1]
    assert files.verify(home) == []


def test_frames_that_break_nothing_make_no_file(embedded_log, home, rows) -> None:
    send(embedded_log, 0, [2, "1", "Heartbeat", {}])
    embedded_log.flush()
    land(home, embedded_log.address)
    (line,) = Manifest(home).ranges[FRAMES]
    assert (line.checked, line.violations) == (violations.VERSION, None)
    assert shown(rows, home) == []


def test_an_answer_of_the_next_landing_is_checked_by_its_call(embedded_log, home, rows) -> None:
    log = embedded_log
    send(log, 0, [2, "1", "Heartbeat", {}])
    log.flush()
    land(home, log.address)
    send(log, 1, [3, "1", {}], direction="csms-to-cp")
    log.flush()
    land(home, log.address)
    assert shown(rows, home) == [("CP-1", "csms-to-cp", 1, "answer", "Heartbeat", "required", "currentTime", 1)]


def test_known_lines_are_not_checked_again(embedded_log, home, rows) -> None:
    conversation(embedded_log)
    land(home, embedded_log.address)
    conversation(embedded_log)
    land(home, embedded_log.address)
    assert shown(rows, home) == FOUND


def unchecked(home: Home) -> None:
    """Make the lake one of a version before the check: its lines as they were then, no file of violations."""
    lines = list(Manifest(home).ranges[FRAMES])
    home.manifest.unlink()
    manifest = Manifest(home)
    for line in lines:
        fields = {name: getattr(line, name) for name in Range.__struct_fields__}
        if line.violations is not None:
            (home.lake / line.violations.path).unlink()
        manifest.append(Range(**fields | {"checked": "", "violations": None}))


def test_a_lake_from_before_the_check_is_healed_by_the_next_landing(embedded_log, home, rows) -> None:
    conversation(embedded_log)
    land(home, embedded_log.address)
    before = rows(home, RAW_FRAMES.name)
    unchecked(home)
    assert shown(rows, home) == []
    land(home, None)
    assert shown(rows, home) == FOUND
    assert rows(home, RAW_FRAMES.name).equals(before)
    (line,) = Manifest(home).ranges[FRAMES]
    assert line.checked == violations.VERSION
    assert files.verify(home) == []
    healed = home.manifest.read_bytes()
    land(home, None)
    assert home.manifest.read_bytes() == healed, "there is nothing left to do"


def test_another_version_of_the_schemas_checks_again_and_old_files_go_in_time(
    embedded_log, home, rows, monkeypatch
) -> None:
    conversation(embedded_log)
    land(home, embedded_log.address)
    (old,) = Manifest(home).ranges[FRAMES]
    monkeypatch.setattr(violations, "VERSION", "2, other schemas")
    land(home, None)
    (new,) = Manifest(home).ranges[FRAMES]
    assert new.checked == "2, other schemas"
    assert old.violations is not None
    assert new.violations is not None
    assert new.violations.path != old.violations.path
    assert (home.lake / old.violations.path).exists(), "somebody may be reading it"
    assert shown(rows, home) == FOUND
    manifest = Manifest(home)
    files.sweep(manifest, now=manifest.replaced[old.violations.path] + 26 * 3600)
    assert not (home.lake / old.violations.path).exists()
    assert all((home.lake / file.path).exists() for file in new.every_file)


def test_one_landing_heals_no_more_than_its_share(embedded_log, home, rows, monkeypatch) -> None:
    for number in range(3):
        send(embedded_log, number, [2, "1", "Heartbeat", {"x": 1}])
        embedded_log.flush()
        land(home, embedded_log.address)
    unchecked(home)
    monkeypatch.setattr(violations, "_HEAL_ROWS", 2)
    land(home, None)
    assert rows(home, VIOLATIONS.name).height == 2
    land(home, None)
    assert rows(home, VIOLATIONS.name).height == 3


def test_a_damaged_file_is_left_unchecked_and_landing_goes_on(embedded_log, home, caplog) -> None:
    conversation(embedded_log)
    land(home, embedded_log.address)
    unchecked(home)
    (line,) = Manifest(home).ranges[FRAMES]
    path = home.lake / line.files[0].path
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    land(home, None)
    assert "unchecked" in caplog.text
    assert Manifest(home).ranges[FRAMES][0].checked == ""


def test_merged_ranges_have_the_violations_of_one_landing(embedded_log, home, rows, tmp_path) -> None:
    log = embedded_log
    for number in range(compact.FAN + 1):
        action = "Heartbeat" if number % 2 else "MeterValues"
        send(log, 2 * number, [2, f"{number}", action, {"y": 1, "x": 1}])
        send(log, 2 * number + 1, [3, f"{number - 1}", {"z": 1}], direction="csms-to-cp")
        log.flush()
        land(home, log.address)
    manifest = Manifest(home)
    assert any(isinstance(line, Merged) for line in manifest.ranges[FRAMES])
    assert {line.checked for line in manifest.ranges[FRAMES]} == {violations.VERSION}
    at_once = Home(tmp_path / "at-once")
    land(at_once, log.address)
    merged = pl.concat(
        [pl.DataFrame(files.read(home, line.violations)) for line in manifest.ranges[FRAMES] if line.violations]
    )
    assert (
        violations.in_order(merged)
        .drop("generation")
        .equals(violations.in_order(rows(at_once, VIOLATIONS.name)).drop("generation"))
    )
    assert files.verify(home) == []
