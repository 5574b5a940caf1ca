"""Schema violations and answer rates as a build shows them: each frame once, answers by their calls."""

import itertools
import json
import random
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from small_lake import Lake, answer, at, call, rows

from models.tables.landed import RAW_FRAMES
from pipelines.conformance.check import Sent, check
from pipelines.lake import violations
from pipelines.lake.raw import Place

SHOWN = "SELECT ordinal, message, action, rule, path, violations FROM core__violations ORDER BY ordinal, rule, path"
BOOT = '[2,"b%s","BootNotification",{"chargePointVendor":"V","chargePointModel":"M","firmwareVersion":"%s"}]'


def landed(lake: Lake, *frames: dict[str, Any]) -> None:
    """Frames and, beside them, what landing finds in them."""
    lake.frames(*frames)
    frame = pl.read_parquet(lake.landed[RAW_FRAMES.name][-1])
    place = Place("topic", "log", 1, 0)
    sent = (Sent(*row) for row in frame.sort("offset").select(violations._COLUMNS).iter_rows())
    known = {row["offset"]: row for row in frame.iter_rows(named=True)}
    found = [
        {**known[row["offset"]], **row}
        for broken in check(sent, lambda wanted: {})
        for row in violations._rows(broken, place)
    ]
    lake.add("stg_ocpp__violations", found)


def test_an_answer_is_taken_for_that_of_its_call_wherever_the_call_is(lake: Lake) -> None:
    """Cut between call and answer, and the answer's file first: as if they had come in one."""
    landed(lake, answer('[3,"1",{}]', received_at=at(9), source="file-b"))
    landed(lake, call('[2,"1","Heartbeat",{"x":1}]', received_at=at(8.5)))
    landed(lake, answer('[3,"2",{}]', received_at=at(9), source="file-c"))
    assert rows(lake.build(), SHOWN) == [
        (1, "answer", "Heartbeat", "required", "currentTime", 1),
        (2, "request", "Heartbeat", "additionalProperties", "x", 1),
    ]


@pytest.mark.parametrize(
    ("protocol", "path"), [("ocpp1.6", "idTagInfo"), ("ocpp2.1", "idTokenInfo"), (None, "idTagInfo")]
)
def test_an_answer_without_direction_or_version_is_that_of_its_call(
    lake: Lake, protocol: str | None, path: str
) -> None:
    """A log that names neither, cut after the call: both are told from the station's other frames."""
    landed(lake, call('[2,"1","Authorize",{}]', received_at=at(8.5), protocol=protocol))
    landed(lake, answer('[3,"1",{}]', received_at=at(9), source="file-b", direction=None, protocol=None))
    query = "SELECT path, direction, action, protocol FROM core__violations WHERE message = 'answer'"
    assert rows(lake.build(), query) == [(path, "csms-to-cp", "Authorize", protocol)]


def test_a_frame_of_two_files_breaks_its_schema_once(lake: Lake) -> None:
    same = call('[2,"1","Heartbeat",{"x":1}]', received_at=at(0))
    landed(lake, {**same, "source": "file-a"}, {**same, "source": "file-b"})
    sent = call('[6,"1","NotifyPeriodicEventStream",{"x":1}]', received_at=at(1), protocol="ocpp2.1")
    landed(lake, {**sent, "source": "file-a"}, {**sent, "source": "file-b"})
    found = rows(lake.build(), "SELECT message, count(*), count(DISTINCT ordinal) FROM core__violations GROUP BY ALL")
    assert sorted(found) == [("request", 1, 1), ("send", 5, 1)]


