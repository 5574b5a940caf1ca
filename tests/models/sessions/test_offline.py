"""1.6 sessions whose ids say little: offline stations, missing answers, clocks that were never set."""

from captures import Folded, Wire, at


def ends(wire: Wire) -> list[tuple[str | None, int | None, bool]]:
    return [(s.transaction_id, s.energy_wh, s.is_open) for s in wire.sessions()]


def test_a_queued_stop_says_minus_one_although_its_start_was_answered() -> None:
    wire = Wire()
    wire.start(55)
    wire.stop(-1)
    wire.stop(-1)  # a retry
    folded = wire.fold()
    (found,) = folded.of("sessions")
    assert (found.transaction_id, found.energy_wh, found.is_open) == ("55", 2000, False)
    assert folded.states["CP"].orphan_stops == 0


def test_a_stop_of_minus_one_ends_the_answered_session_of_its_card_only() -> None:
    for card, expected in (("CARD", [False, True]), ("OTHER", [True, False]), ("THIRD", [True, True])):
        wire = Wire()
        wire.start(55)
        wire.start(56, connectorId=2, idTag="OTHER")
        wire.stop(-1, idTag=card)
        assert [s.is_open for s in wire.sessions()] == expected


def test_a_stop_of_minus_one_without_a_card_does_not_guess_between_answered_sessions() -> None:
    wire = Wire()
    wire.start(55)
    wire.start(56, connectorId=2, idTag="OTHER")
    wire.stop(-1)
    folded = wire.fold()
    assert [s.is_open for s in folded.of("sessions")] == [True, True]
    assert folded.states["CP"].orphan_stops == 1


def test_a_stop_by_an_older_id_leaves_the_newer_one_on_the_session() -> None:
    wire = Wire()
    wire.start(7)
    wire.start(8)
    wire.stop(7)
    assert ends(wire) == [("8", 2000, False)]


def test_one_missing_stop_in_a_log_without_answers_costs_one_session_only() -> None:
    wire = Wire()
    for number in range(3):
        wire.start(timestamp=at(100 * number), meterStart=1000 * number)
        if number:
            wire.stop(10 + number, timestamp=at(100 * number + 50), meterStop=1000 * number + 500)
    assert ends(wire) == [(None, None, False), ("11", 500, False), ("12", 500, False)]
    assert [s.end_kind for s in wire.sessions()] == ["inferred", "reported", "reported"]


def test_equal_stops_without_a_time_end_one_session_each() -> None:
    for transaction_id in (1, -1):
        wire = Wire()
        for card in ("ONE", "TWO"):
            wire.start(transaction_id, idTag=card, meterStart=0, timestamp="1970-01-01T00:00:00Z")
            wire.stop(transaction_id, meterStop=0, timestamp="1970-01-01T00:00:00Z")
        assert [is_open for _, _, is_open in ends(wire)] == [False, False]


def test_two_stations_with_the_same_message_ids_and_transaction_ids_stay_apart() -> None:
    one, two = Wire(station="ONE"), Wire(station="TWO")
    for wire, connector in ((one, 1), (two, 2)):
        wire.call("StartTransaction", {"connectorId": connector, "meterStart": 0, "timestamp": at(0)}, "1")
    for wire, transaction_id in ((two, 8), (one, 7)):
        wire.started("1", transaction_id)
        wire.call("StopTransaction", {"transactionId": transaction_id, "meterStop": 100 * transaction_id}, "2")
    found = Folded().fold([r for pair in zip(one.records, two.records, strict=True) for r in pair]).of("sessions")
    assert [(s.station_id, s.transaction_id, s.energy_wh) for s in found] == [("ONE", "7", 700), ("TWO", "8", 800)]


def test_ids_that_no_integer_type_holds_and_whole_floats_name_a_transaction() -> None:
    for started, stopped in ((7.0, "7"), (2**70, 2**70), (" 12 ", 12)):
        wire = Wire()
        wire.start(started)
        wire.stop(stopped)
        assert [is_open for _, _, is_open in ends(wire)] == [False]


def test_an_end_of_no_time_at_all_is_inferred_and_kept_for_its_stop() -> None:
    wire = Wire()
    for number in (5, 6):
        wire.start(number, connectorId=2, timestamp=at(number), meterStart=1000 * number)
    for number in (7, 8):
        wire.start(number, timestamp=None, meterStart=1000 * number)
    for record in wire.records:
        record.received_at_us = None
    folded = wire.fold()
    _, _, first, second = folded.of("sessions")
    assert (first.transaction_id, first.end_kind, first.ended_at) == ("7", "inferred", None)
    assert (second.transaction_id, second.is_open) == ("8", True)
    assert [kept.transaction_id for kept in folded.states["CP"].unstopped.values()] == ["5", "7"]
    wire.stop(7, timestamp=None, meterStop=7500)
    for record in wire.records:
        record.received_at_us = None
    first = wire.fold().of("sessions")[2]
    assert (first.transaction_id, first.end_kind, first.energy_wh) == ("7", "reported", 500)
