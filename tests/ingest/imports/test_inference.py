"""Who spoke and in which version, where a log does not say."""

import pytest
from ocpp.v16 import call as call_v16
from ocpp.v21 import call as call_v21
from ocpp.v201 import call as call_v201

from ingest.imports.actions import CSMS_CALLS, ONLY_V2X, ONLY_V16, ONLY_V21
from ingest.imports.inference import Directions, Versions, head, told

UP, DOWN = "cp-to-csms", "csms-to-cp"


def call(action: str, message_id: str = "1", payload: str = "{}", kind: int = 2) -> bytes:
    return f'[{kind},"{message_id}","{action}",{payload}]'.encode()


def answer(message_id: str = "1", kind: int = 3) -> bytes:
    return f'[{kind},"{message_id}",{{}}]'.encode()


def actions(module: object) -> set[str]:
    return {name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__}  # type: ignore[attr-defined]


def test_the_lists_of_actions_agree_with_another_makers_classes() -> None:
    v16, v201, v21 = actions(call_v16), actions(call_v201), actions(call_v21)
    assert v16 - v201 - v21 == ONLY_V16
    assert (v201 | v21) - v16 - ONLY_V21 == ONLY_V2X
    # the package lacks the one message of type 6
    assert v21 - v201 == ONLY_V21 - {"NotifyPeriodicEventStream"}
    assert v16 | v201 | v21 >= CSMS_CALLS


def test_an_answer_goes_against_its_call_whoever_called() -> None:
    directions = Directions()
    assert directions.of("CS", call("Heartbeat", "a"), None) == UP
    assert directions.of("CS", call("Reset", "b"), None) == DOWN
    assert directions.of("CS", answer("b"), None) == UP
    assert directions.of("CS", answer("a", kind=4), None) == DOWN


def test_one_id_used_by_both_sides_at_once_pairs_with_the_newest_call() -> None:
    directions = Directions()
    directions.of("CS", call("Heartbeat", "1"), None)
    directions.of("CS", call("Reset", "1"), None)
    assert [directions.of("CS", answer("1"), None) for _ in range(3)] == [UP, DOWN, None]


def test_an_answer_to_nothing_or_of_another_station_has_no_direction() -> None:
    directions = Directions()
    directions.of("CS-1", call("Heartbeat"), None)
    assert directions.of("CS-2", answer(), None) is None


def test_a_given_direction_stands_and_decides_its_answer() -> None:
    directions = Directions()
    assert directions.of("CS", call("DataTransfer"), DOWN) == DOWN
    assert directions.of("CS", answer(), None) == UP


def test_endless_unanswered_calls_are_forgotten_oldest_first() -> None:
    directions = Directions()
    for number in range(100_001):
        directions.of("CS", call("Heartbeat", str(number)), None)
    assert directions.of("CS", answer("0"), None) is None
    assert directions.of("CS", answer("1"), None) == DOWN


@pytest.mark.parametrize(
    ("frame", "version"),
    [
        (call("StartTransaction"), "ocpp1.6"),
        (call("TransactionEvent"), "2.x"),
        (call("NotifySettlement"), "ocpp2.1"),
        (call("NotifyPeriodicEventStream", kind=6), "ocpp2.1"),
        (answer(kind=5), "ocpp2.1"),
        (call("BootNotification", payload='{"chargePointVendor":"a"}'), "ocpp1.6"),
        (call("BootNotification", payload='{"chargingStation":{}}'), "2.x"),
        (call("Heartbeat"), None),
        (call("heartbeat"), None),
        (answer(), None),
        (b"garbage", None),
        (b'[2,"' + b"1" * 300 + b'","StartTransaction",{}]', None),
    ],
)
def test_a_frame_shows_its_version_only_where_it_can(frame: bytes, version: str | None) -> None:
    assert told(frame) == version


def versions(*lines: tuple[str, bytes, str | None]) -> list[str | None]:
    found = Versions()
    for line in lines:
        found.learn(*line)
    return [found.of(*line) for line in lines]


def test_a_station_speaks_the_version_that_any_of_its_frames_shows() -> None:
    beat, start, event = call("Heartbeat"), call("StartTransaction"), call("TransactionEvent")
    assert versions(("A", beat, None), ("B", beat, None), ("A", start, None), ("B", event, None)) == [
        "ocpp1.6",
        "ocpp2.0.1",
        "ocpp1.6",
        "ocpp2.0.1",
    ]


def test_one_message_of_2_1_makes_the_stations_others_2_1_too() -> None:
    assert versions(("A", call("TransactionEvent"), None), ("A", call("NotifySettlement"), None)) == ["ocpp2.1"] * 2


def test_a_station_that_changes_its_version_speaks_the_new_one_from_then_on() -> None:
    beat = call("Heartbeat")
    lines = [("A", beat, None), ("A", beat, "ocpp1.6"), ("A", beat, None), ("A", beat, "ocpp2.0.1"), ("A", beat, None)]
    assert versions(*lines) == ["ocpp1.6", "ocpp1.6", "ocpp1.6", "ocpp2.0.1", "ocpp2.0.1"]


def test_what_other_stations_speak_says_nothing_of_a_silent_one() -> None:
    beat = ("quiet", call("Heartbeat"), None)
    assert versions(beat, ("A", call("NotifyEvent"), None))[0] is None
    assert versions(beat) == [None]


def test_heads_are_read_as_leniently_as_chargers_write_them() -> None:
    assert head(b' [ 2 ,\n"id" , "Heartbeat" ,{}]') == ("2", b"id", "Heartbeat")
    assert head(b'[3, "2879576313" ,{"status":"Accepted"}]') == ("3", b"2879576313", "")
    assert head(b'{"no": "frame"}') is None