def test_rates_are_of_all_messages_of_a_model_and_firmware(lake: Lake) -> None:
    landed(
        lake,
        call(BOOT % (1, "1.0"), received_at=at(0)),
        call('[2,"1","Heartbeat",{"x":1,"y":2}]', received_at=at(1)),
        answer('[3,"1",{}]', received_at=at(2)),
        call('[2,"2","Heartbeat",{}]', received_at=at(3)),
        call(BOOT % (2, "2.0"), received_at=at(10)),
        call('[2,"3","Heartbeat",{}]', received_at=at(11)),
        answer('[3,"3",{}]', received_at=at(12)),
        call('[2,"4","Heartbeat",{"x":1}]', received_at=at(13), station_id="CS2"),
    )
    opened = lake.build()
    assert rows(
        opened,
        "SELECT vendor, firmware, direction, message, action, rule, messages_broken, messages, share_broken, "
        "violations, paths, path_most FROM core__violation_rates ORDER BY firmware NULLS LAST, message",
    ) == [
        ("V", "1.0", "csms-to-cp", "answer", "Heartbeat", "required", 1, 1, 1.0, 1, 1, "currentTime"),
        ("V", "1.0", "cp-to-csms", "request", "Heartbeat", "additionalProperties", 1, 2, 0.5, 2, 2, "x"),
        ("V", "2.0", "csms-to-cp", "answer", "Heartbeat", "required", 1, 1, 1.0, 1, 1, "currentTime"),
        (None, None, "cp-to-csms", "request", "Heartbeat", "additionalProperties", 1, 1, 1.0, 1, 1, "x"),
    ]
    assert rows(
        opened,
        "SELECT firmware, action, calls, results, unanswered, share_unanswered, answer_ms_median "
        "FROM core__answer_rates ORDER BY firmware NULLS LAST, action",
    ) == [
        ("1.0", "BootNotification", 1, 0, 1, 1.0, None),
        ("1.0", "Heartbeat", 2, 1, 1, 0.5, 1000),
        ("2.0", "BootNotification", 1, 0, 1, 1.0, None),
        ("2.0", "Heartbeat", 1, 1, 0, 0.0, 1000),
        (None, "Heartbeat", 1, 0, 1, 1.0, None),
    ]


def test_before_its_first_boot_a_station_is_what_its_boots_agree_on(lake: Lake) -> None:
    lake.frames(
        call('[2,"1","Heartbeat",{}]', received_at=at(0)),
        call(BOOT % (1, "1.0"), received_at=at(1)),
        call(BOOT % (2, "2.0"), received_at=at(2)),
        call('[2,"2","Heartbeat",{}]', received_at=None),
    )
    found = rows(
        lake.build(), "SELECT vendor, model, firmware, calls FROM core__answer_rates WHERE action = 'Heartbeat'"
    )
    assert found == [("V", "M", None, 2)]


def test_errors_repeats_and_times_are_counted(lake: Lake) -> None:
    lake.frames(
        *(
            frame
            for number in range(20)
            for frame in (
                call(f'[2,"{number}","Authorize",{{}}]', received_at=at(10 * number)),
                answer(
                    f'[4,"{number}","InternalError","",{{}}]' if number == 7 else f'[3,"{number}",{{}}]',
                    received_at=at(10 * number + (5 if number == 3 else 0.1)),
                ),
            )
        ),
        call('[2,"x","Authorize",{}]', received_at=at(300)),
        call('[2,"x","Authorize",{}]', received_at=at(310)),
    )
    (found,) = rows(
        lake.build(),
        "SELECT calls, repeats, results, errors, unanswered, error_code_most, answer_ms_median, answer_ms_p95 "
        "FROM core__answer_rates",
    )
    assert found == (22, 1, 19, 1, 2, "InternalError", 100, 100)


ERRORS = (None, "InternalError", "GenericError", "NotSupported")


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
def test_errors_and_silence_are_counted_for_each_vendor_model_and_firmware(lake: Lake, protocol: str) -> None:
    makes = [("V", "M", "1"), ("V", "M", "2"), ("V", "N", "1"), ("W", "M", "1")]
    for number, (vendor, model, firmware) in enumerate(makes):
        boot: dict[str, Any] = {"chargePointVendor": vendor, "chargePointModel": model, "firmwareVersion": firmware}
        if protocol != "ocpp1.6":
            station = {"vendorName": vendor, "model": model, "firmwareVersion": firmware}
            boot = {"chargingStation": station, "reason": "PowerUp"}
        place = {"station_id": f"CS{number}", "protocol": protocol}
        lake.frames(call(json.dumps([2, "b", "BootNotification", boot]), received_at=at(0), **place))
        for beat in range(5):
            lake.frames(call(f'[2,"{beat}","Heartbeat",{{}}]', received_at=at(10 + beat), **place))
            if beat < number:
                lake.frames(answer(f'[4,"{beat}","{ERRORS[number]}","",{{}}]', received_at=at(10.5 + beat), **place))
            elif beat < 4:
                lake.frames(answer(f'[3,"{beat}",{{}}]', received_at=at(10.5 + beat), **place))
    found = rows(
        lake.build(),
        "SELECT vendor, model, firmware, calls, results, errors, unanswered, share_errors, error_code_most "
        "FROM core__answer_rates WHERE action = 'Heartbeat' ORDER BY ALL",
    )
    assert found == [(*make, 5, 4 - number, number, 1, number / 5, ERRORS[number]) for number, make in enumerate(makes)]


