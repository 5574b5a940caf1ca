"""What a log leaves out, told from the station's other frames, whatever file they came in."""

from captures import START_US, Wire, frame

from models.order.canonical import canonical
from models.reasons import Reason
from models.record import Direction
from models.state import StationState
from models.step import Context, step

UP, DOWN = Direction.CP_TO_CSMS, Direction.CSMS_TO_CP
BEAT, RESET = [2, "1", "Heartbeat", {}], [2, "1", "Reset", {"type": "Hard"}]


def test_an_answer_goes_against_the_newest_call_that_waits_for_one() -> None:
    log = [
        frame([3, "1", {}], ordinal=0, us=START_US + 1, direction=None),
        frame(BEAT, ordinal=1, us=START_US + 2),
        frame(RESET, ordinal=2, us=START_US + 3, direction=DOWN),
        frame([3, "1", {}], ordinal=0, us=START_US + 4, direction=None, source="other"),
        frame([4, "1", "InternalError", "", {}], ordinal=1, us=START_US + 5, direction=None, source="other"),
        frame([3, "1", {}], ordinal=2, us=START_US + 6, direction=None, source="other"),
    ]
    for order in (log, log[3:] + log[:3]):
        for offset, record in enumerate(order):
            record.offset = offset
        assert [record.direction for record in canonical(order)] == [None, UP, DOWN, UP, DOWN, None]


def test_an_answer_of_a_known_direction_is_its_own_side_s() -> None:
    log = [
        frame(BEAT, ordinal=0, us=START_US + 1),
        frame(RESET, ordinal=1, us=START_US + 2, direction=DOWN),
        frame([3, "1", {}], ordinal=2, us=START_US + 3, direction=DOWN),
        frame([3, "1", {"more": 1}], ordinal=3, us=START_US + 4, direction=DOWN),
        frame([3, "1", {}], ordinal=4, us=START_US + 5, direction=None),
    ]
    assert canonical(log)[-1].direction == UP


def test_a_frame_is_of_the_version_spoken_before_it_else_of_the_first_one_after() -> None:
    protocols = [None, "ocpp1.6", None, "ocpp2.1", None]
    log = [frame(BEAT, ordinal=n, us=START_US + n + 1, protocol=protocol) for n, protocol in enumerate(protocols)]
    assert [record.protocol for record in canonical(log)] == ["ocpp1.6"] * 3 + ["ocpp2.1"] * 2
    silent = [frame(BEAT, ordinal=0, us=START_US + 1, protocol=None)]
    assert canonical(silent) == silent


def test_a_version_that_was_guessed_wrongly_marks_the_station_and_one_guessed_rightly_does_not() -> None:
    for protocol, is_marked in (("ocpp2.0.1", True), ("ocpp1.6", False)):
        state = StationState(station_id="CP")
        step(state, frame(BEAT, ordinal=0, us=START_US + 1, protocol=None), Context(None))
        assert state.is_protocol_guessed
        step(state, frame(BEAT, ordinal=1, us=START_US + 2, protocol=protocol), Context(None))
        step(state, frame(BEAT, ordinal=2, us=START_US + 3, protocol=None), Context(None))
        assert (state.mark is not None, state.is_protocol_guessed) == (is_marked, False)
        assert state.protocol == protocol


def test_an_answer_without_direction_belongs_to_the_newest_call_of_its_id_live_too() -> None:
    wire = Wire()
    wire.start(seconds=0)
    message_id = "m0"
    wire.add([2, message_id, "GetConfiguration", {}], DOWN, 1)
    wire.add([3, message_id, {"configurationKey": []}], None, 2)
    wire.add([3, message_id, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}], None, 3)
    (session,) = wire.sessions()
    assert (session.transaction_id, session.start_status) == ("7", "Accepted")


def test_a_command_that_cannot_be_read_is_refused() -> None:
    state = StationState(station_id="CP")
    call = [2, "1", "RemoteStartTransaction", []]
    refusal = step(state, frame(call, ordinal=0, us=START_US, direction=DOWN), Context(None))
    assert refusal is not None
    assert refusal.reason == Reason.INVALID_PAYLOAD