@pytest.mark.parametrize("card", ["04A2B3C4D5E6F7"])
def test_no_value_and_no_odd_name_reaches_the_tables(lake: Lake, card: str) -> None:
    start = {"connectorId": card, "idTag": card * 2, "meterStart": card, "timestamp": card, card: card}
    landed(
        lake,
        call(json.dumps([2, "1", "StartTransaction", start])),
        answer(json.dumps([3, "1", {"idTagInfo": {"status": card, "parentIdTag": card * 3}, card: {card: card}}])),
    )
    opened = lake.build()
    assert rows(opened, "SELECT count(*) FROM core__violations")[0][0] == 9
    for table in ("stg_ocpp__violations", "core__violations", "core__violation_rates", "core__answer_rates"):
        assert card not in str(rows(opened, f"FROM {table}"))


def test_a_long_serial_number_is_a_violation_and_no_loss(lake: Lake) -> None:
    """Quirk 13: lbbrhzn/ocpp 213, mobilityhouse/ocpp 128."""
    boot = {"chargePointVendor": "V", "chargePointModel": "M", "chargePointSerialNumber": "S" * 26}
    landed(lake, call(json.dumps([2, "1", "BootNotification", boot])))
    opened = lake.build()
    assert rows(opened, SHOWN) == [(1, "request", "BootNotification", "maxLength", "chargePointSerialNumber", 1)]
    assert rows(opened, "SELECT vendor, model FROM core__boots") == [("V", "M")]
    assert isinstance(rows(opened, "SELECT received_at FROM core__violations")[0][0], datetime)


ACTIONS = ("Heartbeat", "StatusNotification", "Authorize", "DataTransfer")
CAPTURE = [
    frame
    for number in range(24)
    for frame in (
        call(
            json.dumps([2, str(number % 3), ACTIONS[number % 4], {"x": 1} if number % 5 == 0 else {}]),
            received_at=at(number),
            station_id=f"CS{number % 2}",
        ),
        answer(
            json.dumps([3, str(number % 3), {"status": "Odd"} if number % 2 else {}]),
            received_at=at(number + 0.5),
            station_id=f"CS{number % 2}",
        ),
    )
]
CONTENT = (
    "SELECT station_id, received_at, direction, message, action, rule, path, violations FROM core__violations "
    "ORDER BY ALL"
)


@pytest.mark.parametrize("seed", range(4))
def test_a_capture_cut_anywhere_in_any_order_with_overlaps_breaks_what_the_whole_breaks(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    whole, parts = Lake(tmp_path / "whole"), Lake(tmp_path / "parts")
    landed(whole, *({**frame, "source": "whole", "ordinal": n} for n, frame in enumerate(CAPTURE)))
    ends = [0, *sorted(chance.sample(range(1, len(CAPTURE)), 3)), len(CAPTURE)]
    pieces = [(max(0, first - chance.randrange(6)), last) for first, last in itertools.pairwise(ends)]
    chance.shuffle(pieces)
    for first, last in pieces:
        landed(
            parts,
            *({**CAPTURE[n], "source": f"part-{first}-{last}", "ordinal": n - first} for n in range(first, last)),
        )
    expected = rows(whole.build(), CONTENT)
    assert len(expected) > 30
    assert rows(parts.build(), CONTENT) == expected
    whole.close()
    parts.close()
